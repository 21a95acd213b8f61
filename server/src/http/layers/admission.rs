//! What is refused before a route is chosen: requests that are too long, that do not say which host they are for, or for which
//! there is no place.
//!
//! The API signs its refusals, so there the request is only marked.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::future::Either;
use tower::{Layer, Service};

use crate::{
    http::{
        api::ApiSurface,
        layers::{host, request_id::RequestId},
        operation::health,
    },
    listener::FullHouse,
};

/// The longest path with its query.
pub(crate) const MAX_URL: usize = 4 * 1024;

/// The longest header: the request line and all fields.
pub(crate) const MAX_HEADER: usize = 16 * 1024;

/// The most fields of a header.
pub(crate) const MAX_FIELDS: usize = 64;

/// What a field takes besides its name and its value.
const PUNCTUATION: usize = ": \r\n".len();

/// When to try again if there was no place.
pub(crate) const RETRY_AFTER_SECONDS: &str = "5";

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It names no host, several, or one that is none (RFC 9112, section 3.2).
    Host,
    /// Its path is too long.
    Url,
    /// Its header is too long.
    Header,
    /// Nothing has this method.
    Method,
    /// There are too many connections.
    FullHouse,
}

impl Refusal {
    /// Why this request is refused, if it is.
    fn of(request: &Request) -> Option<Self> {
        let (uri, headers) = (request.uri(), request.headers());
        let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
        if path > MAX_URL {
            return Some(Self::Url);
        }
        let length: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + PUNCTUATION).sum();
        if headers.len() > MAX_FIELDS || path + length > MAX_HEADER {
            return Some(Self::Header);
        }
        if !is_known(request.method()) {
            return Some(Self::Method);
        }
        if !host::is_certain(request.version(), uri, headers) {
            return Some(Self::Host);
        }
        let is_full = request.extensions().get::<FullHouse>().is_some();
        (is_full && !health::PATHS.contains(&uri.path())).then_some(Self::FullHouse)
    }

    fn response(self, method: &Method) -> (StatusCode, &'static str) {
        match self {
            Self::Host => (StatusCode::BAD_REQUEST, "The request must name exactly one host, in the field Host.\n"),
            Self::Url => (StatusCode::URI_TOO_LONG, "The address is longer than 4 KiB.\n"),
            Self::Header => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The header of the request is longer than 16 KiB, or has more than 64 fields.\n",
            ),
            Self::Method if matches!(*method, Method::TRACE | Method::CONNECT) => {
                (StatusCode::METHOD_NOT_ALLOWED, "No address has this method.\n")
            }
            Self::Method => (StatusCode::NOT_IMPLEMENTED, "This method is not known.\n"),
            Self::FullHouse => {
                (StatusCode::SERVICE_UNAVAILABLE, "There are too many connections. Try again in a few seconds.\n")
            }
        }
    }
}

fn is_known(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE | Method::OPTIONS
    )
}

/// The methods of all addresses together, for a response that says that no address has the one that was sent.
const METHODS: &str = "GET, HEAD, POST, DELETE";

type ApiFuture = <Router as Service<Request>>::Future;

/// Refuses requests around all surfaces, and splits those of the API off.
#[derive(Clone)]
pub(crate) struct Admission(Arc<Rules>);

struct Rules {
    api: Option<ApiSurface>,
    headers: HeaderMap,
}

impl Admission {
    /// `headers` are those of all responses that are not pages.
    pub(crate) fn new(api: Option<ApiSurface>, headers: HeaderMap) -> Self {
        Self(Arc::new(Rules { api, headers }))
    }
}

impl Rules {
    fn refuse(&self, refusal: Refusal, method: &Method) -> Response {
        let (status, text) = refusal.response(method);
        let mut response = (status, text).into_response();
        let headers = response.headers_mut();
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        match refusal {
            Refusal::FullHouse => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
            }
            Refusal::Method if status == StatusCode::METHOD_NOT_ALLOWED => {
                headers.insert(header::ALLOW, HeaderValue::from_static(METHODS));
            }
            _ => {}
        }
        let id = RequestId::new();
        id.set_header(headers);
        tracing::info!(id = %id.0, status = status.as_u16(), "a request was refused: {}", text.trim_end());
        response
    }
}

impl<S> Layer<S> for Admission {
    type Service = Admit<S>;

    fn layer(&self, inner: S) -> Admit<S> {
        Admit { inner, rules: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
pub(crate) struct Admit<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> Service<Request> for Admit<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, Either<ApiFuture, S::Future>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let refusal = Refusal::of(&request);
        // The API handles all paths that look like its own, known or not: all its responses are signed, also refusals, and the
        // pages' rules for cookies and origins do not apply to it.
        if let Some(api) = self.rules.api.as_ref().filter(|api| api.owns(request.uri().path())) {
            refusal.map(|refusal| request.extensions_mut().insert(refusal));
            return Either::Right(Either::Left(api.router().call(request)));
        }
        match refusal {
            Some(refusal) => Either::Left(ready(Ok(self.rules.refuse(refusal, request.method())))),
            None => Either::Right(Either::Right(self.inner.call(request))),
        }
    }
}
