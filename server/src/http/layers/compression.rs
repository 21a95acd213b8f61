//! Compression of pages that are made for each request. What is rendered in advance is compressed in advance.
//!
//! The length of a compressed page can reveal its content to someone who makes a browser load it again and again with other
//! queries, and watches the network (the BREACH attack). So only pages are compressed that the portal itself or the person
//! at the browser asked for, which browsers say in `Sec-Fetch-Site`.

use axum::{
    extract::Request,
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, Predicate},
};

/// Text that is worth it: a response of fewer bytes fits into one packet anyway.
const WORTHWHILE: u64 = 1_024;

/// Brotli's levels above this one cost more time than they save on the way.
const LEVEL: i32 = 4;

/// Whether a response is a page or data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text;

impl Predicate for Text {
    fn should_compress<B: axum::body::HttpBody>(&self, response: &Response<B>) -> bool {
        let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let is_text = kind.starts_with(b"text/html") || kind.starts_with(b"application/json");
        is_text && response.body().size_hint().exact().is_none_or(|length| length >= WORTHWHILE)
    }
}

pub(crate) fn compress() -> CompressionLayer<Text> {
    CompressionLayer::new().quality(CompressionLevel::Precise(LEVEL)).compress_when(Text)
}

/// Hides from [`compress`] what the browser accepts, if another site made it ask.
pub(crate) async fn only_own(mut request: Request, next: Next) -> Response {
    let from = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
    if !matches!(from, Some(b"same-origin" | b"none")) {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.run(request).await
}
