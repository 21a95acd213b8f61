//! What can be wrong with a catalog's file, without a look at the database.

use latchkey_licensing::license::MAX_USES;

use crate::catalog::human_duration::Span;

/// A field that cannot be as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct CatalogFault {
    /// Which, such as `policies.pro.max_machines`.
    pub field: String,
    /// What is wrong with it.
    pub problem: CatalogProblem,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogProblem {
    /// There is no product.
    #[error("a catalog has at least one product")]
    NoProducts,
    /// It is there twice.
    #[error("is there twice")]
    Twice,
    /// Not the form of a product's or policy's code.
    #[error("a code is 1 to 64 small letters, digits or dashes")]
    CodeForm,
    /// Not the form of an entitlement's code.
    #[error("a code is 1 to 64 letters, digits, _, - or .")]
    EntitlementCodeForm,
    /// Not the form of a key's prefix.
    #[error("give 2 to 8 capitals or digits")]
    KeyPrefixForm,
    /// A name that is empty or too long.
    #[error("give a name of 1 to 100 characters")]
    NameLength,
    /// A product that the file does not have.
    #[error("there is no product `{0}`")]
    ProductNotFound(String),
    /// An entitlement that the file does not have.
    #[error("there is no entitlement `{0}`")]
    EntitlementNotFound(String),
    /// A number that the wire protocol does not carry.
    #[error("give a number from {least} to {MAX_USES}, or leave it out")]
    OutOfRange {
        /// The least that it may be.
        least: u32,
    },
    /// Node-locked is one machine.
    #[error("a policy that is not floating has one machine: set it to 1")]
    NodeLocked,
    /// A beginning without a duration.
    #[error("there is no duration that could begin: set duration")]
    NoDuration,
    /// A time that is too short.
    #[error("at least {0}")]
    TooShort(Span),
    /// A time that is too long.
    #[error("at most {0}")]
    TooLong(Span),
    /// Dead machines are both kept for ever and deactivated.
    #[error("ALWAYS_REVIVE goes with cull = \"KEEP_DEAD\"")]
    RevivesDeactivated,
}

impl CatalogProblem {
    pub(crate) fn at(self, field: String) -> CatalogFault {
        CatalogFault { field, problem: self }
    }
}
