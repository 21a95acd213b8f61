//! The HTTP edge: which surface a request belongs to, and what every answer carries.

pub mod api;
mod assets;
mod client;
mod docs;
mod download;
mod headers;
mod health;
mod pages;
mod plain_pages;
mod portal_files;
mod request_id;
mod same_origin;
mod sessions;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::Response,
};
use latchkey_service::{Internal, Service};
use leptos::config::LeptosOptions;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use uuid::Uuid;

use crate::settings::{Settings, Surface};

pub use api::Signing;

/// The longest body that pages and server functions take.
const PAGE_BODY_LIMIT: usize = 64 * 1024;

/// What the HTTP edge works with.
#[derive(Clone, Debug)]
pub struct Edge {
    pub(crate) service: Service,
    pub(crate) settings: Arc<Settings>,
    pub(crate) signing: Arc<Signing>,
    pub(crate) leptos: LeptosOptions,
}

impl axum::extract::FromRef<Edge> for LeptosOptions {
    fn from_ref(edge: &Edge) -> Self {
        edge.leptos.clone()
    }
}

impl Edge {
    /// The edge of these use cases.
    pub fn new(service: Service, settings: Settings, signing: Signing) -> Self {
        let leptos = pages::leptos_options();
        Self { service, settings: Arc::new(settings), signing: Arc::new(signing), leptos }
    }

    /// The id by which this instance goes on the wire.
    pub(crate) fn account(&self) -> Result<String, Internal> {
        Ok(self.service.keyring()?.account().to_string())
    }

    /// An id for what is kept nowhere.
    pub(crate) fn new_id(&self) -> Result<Uuid, Internal> {
        self.service.new_id()
    }
}

/// Everything that this instance serves.
pub fn router(edge: Edge) -> Router {
    let surfaces = edge.settings.server.surfaces.clone();
    let mut pages = Router::new();
    if surfaces.has(Surface::Site) {
        pages = pages.merge(pages::site(&edge));
    }
    if surfaces.has(Surface::Docs) {
        pages = pages.merge(docs::router());
    }
    if surfaces.has(Surface::Portal) {
        pages = pages.merge(pages::portal(&edge));
    }
    let pages = pages
        .merge(assets::router())
        .fallback(plain_pages::not_found)
        .with_state(edge.clone())
        .layer(DefaultBodyLimit::max(PAGE_BODY_LIMIT))
        .layer(tower_http::limit::RequestBodyLimitLayer::new(PAGE_BODY_LIMIT))
        .layer(middleware::from_fn_with_state(edge.clone(), same_origin::require))
        .layer(CatchPanicLayer::custom(|_| plain_pages::failed()))
        .layer(middleware::from_fn_with_state(edge.clone(), headers::secure));
    let whole = if surfaces.has(Surface::Api) {
        pages.layer(middleware::from_fn_with_state(api::Surface::new(&edge), split_off_api))
    } else {
        pages
    };
    whole
        .merge(health::router(edge.service.clone()))
        .layer(middleware::from_fn_with_state(edge, client::find_address))
        .layer(middleware::from_fn(request_id::attach))
}

/// The API answers for every path that looks like its own, known or not: each of its answers is
/// signed, and none of the pages' rules about cookies and origins apply to it.
async fn split_off_api(State(api): State<api::Surface>, request: Request, next: Next) -> Response {
    if !api.owns(request.uri().path()) {
        return next.run(request).await;
    }
    match api.service().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
