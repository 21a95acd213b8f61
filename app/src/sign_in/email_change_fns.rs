//! Confirming the change of an account's e-mail address, with a mailed link. These are plain forms, without scripts.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use leptos::prelude::*;

use crate::{
    shared::{error::UiError, flash::FormRedirect},
    sign_in::model::EmailChangeView,
};

/// The change that a mailed link is about.
#[server(prefix = "/fn", endpoint = "read_email_change", input = PageForm, output = PageJson)]
pub async fn read_email_change(
    /// The link's last path segment.
    token: String,
) -> Result<EmailChangeView, UiError> {
    use crate::{server_side as server, sign_in::present};
    let backend = server::backend()?;
    let found = backend.service.email_change(&token).await;
    let found = found.map_err(|error| server::failed(server::internal_error(&error)))?;
    let flash = backend.cookies.take_flash(&server::parts()?.headers);
    Ok(EmailChangeView { change: found.map(present::email_change), flash })
}

/// Confirms the change from the address to which the link was mailed.
#[server(prefix = "/fn", endpoint = "confirm_email_change", input = PageForm, output = PageJson)]
pub async fn confirm_email_change(
    /// The link's last path segment.
    token: String,
) -> Result<FormRedirect, UiError> {
    use crate::{server_side as server, sign_in::present};
    let confirmed = server::backend()?.service.confirm_email_change(&token).await;
    let result = confirmed.map(drop).map_err(|error| present::email_change_error(&error));
    finish(result, &token)
}

/// Cancels the change. Only the link that was mailed to the old address does it.
#[server(prefix = "/fn", endpoint = "cancel_email_change", input = PageForm, output = PageJson)]
pub async fn cancel_email_change(
    /// The link's last path segment.
    token: String,
) -> Result<FormRedirect, UiError> {
    use crate::{server_side as server, sign_in::present};
    let canceled = server::backend()?.service.cancel_email_change(&token).await;
    finish(canceled.map_err(|error| present::email_change_error(&error)), &token)
}

/// Leads back to the link's page, which shows what became of the change.
#[cfg(feature = "ssr")]
fn finish(result: Result<(), UiError>, token: &str) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    let page = token.parse().map_or_else(|()| Page::SignIn.path(), |token| Page::EmailChange(token).path());
    server::finish(result.map(|()| FormRedirect { flash: None, redirect_to: page.clone() }), &page)
}
