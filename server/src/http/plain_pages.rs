//! Pages for what is not there and for what failed: HTML alone, of no surface, made once at start.

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use latchkey_app::static_pages::site::{self, Look};

use crate::http::state::AppState;

/// The pages.
#[derive(Clone, Debug)]
pub(crate) struct PlainPages {
    not_found: Bytes,
    failed: Bytes,
}

impl PlainPages {
    pub(crate) fn new(look: &Look) -> Self {
        Self { not_found: site::not_found(look.clone()).into(), failed: site::failed(look.clone()).into() }
    }

    pub(crate) fn not_found(&self) -> Response {
        page(StatusCode::NOT_FOUND, &self.not_found)
    }

    /// For a panic or a database that does not answer.
    pub(crate) fn failed(&self) -> Response<Body> {
        page(StatusCode::INTERNAL_SERVER_ERROR, &self.failed)
    }
}

fn page(status: StatusCode, html: &Bytes) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], html.clone()).into_response()
}

/// The answer for every path that nothing else answers.
pub(crate) async fn not_found(State(state): State<AppState>) -> Response {
    state.plain.not_found()
}
