//! Errors in a catalog file that are found without the database.

use latchkey_licensing::license::MAX_USES;

use crate::catalog::human_duration::HumanDuration;

/// An invalid field of a catalog file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct CatalogFileError {
    /// The path of the field, such as `policies.pro.max_machines`.
    pub field: String,
    /// What is wrong with it.
    pub problem: CatalogProblem,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogProblem {
    /// The file contains no product.
    #[error("a catalog has at least one product")]
    NoProducts,
    /// Another entry has the same code.
    #[error("there are two entries with this code")]
    Duplicate,
    /// The code of a product or policy is malformed.
    #[error("a code is 1 to 64 lower-case letters, digits or hyphens")]
    InvalidCode,
    /// The code of an entitlement is malformed.
    #[error("a code is 1 to 64 letters, digits, _, - or .")]
    InvalidEntitlementCode,
    /// The key prefix is malformed.
    #[error("a key prefix is 2 to 8 capital letters or digits")]
    InvalidKeyPrefix,
    /// The name is empty or too long.
    #[error("a name has 1 to 100 characters")]
    NameLength,
    /// The file does not contain this product.
    #[error("there is no product `{0}`")]
    ProductNotFound(String),
    /// The file does not contain this entitlement.
    #[error("there is no entitlement `{0}`")]
    EntitlementNotFound(String),
    /// The number is outside the range of the wire protocol.
    #[error("use a number from {min} to {MAX_USES}, or leave it out")]
    OutOfRange {
        /// The smallest allowed value.
        min: u32,
    },
    /// A node-locked policy allows exactly one machine.
    #[error("a policy that is not floating has one machine: set it to 1")]
    NodeLocked,
    /// The start of the duration is specified, but no duration.
    #[error("there is no duration to start: set duration")]
    NoDuration,
    /// The duration is shorter than this minimum.
    #[error("must be at least {0}")]
    TooShort(HumanDuration),
    /// The duration is longer than this maximum.
    #[error("must be at most {0}")]
    TooLong(HumanDuration),
    /// Dead machines cannot be both deactivated and resurrected at any time.
    #[error("ALWAYS_REVIVE requires cull = \"KEEP_DEAD\"")]
    RevivesDeactivated,
}

impl CatalogProblem {
    pub(crate) fn at(self, field: String) -> CatalogFileError {
        CatalogFileError { field, problem: self }
    }
}
