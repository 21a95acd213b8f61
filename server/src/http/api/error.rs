//! Errors in the protocol's form.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use latchkey_licensing::time::Timestamp;
use latchkey_service::{Internal, Throttled};
use latchkey_wire::error::{ErrorCode, ErrorDocument, ErrorLinks, ErrorMeta, ErrorObject, Source};

use crate::http::layers::admission::Refusal;

/// When to retry if the database is unavailable.
const RETRY_AFTER_SECONDS: &str = "5";

/// An error response. The signing layer writes its document, because that layer knows the request's id.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    code: ErrorCode,
    detail: String,
    source: Option<Source>,
    about: Option<String>,
    meta: Option<Box<serde_json::Value>>,
    throttled: Option<Box<(Throttled, Timestamp)>>,
}

impl ApiError {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), source: None, about: None, meta: None, throttled: None }
    }

    pub(crate) fn at(self, pointer: impl Into<String>) -> Self {
        Self { source: Some(Source::Pointer(pointer.into())), ..self }
    }

    pub(crate) fn in_parameter(self, name: impl Into<String>) -> Self {
        Self { source: Some(Source::Parameter(name.into())), ..self }
    }

    pub(crate) fn in_header(self, name: impl Into<String>) -> Self {
        Self { source: Some(Source::Header(name.into())), ..self }
    }

    pub(crate) fn about(self, page: String) -> Self {
        Self { about: Some(page), ..self }
    }

    pub(crate) fn with_meta(self, meta: serde_json::Value) -> Self {
        Self { meta: Some(Box::new(meta)), ..self }
    }

    /// The same response for things that do not exist and things that belong to others.
    pub(crate) fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "There is nothing here, or nothing that this license may access.")
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(ErrorCode::MethodNotAllowed, "This path does not support this method.")
    }

    /// The error for a status that a layer set without a document.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => Self::method_not_allowed(),
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            status if status.is_client_error() => Self::new(ErrorCode::DocumentInvalid, "The request is malformed."),
            _ => Self::internal(),
        }
    }

    /// The request was refused before a route was chosen.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Host => {
                let detail = "The request must name exactly one host, for which the response is signed.";
                Self::new(ErrorCode::DocumentInvalid, detail).in_header("Host")
            }
            Refusal::Url => {
                Self::new(ErrorCode::UrlTooLong, "The address is longer than 4 KiB: name the machine by its id.")
            }
            Refusal::Header => {
                Self::new(ErrorCode::HeaderTooLarge, "The header is longer than 16 KiB, or has more than 64 fields.")
            }
            Refusal::Method => Self::method_not_allowed(),
            Refusal::FullHouse => Self::unavailable(),
        }
    }

    /// A rate limit was reached at `now`.
    pub(crate) fn throttled(throttled: Throttled, now: Timestamp) -> Self {
        let seconds = throttled.retry_after.as_secs();
        let detail = format!("Too many requests with this key or from this network: try again in {seconds} s.");
        Self { throttled: Some(Box::new((throttled, now))), ..Self::new(ErrorCode::TooManyRequests, detail) }
    }

    pub(crate) fn too_large() -> Self {
        Self::new(ErrorCode::PayloadTooLarge, "The body is longer than 16 KiB: send less metadata.")
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            ErrorCode::Internal,
            "The server failed. Try again. If it keeps failing, send the vendor the id of this response.",
        )
    }

    /// The database is unavailable.
    pub(crate) fn unavailable() -> Self {
        Self::new(ErrorCode::Unavailable, "The server cannot answer at the moment. Try again in a few seconds.")
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn document(self, request_id: String) -> ErrorDocument {
        ErrorDocument {
            meta: ErrorMeta { id: request_id },
            errors: vec![ErrorObject {
                title: self.code.title(),
                detail: self.detail,
                code: self.code.as_str(),
                source: self.source,
                links: self.about.map(|about| ErrorLinks { about }),
                meta: self.meta.map(|meta| *meta),
            }],
        }
    }
}

impl From<Internal> for ApiError {
    fn from(error: Internal) -> Self {
        tracing::error!(%error, "an API request failed");
        if error.is_unavailable() { Self::unavailable() } else { Self::internal() }
    }
}

fn set_rate_limit_headers(headers: &mut HeaderMap, throttled: Throttled, now: Timestamp) {
    let retry_after = throttled.retry_after.as_secs();
    for (name, text) in [
        (header::RETRY_AFTER, retry_after.to_string()),
        (HeaderName::from_static("x-ratelimit-window"), format!("{}s", throttled.window.as_secs())),
        (HeaderName::from_static("x-ratelimit-count"), throttled.limit.to_string()),
        (HeaderName::from_static("x-ratelimit-limit"), throttled.limit.to_string()),
        (HeaderName::from_static("x-ratelimit-remaining"), "0".to_owned()),
        // As a Unix time, as clients of this protocol expect.
        (HeaderName::from_static("x-ratelimit-reset"), (now.unix_millis() / 1_000 + retry_after).to_string()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(limit) = &self.throttled {
            set_rate_limit_headers(response.headers_mut(), limit.0, limit.1);
        }
        if self.code == ErrorCode::Unavailable {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        response.extensions_mut().insert(self);
        response
    }
}
