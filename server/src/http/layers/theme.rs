//! The theme of pages that are rendered in advance but belong to no path: missing pages, failures, and ways to the payment
//! provider.
//!
//! What makes such a page may not have the request at hand, as after a panic, so the page is only marked there.

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::Response,
};
use latchkey_app::{server_side::CookieKit, static_pages::document};

/// Marks a response whose body is this document, in the system's theme.
#[derive(Clone, Debug)]
pub(crate) struct PlainDocument(pub(crate) Bytes);

/// Renders such a document in the theme that was chosen in the browser.
pub(crate) async fn follow(State(cookies): State<CookieKit>, request: Request, next: Next) -> Response {
    let theme = cookies.theme(request.headers());
    let mut response = next.run(request).await;
    if let (Some(theme), Some(PlainDocument(html))) = (theme, response.extensions_mut().remove()) {
        let html = document::with_theme(&String::from_utf8_lossy(&html), theme);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(html);
    }
    response
}
