//! Changing the account's e-mail address.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use latchkey_licensing::ids::AccountId;
use leptos::prelude::*;

use crate::shared::{error::UiError, flash::FormRedirect, model::ProvenForm};

/// What the form for another address needs.
#[server(prefix = "/fn", endpoint = "change_email_form", input = PageForm, output = PageJson)]
pub async fn change_email_form() -> Result<ProvenForm, UiError> {
    use crate::{routes::Page, server_side as server};
    server::proven_form(&Page::ChangeEmail.path()).await.map_err(server::failed)
}

/// Asks for another address: both addresses get a link to confirm it.
#[server(prefix = "/fn", endpoint = "request_email_change", input = PageForm, output = PageJson)]
pub async fn request_email_change(
    /// The address as it was typed.
    email: String,
    /// The account for which the page was made.
    account: Option<AccountId>,
) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    let result = server_request_email_change(&email, account).await;
    server::finish_typed(result, &Page::ChangeEmail.path(), &email)
}

#[cfg(feature = "ssr")]
async fn server_request_email_change(email: &str, account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server, shared::flash::Flash};
    use latchkey_licensing::email::EmailAddress;
    use latchkey_service::{EmailChangeError, SignInOrigin};

    let (backend, who) = (server::backend()?, server::identity_on_page(account)?);
    let email = EmailAddress::parse(email).map_err(|_| UiError::EmailInvalid)?;
    let (ip, agent) = server::origin(server::parts()?.as_ref());
    let origin = SignInOrigin { ip, agent: &agent, known: None };
    let requested = backend.service.customer(&who).request_email_change(&email, origin).await;
    requested.map_err(|error| match error {
        EmailChangeError::NotFresh => UiError::ProofNeeded,
        EmailChangeError::SameAddress => UiError::EmailSame,
        EmailChangeError::Throttled(throttled) => server::too_many(throttled),
        EmailChangeError::Internal(error) => server::internal_error(&error),
    })?;
    Ok(FormRedirect { flash: Some(Flash::EmailChangeRequested), redirect_to: Page::Account.path() })
}

/// Cancels the change that has yet to be confirmed.
#[server(prefix = "/fn", endpoint = "cancel_own_email_change", input = PageForm, output = PageJson)]
pub async fn cancel_own_email_change(account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server, shared::flash::Flash};
    let canceled = async {
        let (backend, who) = (server::backend()?, server::identity_on_page(account)?);
        let canceled = backend.service.customer(&who).cancel_email_change().await;
        canceled.map_err(|error| server::internal_error(&error))?;
        Ok(FormRedirect { flash: Some(Flash::EmailChangeCanceled), redirect_to: Page::Account.path() })
    };
    server::finish(canceled.await, &Page::Account.path())
}
