//! Stripe's error object.

use serde_json::{Value, json};

/// Why an API call or a control was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    /// `invalid_request_error`, `idempotency_error`, `api_error` …
    pub kind: &'static str,
    pub code: Option<&'static str>,
    pub param: Option<String>,
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, kind: &'static str, code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { status, kind, code, param: None, message: message.into() }
    }

    pub(crate) fn request(code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", code, message)
    }

    pub(crate) fn missing(param: &str) -> Self {
        Self::request(Some("parameter_missing"), format!("Missing required param: {param}.")).about(param)
    }

    pub(crate) fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self::request(None, message).about(param)
    }

    pub(crate) fn unknown(param: &str) -> Self {
        Self::request(Some("parameter_unknown"), format!("Received unknown parameter: {param}")).about(param)
    }

    /// The object in the path does not exist.
    pub(crate) fn no_such(what: &str, id: &str) -> Self {
        let message = format!("No such {what}: '{id}'");
        Self::new(404, "invalid_request_error", Some("resource_missing"), message).about("id")
    }

    /// The parameter refers to an object that does not exist.
    pub(crate) fn no_such_in(what: &str, id: &str, param: &str) -> Self {
        Self { status: 400, ..Self::no_such(what, id) }.about(param)
    }

    pub(crate) fn about(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    pub(crate) fn body(&self, request_id: &str) -> Value {
        let mut error = json!({ "message": self.message, "type": self.kind });
        if let Some(code) = self.code {
            error["code"] = code.into();
            error["doc_url"] = format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")).into();
        }
        if let Some(param) = &self.param {
            error["param"] = param.as_str().into();
        }
        if self.status != 401 {
            error["request_log_url"] = format!("https://dashboard.stripe.com/test/logs/{request_id}").into();
        }
        json!({ "error": error })
    }
}
