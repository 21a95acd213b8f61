//! Pages for missing pages and failures: plain HTML that belongs to no surface, rendered once at startup.

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use latchkey_app::static_pages::{document::Look, plain};

#[derive(Clone, Debug)]
pub(crate) struct PlainPages {
    not_found: Bytes,
    failed: Bytes,
}

impl PlainPages {
    pub(crate) fn new(look: &Look) -> Self {
        Self { not_found: plain::not_found(look.clone()).into(), failed: plain::failed(look.clone()).into() }
    }

    pub(crate) fn not_found(&self) -> Response {
        page(StatusCode::NOT_FOUND, &self.not_found)
    }

    /// For a panic or an unavailable database.
    pub(crate) fn failed(&self) -> Response<Body> {
        page(StatusCode::INTERNAL_SERVER_ERROR, &self.failed)
    }
}

fn page(status: StatusCode, html: &Bytes) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], html.clone()).into_response()
}
