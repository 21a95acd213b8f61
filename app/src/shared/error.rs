//! Everything that can go wrong as a page tells it: a closed set, never free text.

use latchkey_licensing::brand::Brand;
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
    /// The customer has freed as many computers as the policy lets it.
    NoSwapsLeft {
        /// In how many days the next one can be freed; `None` is never.
        days: Option<u64>,
    },
    /// The policy leaves keys to the vendor.
    KeyFixed,
    /// The license is suspended, revoked or over.
    LicenseNotGood,
    /// The text is no request of a computer without a network.
    RequestInvalid,
    /// A part of the request is missing or changed.
    RequestDamaged,
    /// None of the customer's keys made the request.
    RequestForeign,
    /// The request is older than the activation that it would end.
    RequestOld,
    /// All places of the license are taken.
    PlacesTaken,
    /// The server failed.
    Unavailable,
    /// The browser got no answer: what became of the request is not known.
    NoAnswer,
}

impl UiError {
    /// What happened, and what to do.
    pub fn text(self, brand: &Brand) -> String {
        let contact = brand.contact();
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
            Self::NoSwapsLeft { days: None } => {
                format!("Computers of this license cannot be freed here. To have one freed, {contact}.")
            }
            Self::NoSwapsLeft { days: Some(1) } => format!(
                "You have freed as many computers as this license allows for now. You can free the next one tomorrow; if you need it today, {contact}."
            ),
            Self::NoSwapsLeft { days: Some(days) } => format!(
                "You have freed as many computers as this license allows for now. You can free the next one in {days} days; if you need it sooner, {contact}."
            ),
            Self::KeyFixed => format!("The key of this license cannot be replaced here. For a new one, {contact}."),
            Self::LicenseNotGood => {
                "This license is suspended, revoked or over, so that cannot be done with it now.".to_owned()
            }
            Self::RequestInvalid => {
                "That is not a request from the app. It begins with lk1. and the app shows it under “Activate without internet”.".to_owned()
            }
            Self::RequestDamaged => "A part of the request is missing. Copy all of it, from lk1. to the end.".to_owned(),
            Self::RequestForeign => {
                "That request was made with a license key that is not in your account. Enter your key in the app, then make a new request.".to_owned()
            }
            Self::RequestOld => {
                "That request is older than the computer's activation or its last file. Make a new one in the app.".to_owned()
            }
            Self::PlacesTaken => "All computers of this license are in use. Free one first, then try again.".to_owned(),
            Self::Unavailable => "The server could not do that. Nothing was changed. Try again in a moment.".to_owned(),
            Self::NoAnswer => "No answer came. Load the page again to see whether it was done.".to_owned(),
        }
    }

    /// The HTTP status that goes with it.
    #[cfg(feature = "ssr")]
    pub(crate) fn status(self) -> http::StatusCode {
        use http::StatusCode;
        match self {
            Self::EmailInvalid
            | Self::SignInRefused
            | Self::NameInvalid
            | Self::NoSwapsLeft { .. }
            | Self::KeyFixed
            | Self::LicenseNotGood
            | Self::RequestInvalid
            | Self::RequestDamaged
            | Self::RequestForeign
            | Self::RequestOld
            | Self::PlacesTaken => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unavailable | Self::NoAnswer => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl FromServerFnError for UiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        // The text is of no use to a person; whether an answer came is.
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::NoAnswer
            }
            _ => Self::Unavailable,
        }
    }
}
