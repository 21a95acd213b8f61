//! What server functions need from the server: the session, the use cases, and cookies.

mod agent;
pub mod cookies;
pub mod host;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use http::{HeaderValue, header, request::Parts};
use latchkey_licensing::{
    account::Account,
    ids::{AccountId, SessionId},
};
use latchkey_service::{ClientAddress, CustomerView, Role, SeenCustomer, Service, SessionToken, SignedIn, Throttled};
use leptos::{
    nonce::use_nonce,
    prelude::{provide_context, use_context, with_context},
};
use leptos_axum::ResponseOptions;
use tower_sessions::{Session, session::Id};

use crate::{
    routes::{AdminPage, NextPath, Page, confirm_for, sign_in_for},
    shared::{
        error::UiError,
        flash::{Flash, FormRedirect},
        model::ProvenForm,
        releases::Library,
    },
};

pub use cookies::{CookieKit, Theme};

/// The use cases and the cookies, available to every request.
#[derive(Clone, Debug)]
pub struct Backend {
    pub service: Service,
    pub cookies: CookieKit,
    /// Where forms of pages that lead to the payment provider may end, as in a content security policy.
    pub payment_form_action: Arc<str>,
    /// The paths of pages that are rendered in advance.
    pub static_paths: Arc<std::collections::BTreeSet<String>>,
    /// Where the admin portal is.
    pub admin: AdminPlace,
    /// Whether this instance serves the portal, and not only the admin portal.
    pub serves_portal: bool,
    /// The releases of the products.
    pub library: Library,
    /// The host on which the server runs.
    pub host: Arc<dyn host::Host>,
}

/// Where the admin portal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminPlace {
    /// This instance serves it.
    Here,
    /// Another instance serves it, at this origin.
    At(Arc<str>),
    /// Another instance may serve it.
    Unknown,
}

impl AdminPlace {
    /// The address of its first page.
    pub(crate) fn href(&self) -> Option<String> {
        let path = AdminPage::Overview.path();
        match self {
            Self::Here => Some(path),
            Self::At(origin) => Some(format!("{origin}{path}")),
            Self::Unknown => None,
        }
    }
}

/// The signed-in user, added to the request by the HTTP layer. Support agents and admins have presented a second factor.
#[derive(Clone, Debug)]
pub struct Identity(pub SignedIn);

impl Identity {
    /// Whether the user may open the admin portal: with the role for it, and signed in with a second factor.
    pub fn is_staff(&self) -> bool {
        self.0.account.role != Role::Customer && self.0.has_second_factor()
    }
}

/// A support agent or admin who has yet to present a second factor, and can do nothing else.
#[derive(Clone, Debug)]
pub struct Unconfirmed(pub SignedIn);

/// Marks the request of a member of staff whose session has ended by itself. It gives no access.
#[derive(Clone, Copy, Debug)]
pub struct EndedSession;

/// The customer whose portal a member of staff sees, added to the request in place of [`Identity`]. Nothing can be changed
/// with it.
#[derive(Clone, Debug)]
pub struct Seen(pub SeenCustomer);

/// A person who looks at the portal: the customer, or a member of staff who sees what the customer sees.
#[derive(Debug)]
pub(crate) enum Viewer {
    Customer(SignedIn),
    Staff(SeenCustomer),
}

impl Viewer {
    /// What the customer may see.
    pub(crate) fn view<'a>(&'a self, service: &'a Service) -> CustomerView<'a> {
        match self {
            Self::Customer(who) => *service.customer(who),
            Self::Staff(seen) => service.customer_view(seen),
        }
    }

    /// The customer's account.
    pub(crate) fn account(&self) -> &Account {
        match self {
            Self::Customer(who) => &who.account,
            Self::Staff(seen) => seen.account(),
        }
    }

    /// The customer, if it is not staff who looks.
    pub(crate) fn customer(&self) -> Option<&SignedIn> {
        match self {
            Self::Customer(who) => Some(who),
            Self::Staff(_) => None,
        }
    }

    /// The customer's session, which is not staff's.
    pub(crate) fn session(&self) -> Option<SessionId> {
        self.customer().map(|who| who.session)
    }
}

/// The token in a session id.
pub fn session_token(id: Id) -> SessionToken {
    SessionToken::from_bytes(id.0.to_le_bytes())
}

/// The session id that contains a token.
pub fn session_id(token: &SessionToken) -> Id {
    Id(i128::from_le_bytes(*token.expose()))
}

pub(crate) fn backend() -> Result<Backend, UiError> {
    use_context::<Backend>().ok_or(UiError::Unavailable)
}

