//! Errors (<https://docs.stripe.com/api/errors>).

use serde::Deserialize;

/// The body of a response that is an error.
#[derive(Clone, Debug, Deserialize)]
pub struct ErrorBody {
    /// The error.
    pub error: ApiError,
}

/// An error. Its message is not kept: it can contain ids, addresses and parts of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct ApiError {
    /// The kind of error, such as `invalid_request_error`.
    pub kind: Option<String>,
    /// What is wrong, such as `resource_missing`.
    pub code: Option<String>,
    /// The parameter that is wrong.
    pub param: Option<String>,
    /// The permissions that a restricted key lacks, such as `rak_product_read`.
    pub permissions: Vec<String>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    param: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

impl From<Wire> for ApiError {
    fn from(wire: Wire) -> Self {
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let message = wire.message.unwrap_or_default();
        let words = message.split(|letter| !is_word(letter));
        let mut permissions: Vec<String> =
            words.filter(|word| word.starts_with("rak_") && word.len() <= 64).map(str::to_owned).collect();
        permissions.dedup();
        Self { kind: word(wire.kind), code: word(wire.code), param: word(wire.param), permissions }
    }
}

/// Only what looks like a word of the API is taken over, because it becomes part of our own messages.
fn word(text: Option<String>) -> Option<String> {
    let is_word = |text: &String| {
        text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.[]".contains(&byte))
    };
    text.filter(is_word)
}

impl ApiError {
    /// Whether the object does not exist.
    pub fn is_missing(&self) -> bool {
        self.code.as_deref() == Some("resource_missing")
    }
}
