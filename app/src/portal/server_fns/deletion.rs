//! Deleting the account.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use latchkey_licensing::ids::AccountId;
use leptos::prelude::*;

use crate::{
    portal::model::DeletionView,
    shared::{error::UiError, flash::FormRedirect},
};

/// What the deletion of the account would do.
#[server(prefix = "/fn", endpoint = "deletion_form", input = PageForm, output = PageJson)]
pub async fn deletion_form() -> Result<DeletionView, UiError> {
    use crate::{portal::present, routes::Page, server_side as server};
    let (backend, who) = (server::backend()?, server::identity().map_err(server::failed)?);
    let form = server::proven_form(&Page::DeleteAccount.path()).await.map_err(server::failed)?;
    let plan = backend.service.customer(&who).plan_deletion().await;
    let plan = plan.map_err(|error| server::failed(server::internal_error(&error)))?;
    Ok(present::deletion(plan, form))
}

/// Deletes the account, and what the site has stored in the browser.
#[server(prefix = "/fn", endpoint = "delete_account", input = PageForm, output = PageJson)]
pub async fn delete_account(
    /// The account's address, typed to confirm.
    phrase: String,
    /// The account for which the page was made.
    account: Option<AccountId>,
) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    server::finish_typed(server_delete_account(&phrase, account).await, &Page::DeleteAccount.path(), &phrase)
}

#[cfg(feature = "ssr")]
async fn server_delete_account(phrase: &str, account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    use latchkey_service::DeleteAccountError;

    let (backend, who) = (server::backend()?, server::identity_on_page(account)?);
    if !phrase.trim().eq_ignore_ascii_case(who.account.email.as_str()) {
        return Err(UiError::PhraseWrong);
    }
    backend.service.customer(&who).delete_account().await.map_err(|error| match error {
        DeleteAccountError::NotFresh => UiError::ProofNeeded,
        // The page says what and what to do.
        DeleteAccountError::Unfinished(_) | DeleteAccountError::Staff => UiError::AccountInUse,
        DeleteAccountError::NotFound | DeleteAccountError::Deleted => UiError::SignedOut,
        DeleteAccountError::Internal(error) => server::internal_error(&error),
    })?;
    server::clear_site_data();
    Ok(FormRedirect { flash: None, redirect_to: Page::AccountDeleted.path() })
}