/// The request without its body. Pages ask for it many times, so it is copied once ([`provide_backend`]).
pub(crate) fn parts() -> Result<Arc<Parts>, UiError> {
    use_context::<Arc<Parts>>().or_else(copied_parts).ok_or(UiError::Unavailable)
}

fn copied_parts() -> Option<Arc<Parts>> {
    with_context(|parts: &Parts| Arc::new(parts.clone()))
}

/// Provides what server functions need for a request.
pub fn provide_backend(backend: Backend) {
    provide_context(backend);
    // The framework provides the request before this for pages, and after it for calls of server functions.
    if let Some(parts) = copied_parts() {
        provide_context(parts);
    }
}

/// The signed-in user, or the error that leads to the sign-in page.
pub(crate) fn identity() -> Result<SignedIn, UiError> {
    let parts = parts()?;
    if parts.extensions.get::<Seen>().is_some() {
        return Err(UiError::ReadOnly);
    }
    match (parts.extensions.get::<Identity>(), parts.extensions.get::<Unconfirmed>()) {
        (Some(identity), _) => Ok(identity.0.clone()),
        (None, Some(_)) => Err(UiError::SecondFactorNeeded),
        (None, None) => Err(UiError::SignedOut),
    }
}

/// The signed-in user, if the page with the form was made for this account.
pub(crate) fn identity_on_page(of: Option<AccountId>) -> Result<SignedIn, UiError> {
    identity().and_then(|who| on_page(who, of))
}

/// Like [`person`], if the page was made for this account.
pub(crate) fn person_on_page(of: Option<AccountId>) -> Result<SignedIn, UiError> {
    person().and_then(|who| on_page(who, of))
}

fn on_page(who: SignedIn, of: Option<AccountId>) -> Result<SignedIn, UiError> {
    if of == Some(who.account.id) { Ok(who) } else { Err(UiError::OtherAccount) }
}

/// The person who looks at the portal, for functions that change nothing.
pub(crate) fn viewer() -> Result<Viewer, UiError> {
    let seen = parts()?.extensions.get::<Seen>().cloned();
    seen.map_or_else(|| identity().map(Viewer::Customer), |Seen(seen)| Ok(Viewer::Staff(seen)))
}

/// The signed-in user, who may have yet to present a second factor. For what concerns the second factor only.
pub(crate) fn person() -> Result<SignedIn, UiError> {
    let unconfirmed = parts()?.extensions.get::<Unconfirmed>().map(|unconfirmed| unconfirmed.0.clone());
    unconfirmed.map_or_else(identity, Ok)
}

/// The signed-in user, who may have yet to present a second factor, or staff who look at the portal.
pub(crate) fn person_or_viewer() -> Result<Viewer, UiError> {
    let unconfirmed = parts()?.extensions.get::<Unconfirmed>().map(|unconfirmed| unconfirmed.0.clone());
    unconfirmed.map_or_else(viewer, |who| Ok(Viewer::Customer(who)))
}

/// The page to go to after signing in or presenting a second factor. By default it is the first page for the role.
pub(crate) fn next_or_first_page(next: Option<&str>, role: Role) -> String {
    let next = next.and_then(NextPath::nearest);
    next.map_or_else(|| first_page(role), |next| next.as_str().to_owned())
}

/// The page that a person sees first, of those that this instance serves.
pub(crate) fn first_page(role: Role) -> String {
    first_page_of(use_context::<Backend>().as_ref(), role)
}

/// The page that a person sees first, of those that an instance serves. `None` serves all.
pub fn first_page_of(backend: Option<&Backend>, role: Role) -> String {
    let serves_admin = backend.is_none_or(|backend| backend.admin == AdminPlace::Here);
    match role {
        Role::Support | Role::Admin if serves_admin => AdminPage::Overview.path(),
        _ if backend.is_none_or(|backend| backend.serves_portal) => Page::Overview.path(),
        _ => Page::Account.path(),
    }
}

/// The page that asks for the second factor and afterwards leads to `next`.
pub(crate) fn confirm_page(next: Option<&str>) -> String {
    next.and_then(NextPath::nearest).map_or_else(|| Page::Confirm.path(), |next| confirm_for(next.as_str()))
}

/// The signed-in member of staff. For everyone else, what only staff may see does not exist.
pub(crate) fn staff() -> Result<SignedIn, UiError> {
    let identity = parts()?.extensions.get::<Identity>().filter(|identity| identity.is_staff()).cloned();
    identity.map(|identity| identity.0).ok_or(UiError::NotFound)
}

