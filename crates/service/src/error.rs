//! Failures that are nobody's request's fault.

use latchkey_store::StoreError;

use crate::{ports::EntropyUnavailable, vault::Undecryptable};

/// Something failed that the caller cannot fix. Its text is for the log, never for an answer.
#[derive(Debug, thiserror::Error)]
pub enum Internal {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The source of randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
    /// Stored data that does not decrypt.
    #[error(transparent)]
    Undecryptable(#[from] Undecryptable),
    /// A document that cannot be written, or a stored one that cannot be read.
    #[error("{what}: {why}")]
    Document {
        /// Which, and what is wrong.
        what: String,
        /// The serializer's words.
        why: serde_json::Error,
    },
    /// A record that must exist does not.
    #[error("{0}")]
    Broken(&'static str),
}

impl Internal {
    /// Whether the database cannot serve at the moment: the same request can succeed later.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unavailable())
    }
}

/// Lets `?` turn what fails below a use case into the `Internal` case of its error.
macro_rules! internal_errors {
    ($($error:ty),+ $(,)?) => {$(
        impl From<latchkey_store::StoreError> for $error {
            fn from(error: latchkey_store::StoreError) -> Self {
                Self::Internal(error.into())
            }
        }

        impl From<crate::vault::Undecryptable> for $error {
            fn from(error: crate::vault::Undecryptable) -> Self {
                Self::Internal(error.into())
            }
        }
    )+};
}

pub(crate) use internal_errors;
