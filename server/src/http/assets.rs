//! The built style sheet, scripts, WASM and fonts, embedded in the binary.
//!
//! Their path contains a hash of all of them, so that browsers can cache them for a year and still load the
//! new ones after an upgrade.

pub(crate) mod branding;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use crate::http::static_pages::prerendered::accepts_brotli;

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

/// The part of the path that changes with the contents.
pub(crate) fn version() -> &'static str {
    &VERSION
}

/// The path of the common style sheet.
pub(crate) fn stylesheet() -> String {
    format!("/pkg/{}/{OUTPUT_NAME}.css", version())
}

/// The path of the font of all text.
pub(crate) fn font() -> String {
    format!("/pkg/{}/inter.woff2", version())
}

/// The path of the site's own style sheet.
pub(crate) fn site_stylesheet() -> String {
    format!("/pkg/{}/{OUTPUT_NAME}-site.css", version())
}

/// Whether the binary contains the front end.
pub(crate) fn is_built() -> bool {
    ["pkg/latchkey.js", "pkg/latchkey.js.br"].iter().any(|name| Dist::get(name).is_some())
}

pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/pkg/{version}/{*name}", get(versioned))
}

/// The icons that browsers show with a page, by path, with their types.
pub(crate) fn icons() -> impl Iterator<Item = (&'static str, &'static str, Bytes)> {
    let icons =
        [("/favicon.svg", "image/svg+xml"), ("/favicon.ico", "image/x-icon"), ("/apple-touch-icon.png", "image/png")];
    icons.into_iter().filter_map(|(path, kind)| Some((path, kind, plain(path.trim_start_matches('/'))?)))
}

async fn versioned(Path((wanted, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    // An old page may request the old script from an upgraded server, which must not send the new one.
    if wanted != version() {
        return StatusCode::NOT_FOUND.into_response();
    }
    serve(&format!("pkg/{name}"), &headers, "public, max-age=31536000, immutable")
}

fn serve(name: &str, headers: &HeaderMap, caching: &'static str) -> Response {
    let compressed = if accepts_brotli(headers) { compressed(name) } else { None };
    let is_compressed = compressed.is_some();
    let Some(bytes) = compressed.or_else(|| plain(name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = bytes.into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_compressed {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

fn compressed(name: &str) -> Option<Bytes> {
    Dist::get(&format!("{name}.br")).map(|file| bytes(file.data))
}

/// The file as it was before it was compressed. A release contains most files only compressed. Browsers accept that over HTTPS,
/// but not over HTTP.
fn plain(name: &str) -> Option<Bytes> {
    static DECOMPRESSED: Mutex<BTreeMap<String, Bytes>> = Mutex::new(BTreeMap::new());
    if let Some(file) = Dist::get(name) {
        return Some(bytes(file.data));
    }
    let compressed = compressed(name)?;
    let mut known = DECOMPRESSED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(plain) = known.get(name) {
        return Some(plain.clone());
    }
    let mut plain = Vec::new();
    brotli::BrotliDecompress(&mut compressed.as_ref(), &mut plain)
        .inspect_err(|error| tracing::error!(%error, name, "a file of the front end cannot be decompressed"))
        .ok()?;
    let plain = Bytes::from(plain);
    known.insert(name.to_owned(), plain.clone());
    Some(plain)
}

fn bytes(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => Bytes::from(data),
    }
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
