//! The HTTP layer: which surface a request belongs to, and what all responses have in common.

pub mod api;
mod assets;
mod branding;
mod docs;
mod download;
mod health;
mod layers;
mod plain_pages;
mod portal;
mod prerendered;
mod site;
mod state;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::Response,
};
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use crate::settings::Surface;

use prerendered::Prerendered;

pub use api::signing::Signing;
pub use portal::pages::page_routes;
pub use state::AppState;

/// The longest body that pages and server functions accept.
const PAGE_BODY_LIMIT: usize = 64 * 1024;

/// All surfaces that this instance serves.
pub fn router(state: AppState) -> Router {
    let settings = state.settings.clone();
    let surfaces = settings.server.surfaces.clone();
    let page_headers = layers::headers::page_headers(settings.is_https());
    let mut prerendered = Prerendered::new(&page_headers);
    let plain = state.plain.clone();
    if surfaces.has(Surface::Site) {
        site::add(&mut prerendered, &state);
    }
    if surfaces.has(Surface::Docs) {
        docs::add(&mut prerendered, &state.look());
    }
    let mut pages = Router::new();
    if surfaces.has(Surface::Portal) {
        pages = pages.merge(portal::pages::portal(&state));
    }
    let origin: Arc<str> = settings.portal_url().into();
    let pages = pages
        .merge(assets::router())
        .merge(state.branded.router())
        .fallback(plain_pages::not_found)
        .with_state(state.clone())
        .layer(DefaultBodyLimit::max(PAGE_BODY_LIMIT))
        .layer(tower_http::limit::RequestBodyLimitLayer::new(PAGE_BODY_LIMIT))
        .layer(middleware::from_fn_with_state(origin, layers::same_origin::require))
        .layer(CatchPanicLayer::custom(move |_| plain.failed()))
        .layer(middleware::from_fn_with_state(Arc::new(page_headers), layers::headers::secure));
    let whole = if surfaces.has(Surface::Api) {
        pages.layer(middleware::from_fn_with_state(api::Surface::new(&state), split_off_api))
    } else {
        pages
    };
    whole
        .merge(health::router(state.service.clone()))
        .layer(middleware::from_fn_with_state(state, layers::client_address::find_address))
        .layer(middleware::from_fn(layers::request_id::attach))
        .merge(prerendered.into_router())
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
