//! How requests reach the server. An app can plug in its own HTTP client.

use std::time::Duration;

/// A request to the activation API.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// The complete URL.
    pub url: String,
    /// Header names and values. `Authorization` contains the license key, so keep it out of logs.
    pub headers: Vec<(&'static str, String)>,
    /// The request body, if any.
    pub body: Option<Vec<u8>>,
}

/// A response with any status. It is not trusted until its signature has been verified.
#[derive(Clone, Debug)]
pub struct Response {
    /// The HTTP status code.
    pub status: u16,
    /// Header names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body exactly as received.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of a header. `name` must be in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// No response was received. The value is the reason.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the license server cannot be reached: {0}")]
pub struct Unreachable(pub String);

/// Sends requests. An implementation must not follow redirects or change the body, because both would break
/// the signature.
pub trait Transport {
    /// Sends a request and waits for the response.
    fn send(&self, request: &Request) -> Result<Response, Unreachable>;
}

/// The largest response body that is read, in bytes. A page of machines with metadata is well below it.
const RESPONSE_LIMIT: u64 = 8 * 1024 * 1024;

/// Blocking HTTP with TLS. Apps with an event loop should call it from a separate thread.
#[derive(Clone, Debug)]
pub struct HttpTransport(ureq::Agent);

impl HttpTransport {
    /// Creates a transport that allows each request this much time.
    pub fn new(timeout: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        Self(config.into())
    }
}

impl Default for HttpTransport {
    /// Allows ten seconds for each request.
    fn default() -> Self {
        Self::new(Duration::from_secs(10))
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: &Request) -> Result<Response, Unreachable> {
        let unreachable = |error: ureq::Error| Unreachable(error.to_string());
        let mut builder = ureq::http::Request::builder().method(request.method).uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let malformed = |error: ureq::http::Error| Unreachable(error.to_string());
        let response = match &request.body {
            Some(body) => self.0.run(builder.body(body.clone()).map_err(malformed)?),
            None => self.0.run(builder.body(()).map_err(malformed)?),
        };
        let mut response = response.map_err(unreachable)?;
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        Ok(Response {
            status: response.status().as_u16(),
            headers: headers.collect(),
            body: response.body_mut().with_config().limit(RESPONSE_LIMIT).read_to_vec().map_err(unreachable)?,
        })
    }
}
