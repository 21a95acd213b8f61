//! A customer's account and sessions.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use latchkey_licensing::ids::AccountId;
use leptos::prelude::*;

use crate::{
    portal::model::AccountDetail,
    shared::{
        error::UiError,
        flash::{Flash, FormRedirect},
    },
};

#[server(prefix = "/fn", endpoint = "account", input = PageForm, output = PageJson)]
pub async fn account() -> Result<AccountDetail, UiError> {
    use crate::{routes::Page, server_side as server};
    let (backend, who) = (server::backend()?, server::viewer().map_err(server::failed)?);
    let sessions = who.view(&backend.service).sessions().await;
    let sessions = sessions.map_err(|error| server::failed(server::internal_error(&error)))?;
    let email_change = who.view(&backend.service).pending_email_change().await;
    let email_change = email_change.map_err(|error| server::failed(server::internal_error(&error)))?;
    let now = backend.service.now();
    let owner = who.account();
    Ok(AccountDetail {
        email: owner.email.to_string(),
        name: who.customer().and_then(|_| server::typed_before(&Page::Account.path())).or_else(|| owner.name.clone()),
        email_change: email_change.map(|change| crate::portal::present::email_change(&change, owner, now)),
        sessions: sessions.iter().map(|summary| crate::portal::present::session(summary, who.session(), now)).collect(),
    })
}

#[server(prefix = "/fn", endpoint = "rename", input = PageForm, output = PageJson)]
pub async fn rename(
    /// An empty name removes it.
    name: String,
    /// The account for which the page was made.
    account: Option<AccountId>,
) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    server::finish_typed(server_rename(&name, account).await, &Page::Account.path(), &name)
}

#[cfg(feature = "ssr")]
async fn server_rename(name: &str, account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    let (backend, who) = (server::backend()?, server::identity_on_page(account)?);
    backend.service.customer(&who).rename(name).await.map_err(|error| match error {
        latchkey_service::RenameError::Invalid(_) => UiError::NameInvalid,
        latchkey_service::RenameError::Internal(error) => server::internal_error(&error),
    })?;
    Ok(FormRedirect { flash: Some(Flash::Renamed), redirect_to: Page::Account.path() })
}

/// Ends another session of the account.
#[server(prefix = "/fn", endpoint = "end_session", input = PageForm, output = PageJson)]
pub async fn end_session(id: String, account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    server::finish(server_end_session(&id, account).await, &Page::Account.path())
}

#[cfg(feature = "ssr")]
async fn server_end_session(id: &str, account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    let (backend, who) = (server::backend()?, server::identity_on_page(account)?);
    let id = id.parse().map_err(|_| UiError::NotFound)?;
    backend.service.customer(&who).end_session(id).await.map_err(|error| server::internal_error(&error))?;
    Ok(FormRedirect { flash: Some(Flash::SessionEnded), redirect_to: Page::Account.path() })
}

/// Ends all sessions, including this one.
#[server(prefix = "/fn", endpoint = "end_all_sessions", input = PageForm, output = PageJson)]
pub async fn end_all_sessions(account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    server::finish(server_end_all_sessions(account).await, &Page::Account.path())
}

#[cfg(feature = "ssr")]
async fn server_end_all_sessions(account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    let (backend, who) = (server::backend()?, server::identity_on_page(account)?);
    backend.service.customer(&who).end_all_sessions().await.map_err(|error| server::internal_error(&error))?;
    server::clear_site_data();
    Ok(FormRedirect { flash: None, redirect_to: Page::SignedOut.path() })
}

/// The message for this page, if there is one.
#[server(prefix = "/fn", endpoint = "waiting_message", input = PageForm, output = PageJson)]
pub async fn waiting_message() -> Result<Option<Flash>, UiError> {
    use crate::server_side as server;
    Ok(server::backend()?.cookies.take_flash(&server::parts()?.headers))
}
