//! What calls come to: nothing, a refusal with its reason, or silence.

use std::io;

use latchkey_licensing::{license_key::KeyError, time::Timestamp};

use crate::{record::RecordError, verify::VerifyError};

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server answered. Whether it said yes or no, the standing tells.
    Answered,
    /// Nothing came that can be believed. Nothing changed; the grace period, if it comes to that, has
    /// begun with the end of the file.
    Silent {
        /// Why, for a log.
        why: String,
    },
}

/// A machine that holds one of the license's places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// What people call it.
    pub name: String,
    /// When it was last seen.
    pub last_seen: Option<Timestamp>,
}

/// Why the app is not activated.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    /// All places are held. The page of the portal frees one.
    #[error("all computers of this license are in use")]
    LimitReached {
        /// What the server said.
        detail: String,
        /// Who holds the places.
        holders: Vec<Holder>,
        /// The page that frees one.
        portal_page: Option<String>,
    },
    /// The server refuses the license, signed.
    #[error("the license server refuses: {detail} ({code})")]
    Refused {
        /// The code.
        code: String,
        /// In words.
        detail: String,
    },
    /// Too many requests.
    #[error("too many tries: wait {seconds} s")]
    TooManyRequests {
        /// How long to wait.
        seconds: u64,
    },
    /// Nothing came that can be believed.
    #[error("{0}")]
    Silent(String),
    /// There is no key yet.
    #[error("enter a license key first")]
    NoKey,
    /// The fingerprint is too long for a request that a person carries.
    #[error("this computer's fingerprint is too long for a request: a kilobyte fits")]
    RequestTooLong,
    /// This computer is not activated.
    #[error("activate this computer first")]
    NotActivated,
    /// What came is signed, and not for this app or this computer.
    #[error(transparent)]
    File(#[from] VerifyError),
    /// The record could not be kept.
    #[error("the license could not be saved: {0}")]
    Storage(#[from] io::Error),
}

/// Why a client cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The record cannot be loaded.
    #[error("the license could not be read: {0}")]
    Storage(#[from] io::Error),
    /// The record is none.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// There is no key to verify with.
    #[error("the app embeds no public key")]
    NoPublicKey,
}

/// Why a key was not taken.
#[derive(Debug, thiserror::Error)]
pub enum EnterKeyError {
    /// It is no key, or mistyped.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The record could not be kept.
    #[error("the license could not be saved: {0}")]
    Storage(#[from] io::Error),
}
