//! Pages: the static ones, and the portal with its guards.

use std::sync::LazyLock;

use axum::{
    Router,
    extract::{OriginalUri, Request, State},
    http::{HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
};
use latchkey_app::{
    App, Branding,
    routes::{Guard, NextPath, Page, confirm_for, holds_secret},
    server_side::{Backend, CookieKit, Identity, Unconfirmed, session_token},
    shell,
};
use leptos::{config::LeptosOptions, prelude::provide_context};
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list};
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite};

use crate::http::{
    assets,
    portal::{
        files,
        payments::{self, PaymentState},
        sessions::Sessions,
    },
    state::AppState,
    static_pages::payment_pages::{LeavesSite, PaymentPages},
};

fn leptos_options() -> LeptosOptions {
    LeptosOptions::builder().output_name(assets::OUTPUT_NAME).site_pkg_dir(format!("pkg/{}", assets::version())).build()
}

/// The portal's routes, collected once per process: while the framework collects routes, it stops all loading
/// of data, and pages rendered by another router at that time would never finish.
static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

pub fn page_routes() -> impl Iterator<Item = String> {
    ROUTES.iter().map(|route| route.path().to_owned())
}

/// The portal: its pages and server functions, behind the session.
pub(crate) fn portal(state: &AppState, branding: Branding, pages: PaymentPages, is_https: bool) -> Router {
    if !assets::is_built() {
        tracing::warn!("this binary was built without its front end: pages work, but without styles and scripts");
    }
    let cookies = CookieKit::new(is_https, state.service.cookie_signing_key());
    let sessions = SessionManagerLayer::new(Sessions(state.service.clone()))
        .with_name(cookies.session_name())
        .with_secure(cookies.is_https())
        .with_same_site(SameSite::Lax)
        .with_http_only(true)
        .with_path("/")
        .with_expiry(Expiry::OnSessionEnd);
    let payment_form_action = pages.form_action().into();
    let payment_state = PaymentState { app: state.clone(), cookies: cookies.clone(), pages };
    let backend = Backend { service: state.service.clone(), cookies, payment_form_action };
    let context = move || {
        provide_context(backend.clone());
        provide_context(branding.clone());
    };
    let options = leptos_options();
    let rendered = Router::new()
        .leptos_routes_with_context(&options, ROUTES.clone(), context, {
            let options = options.clone();
            move || shell(options.clone())
        })
        .with_state(options);
    rendered
        .merge(files::router().with_state(state.clone()))
        .merge(payments::router().with_state(payment_state))
        .layer(middleware::from_fn_with_state(state.clone(), guard))
        .layer(middleware::from_fn_with_state(state.clone(), identify))
        .layer(sessions)
}

/// Finds out who is signed in, once per request.
async fn identify(State(state): State<AppState>, session: Session, mut request: Request, next: Next) -> Response {
    if let Some(id) = session.id() {
        match state.service.find_session(&session_token(id)).await {
            // Until support agents and admins present their second factor, they are nobody to all other code (SU-01).
            Ok(Some(who)) if who.is_staff() && !who.has_second_factor() => {
                request.extensions_mut().insert(Unconfirmed(who));
            }
            Ok(Some(who)) => {
                request.extensions_mut().insert(Identity(who));
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, "a session could not be looked up: {error}");
                return state.plain.failed();
            }
        }
    }
    next.run(request).await
}

/// Only signed-in users get pages of the portal, and only support agents and admins those below `/admin`. Beyond that, each
/// server function checks what the request may read or change.
async fn guard(State(state): State<AppState>, OriginalUri(uri): OriginalUri, request: Request, next: Next) -> Response {
    let path = uri.path();
    let guard = Guard::of(path);
    if guard != Guard::Open {
        let next = NextPath::after_sign_in(path, uri.query());
        let extensions = request.extensions();
        match (extensions.get::<Identity>(), extensions.get::<Unconfirmed>()) {
            (Some(who), _) if guard == Guard::SignedIn || who.0.is_staff() => {}
            // The same as for a page that does not exist.
            (Some(_), _) => return state.plain.not_found(),
            (None, Some(_)) => {
                let target = next.as_ref().map_or_else(|| Page::Confirm.path(), |next| confirm_for(next.as_str()));
                return Redirect::to(&target).into_response();
            }
            (None, None) => {
                let target = next.as_ref().map_or_else(|| Page::SignIn.path(), NextPath::sign_in);
                return Redirect::to(&target).into_response();
            }
        }
    }
    let is_sign_in_link = holds_secret(path);
    let mut response = next.run(request).await;
    keep_on_this_site(&mut response);
    if !is_sign_in_link {
        // On other pages of this site the form's page may be known. The strict value stays on the sign-in
        // links.
        response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    response
}

/// Server functions respond to plain forms with a redirect, by default to the `Referer`. Only paths on this
/// site are allowed (WH-24), except in responses that say that they lead to the payment provider.
fn keep_on_this_site(response: &mut Response) {
    if response.extensions().get::<LeavesSite>().is_some() {
        return;
    }
    let headers = response.headers_mut();
    let Some(location) = headers.get(header::LOCATION) else {
        return;
    };
    let is_ours = location.to_str().is_ok_and(|path| {
        path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && !path.contains("__err")
    });
    if is_ours {
        return;
    }
    match HeaderValue::from_str(&Page::Overview.path()) {
        Ok(overview) => headers.insert(header::LOCATION, overview),
        Err(_) => headers.remove(header::LOCATION),
    };
}
