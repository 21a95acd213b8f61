//! The outermost layer of the API: turns faults into documents and signs whatever leaves.

use std::any::Any;
use std::panic::AssertUnwindSafe;

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
    api::{error::ApiError, input::VERSION},
    layers::request_id::{RequestId, Route},
    state::AppState,
};

/// No answer is longer than a page of a hundred machines with full metadata.
const ANSWER_LIMIT: usize = 8 * 1024 * 1024;

/// In place of an error that cannot be written.
const UNWRITTEN: &[u8] =
    br#"{"meta":{"id":""},"errors":[{"title":"Internal server error","detail":"The server failed.","code":"INTERNAL_SERVER_ERROR"}]}"#;

pub(crate) async fn sign(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let uri = request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().clone(), |uri| uri.0.clone());
    let host = state.api_address.host(&uri, request.headers()).to_owned();
    let id = request.extensions().get::<RequestId>().copied();

    let response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => panicked(&*panic),
    };
    let (mut parts, body) = response.into_parts();
    let body = write_body(&mut parts, body, id).await;
    // What is signed is what arrives: an answer to HEAD arrives without its body.
    let body = if method == Method::HEAD { Bytes::new() } else { body };
    let target = Target {
        method: method.as_str(),
        path_and_query: uri.path_and_query().map_or("/", |target| target.as_str()),
        host: &host,
    };
    let date = state.service.now().http_date();
    let keyring = state.service.keyring();
    attach(&mut parts.headers, signature::sign(keyring.signer(), keyring.wire_account_text(), target, date, &body));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

/// The bytes of an answer: those of the handler, or the document of its error.
async fn write_body(parts: &mut Parts, body: Body, id: Option<RequestId>) -> Bytes {
    let is_error = parts.status.is_client_error() || parts.status.is_server_error();
    let error = match parts.extensions.remove::<ApiError>() {
        Some(error) => error,
        None if is_error => ApiError::of_status(parts.status),
        None => match to_bytes(body, ANSWER_LIMIT).await {
            Ok(bytes) => return bytes,
            Err(error) => {
                tracing::error!(%error, "an API answer cannot be read");
                ApiError::internal()
            }
        },
    };
    parts.status = error.status();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    let document = error.document(id.map_or_else(String::new, |id| id.0.to_string()));
    serde_json::to_vec(&document).map_or_else(
        |error| {
            tracing::error!(%error, "an error document does not serialize");
            parts.status = StatusCode::INTERNAL_SERVER_ERROR;
            Bytes::from_static(UNWRITTEN)
        },
        Bytes::from,
    )
}

fn attach(headers: &mut HeaderMap, signed: SignedHeaders) {
    let SignedHeaders { date, digest, signature } = signed;
    for (names, text) in [
        (&["date", "keygen-date"][..], date),
        (&["digest", "keygen-digest"][..], digest),
        (&["keygen-signature"][..], signature),
    ] {
        // Made from the text without a copy, and shared by the headers that repeat it.
        if let Ok(value) = HeaderValue::try_from(text) {
            for name in names {
                headers.insert(*name, value.clone());
            }
        }
    }
    headers.insert("keygen-version", HeaderValue::from_static(VERSION));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let why = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(why, "an API handler panicked");
    ApiError::internal().into_response()
}

/// Tells the access log which route answered.
pub(crate) async fn note_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned().map_or(Route::Api, Route::Matched);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(route);
    response
}
