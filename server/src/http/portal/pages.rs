//! Pages: the static ones, and the portal with its guards.

use std::{
    collections::BTreeSet,
    future::ready,
    sync::{Arc, LazyLock},
};

use axum::{
    Extension, Router,
    extract::{OriginalUri, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::any,
};
use latchkey_app::{
    AccountApp, AdminApp, App, Branding,
    acts::MAX_FORM_BYTES,
    routes::{AdminPage, Guard, NextPath, Page, Part, confirm_for, holds_secret},
    server_side::{
        AdminPlace, Backend, CookieKit, EndedSession, Identity, Seen, Unconfirmed, host::Host, provide_backend,
        session_token,
    },
    shell,
    static_pages::kept_form::NotSent,
};
use latchkey_service::ClientAddress;
use leptos::{config::LeptosOptions, prelude::provide_context, server_fn::axum::server_fn_paths};
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list};
use tower::ServiceBuilder;
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite};

use crate::{
    http::{
        assets,
        layers::{compression, content_length::content_length, share::Share},
        portal::{
            acts::{self, ActState},
            builds, files,
            payments::{self, PaymentState},
            personal_data::{self, DataState},
            sessions::Sessions,
            signed_in,
        },
        state::AppState,
        static_pages::{
            payment_pages::{LeavesSite, PaymentPages},
            plain_pages::PlainPages,
        },
    },
    settings::{Settings, Surface},
};

fn leptos_options() -> LeptosOptions {
    LeptosOptions::builder().output_name(assets::OUTPUT_NAME).site_pkg_dir(format!("pkg/{}", assets::version())).build()
}

/// The portal's routes, collected once per process: while the framework collects routes, it stops all loading
/// of data, and pages rendered by another router at that time would never finish.
static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| {
    [generate_route_list(App), generate_route_list(AccountApp), generate_route_list(AdminApp)].concat()
});

pub fn page_routes() -> impl Iterator<Item = String> {
    ROUTES.iter().map(|route| route.path().to_owned())
}

/// The portal: its pages and server functions, behind the session.
pub(crate) fn portal(
    state: &AppState,
    cookies: CookieKit,
    branding: Branding,
    pages: PaymentPages,
    settings: &Settings,
    static_paths: Arc<BTreeSet<String>>,
    host: Arc<dyn Host>,
) -> Router {
    if !assets::is_built() {
        tracing::warn!("this binary was built without its front end: pages work, but without styles and scripts");
    }
    let sessions = SessionManagerLayer::new(Sessions(state.service.clone()))
        .with_name(cookies.session_name())
        .with_secure(cookies.is_https())
        .with_same_site(SameSite::Lax)
        .with_http_only(true)
        .with_path("/")
        .with_expiry(Expiry::OnSessionEnd);
    let payment_form_action = pages.form_action().into();
    let data_state = DataState { app: state.clone(), cookies: cookies.clone() };
    let payment_state = PaymentState { app: state.clone(), cookies: cookies.clone(), pages };
    let admin = if state.surfaces.has(Surface::Admin) {
        AdminPlace::Here
    } else if settings.server.admin_url.is_some() {
        AdminPlace::At(settings.admin_url().into())
    } else {
        AdminPlace::Unknown
    };
    let serves_portal = state.surfaces.has(Surface::Portal);
    let service = state.service.clone();
    let library = state.builds.library.clone();
    let backend = Backend { service, cookies, payment_form_action, static_paths, admin, serves_portal, library, host };
    let options = leptos_options();
    let act_state = ActState {
        backend: backend.clone(),
        branding: branding.clone(),
        options: options.clone(),
        plain: state.plain.clone(),
    };
    let sign_in_backend = backend.clone();
    let context = move || {
        provide_backend(backend.clone());
        provide_context(branding.clone());
    };
    let rendered = Router::new()
        .leptos_routes_with_context(&options, ROUTES.clone(), context, {
            let options = options.clone();
            move || shell(options.clone())
        })
        .with_state(options);
    hide_methods(rendered, &state.plain)
        .merge(files::router().with_state(state.clone()))
        .merge(builds::router().with_state(state.clone()))
        .merge(payments::router().with_state(payment_state))
        .merge(personal_data::router().with_state(data_state))
        .merge(acts::router(act_state))
        .layer(
            ServiceBuilder::new()
                .layer(middleware::from_fn(compression::only_own))
                .layer(compression::compress())
                .layer(Share)
                .layer(middleware::from_fn_with_state(state.clone(), serve_parts))
                .layer(sessions)
                .layer(Share)
                .layer(middleware::from_fn_with_state(state.clone(), identify))
                .layer(Share)
                .layer(middleware::from_fn_with_state(state.clone(), guard))
                .layer(Share)
                .layer(middleware::from_fn_with_state(sign_in_backend, signed_in::go_on))
                .layer(Share),
        )
}

