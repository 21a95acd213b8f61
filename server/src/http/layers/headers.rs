//! Headers that every response has.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

pub(crate) const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
pub(crate) const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
pub(crate) const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

const NO_PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// The content security policy of a response that is not shown.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

const YEAR: &str = "max-age=31536000; includeSubDomains";

const ALWAYS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // The paths of sign-in links contain secrets, so no request may carry the path that it comes from. With `no-referrer`,
    // browsers would also hide the origin of forms, and those without `Sec-Fetch-Site` could not confirm a link.
    (header::REFERRER_POLICY, "strict-origin"),
    (OPENER_POLICY, "same-origin"),
    (RESOURCE_POLICY, "same-origin"),
    (PERMISSIONS_POLICY, NO_PERMISSIONS),
];

/// The headers of a response of the API. Its values are constants, so that a response allocates none.
///
/// Other sites may load the API's responses: they show nothing that a request without a license key cannot see, and apps whose pages
/// have an origin of their own have to read them.
const API: [(HeaderName, HeaderValue); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
    (PERMISSIONS_POLICY, HeaderValue::from_static(NO_PERMISSIONS)),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(NOTHING)),
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

/// The headers of a response that is not a page, unless it sets its own. `is_https` says whether browsers use https for the portal.
pub(crate) fn plain_headers(is_https: bool) -> HeaderMap {
    let mut headers: HeaderMap =
        ALWAYS.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(YEAR));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(NOTHING));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
}

/// The headers of a page unless it sets its own.
pub(crate) fn page_headers(is_https: bool) -> HeaderMap {
    let mut headers = plain_headers(is_https);
    headers.insert(header::CONTENT_SECURITY_POLICY, page_policy("'self'"));
    headers
}

/// Sets the headers of a response of the API.
pub(crate) fn set_api_headers(headers: &mut HeaderMap, is_https: bool) {
    for (name, value) in API {
        headers.insert(name, value);
    }
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(YEAR));
    }
}

/// Adds the headers that a response lacks.
pub(crate) async fn secure(State(always): State<Arc<HeaderMap>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in &*always {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    response
}
