//! What server functions need of the server: who asks, the use cases, cookies, words.

mod agent;
pub mod cookies;

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderValue, header, request::Parts};
use latchkey_service::{ClientAddress, Service, SessionToken, SignedIn};
use leptos::{nonce::use_nonce, prelude::use_context};
use leptos_axum::ResponseOptions;
use tower_sessions::{Session, session::Id};

use crate::shared::{
    error::UiError,
    flash::{Done, Flash},
};

pub use cookies::CookieKit;

/// The use cases and the cookies, given to every request.
#[derive(Clone, Debug)]
pub struct Backend {
    /// The use cases.
    pub service: Service,
    /// How cookies are named and signed.
    pub cookies: CookieKit,
}

/// Who is signed in, put into the request by the HTTP edge.
#[derive(Clone, Debug)]
pub struct Identity(pub SignedIn);

/// The token that a session id carries.
pub fn session_token(id: Id) -> SessionToken {
    SessionToken::from_bytes(id.0.to_le_bytes())
}

/// The session id that carries a token.
pub fn session_id(token: &SessionToken) -> Id {
    Id(i128::from_le_bytes(*token.expose()))
}

pub(crate) fn backend() -> Result<Backend, UiError> {
    use_context::<Backend>().ok_or(UiError::Unavailable)
}

pub(crate) fn parts() -> Result<Parts, UiError> {
    use_context::<Parts>().ok_or(UiError::Unavailable)
}

/// Who is signed in, or the error that sends the page to the sign-in.
pub(crate) fn identity() -> Result<SignedIn, UiError> {
    parts()?.extensions.get::<Identity>().map(|identity| identity.0.clone()).ok_or(UiError::SignedOut)
}

pub(crate) fn session_of(parts: &Parts) -> Option<Session> {
    parts.extensions.get::<Session>().cloned()
}

/// Runs `act` with the browser's words and address.
pub(crate) fn origin(parts: &Parts) -> (IpAddr, String) {
    let ip = parts.extensions.get::<ClientAddress>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.0);
    let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    (ip, agent::in_words(agent))
}

/// Logs a failure once, and hides it.
pub(crate) fn hidden(error: &latchkey_service::Internal) -> UiError {
    tracing::error!(%error, "a page's request failed");
    UiError::Unavailable
}

/// Sets the status of a failed answer.
pub(crate) fn failed(error: UiError) -> UiError {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(error.status());
        let retry_after = match error {
            UiError::TooManyRequests { minutes } => Some(minutes * 60),
            UiError::Unavailable => Some(5),
            _ => None,
        };
        if let Some(Ok(seconds)) = retry_after.map(|seconds| HeaderValue::from_str(&seconds.to_string())) {
            response.insert_header(header::RETRY_AFTER, seconds);
        }
    }
    error
}

/// Whether the browser submitted a form itself, with script off or not yet loaded.
pub(crate) fn is_plain_form() -> bool {
    let accept =
        |parts: Parts| parts.headers.get(header::ACCEPT)?.to_str().ok().map(|accept| accept.contains("text/html"));
    parts().ok().and_then(accept).unwrap_or(false)
}

/// Ends a form's server function. With script the result goes back as it is; without, the browser
/// goes to the page that shows it, which reads the message from a cookie once. `form` is the page of
/// the form.
pub(crate) fn finish(result: Result<Done, UiError>, form: &str) -> Result<Done, UiError> {
    if !is_plain_form() {
        return result.map_err(failed);
    }
    let (flash, go_to) = match &result {
        Ok(done) => (done.flash.clone(), done.go_to.as_str()),
        Err(error) => (Some(Flash::Failed(*error)), form),
    };
    if let Some(flash) = flash {
        cookies::set_flash(&flash);
    }
    see_other(go_to);
    result
}

/// Sends a browser that submitted a form to one of our own pages.
pub(crate) fn see_other(path: &str) {
    if let (Some(response), Ok(path)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(path)) {
        response.set_status(http::StatusCode::SEE_OTHER);
        response.insert_header(header::LOCATION, path);
    }
}

/// The content security policy of a page with its nonce: our own files, our own script, no other
/// origin at all.
pub(crate) fn set_page_policy() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else {
        return;
    };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; object-src 'none'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Asks the browser to forget what this site keeps in it (ML-23).
pub(crate) fn clear_site_data() {
    if let Some(response) = use_context::<ResponseOptions>() {
        let value = HeaderValue::from_static(r#""cookies", "storage""#);
        response.insert_header(http::HeaderName::from_static("clear-site-data"), value);
    }
}