pub(crate) fn session_of(parts: &Parts) -> Option<Session> {
    parts.extensions.get::<Session>().cloned()
}

/// The browser's address and description.
pub(crate) fn origin(parts: &Parts) -> (IpAddr, String) {
    let ip = parts.extensions.get::<ClientAddress>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.0);
    let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    (ip, agent::in_words(agent))
}

/// Logs a failure and hides its details.
pub(crate) fn internal_error(error: &latchkey_service::Internal) -> UiError {
    tracing::error!(%error, "a page's request failed");
    UiError::Unavailable
}

/// Sets the status of an error response.
pub(crate) fn failed(error: UiError) -> UiError {
    error.set_status();
    error
}

/// Whether the browser itself submitted a form, without scripts.
pub(crate) fn is_plain_form() -> bool {
    let accept =
        |parts: Arc<Parts>| parts.headers.get(header::ACCEPT)?.to_str().ok().map(|accept| accept.contains("text/html"));
    parts().ok().and_then(accept).unwrap_or(false)
}

/// Finishes a form's server function. With scripts the result is returned. Without, the browser is redirected
/// to the page that shows it, with the message in a cookie that is read once. `form` is the page with the
/// form.
pub(crate) fn finish(result: Result<FormRedirect, UiError>, form: &str) -> Result<FormRedirect, UiError> {
    if !is_plain_form() {
        return result.map_err(failed);
    }
    let (flash, redirect_to) = match &result {
        Ok(done) => (done.flash.clone(), done.redirect_to.as_str()),
        Err(error) => (Some(Flash::Failed(*error)), form),
    };
    if let Some(flash) = flash {
        cookies::set_flash(&flash);
    }
    see_other(redirect_to);
    result
}

/// Like [`finish`], for a form with one text field. What was typed is kept for the form's next view, until it is accepted.
pub(crate) fn finish_typed(
    result: Result<FormRedirect, UiError>,
    form: &str,
    typed: &str,
) -> Result<FormRedirect, UiError> {
    match &result {
        Ok(_) => drop(typed_before(form)),
        Err(_) => {
            if let Ok(backend) = backend() {
                backend.cookies.keep_draft(form, typed);
            }
        }
    }
    finish(result, form)
}

/// What was typed into the form at this path and refused. It is shown once.
pub(crate) fn typed_before(form: &str) -> Option<String> {
    backend().ok()?.cookies.take_draft(&parts().ok()?.headers, form)
}

/// What the form at this path needs, which asks for a new proof of who the person is.
pub(crate) async fn proven_form(path: &str) -> Result<ProvenForm, UiError> {
    let (backend, who) = (backend()?, identity()?);
    let customer = backend.service.customer(&who);
    let email = who.account.email.to_string();
    if customer.is_fresh() {
        return Ok(ProvenForm { email, proof: None, typed: typed_before(path).unwrap_or_default() });
    }
    let second_factor = customer.second_factor().await.map_err(|error| internal_error(&error))?;
    let has_passkey = !second_factor.passkeys.is_empty();
    let proof = if has_passkey || who.is_staff() { confirm_for(path) } else { sign_in_for(path) };
    Ok(ProvenForm { email, proof: Some(proof), typed: String::new() })
}

/// The error for a rate limit.
pub fn too_many(throttled: Throttled) -> UiError {
    UiError::TooManyRequests { minutes: throttled.retry_after.as_secs().div_ceil(60).max(1) }
}

/// Redirects a browser that submitted a form to one of our own pages.
pub(crate) fn see_other(path: &str) {
    if let (Some(response), Ok(path)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(path)) {
        response.set_status(http::StatusCode::SEE_OTHER);
        response.insert_header(header::LOCATION, path);
    }
}

/// Sets the page's content security policy with its nonce: only our own files and scripts, and no other origin, except that
/// forms may lead to the payment provider.
pub(crate) fn set_page_policy() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else {
        return;
    };
    let leads_to_payment = parts().is_ok_and(|parts| crate::routes::leads_to_payment(parts.uri.path()));
    let backend = use_context::<Backend>().filter(|_| leads_to_payment);
    let form_action = backend.as_ref().map_or("'self'", |backend| &*backend.payment_form_action);
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self'; font-src 'self'; connect-src 'self'; form-action {form_action}; object-src 'none'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Asks the browser to delete everything that this site has stored in it (ML-23).
pub(crate) fn clear_site_data() {
    if let Some(response) = use_context::<ResponseOptions>() {
        let value = HeaderValue::from_static(r#""cookies", "storage""#);
        response.insert_header(http::HeaderName::from_static("clear-site-data"), value);
    }
}
