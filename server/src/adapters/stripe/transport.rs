//! One HTTP request to Stripe, with limits on its time and on the size of the response.
//!
//! Nothing here logs: URLs contain ids, and bodies contain personal data and links that are credentials.

use std::time::Duration;

use axum::body::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use latchkey_licensing::time::Timestamp;
use latchkey_stripe::{API_VERSION, api_key::ApiKey};
use stripe_client_core::{RequestBuilder, StripeMethod};

/// The largest response. A page of a hundred events stays far below.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// How long one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Stripe closes idle connections after a while.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

const USER_AGENT: &str = concat!("Latchkey/", env!("CARGO_PKG_VERSION"));

/// Why there is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It did not arrive in time.
    Late,
    /// There is no connection.
    Unreachable,
    /// The connection broke.
    Broken,
    /// The response is too large.
    TooLarge,
    /// The request cannot be written.
    Unsendable,
}

/// A response.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// What Stripe says about trying again.
    pub(super) should_retry: Option<bool>,
    /// When Stripe sent it, by its clock.
    pub(super) date: Option<Timestamp>,
    pub(super) body: Bytes,
}

pub(super) struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// The origin, without a trailing slash.
    origin: String,
    authorization: HeaderValue,
}

impl Transport {
    pub(super) fn new(origin: &str, key: &ApiKey) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        // The settings allow http only for a test server on this computer.
        let connector = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector.wrap_connector(tcp));
        // A key has only characters that a header allows.
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", key.expose()))
            .unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
        authorization.set_sensitive(true);
        Self { client, origin: origin.trim_end_matches('/').to_owned(), authorization }
    }

    /// Sends a request once.
    pub(super) async fn send(&self, request: &RequestBuilder, idempotency_key: Option<&str>) -> Result<Answer, Fault> {
        let request = self.request(request, idempotency_key).ok_or(Fault::Unsendable)?;
        tokio::time::timeout(ATTEMPT_TIMEOUT, self.exchange(request)).await.unwrap_or(Err(Fault::Late))
    }

    fn request(&self, request: &RequestBuilder, idempotency_key: Option<&str>) -> Option<Request<Full<Bytes>>> {
        let query = request.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let method = match request.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let mut builder = Request::builder()
            .method(method)
            .uri(format!("{}/v1{}{query}", self.origin, request.path))
            .header(header::AUTHORIZATION, self.authorization.clone())
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, USER_AGENT)
            .header("stripe-version", API_VERSION);
        if let Some(key) = idempotency_key {
            builder = builder.header("idempotency-key", key);
        }
        if request.body.is_some() {
            builder = builder.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        builder.body(Full::from(request.body.clone().unwrap_or_default())).ok()
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Fault> {
        let response = self.client.request(request).await;
        let response = response.map_err(|error| if error.is_connect() { Fault::Unreachable } else { Fault::Broken })?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_BODY)
            .collect()
            .await
            .map_err(|error| if error.is::<LengthLimitError>() { Fault::TooLarge } else { Fault::Broken })?;
        let text = |name: &str| text(&parts.headers, name);
        Ok(Answer {
            status: parts.status,
            should_retry: text("stripe-should-retry").and_then(|word| word.parse().ok()),
            date: text("date").and_then(Timestamp::parse_http_date),
            body: body.to_bytes(),
        })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
