//! Pages for what is not there and for what failed: HTML alone, of no surface.

use axum::{
    body::Body,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use latchkey_app::static_pages::site;

use crate::http::assets;

/// Where the style sheet is.
pub(crate) fn stylesheet() -> String {
    format!("/pkg/{}/{}.css", assets::version(), assets::OUTPUT_NAME)
}

pub(crate) async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Html(site::not_found(stylesheet()))).into_response()
}

/// For a panic or a database that does not answer.
pub(crate) fn failed() -> Response<Body> {
    (StatusCode::INTERNAL_SERVER_ERROR, Html(site::failed(stylesheet()))).into_response()
}
