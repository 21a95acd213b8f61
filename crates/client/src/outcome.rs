//! Results and errors of the client's calls.

use std::io;

use latchkey_licensing::{license_key::KeyError, time::Timestamp};

use crate::{record::RecordError, verify::VerifyError};

/// The result of a call that does not fail when the server cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server responded. [`crate::Client::access`] says whether the app may run.
    Responded,
    /// No trustworthy response was received, and nothing changed. The app can continue with its file and then
    /// the grace period.
    NoResponse {
        /// The reason, for a log.
        reason: String,
    },
}

/// A computer on which the license is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveMachine {
    /// The name to display.
    pub name: String,
    /// When the app on it last contacted the server.
    pub last_seen: Option<Timestamp>,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The license is active on as many computers, or cores, as it allows.
    #[error("this license is already active on as many computers as it allows")]
    LimitReached {
        /// The server's description.
        detail: String,
        /// The computers on which the license is active.
        machines: Vec<ActiveMachine>,
        /// The portal page on which the customer can free one.
        portal_page: Option<String>,
    },
    /// The server refused the request, in a signed response.
    #[error("the license server refused: {detail} ({code})")]
    Refused {
        /// The error code, such as `LICENSE_SUSPENDED`.
        code: String,
        /// The server's description.
        detail: String,
    },
    /// A rate limit was exceeded.
    #[error("too many requests: wait {seconds} s")]
    TooManyRequests {
        /// How many seconds to wait before the next request.
        seconds: u64,
    },
    /// No trustworthy response was received. The value is the reason.
    #[error("{0}")]
    NoResponse(String),
    /// No license key has been entered.
    #[error("enter a license key first")]
    NoKey,
    /// The fingerprint is too long for an air-gap request. Keep it below a kilobyte.
    #[error("this computer's fingerprint is too long for a request: use at most a kilobyte")]
    RequestTooLong,
    /// The license is not active on this computer.
    #[error("activate this computer first")]
    NotActivated,
    /// A file or key is not valid for this app and this computer.
    #[error(transparent)]
    File(#[from] VerifyError),
    /// The record could not be saved.
    #[error("the license could not be saved: {0}")]
    Storage(#[from] io::Error),
}

/// Why a client cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The record could not be loaded.
    #[error("the license could not be read: {0}")]
    Storage(#[from] io::Error),
    /// The record was written by a later version of the app.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// [`crate::Config::public_keys`] is empty.
    #[error("the app embeds no public key")]
    NoPublicKey,
}

/// Why a license key was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum EnterKeyError {
    /// The text is not a license key or was mistyped.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The record could not be saved.
    #[error("the license could not be saved: {0}")]
    Storage(#[from] io::Error),
}
