//! The outermost layer of the API: turns faults into documents and signs whatever leaves.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{MatchedPath, OriginalUri, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use latchkey_wire::{
    document::MEDIA_TYPE,
    signature::{self, SignedHeaders, Target},
};
use url::Url;

use crate::http::{
    api::{error::ApiError, input::VERSION},
    layers::request_id::{RequestId, Route},
    state::AppState,
};

/// No answer is longer than a page of a hundred machines with full metadata.
const ANSWER_LIMIT: usize = 8 * 1024 * 1024;

/// For whom answers are signed; the key is the service's.
#[derive(Debug)]
pub struct Signing {
    /// The host that apps use, where settings name it.
    host: Option<String>,
    prefix: String,
}

impl Signing {
    /// Signs for the host of `api_url` or, without one, for the host that the client asked for.
    pub fn new(api_url: Option<&str>) -> Self {
        let url = api_url.and_then(|text| Url::parse(text).ok());
        let host = url.as_ref().and_then(|url| {
            let name = url.host_str()?;
            Some(url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")))
        });
        let prefix = url.as_ref().map_or("", Url::path).trim_end_matches('/').to_owned();
        Self { host, prefix }
    }

    pub(crate) fn path_prefix(&self) -> &str {
        &self.prefix
    }

    fn host<'a>(&'a self, uri: &'a Uri, headers: &'a HeaderMap) -> &'a str {
        let asked = || headers.get(header::HOST).and_then(|value| value.to_str().ok());
        // HTTP/2 has the host in the URI.
        let authority = || uri.authority().map(http::uri::Authority::as_str);
        self.host.as_deref().or_else(authority).or_else(asked).unwrap_or_default()
    }
}

pub(crate) async fn sign(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let uri = request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().clone(), |uri| uri.0.clone());
    let host = state.signing.host(&uri, request.headers()).to_owned();
    let id = request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.to_string());

    let response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => panicked(&*panic),
    };
    let (mut parts, body) = response.into_parts();
    let fault = parts.extensions.remove::<ApiError>();
    let is_error = parts.status.is_client_error() || parts.status.is_server_error();
    let body = match fault.or_else(|| is_error.then(|| ApiError::of_status(parts.status))) {
        Some(fault) => {
            parts.status = fault.status();
            parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
            serde_json::to_vec(&fault.document(id)).map(Bytes::from).unwrap_or_default()
        }
        None => to_bytes(body, ANSWER_LIMIT).await.unwrap_or_else(|_| {
            parts.status = StatusCode::INTERNAL_SERVER_ERROR;
            Bytes::new()
        }),
    };
    // What is signed is what arrives: an answer to HEAD arrives without its body.
    let body = if method == Method::HEAD { Bytes::new() } else { body };
    let target = Target {
        method: method.as_str(),
        path_and_query: uri.path_and_query().map_or("/", |target| target.as_str()),
        host: &host,
    };
    let date = state.service.now().http_date();
    match state.service.keyring() {
        Ok(keyring) => {
            let account = keyring.account().to_string();
            attach(&mut parts.headers, &signature::sign(keyring.signer(), &account, target, date, &body));
        }
        // Cannot happen in a service that was started: the keys are read before it listens.
        Err(error) => tracing::error!(%error, "an API answer leaves unsigned"),
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

fn attach(headers: &mut HeaderMap, signed: &SignedHeaders) {
    for (name, text) in [
        ("date", &signed.date),
        ("keygen-date", &signed.date),
        ("digest", &signed.digest),
        ("keygen-digest", &signed.digest),
        ("keygen-signature", &signed.signature),
    ] {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(HeaderName::from_static(name), value);
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
    let route = request.extensions().get::<MatchedPath>().map(|path| Route(path.as_str().to_owned()));
    let mut response = next.run(request).await;
    response.extensions_mut().insert(route.unwrap_or_else(|| Route("/v1/*".to_owned())));
    response
}
