//! Requests that change something must come from our own pages (WH-01).
//!
//! Browsers say where a request comes from in `Sec-Fetch-Site` or `Origin`. At least one of them must be
//! present and must name this site. A request with neither is rejected as well, because a request from a
//! browser old enough to send neither cannot be distinguished from a forgery.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Accepts requests that change nothing, and requests from pages of this origin.
pub(crate) async fn require(State(origin): State<Arc<str>>, request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_safe || is_from_here(request.headers(), &origin) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This request did not come from this site. Reload the page and try again.\n")
        .into_response()
}

fn is_from_here(headers: &HeaderMap, origin: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(from)) => from == origin,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wh_01_only_requests_from_this_site_pass() {
        let cases = [
            (Some("same-origin"), None, true),
            (Some("none"), None, true),
            (Some("same-site"), None, false),
            (Some("cross-site"), Some("https://portal.example"), false),
            (None, Some("https://portal.example"), true),
            (None, Some("https://portal.example.evil"), false),
            (None, Some("null"), false),
            (None, None, false),
        ];
        for (site, origin, allowed) in cases {
            let mut headers = HeaderMap::new();
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().expect("a header"));
            }
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().expect("a header"));
            }
            assert_eq!(is_from_here(&headers, "https://portal.example"), allowed, "{site:?} {origin:?}");
        }
    }
}
