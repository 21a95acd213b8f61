//! Calls of Stripe's API: attempts, errors, and pages.

use std::{
    fmt::Write,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::body::Bytes;
use http::StatusCode;
use latchkey_licensing::time::Timestamp;
use latchkey_service::ports::payments::PaymentsError;
use latchkey_stripe::{
    api_key::ApiKey,
    objects::{ApiError, ErrorBody, Identified, List},
};
use serde::de::DeserializeOwned;
use stripe_client_core::{Outcome, RequestBuilder, RequestStrategy, StripeMethod};
use tokio::{sync::Semaphore, time::Instant};
use url::form_urlencoded;

use super::{
    breaker::{Breaker, PAUSE},
    transport::{Answer, Fault, Transport},
};

/// How often a request is sent at most.
const ATTEMPTS: u32 = 3;

/// How long to wait before the second attempt. Before the third it is twice as long.
const FIRST_DELAY: Duration = Duration::from_millis(150);

/// The same if Stripe allows no more calls for now.
const THROTTLED_DELAY: Duration = Duration::from_millis(700);

/// How many requests are sent concurrently. Stripe allows 100 a second, and 25 in a sandbox.
const CONCURRENCY: usize = 6;

/// The size of a page, which is the largest that Stripe allows.
const PAGE_SIZE: &str = "100";

/// The most pages of a list that are read.
const MAX_PAGES: usize = 50;

/// Why a call failed. Texts of Stripe are not part of it, except for words such as `resource_missing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallError {
    /// There is no answer, or one that says that Stripe cannot answer now.
    Unavailable(String),
    /// Stripe refuses the call.
    Refused { status: u16, error: ApiError },
    /// The answer cannot be read.
    Unreadable(String),
}

impl CallError {
    pub(super) fn late() -> Self {
        Self::Unavailable("it did not answer in time".to_owned())
    }

    pub(super) fn unreadable(what: &str) -> Self {
        Self::Unreadable(what.to_owned())
    }

    /// The word by which Stripe names the error.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { error, .. } => error.code.as_deref(),
            Self::Unavailable(_) | Self::Unreadable(_) => None,
        }
    }

    /// Whether there is no such object.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. }) || self.code() == Some("resource_missing")
    }
}

impl From<Fault> for CallError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Late => Self::late(),
            Fault::Unreachable => Self::Unavailable("it cannot be reached".to_owned()),
            Fault::Broken => Self::Unavailable("the connection broke".to_owned()),
            Fault::TooLarge => Self::unreadable("it is too large"),
            Fault::Unsendable => Self::unreadable("the request has an id that cannot be sent"),
        }
    }
}

impl From<CallError> for PaymentsError {
    fn from(failure: CallError) -> Self {
        let is_missing = failure.is_missing();
        match failure {
            CallError::Unavailable(why) => Self::Unavailable(why),
            CallError::Unreadable(why) => Self::Unreadable(why),
            CallError::Refused { status, error } if is_missing => Self::NotFound(describe(status, &error)),
            CallError::Refused { status, error } => Self::Refused(describe(status, &error)),
        }
    }
}

/// A refusal in our own words.
pub(super) fn describe(status: u16, error: &ApiError) -> String {
    let mut text = match status {
        401 => "the key is wrong or has expired".to_owned(),
        403 if !error.permissions.is_empty() => format!("the key lacks {}", error.permissions.join(", ")),
        403 => "the key lacks a permission".to_owned(),
        _ => format!("status {status}"),
    };
    for (name, word) in [("code", &error.code), ("parameter", &error.param)] {
        if let Some(word) = word {
            // Writing to a string cannot fail.
            let _ = write!(text, ", {name} {word}");
        }
    }
    text
}

/// Names and values of a query or form.
pub(super) type Fields<'a> = [(&'a str, String)];

pub(crate) struct Api {
    transport: Transport,
    breaker: Mutex<Breaker>,
    slots: Semaphore,
}

