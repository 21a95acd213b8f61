//! The outermost layer of the API: writes the documents of errors, and signs every response.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{MatchedPath, OriginalUri, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, response::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use latchkey_wire::{
    document::MEDIA_TYPE,
    signature::{self, SignedHeaders, Target},
};

use crate::http::{
    api::{error::ApiError, versions::VERSION},
    layers::{
        admission::Refusal,
        headers::set_api_headers,
        request_id::{RequestId, Route},
    },
    state::AppState,
};

/// The longest response. A page of a hundred machines with the longest metadata fits.
pub(crate) const RESPONSE_LIMIT: usize = 8 * 1024 * 1024;

/// The longest that a response may take, even if several waits for the database add up. Apps wait for 30 seconds, and then
/// try again.
const DEADLINE: Duration = Duration::from_secs(8);

/// Sent if an error document cannot be serialized.
const FALLBACK: &[u8] =
    br#"{"meta":{"id":""},"errors":[{"title":"Internal server error","detail":"The server failed.","code":"INTERNAL_SERVER_ERROR"}]}"#;

pub(crate) async fn sign(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let uri = request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().clone(), |uri| uri.0.clone());
    let is_refused_host = request.extensions().get::<Refusal>() == Some(&Refusal::Host);
    let host = if is_refused_host {
        state.api_address.own_host().to_owned()
    } else {
        state.api_address.host(&uri, request.headers()).to_owned()
    };
    let id = request.extensions().get::<RequestId>().copied();

    let answering = AssertUnwindSafe(next.run(request)).catch_unwind();
    let limit = state.handler_timeout.min(DEADLINE);
    // What had begun when the time is over is rolled back.
    let response = match tokio::time::timeout(limit, answering).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => panicked(&*panic),
        Err(_) => {
            tracing::error!("an API request took longer than {} s and was given up", limit.as_secs());
            ApiError::unavailable().into_response()
        }
    };
    let (mut parts, body) = response.into_parts();
    let body = write_body(&mut parts, body, id).await;
    // The client verifies what it receives, and a response to HEAD has no body.
    let body = if method == Method::HEAD { Bytes::new() } else { body };
    let target = Target {
        method: method.as_str(),
        path_and_query: uri.path_and_query().map_or("/", |target| target.as_str()),
        host: &host,
    };
    let date = state.service.now().http_date();
    let keyring = state.service.keyring();
    set_api_headers(&mut parts.headers, state.is_api_https);
    add_headers(
        &mut parts.headers,
        signature::sign(keyring.signer(), keyring.wire_account_text(), target, date, &body),
    );
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

/// The body of a response: the handler's, or the document of its error.
async fn write_body(parts: &mut Parts, body: Body, id: Option<RequestId>) -> Bytes {
    let is_error = parts.status.is_client_error() || parts.status.is_server_error();
    let error = match parts.extensions.remove::<ApiError>() {
        Some(error) => error,
        None if is_error => ApiError::of_status(parts.status),
        None => match to_bytes(body, RESPONSE_LIMIT).await {
            Ok(bytes) => return bytes,
            Err(error) => {
                tracing::error!(%error, "the body of an API response could not be read");
                ApiError::internal()
            }
        },
    };
    parts.status = error.status();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    let document = error.document(id.map_or_else(String::new, |id| id.0.to_string()));
    serde_json::to_vec(&document).map_or_else(
        |error| {
            tracing::error!(%error, "an error document could not be serialized");
            parts.status = StatusCode::INTERNAL_SERVER_ERROR;
            Bytes::from_static(FALLBACK)
        },
        Bytes::from,
    )
}

fn add_headers(headers: &mut HeaderMap, signed: SignedHeaders) {
    let SignedHeaders { date, digest, signature } = signed;
    for (names, text) in [
        (&["date", "keygen-date"][..], date),
        (&["digest", "keygen-digest"][..], digest),
        (&["keygen-signature"][..], signature),
    ] {
        // The headers that repeat a value share its bytes.
        if let Ok(value) = HeaderValue::try_from(text) {
            for name in names {
                headers.insert(*name, value.clone());
            }
        }
    }
    // A response in an older version has a header of its own.
    headers.entry("keygen-version").or_insert(HeaderValue::from_static(VERSION));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let why = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(why, "an API handler panicked");
    ApiError::internal().into_response()
}

/// Records the matched route for the access log.
pub(crate) async fn record_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned().map_or(Route::Api, Route::Matched);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(route);
    response
}
