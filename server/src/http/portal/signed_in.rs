//! What the sign-in pages do for a browser that is signed in already: it goes on to where it would get by signing in.

use axum::{
    extract::{OriginalUri, Request, State},
    http::{Method, Uri},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use latchkey_app::{
    routes::{NextPath, Page},
    server_side::{Backend, Identity, Unconfirmed, first_page_of},
};
use latchkey_service::{SignInLink, SignedIn};

/// Redirects a browser that is signed in from the sign-in page and from links that were used, or ended when another one was.
pub(crate) async fn go_on(
    State(backend): State<Backend>,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let extensions = request.extensions();
    let identity = extensions.get::<Identity>().map(|identity| &identity.0);
    let signed_in = identity.or_else(|| extensions.get::<Unconfirmed>().map(|unconfirmed| &unconfirmed.0)).cloned();
    let Some(who) = signed_in.filter(|_| is_reading) else { return next.run(request).await };
    let target = match Page::parse(uri.path()) {
        // An error of the last form is shown on the page.
        Some(Page::SignIn) if !backend.cookies.has_flash(request.headers()) => after_sign_in(&backend, &uri, &who),
        Some(Page::Link(token)) => {
            let browser = backend.cookies.browser_secret(request.headers());
            let email = Some(&who.account.email);
            match backend.service.sign_in_link(&token.to_string(), browser.as_ref(), email).await {
                Ok(SignInLink::SignedIn { next_path }) => {
                    let next = next_path.as_deref().and_then(NextPath::parse);
                    Some(next.map_or_else(|| first_page_of(Some(&backend), who.account.role), String::from))
                }
                Ok(_) => None,
                Err(error) => {
                    tracing::error!(%error, "a sign-in link could not be looked up: {error}");
                    None
                }
            }
        }
        _ => None,
    };
    match target {
        Some(target) => Redirect::to(&target).into_response(),
        None => next.run(request).await,
    }
}

/// Where the sign-in page leads afterwards. `None` if that page asks people who are signed in to sign in again.
fn after_sign_in(backend: &Backend, uri: &Uri, who: &SignedIn) -> Option<String> {
    let fields = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let next = fields.into_iter().find(|(name, _)| name == "next").and_then(|(_, next)| NextPath::nearest(&next));
    let Some(next) = next else { return Some(first_page_of(Some(backend), who.account.role)) };
    let asks_again =
        matches!(Page::parse(next.as_str()), Some(Page::ChangeEmail | Page::DeleteAccount | Page::NewPasskey));
    (!asks_again).then(|| next.into())
}
