//! The built style, script, WASM and fonts, inside the binary.
//!
//! A hash of all of them is part of their path, so that browsers may keep each for a year and still
//! get the new one after an upgrade.

use std::sync::LazyLock;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use crate::http::{prerendered::takes_brotli, state::AppState};

/// The name of the built files.
pub(crate) const OUTPUT_NAME: &str = "latchkey";

#[derive(Embed)]
#[folder = "../dist/"]
#[allow_missing = true]
struct Dist;

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Dist::iter().collect();
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_bytes());
        hash.update(Dist::get(&name).map(|file| file.metadata.sha256_hash()).unwrap_or_default());
    }
    latchkey_licensing::hex::encode(hash.finalize().first_chunk::<8>().unwrap_or(&[0; 8]))
});

/// The part of the path that changes with the content.
pub(crate) fn version() -> &'static str {
    &VERSION
}

/// Where the style sheet is.
pub(crate) fn stylesheet() -> String {
    format!("/pkg/{}/{OUTPUT_NAME}.css", version())
}

/// Whether the front end was built into this binary.
pub(crate) fn are_built() -> bool {
    Dist::get("pkg/latchkey.js").is_some()
}

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/pkg/{version}/{*name}", get(versioned))
        .route(
            "/favicon.svg",
            get(|headers: HeaderMap| async move { serve("favicon.svg", &headers, "public, max-age=86400") }),
        )
        .route(
            "/robots.txt",
            get(|headers: HeaderMap| async move { serve("robots.txt", &headers, "public, max-age=86400") }),
        )
}

async fn versioned(Path((wanted, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    // An old page may ask an upgraded server for the old script: it must not get the new one.
    if wanted != version() {
        return StatusCode::NOT_FOUND.into_response();
    }
    serve(&format!("pkg/{name}"), &headers, "public, max-age=31536000, immutable")
}

fn serve(name: &str, headers: &HeaderMap, caching: &'static str) -> Response {
    let compressed = if takes_brotli(headers) { Dist::get(&format!("{name}.br")) } else { None };
    let is_compressed = compressed.is_some();
    let Some(file) = compressed.or_else(|| Dist::get(name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = file.data.into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_compressed {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
