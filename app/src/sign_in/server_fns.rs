//! Signing in and out. These are plain forms even with scripts: signing in always leads to a newly loaded
//! page.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use latchkey_licensing::ids::AccountId;
use leptos::prelude::*;

use crate::{
    shared::{error::UiError, flash::FormRedirect},
    sign_in::model::SignInState,
};

/// Requests a sign-in mail. `next` is where to go after signing in.
#[server(prefix = "/fn", endpoint = "request_sign_in", input = PageForm, output = PageJson)]
pub async fn request_sign_in(email: String, next: Option<String>) -> Result<FormRedirect, UiError> {
    use crate::{
        routes::{NextPath, Page},
        server_side as server,
    };
    let next = next.as_deref().and_then(NextPath::nearest);
    let form = next.as_ref().map_or_else(|| Page::SignIn.path(), NextPath::sign_in);
    server::finish(server_request_sign_in(email, next).await, &form)
}

#[cfg(feature = "ssr")]
async fn server_request_sign_in(email: String, next: Option<crate::routes::NextPath>) -> Result<FormRedirect, UiError> {
    use crate::{
        routes::{NextPath, Page},
        server_side as server,
    };
    use latchkey_licensing::email::EmailAddress;
    use latchkey_service::{RequestSignInError, SignInRequest};

    let email = EmailAddress::parse(&email).map_err(|_| UiError::EmailInvalid)?;
    let (backend, parts) = (server::backend()?, server::parts()?);
    let (ip, agent) = server::origin(&parts);
    let earlier = backend.cookies.browser_secret(&parts.headers);
    let known = backend.cookies.known_browser(&parts.headers);
    let ask = SignInRequest {
        email: &email,
        next_path: next.as_ref().map(NextPath::as_str),
        browser: earlier.as_ref(),
        origin: latchkey_service::SignInOrigin { ip, agent: &agent, known: known.as_ref() },
    };
    match backend.service.request_sign_in(ask).await {
        Ok(secret) => {
            backend.cookies.set_browser_secret(&secret);
            Ok(FormRedirect { flash: None, redirect_to: Page::Code.path() })
        }
        Err(RequestSignInError::Throttled(throttled)) => {
            Err(UiError::TooManyRequests { minutes: throttled.retry_after.as_secs().div_ceil(60) })
        }
        Err(RequestSignInError::Internal(error)) => Err(server::internal_error(&error)),
    }
}

/// Signs in with the mailed code, in the browser that requested it.
#[server(prefix = "/fn", endpoint = "confirm_code", input = PageForm, output = PageJson)]
pub async fn confirm_code(
    /// The code as it was entered.
    code: String,
) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    server::finish(confirm(SignInSecret::Code(&code)).await, &Page::Code.path())
}

/// Signs in with the mailed link, in the browser that requested it.
#[server(prefix = "/fn", endpoint = "confirm_link", input = PageForm, output = PageJson)]
pub async fn confirm_link(
    /// The link's last path segment.
    token: String,
) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    let done = match confirm(SignInSecret::Link(&token)).await {
        Err(UiError::SignInRefused) => why_refused(&token).await,
        done => done,
    };
    let form = match &done {
        Err(UiError::SignInSuperseded) => Page::Code.path(),
        // If the link has expired, the page to go to afterwards is kept.
        Err(_) => form_for(open_sign_in().await?.as_ref()),
        Ok(_) => Page::SignIn.path(),
    };
    server::finish(done, &form)
}

/// Tells the browser that asked for a link why the link was refused (ML-07). If the account is signed in here, it goes on.
#[cfg(feature = "ssr")]
async fn why_refused(token: &str) -> Result<FormRedirect, UiError> {
    use crate::{routes::NextPath, server_side as server};
    use latchkey_service::SignInLink;
    match sign_in_link(token).await? {
        SignInLink::SignedIn { next_path } => {
            let next = next_path.as_deref().and_then(NextPath::parse);
            let role = server::person()?.account.role;
            let redirect_to = next.map_or_else(|| server::first_page(role), String::from);
            Ok(FormRedirect { flash: None, redirect_to })
        }
        SignInLink::Superseded => Err(UiError::SignInSuperseded),
        SignInLink::Used => Err(UiError::SignInUsed),
        SignInLink::TooOld => Err(UiError::SignInTooOld),
        SignInLink::Open(_) | SignInLink::Unknown => Err(UiError::SignInRefused),
    }
}

/// What became of a mailed link, for this browser.
#[cfg(feature = "ssr")]
async fn sign_in_link(token: &str) -> Result<latchkey_service::SignInLink, UiError> {
    use crate::server_side as server;
    let (backend, parts) = (server::backend()?, server::parts()?);
    let browser = backend.cookies.browser_secret(&parts.headers);
    let signed_in = server::person().ok().map(|who| who.account.email);
    let link = backend.service.sign_in_link(token, browser.as_ref(), signed_in.as_ref()).await;
    link.map_err(|error| server::internal_error(&error))
}

/// Signs in with a link from the host's command line, in any browser.
#[server(prefix = "/fn", endpoint = "confirm_host_link", input = PageForm, output = PageJson)]
pub async fn confirm_host_link(
    /// The link's last path segment.
    token: String,
) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    server::finish(confirm(SignInSecret::Host(&token)).await, &Page::SignIn.path())
}

