//! Documentation: pages made once at start, without script.

use axum::{
    Router,
    http::{HeaderValue, header},
    response::{Html, IntoResponse},
    routing::get,
};
use latchkey_app::api_reference;

use super::{Edge, api, plain_pages};

/// Where the description of the API is as a document.
const DOCUMENT: &str = "/docs/api/openapi.json";

pub(crate) fn router() -> Router<Edge> {
    let description = api::description();
    let page = api_reference::page(plain_pages::stylesheet(), &description, DOCUMENT);
    let document = description.to_string();
    let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Router::new()
        .route("/docs/api", get(move || std::future::ready(Html(page.clone()))))
        .route(DOCUMENT, get(move || std::future::ready(([json.clone()], document.clone()).into_response())))
}
