//! Lengths that clients announce. A body that is too long is refused before it is asked for: until a handler reads, a client that
//! sent `Expect: 100-continue` waits.

use axum::http::{HeaderMap, header};

/// The announced length of the body.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
