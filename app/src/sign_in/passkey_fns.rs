//! Passkeys: as the second factor of a session, and for signing in. Authenticators need scripts. Recovery codes are plain
//! forms.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use latchkey_licensing::ids::AccountId;
use leptos::prelude::*;

use crate::{
    shared::{error::UiError, flash::FormRedirect},
    sign_in::model::{NewPasskey, SecondFactorView},
};

/// What the person can do about the second factor.
#[server(prefix = "/fn", endpoint = "second_factor", input = PageForm, output = PageJson)]
pub async fn second_factor() -> Result<SecondFactorView, UiError> {
    use crate::{server_side as server, sign_in::present};
    let (backend, who) = (server::backend()?, server::person_or_viewer().map_err(server::failed)?);
    let state = who.view(&backend.service).second_factor().await;
    let state = state.map_err(|error| server::failed(server::internal_error(&error)))?;
    let flash = backend.cookies.take_flash(&server::parts()?.headers);
    Ok(present::second_factor(state, who.customer(), flash, backend.service.now()))
}

/// The options for presenting a passkey, as JSON.
#[server(prefix = "/fn", endpoint = "start_confirmation", input = PageForm, output = PageJson)]
pub async fn start_confirmation() -> Result<String, UiError> {
    use crate::{server_side as server, sign_in::present::passkey_error};
    let (backend, who) = (server::backend()?, server::person().map_err(server::failed)?);
    let started = backend.service.customer(&who).start_confirmation().await;
    started.map_err(|error| server::failed(passkey_error(&error)))
}

/// Presents a passkey.
#[server(prefix = "/fn", endpoint = "confirm_passkey", input = PageForm, output = PageJson)]
pub async fn confirm_passkey(
    /// The authenticator's response, as JSON.
    response: String,
    next: Option<String>,
) -> Result<FormRedirect, UiError> {
    use crate::{server_side as server, sign_in::present::passkey_error};
    let confirmed = async {
        let (backend, who) = (server::backend()?, server::person()?);
        let raised = backend.service.customer(&who).confirm_with_passkey(&response).await;
        let raised = raised.map_err(|error| passkey_error(&error))?;
        backend.cookies.set_session(&raised.token, raised.lifetime);
        Ok(FormRedirect { flash: None, redirect_to: server::next_or_first_page(next.as_deref(), who.account.role) })
    };
    server::finish(confirmed.await, &server::confirm_page(next.as_deref()))
}

/// Presents a recovery code, which is then used up.
#[server(prefix = "/fn", endpoint = "confirm_recovery_code", input = PageForm, output = PageJson)]
pub async fn confirm_recovery_code(
    /// The code as it was typed.
    code: String,
    next: Option<String>,
) -> Result<FormRedirect, UiError> {
    use crate::{server_side as server, sign_in::present::passkey_error};
    let confirmed = async {
        let (backend, who) = (server::backend()?, server::person()?);
        let raised = backend.service.customer(&who).confirm_with_recovery_code(&code).await;
        let raised = raised.map_err(|error| passkey_error(&error))?;
        backend.cookies.set_session(&raised.token, raised.lifetime);
        Ok(FormRedirect { flash: None, redirect_to: server::next_or_first_page(next.as_deref(), who.account.role) })
    };
    server::finish(confirmed.await, &server::confirm_page(next.as_deref()))
}

/// The options for creating a passkey, as JSON.
#[server(prefix = "/fn", endpoint = "start_enrollment", input = PageForm, output = PageJson)]
pub async fn start_enrollment(account: Option<AccountId>) -> Result<String, UiError> {
    use crate::{server_side as server, sign_in::present::passkey_error};
    let (backend, who) = (server::backend()?, server::person_on_page(account).map_err(server::failed)?);
    let started = backend.service.customer(&who).start_enrollment().await;
    started.map_err(|error| server::failed(passkey_error(&error)))
}

/// Creates a passkey. Returns recovery codes if it is the account's first.
#[server(prefix = "/fn", endpoint = "finish_enrollment", input = PageForm, output = PageJson)]
pub async fn finish_enrollment(
    /// The authenticator's response, as JSON.
    response: String,
    name: String,
    /// The account for which the page was made.
    account: Option<AccountId>,
) -> Result<NewPasskey, UiError> {
    use crate::{server_side as server, sign_in::present::passkey_error};
    let (backend, who) = (server::backend()?, server::person_on_page(account).map_err(server::failed)?);
    let enrolled = backend.service.customer(&who).finish_enrollment(&response, &name).await;
    let enrolled = enrolled.map_err(|error| server::failed(passkey_error(&error)))?;
    backend.cookies.set_session(&enrolled.session.token, enrolled.session.lifetime);
    Ok(NewPasskey { codes: enrolled.codes.iter().map(latchkey_service::RecoveryCode::spelled).collect() })
}

