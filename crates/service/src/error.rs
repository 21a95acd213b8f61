//! Failures that are nobody's request's fault.

use latchkey_store::StoreError;

use crate::{ports::EntropyUnavailable, vault::Undecryptable};

/// Something failed that the caller cannot mend. Its text is for the log, never for an answer.
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
    /// A record that must exist does not.
    #[error("{0}")]
    Broken(&'static str),
}
