//! Failures that are not caused by the request.

use latchkey_store::StoreError;

use crate::{operation::vault::Undecryptable, ports::EntropyUnavailable};

/// A failure that the caller cannot fix. Its text is for the log and must not appear in a response.
#[derive(Debug, thiserror::Error)]
pub enum Internal {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are no random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
    /// Stored data does not decrypt.
    #[error(transparent)]
    Undecryptable(#[from] Undecryptable),
    /// A document cannot be serialized, or a stored one cannot be parsed.
    #[error("{what}: {why}")]
    Document {
        /// Which document, and what is wrong with it.
        what: String,
        /// The error of the serializer or parser.
        why: serde_json::Error,
    },
    /// Something that must always be true is not, because of a bug or inconsistent data.
    #[error("{0}")]
    Invariant(&'static str),
}

impl Internal {
    /// Whether the database is temporarily unavailable, so that the same request can succeed later.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unavailable())
    }
}

/// Lets `?` convert failures of the store and the vault into the `Internal` variant of these errors.
macro_rules! internal_errors {
    ($($error:ty),+ $(,)?) => {$(
        impl From<latchkey_store::StoreError> for $error {
            fn from(error: latchkey_store::StoreError) -> Self {
                Self::Internal(error.into())
            }
        }

        impl From<crate::operation::vault::Undecryptable> for $error {
            fn from(error: crate::operation::vault::Undecryptable) -> Self {
                Self::Internal(error.into())
            }
        }
    )+};
}

pub(crate) use internal_errors;