impl Api {
    pub(super) fn new(origin: &str, key: &ApiKey) -> Self {
        Self { transport: Transport::new(origin, key), breaker: Mutex::default(), slots: Semaphore::new(CONCURRENCY) }
    }

    /// Reads an object by the segments of its path.
    pub(super) async fn object<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, CallError> {
        self.get(path, &[]).await
    }

    /// Reads an object with one of its references expanded.
    pub(super) async fn expanded<T: DeserializeOwned>(&self, path: &[&str], field: &str) -> Result<T, CallError> {
        self.get(path, &[("expand[]", field.to_owned())]).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &Fields<'_>) -> Result<T, CallError> {
        let mut request = RequestBuilder::new(StripeMethod::Get, path_of(path)?);
        request.query = (!query.is_empty()).then(|| encoded(query));
        read(&self.call(&request, None).await?.body)
    }

    /// Sends a form. Only with an idempotency key is it sent again if there is no answer.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        form: &[(&str, &str)],
        idempotency_key: Option<&str>,
    ) -> Result<T, CallError> {
        let mut request = RequestBuilder::new(StripeMethod::Post, path_of(path)?);
        request.body = Some(form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish());
        read(&self.call(&request, idempotency_key).await?.body)
    }

    /// Sends a request of async-stripe.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        request: &RequestBuilder,
        idempotency_key: &str,
    ) -> Result<T, CallError> {
        read(&self.call(request, Some(idempotency_key)).await?.body)
    }

    /// One page of a list.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        path: &[&str],
        filter: &Fields<'_>,
        after: Option<&str>,
    ) -> Result<List<T>, CallError> {
        let mut query = vec![("limit", PAGE_SIZE.to_owned())];
        query.extend(filter.iter().cloned());
        query.extend(after.map(|after| ("starting_after", after.to_owned())));
        self.get(path, &query).await
    }

    /// A whole list.
    pub(super) async fn list<T: DeserializeOwned + Identified>(
        &self,
        path: &[&str],
        filter: &Fields<'_>,
    ) -> Result<Vec<T>, CallError> {
        self.rest_of(List::unread(), path, filter).await
    }

    /// A whole list, of which the beginning is known because it was part of another answer.
    pub(super) async fn rest_of<T: DeserializeOwned + Identified>(
        &self,
        first: List<T>,
        path: &[&str],
        filter: &Fields<'_>,
    ) -> Result<Vec<T>, CallError> {
        let List { data: mut all, mut has_more } = first;
        for _ in 0..MAX_PAGES {
            if !has_more {
                return Ok(all);
            }
            let page: List<T> = self.page(path, filter, all.last().map(Identified::id)).await?;
            if page.has_more && page.data.is_empty() {
                break;
            }
            has_more = page.has_more;
            all.extend(page.data);
        }
        if has_more { Err(CallError::unreadable("a list does not end")) } else { Ok(all) }
    }

    /// Stripe's clock, as of a response.
    pub(super) async fn clock(&self) -> Result<Option<Timestamp>, CallError> {
        let mut request = RequestBuilder::new(StripeMethod::Get, "/checkout/sessions");
        request.query = Some("limit=1".to_owned());
        Ok(self.call(&request, None).await?.date)
    }

    async fn call(&self, request: &RequestBuilder, idempotency_key: Option<&str>) -> Result<Answer, CallError> {
        let can_repeat = matches!(request.method, StripeMethod::Get) || idempotency_key.is_some();
        let strategy = if can_repeat { RequestStrategy::Retry(ATTEMPTS) } else { RequestStrategy::Once };
        let (mut status, mut should_retry, mut attempts) = (None, None, 0);
        let mut failure = CallError::late();
        while let Outcome::Continue(_) = strategy.test(status, should_retry, attempts) {
            if attempts > 0 {
                let first = if status == Some(429) { THROTTLED_DELAY } else { FIRST_DELAY };
                tokio::time::sleep(first * attempts).await;
            }
            if !self.with_breaker(|breaker| breaker.admits(Instant::now())) {
                return Err(CallError::Unavailable("it did not answer several times".to_owned()));
            }
            attempts += 1;
            // An error would mean that the semaphore is closed, which never happens.
            let slot = self.slots.acquire().await;
            let sent = self.transport.send(request, idempotency_key).await;
            drop(slot);
            match sent {
                Ok(answer) if answer.status.is_success() => {
                    self.with_breaker(Breaker::record_success);
                    return Ok(answer);
                }
                Ok(answer) => {
                    (status, should_retry) = (Some(answer.status.as_u16()), answer.should_retry);
                    failure = refusal(&answer);
                }
                Err(fault) => {
                    (status, should_retry) = (None, None);
                    failure = fault.into();
                }
            }
            if matches!(failure, CallError::Unavailable(_)) {
                self.record_failure(&failure);
            } else {
                // Stripe answered, and would answer the same again.
                self.with_breaker(Breaker::record_success);
                return Err(failure);
            }
        }
        Err(failure)
    }

    fn record_failure(&self, failure: &CallError) {
        if self.with_breaker(|breaker| breaker.record_failure(Instant::now())) {
            let why = PaymentsError::from(failure.clone());
            tracing::warn!("{why}; calls fail at once for {} s", PAUSE.as_secs());
        }
    }

    fn with_breaker<T>(&self, use_it: impl FnOnce(&mut Breaker) -> T) -> T {
        use_it(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An answer that is no success. Statuses as in <https://docs.stripe.com/api/errors>.
fn refusal(answer: &Answer) -> CallError {
    let status = answer.status;
    let is_temporary =
        matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT | StatusCode::FAILED_DEPENDENCY);
    if status.is_server_error() || is_temporary {
        return CallError::Unavailable(format!("it answered with status {}", status.as_u16()));
    }
    if !status.is_client_error() {
        return CallError::Unreadable(format!("it has status {}", status.as_u16()));
    }
    // A proxy in between may have answered, without a body of Stripe's.
    let error = serde_json::from_slice::<ErrorBody>(&answer.body).map(|body| body.error).unwrap_or_default();
    CallError::Refused { status: status.as_u16(), error }
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|error| {
        // The parser's message can contain a value of the body.
        CallError::Unreadable(format!("line {}, column {}", error.line(), error.column()))
    })
}

