//! Parsing requests: path segments and bodies. Errors point to the part that is invalid.

use std::error::Error;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use latchkey_licensing::nesting;
use latchkey_wire::{error::ErrorCode, object::JsonObject};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use crate::{
    http::{
        api::{BODY_LIMIT, error::ApiError},
        layers::{admission::Refusal, content_length::content_length},
        state::AppState,
    },
    listener::BodyTimeout,
};

/// How deep the JSON of a body may be nested.
const MAX_DEPTH: usize = 32;

/// Rejects requests that cannot be answered, before their body is asked for.
pub(crate) async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if let Some(refusal) = request.extensions().get::<Refusal>() {
        return ApiError::refused(*refusal).into_response();
    }
    let names_host = request.uri().authority().is_some() || request.headers().contains_key(header::HOST);
    if !names_host && state.api_address.needs_host() {
        return ApiError::refused(Refusal::Host).into_response();
    }
    if content_length(request.headers()).is_some_and(|length| length > BODY_LIMIT) {
        return ApiError::too_large().into_response();
    }
    next.run(request).await
}

/// The variable segment of a path.
pub(crate) struct PathParam(pub(crate) String);

/// The two variable segments of a path.
pub(crate) struct PathParams(pub(crate) String, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathParams {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((first, second)) = found.map_err(|_| ApiError::not_found())?;
        Ok(Self(first, second))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathParam {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // A segment that cannot be decoded names nothing.
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| ApiError::not_found())?;
        Ok(Self(text))
    }
}

/// A body that is a JSON object. An empty body is read like an object without members.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        check_media_type(request.headers())?;
        let body = Bytes::from_request(request, state).await.map_err(|rejection| body_error(&rejection))?;
        parse(if body.is_empty() { b"{}" } else { &body }).map(Self)
    }
}

/// A body that may be left out. If there is one, it must be a JSON object.
pub(crate) struct OptionalJson<T>(pub(crate) Option<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        // The type does not matter if there turns out to be no body.
        let media_type = check_media_type(request.headers());
        let body = Bytes::from_request(request, state).await.map_err(|rejection| body_error(&rejection))?;
        if body.is_empty() {
            return Ok(Self(None));
        }
        media_type?;
        parse(&body).map(|value| Self(Some(value)))
    }
}

/// For endpoints that read nothing from a body. There may be one, because some clients always send a document, but one
/// that is not a JSON object is an error that must not go unnoticed.
pub(crate) struct NoParameters;

impl<S: Send + Sync> FromRequest<S> for NoParameters {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        OptionalJson::<IgnoredAny>::from_request(request, state).await.map(|_| Self)
    }
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, ApiError> {
    if nesting::is_deeper_than(text, MAX_DEPTH) {
        let detail = format!("The body is nested more than {MAX_DEPTH} levels deep.");
        return Err(ApiError::new(ErrorCode::DocumentInvalid, detail));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read: Result<JsonObject<T>, _> = serde_path_to_error::deserialize(&mut deserializer);
    let JsonObject(value) = read.map_err(|error| {
        let why = error.inner().to_string();
        ApiError::new(ErrorCode::DocumentInvalid, format!("The body is invalid: {why}.")).at(pointer("", error.path()))
    })?;
    deserializer
        .end()
        .map_err(|_| ApiError::new(ErrorCode::DocumentInvalid, "The body has extra text after its end."))?;
    Ok(value)
}

fn body_error(rejection: &BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::too_large();
    }
    let detail = if is_late(rejection) { "The body did not arrive in time." } else { "The body ended early." };
    ApiError::new(ErrorCode::DocumentInvalid, detail)
}

fn is_late(rejection: &BytesRejection) -> bool {
    let mut error: Option<&(dyn Error + 'static)> = Some(rejection);
    while let Some(cause) = error {
        if cause.is::<BodyTimeout>() {
            return true;
        }
        error = cause.source();
    }
    false
}

fn check_media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let has_body = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
        || headers.contains_key(header::TRANSFER_ENCODING);
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match essence.as_deref() {
        Some("application/vnd.api+json" | "application/json") => Ok(()),
        None if !has_body => Ok(()),
        _ => {
            let detail = "Send the body as application/vnd.api+json.";
            Err(ApiError::new(ErrorCode::MediaTypeUnsupported, detail).in_header("Content-Type"))
        }
    }
}

/// The type in a body, if it has one, must be that of the resource: `names` are its plural and its singular.
pub(crate) fn check_type(given: Option<&str>, names: [&str; 2]) -> Result<(), ApiError> {
    if given.is_none_or(|given| names.contains(&given)) {
        return Ok(());
    }
    let [plural, _] = names;
    Err(ApiError::new(ErrorCode::DocumentInvalid, format!("The type must be {plural}.")).at("/data/type"))
}

/// Parses an object in a body. The object is not consumed, because the response repeats it.
pub(crate) fn read_part<T: DeserializeOwned>(part: &Map<String, Value>, base: &str) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(Value::Object(part.clone())).map_err(|error| {
        let why = error.inner().to_string();
        ApiError::new(ErrorCode::DocumentInvalid, format!("The body is invalid: {why}."))
            .at(pointer(base, error.path()))
    })
}

/// A location in a body as a JSON pointer (RFC 6901).
fn pointer(base: &str, path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment as S;
    path.iter().fold(base.to_owned(), |text, segment| match segment {
        S::Seq { index } => format!("{text}/{index}"),
        S::Map { key } => format!("{text}/{}", key.replace('~', "~0").replace('/', "~1")),
        S::Enum { variant } => format!("{text}/{variant}"),
        S::Unknown => text,
    })
}