#[cfg(feature = "ssr")]
enum SignInSecret<'a> {
    Code(&'a str),
    Link(&'a str),
    Host(&'a str),
}

#[cfg(feature = "ssr")]
async fn confirm(secret: SignInSecret<'_>) -> Result<FormRedirect, UiError> {
    use crate::{routes::NextPath, server_side as server};
    use latchkey_service::{ConfirmError, Proof};

    let (backend, parts) = (server::backend()?, server::parts()?);
    let (ip, agent) = server::origin(&parts);
    let browser = backend.cookies.browser_secret(&parts.headers);
    let proof = match (secret, browser.as_ref()) {
        (SignInSecret::Host(token), _) => Proof::Host { token },
        (SignInSecret::Code(code), Some(browser)) => Proof::Code { code, browser },
        (SignInSecret::Link(token), Some(browser)) => Proof::Link { token, browser },
        (SignInSecret::Code(_) | SignInSecret::Link(_), None) => return Err(UiError::SignInRefused),
    };
    let earlier = server::session_of(&parts).and_then(|session| session.id()).map(server::session_token);
    let known = backend.cookies.known_browser(&parts.headers);
    let origin = latchkey_service::SignInOrigin { ip, agent: &agent, known: known.as_ref() };
    match backend.service.confirm_sign_in(proof, origin, earlier.as_ref()).await {
        Ok(confirmed) => {
            backend.cookies.set_signed_in(&confirmed);
            let next = confirmed.next_path.as_deref().and_then(NextPath::parse);
            let redirect_to = next.map_or_else(|| server::first_page(confirmed.role), |next| next.as_str().to_owned());
            Ok(FormRedirect { flash: None, redirect_to })
        }
        Err(ConfirmError::Refused) => Err(UiError::SignInRefused),
        Err(ConfirmError::TooOld) => Err(UiError::SignInTooOld),
        Err(ConfirmError::Internal(error)) => Err(server::internal_error(&error)),
    }
}

/// The state of this browser's sign-in.
#[server(prefix = "/fn", endpoint = "read_sign_in", input = PageForm, output = PageJson)]
pub async fn read_sign_in(
    /// The last path segment of the link whose page this is.
    token: Option<String>,
) -> Result<SignInState, UiError> {
    use crate::{server_side as server, sign_in::present};
    let link = match token {
        Some(token) => Some(present::sign_in_link(sign_in_link(&token).await?)),
        None => None,
    };
    let pending = open_sign_in().await?;
    let flash = server::backend()?.cookies.take_flash(&server::parts()?.headers);
    let again = form_for(pending.as_ref());
    Ok(SignInState { pending: pending.map(|open| open.email.to_string()), again, link, flash })
}

/// This browser's open sign-in request.
#[cfg(feature = "ssr")]
async fn open_sign_in() -> Result<Option<latchkey_service::PendingSignIn>, UiError> {
    use crate::server_side as server;
    let (backend, parts) = (server::backend()?, server::parts()?);
    match backend.cookies.browser_secret(&parts.headers) {
        Some(browser) => {
            backend.service.pending_sign_in(&browser).await.map_err(|error| server::internal_error(&error))
        }
        None => Ok(None),
    }
}

/// The sign-in page, which leads to the same page as the open request.
#[cfg(feature = "ssr")]
fn form_for(pending: Option<&latchkey_service::PendingSignIn>) -> String {
    use crate::routes::{NextPath, Page};
    let next = pending.and_then(|open| NextPath::parse(open.next_path.as_deref()?));
    next.map_or_else(|| Page::SignIn.path(), |next| next.sign_in())
}

/// Ends this browser's session and deletes what the site has stored in it.
#[server(prefix = "/fn", endpoint = "sign_out", input = PageForm, output = PageJson)]
pub async fn sign_out(
    /// The account for which the page was made.
    account: Option<AccountId>,
) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    server::finish(server_sign_out(account).await, &Page::Account.path())
}

#[cfg(feature = "ssr")]
async fn server_sign_out(account: Option<AccountId>) -> Result<FormRedirect, UiError> {
    use crate::{routes::Page, server_side as server};
    let (backend, session) = (server::backend()?, server::session_of(server::parts()?.as_ref()));
    if let Some(session) = session.filter(|session| session.id().is_some()) {
        if !is_own_page(account, &session).await? {
            return Err(UiError::OtherAccount);
        }
        // Not `flush`: its removal cookie lacks `Secure`, so browsers would ignore it.
        session.delete().await.map_err(|error| {
            leptos::logging::error!("a session could not be ended: {error}");
            UiError::Unavailable
        })?;
    }
    backend.cookies.remove_session();
    server::clear_site_data();
    Ok(FormRedirect { flash: None, redirect_to: Page::SignedOut.path() })
}

/// Whether the page was made for the person whose session it is, or for the customer whose portal that person sees. A session
/// that has ended belongs to nobody.
#[cfg(feature = "ssr")]
async fn is_own_page(account: Option<AccountId>, session: &tower_sessions::Session) -> Result<bool, UiError> {
    use crate::server_side as server;
    if server::person_or_viewer().is_ok_and(|who| account == Some(who.account().id)) {
        return Ok(true);
    }
    // While a customer's portal is seen, the pages of the admin portal are still those of the member of staff.
    let Some(token) = session.id().map(server::session_token) else { return Ok(true) };
    let who = server::backend()?.service.find_session(&token).await;
    let who = who.map_err(|error| server::internal_error(&error))?;
    Ok(who.is_none_or(|who| account == Some(who.account.id)))
}
