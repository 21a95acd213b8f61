//! One line of log and one id for every request.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::HeaderValue,
    middleware::Next,
    response::Response,
};
use tracing::Instrument;
use uuid::Uuid;

/// The id of a request: ours, unguessable, in the log and in every error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId(pub(crate) Uuid);

/// Gives the request an id, the answer a header, and the log a line. The line names the route, never
/// the path: a path can hold a sign-in secret or a license key.
pub(crate) async fn attach(mut request: Request, next: Next) -> Response {
    let mut bytes = [0; 16];
    // An id is no secret: without randomness all requests are called zero, and go on.
    let _ = latchkey_service::Entropy::fill(&crate::adapters::OsEntropy, &mut bytes);
    let id = RequestId(uuid::Builder::from_random_bytes(bytes).into_uuid());
    request.extensions_mut().insert(id);
    let method = request.method().clone();
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let started = Instant::now();
    let span = tracing::info_span!("request", id = %id.0);
    let mut response = next.run(request).instrument(span.clone()).await;
    let route = response.extensions_mut().remove::<Route>().map_or(route, |route| route.0);
    let status = response.status().as_u16();
    let ms = started.elapsed().as_millis();
    span.in_scope(|| tracing::info!(%method, route, status, ms, "{method} {route} {status} in {ms} ms"));
    if let Ok(value) = HeaderValue::from_str(&id.0.to_string()) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// The route that answered, where a router inside found it.
#[derive(Clone, Debug)]
pub(crate) struct Route(pub(crate) String);
