//! The HTTP layer: which surface a request belongs to, and what all responses have in common.

pub mod api;
mod api_address;
mod assets;
mod download;
mod layers;
pub(crate) mod operation;
mod portal;
mod state;
mod static_pages;
pub(crate) mod webhooks;

use std::{collections::BTreeSet, future::ready, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, Method},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
};
use latchkey_app::{
    routes::Page,
    server_side::CookieKit,
    static_pages::{offers::Shop, site::Look},
};
use latchkey_service::Service;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    diagnostics::PortalHost,
    settings::{Settings, SettingsError, Surface},
};

use api_address::ApiAddress;
use assets::branding::Branded;
use operation::health;
use state::AppState;
use static_pages::{docs, payment_pages::PaymentPages, plain_pages::PlainPages, prerendered::Prerendered, site};

pub use portal::pages::page_routes;

/// The longest body that pages and server functions accept.
const PAGE_BODY_LIMIT: usize = 64 * 1024;

/// All surfaces that this instance serves. Fails if the logo cannot be read.
pub fn router(service: Service, settings: &Settings) -> Result<Router, SettingsError> {
    let surfaces = &settings.server.surfaces;
    let branded = Branded::read(settings, service.brand())?;
    let look = Look { stylesheet: assets::stylesheet(), branding: branded.pages.clone() };
    let plain = PlainPages::new(&look);
    let api_address = Arc::new(ApiAddress::new(settings.server.api_url.as_deref()));
    let (not_found, failed) = (plain.clone(), plain.clone());
    let cookies = CookieKit::new(settings.is_https(), service.cookie_signing_key());
    let state = AppState { service, api_address, plain, surfaces: surfaces.clone() };

    let page_headers = layers::headers::page_headers(settings.is_https());
    let payment_pages = PaymentPages::new(&state.service, &settings.stripe, &look);
    let prerendered = prerendered(&state.service, settings, &page_headers, &look, &payment_pages);
    let static_paths = Arc::new(prerendered.paths().clone());
    let portal = if surfaces.has(Surface::Portal) || surfaces.has(Surface::Admin) {
        let host = PortalHost { settings: settings.clone(), service: state.service.clone() };
        portal::pages::portal(&state, branded.pages.clone(), payment_pages, settings, Arc::new(host))
    } else {
        Router::new()
    };
    let origin: Arc<str> = settings.pages_url().into();
    let pages = portal
        .merge(assets::router())
        .merge(branded.router())
        .fallback(move |request: Request| {
            ready(canonical(&request, &static_paths).unwrap_or_else(|| not_found.not_found()))
        })
        .layer(DefaultBodyLimit::max(PAGE_BODY_LIMIT))
        .layer(tower_http::limit::RequestBodyLimitLayer::new(PAGE_BODY_LIMIT))
        .layer(middleware::from_fn_with_state(origin, layers::same_origin::require))
        .layer(CatchPanicLayer::custom(move |_| failed.failed()))
        .layer(middleware::from_fn_with_state(cookies, layers::theme::follow))
        .layer(middleware::from_fn_with_state(Arc::new(page_headers), layers::headers::secure));
    let whole = if surfaces.has(Surface::Api) {
        pages.layer(middleware::from_fn_with_state(api::Surface::new(&state), split_off_api))
    } else {
        pages
    };
    let webhooks = if surfaces.has(Surface::Webhooks) {
        webhooks::router(state.service.clone(), settings)?
    } else {
        Router::new()
    };
    let proxies = settings.server.trusted_proxies;
    Ok(whole
        .merge(webhooks)
        .merge(health::router(state.service))
        .layer(middleware::from_fn_with_state(proxies, layers::client_address::find_address))
        .layer(middleware::from_fn(layers::request_id::attach))
        .merge(prerendered.into_router()))
}

fn prerendered(
    service: &Service,
    settings: &Settings,
    headers: &HeaderMap,
    look: &Look,
    payment_pages: &PaymentPages,
) -> Prerendered {
    let cookies = CookieKit::new(settings.is_https(), service.cookie_signing_key());
    let mut pages = Prerendered::new(headers, cookies);
    let surfaces = &settings.server.surfaces;
    let has_docs = surfaces.has(Surface::Docs);
    if surfaces.has(Surface::Site) {
        let shop = if surfaces.has(Surface::Portal) { Shop::Here } else { Shop::At(settings.portal_url()) };
        let docs = has_docs.then_some(docs::ROOT);
        let contents = site::Contents { service: service.clone(), look: look.clone(), docs, shop };
        site::add(&mut pages, contents, payment_pages);
    }
    if has_docs {
        docs::add(&mut pages, look);
    }
    pages
}

/// Leads from a page's path with a slash at its end to the page. Only paths of pages are targets, so that no path leads to
/// another site.
fn canonical(request: &Request, static_paths: &BTreeSet<String>) -> Option<Response> {
    let path = request.uri().path().trim_end_matches('/');
    let has_slash = path.len() < request.uri().path().len();
    let is_page = static_paths.contains(path) || Page::parse(path).is_some();
    if !(has_slash && is_page && matches!(*request.method(), Method::GET | Method::HEAD)) {
        return None;
    }
    let target = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    Some(Redirect::permanent(&target).into_response())
}

/// The API handles all paths that look like its own, known or not: all its responses are signed, and the
/// pages' rules for cookies and origins do not apply to it.
async fn split_off_api(State(api): State<api::Surface>, request: Request, next: Next) -> Response {
    if !api.owns(request.uri().path()) {
        return next.run(request).await;
    }
    match api.service().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
