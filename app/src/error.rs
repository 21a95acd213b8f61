//! Everything that can go wrong as a page tells it: a closed set, never free text.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

/// A refusal or failure that a page explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UiError {
    /// The text is not one e-mail address.
    EmailInvalid,
    /// The link or code opens nothing: expired, used, unknown or wrong, which is not told apart.
    SignInRefused,
    /// A limit is reached.
    TooManyRequests {
        /// In how many minutes to try again.
        minutes: u64,
    },
    /// The session is over.
    SignedOut,
    /// There is nothing of that id that is the customer's.
    NotFound,
    /// The name cannot be kept.
    NameInvalid,
    /// The server failed.
    Unavailable,
}

impl UiError {
    /// What happened, and what to do.
    pub fn text(self) -> String {
        match self {
            Self::EmailInvalid => {
                "That is not an e-mail address. Enter one address, such as ada@example.com.".to_owned()
            }
            Self::SignInRefused => {
                "That link or code is not valid. Check the code, or ask for a new e-mail.".to_owned()
            }
            Self::TooManyRequests { minutes: 1 } => "Too many requests. Try again in a minute.".to_owned(),
            Self::TooManyRequests { minutes } => format!("Too many requests. Try again in {minutes} minutes."),
            Self::SignedOut => "You are signed out. Sign in to go on.".to_owned(),
            Self::NotFound => "There is no such page in your account.".to_owned(),
            Self::NameInvalid => "That name is too long. Use at most 100 characters.".to_owned(),
            Self::Unavailable => "The server could not do that. Nothing was changed. Try again in a moment.".to_owned(),
        }
    }

    /// The HTTP status that goes with it.
    #[cfg(feature = "ssr")]
    pub(crate) fn status(self) -> http::StatusCode {
        use http::StatusCode;
        match self {
            Self::EmailInvalid | Self::SignInRefused | Self::NameInvalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl FromServerFnError for UiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(_error: ServerFnErrorErr) -> Self {
        // The network or a malformed request; the text of either is of no use to a person.
        Self::Unavailable
    }
}
