//! Gives every request an id and a line in the log.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;
use uuid::Uuid;

/// A request's id: random, generated here, in the log and in every error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId(pub(crate) Uuid);

impl RequestId {
    pub(crate) fn new() -> Self {
        let mut bytes = [0; 16];
        // An id is not a secret: without randomness all requests get the id zero and are served.
        let _ = latchkey_service::Entropy::fill(&crate::adapters::OsEntropy, &mut bytes);
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// Sends the id to the client.
    pub(crate) fn set_header(self, headers: &mut HeaderMap) {
        let mut text = Uuid::encode_buffer();
        if let Ok(value) = HeaderValue::from_str(self.0.hyphenated().encode_lower(&mut text)) {
            headers.insert("x-request-id", value);
        }
    }
}

/// Gives the request an id, the response a header, and the log a line. The line contains the route, never the
/// path, because a path can contain a sign-in secret or a license key.
pub(crate) async fn attach(mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    request.extensions_mut().insert(id);
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let started = Instant::now();
    let span = tracing::info_span!("request", id = %id.0);
    let mut response = next.run(request).instrument(span.clone()).await;
    let route = response.extensions_mut().remove::<Route>().or(matched.map(Route::Matched));
    let route = route.as_ref().map_or("-", Route::as_str);
    let status = response.status().as_u16();
    let ms = started.elapsed().as_millis();
    span.in_scope(|| tracing::info!(%method, route, status, ms, "{method} {route} {status} in {ms} ms"));
    id.set_header(response.headers_mut());
    response
}

/// The matched route, if an inner router found it.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    Matched(MatchedPath),
    /// An API path that matched no route.
    Api,
}

impl Route {
    fn as_str(&self) -> &str {
        match self {
            Self::Matched(path) => path.as_str(),
            Self::Api => "/v1/*",
        }
    }
}