/// Responds to the addresses of a portal that this instance does not serve as to an address where nothing is.
async fn serve_parts(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_served = match Part::of(request.uri().path()) {
        Part::Portal => state.surfaces.has(Surface::Portal),
        Part::Admin => state.surfaces.has(Surface::Admin),
        Part::Account => true,
    };
    if is_served { next.run(request).await } else { state.plain.not_found() }
}

/// Responds to other methods at the addresses of the admin portal as to an address where nothing is. By default, the response
/// would name the methods that the address has.
fn hide_methods(router: Router, plain: &PlainPages) -> Router {
    let functions = server_fn_paths().map(|(path, _)| path.to_owned());
    let hidden = page_routes().chain(functions).filter(|path| Guard::of(path) == Guard::Staff);
    hidden.fold(router, |router, path| {
        let plain = plain.clone();
        router.route(&path, any(move || ready(plain.not_found())))
    })
}

/// Finds out who is signed in, once per request.
async fn identify(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(id) = session.id() {
        match state.service.find_session(&session_token(id)).await {
            // Until support agents and admins present their second factor, they are nobody to all other code (SU-01).
            Ok(Some(who)) if who.is_staff() && !who.has_second_factor() => {
                request.extensions_mut().insert(Unconfirmed(who.at(address)));
            }
            Ok(Some(who)) if who.is_staff() && Guard::of(request.uri().path()) != Guard::Staff => {
                match state.service.seen_customer(&who).await {
                    Ok(Some(seen)) => request.extensions_mut().insert(Seen(seen)).map(drop),
                    Ok(None) => request.extensions_mut().insert(Identity(who.at(address))).map(drop),
                    Err(error) => {
                        tracing::error!(%error, "a view of a customer's portal could not be looked up: {error}");
                        return state.plain.failed_because(&error);
                    }
                };
            }
            Ok(Some(who)) => {
                request.extensions_mut().insert(Identity(who.at(address)));
            }
            // A session that has ended matters only where it would otherwise be as if there was nothing.
            Ok(None) if Guard::of(request.uri().path()) != Guard::Staff => {}
            Ok(None) => match state.service.is_ended_staff_session(&session_token(id)).await {
                Ok(true) => request.extensions_mut().insert(EndedSession).map_or((), drop),
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "a session could not be looked up: {error}");
                    return state.plain.failed_because(&error);
                }
            },
            Err(error) => {
                tracing::error!(%error, "a session could not be looked up: {error}");
                return state.plain.failed_because(&error);
            }
        }
    }
    next.run(request).await
}