/// Replaces the recovery codes. Only scripts call it: the response to a plain form could not show them.
#[server(prefix = "/fn", endpoint = "replace_recovery_codes", input = PageForm, output = PageJson)]
pub async fn replace_recovery_codes(account: Option<AccountId>) -> Result<NewPasskey, UiError> {
    use crate::{server_side as server, sign_in::present::passkey_error};
    let (backend, who) = (server::backend()?, server::person_on_page(account).map_err(server::failed)?);
    let codes = backend.service.customer(&who).replace_recovery_codes().await;
    let codes = codes.map_err(|error| server::failed(passkey_error(&error)))?;
    Ok(NewPasskey { codes: codes.iter().map(latchkey_service::RecoveryCode::spelled).collect() })
}

/// The options for signing in with any passkey of this site, as JSON.
#[server(prefix = "/fn", endpoint = "start_passkey_sign_in", input = PageForm, output = PageJson)]
pub async fn start_passkey_sign_in() -> Result<String, UiError> {
    use crate::{server_side as server, sign_in::present::passkey_error};
    let (backend, parts) = (server::backend()?, server::parts()?);
    let (ip, agent) = server::origin(&parts);
    let origin = latchkey_service::SignInOrigin { ip, agent: &agent, known: None };
    let started = backend.service.start_passkey_sign_in(origin).await;
    let (browser, options) = started.map_err(|error| server::failed(passkey_error(&error)))?;
    backend.cookies.set_passkey_secret(&browser);
    Ok(options)
}

/// Signs in with a passkey.
#[server(prefix = "/fn", endpoint = "sign_in_with_passkey", input = PageForm, output = PageJson)]
pub async fn sign_in_with_passkey(
    /// The authenticator's response, as JSON.
    response: String,
    next: Option<String>,
) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server, sign_in::present::passkey_error};
    let signed_in = async {
        let (backend, parts) = (server::backend()?, server::parts()?);
        let (ip, agent) = server::origin(&parts);
        let known = backend.cookies.known_browser(&parts.headers);
        let origin = latchkey_service::SignInOrigin { ip, agent: &agent, known: known.as_ref() };
        let browser = backend.cookies.passkey_secret(&parts.headers).ok_or(UiError::PasskeyRefused)?;
        let earlier = server::session_of(&parts).and_then(|session| session.id()).map(server::session_token);
        let confirmed = backend.service.sign_in_with_passkey(&response, &browser, origin, earlier.as_ref()).await;
        let confirmed = confirmed.map_err(|error| passkey_error(&error))?;
        backend.cookies.set_signed_in(&confirmed);
        Ok(FormRedirect { flash: None, redirect_to: server::next_or_first_page(next.as_deref(), confirmed.role) })
    };
    server::finish(signed_in.await, &Page::SignIn.path())
}

/// Renames a passkey.
#[server(prefix = "/fn", endpoint = "rename_passkey", input = PageForm, output = PageJson)]
pub async fn rename_passkey(id: String, name: String, account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{
        routes::Page,
        server_side as server,
        shared::flash::Flash,
        sign_in::present::{passkey_error, passkey_form},
    };
    let renamed = async {
        let (backend, who) = (server::backend()?, server::identity_on_page(account)?);
        let passkey = id.parse().map_err(|_| UiError::NotFound)?;
        let renamed = backend.service.customer(&who).rename_passkey(passkey, &name).await;
        renamed.map_err(|error| passkey_error(&error))?;
        Ok(FormRedirect { flash: Some(Flash::PasskeyRenamed), redirect_to: Page::Account.path() })
    };
    server::finish_typed(renamed.await, &passkey_form(&id), &name)
}

/// Removes a passkey.
#[server(prefix = "/fn", endpoint = "remove_passkey", input = PageForm, output = PageJson)]
pub async fn remove_passkey(id: String, account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server, shared::flash::Flash, sign_in::present::passkey_error};
    let removed = async {
        let (backend, who) = (server::backend()?, server::identity_on_page(account)?);
        let id = id.parse().map_err(|_| UiError::NotFound)?;
        let removed = backend.service.customer(&who).remove_passkey(id).await;
        removed.map_err(|error| passkey_error(&error))?;
        Ok(FormRedirect { flash: Some(Flash::PasskeyRemoved), redirect_to: Page::Account.path() })
    };
    server::finish(removed.await, &Page::Account.path())
}
