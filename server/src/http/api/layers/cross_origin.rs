//! Cross-origin requests: apps that are web pages, or windows of Electron and Tauri, if the settings name their origins.
//! Keys travel in a header that scripts set, so credentials that browsers add themselves are never allowed.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::settings::WebOrigins;

/// How long browsers may remember what is allowed.
const MAX_AGE: Duration = Duration::from_mins(10);

const REQUEST_HEADERS: [HeaderName; 6] = [
    header::ACCEPT,
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    HeaderName::from_static("keygen-accept-signature"),
    HeaderName::from_static("keygen-environment"),
    HeaderName::from_static("keygen-version"),
];

/// The headers of responses that scripts may read: what a client needs to check signatures and to wait.
const RESPONSE_HEADERS: [HeaderName; 14] = [
    header::DATE,
    header::LOCATION,
    header::RETRY_AFTER,
    HeaderName::from_static("digest"),
    HeaderName::from_static("keygen-date"),
    HeaderName::from_static("keygen-digest"),
    HeaderName::from_static("keygen-signature"),
    HeaderName::from_static("keygen-version"),
    HeaderName::from_static("x-ratelimit-count"),
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
    HeaderName::from_static("x-ratelimit-window"),
    HeaderName::from_static("x-request-id"),
];

/// The layer for these origins. `None` if there are none: then there are no responses for browsers.
pub(crate) fn layer(origins: &WebOrigins) -> Option<CorsLayer> {
    let origins = origins.all();
    if origins.is_empty() {
        return None;
    }
    let allowed = if origins.iter().any(|origin| origin == WebOrigins::ANY) {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE];
    let layer = CorsLayer::new().allow_origin(allowed).allow_methods(methods).allow_headers(REQUEST_HEADERS);
    Some(layer.expose_headers(RESPONSE_HEADERS).max_age(MAX_AGE))
}
