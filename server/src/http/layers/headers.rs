//! Headers that every page has.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

const ALWAYS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // The paths of sign-in links contain secrets, so no request may carry the path that it comes from. With `no-referrer`,
    // browsers would also hide the origin of forms, and those without `Sec-Fetch-Site` could not confirm a link.
    (header::REFERRER_POLICY, "strict-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// The policy of responses other than portal pages, which have their own policy with a nonce. `form_action` is where forms may
/// end. Connections to the site itself are for tools that read `robots.txt` from a page, as Lighthouse does: without scripts, pages
/// open none.
pub(crate) fn page_policy(form_action: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
         form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
    );
    // Origins contain only characters that are allowed in a header.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// The headers of a page unless it sets its own. `is_https` says whether browsers use https for the portal.
pub(crate) fn page_headers(is_https: bool) -> HeaderMap {
    let mut headers: HeaderMap =
        ALWAYS.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    if is_https {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, page_policy("'self'"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
}

/// Adds the page headers that a response lacks.
pub(crate) async fn secure(State(always): State<Arc<HeaderMap>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in &*always {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    response
}
