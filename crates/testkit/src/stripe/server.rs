//! The HTTP server: the API, the controls and the pages.

use axum::{
    Router,
    extract::FromRef,
    routing::{get, post},
};

use super::{api, control, pages, shared::Shared};

/// What the handlers share.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) shared: Shared,
    pub(crate) client: reqwest::Client,
}

impl FromRef<App> for Shared {
    fn from_ref(app: &App) -> Self {
        app.shared.clone()
    }
}

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/", get(pages::desk::show))
        .route("/desk/{control}", post(pages::desk::submit))
        .route("/c/pay/{session}", get(pages::checkout::show).post(pages::checkout::submit))
        .route("/p/session/{secret}", get(pages::portal::show).post(pages::portal::submit))
        .route("/receipts/{charge}", get(pages::receipts::receipt))
        .route("/invoices/{invoice}", get(pages::receipts::invoice))
        .route("/invoices/{invoice}/pdf", get(pages::receipts::invoice))
        .route("/_double/{control}", post(control::answer))
        .fallback(api::answer)
        .with_state(app)
}
