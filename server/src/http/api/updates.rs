//! Feeds for the updaters of apps, one per file. Each has the form that its updater expects, so most are no JSON:API documents,
//! but all are signed as every response of the API is.

pub(crate) mod appcast;
pub(crate) mod electron;
pub(crate) mod tauri;
pub(crate) mod velopack;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

/// A feed.
fn feed(kind: &'static str, text: String) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response()
}