fn encoded(fields: &Fields<'_>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A path of segments, of which some are ids that came from outside.
fn path_of(segments: &[&str]) -> Result<String, CallError> {
    let is_safe = |segment: &&str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    if segments.iter().all(is_safe) {
        Ok(format!("/{}", segments.join("/")))
    } else {
        Err(CallError::unreadable("an id has an unknown form"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_change_the_path() {
        assert_eq!(path_of(&["charges", "ch_1"]), Ok("/charges/ch_1".to_owned()));
        for bad in ["", "..", "a/b", "a?b", "a#b", "a%2fb", "é", "a b"] {
            assert!(path_of(&["charges", bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_version_is_the_one_of_the_requests() {
        assert_eq!(stripe_client_core::VERSION.as_str(), latchkey_stripe::API_VERSION);
    }

    #[test]
    fn refusals_say_what_to_do_without_the_text_of_stripe() {
        let error = ApiError { permissions: vec!["rak_product_read".to_owned()], ..ApiError::default() };
        assert_eq!(describe(403, &error), "the key lacks rak_product_read");
        let error = ApiError { code: Some("resource_missing".to_owned()), param: Some("id".to_owned()), ..error };
        assert_eq!(describe(404, &error), "status 404, code resource_missing, parameter id");
        let missing = CallError::Refused { status: 400, error };
        assert!(matches!(PaymentsError::from(missing), PaymentsError::NotFound(_)));
    }
}