/// Only signed-in users get pages of the portal, and only staff get pages of the admin portal, which seem not to exist for
/// everyone else. Beyond that, each server function checks what the request may read or change.
async fn guard(State(state): State<AppState>, OriginalUri(uri): OriginalUri, request: Request, next: Next) -> Response {
    let path = uri.path();
    let identity = request.extensions().get::<Identity>();
    let is_seen = request.extensions().get::<Seen>().is_some();
    if is_seen && !may_be_seen(request.method(), path) {
        let text = "You see the portal as the customer does, so this cannot be done. Nothing was changed.\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let guard = Guard::of(path);
    let is_page = matches!(guard, Guard::SignedIn | Guard::Staff) && !path.starts_with("/fn/");
    let is_unconfirmed = request.extensions().get::<Unconfirmed>().is_some();
    let has_ended = request.extensions().get::<EndedSession>().is_some();
    if is_page && (is_unconfirmed || has_ended) && takes_form(request.method(), path) {
        let why = if is_unconfirmed { NotSent::Unconfirmed } else { NotSent::SignedOut };
        let path = path.to_owned();
        return keep_form(&state, why, &path, request).await;
    }
    if is_page && is_unconfirmed {
        let next = NextPath::after_sign_in(path, uri.query());
        let target = next.as_ref().map_or_else(|| Page::Confirm.path(), |next| confirm_for(next.as_str()));
        return Redirect::to(&target).into_response();
    }
    match guard {
        Guard::Open => {}
        Guard::Development if cfg!(debug_assertions) => {}
        Guard::SignedIn if identity.is_some() || is_seen => {}
        Guard::SignedIn => {
            let next = NextPath::after_sign_in(path, uri.query());
            let target = next.as_ref().map_or_else(|| Page::SignIn.path(), NextPath::sign_in);
            return Redirect::to(&target).into_response();
        }
        Guard::Staff if identity.is_some_and(Identity::is_staff) => {}
        Guard::Staff if is_page && has_ended && is_reading(request.method()) => {
            let next = NextPath::after_sign_in(path, uri.query());
            let target = next.as_ref().map_or_else(|| Page::SignIn.path(), NextPath::sign_in);
            return Redirect::to(&target).into_response();
        }
        Guard::Staff | Guard::Development => return state.plain.not_found(),
    }
    let is_sign_in_link = holds_secret(path);
    let is_function = path.starts_with("/fn/");
    if is_function && !is_form(request.headers()) {
        return (StatusCode::BAD_REQUEST, "Send the fields as application/x-www-form-urlencoded.\n").into_response();
    }
    let mut response = next.run(request).await;
    // The framework leads browsers that sent a plain form back to where they were, with an error that no page shows.
    if is_function && response.status() == StatusCode::BAD_REQUEST && response.headers().contains_key(header::LOCATION)
    {
        response = state.plain.bad_form();
    }
    keep_on_this_site(&mut response);
    if !is_sign_in_link {
        // On other pages of this site the form's page may be known. Sign-in links keep the strict value.
        response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    response
}

/// Whether staff who see the portal as a customer does may send this request. Pages only show. Server functions refuse by
/// themselves what they do not allow to such a person. Files, documents of payments and checkouts would be made for the
/// customer.
fn may_be_seen(method: &Method, path: &str) -> bool {
    let is_page = Guard::of(path) == Guard::Open || Page::parse(path).is_some();
    path.starts_with("/fn/") || is_reading(method) && is_page
}

/// Whether the body is that of a form, or the request has none.
fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let essence = kind.map(|kind| kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii());
    essence.is_none_or(|essence| essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded"))
}

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether the request is a form of an act in the admin portal.
fn takes_form(method: &Method, path: &str) -> bool {
    *method == Method::POST && AdminPage::parse(path).is_some_and(|page| page.has_form())
}

/// Responds to the form of a member of staff whose session has ended with a page that keeps what was entered.
async fn keep_form(state: &AppState, why: NotSent, path: &str, request: Request) -> Response {
    let is_too_long = content_length(request.headers()).is_some_and(|length| length > MAX_FORM_BYTES);
    let body = if is_too_long { None } else { axum::body::to_bytes(request.into_body(), MAX_FORM_BYTES).await.ok() };
    let Some(body) = body else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    state.plain.kept_form(why, path, &fields)
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
