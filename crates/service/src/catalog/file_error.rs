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
    /// The code of a product, policy or price is malformed.
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
    /// The file does not contain this policy.
    #[error("there is no policy `{0}`")]
    PolicyNotFound(String),
    /// Neither an amount nor a price at Stripe is given.
    #[error("set amount and currency, or stripe_price")]
    NoAmount,
    /// The amount has no currency.
    #[error("an amount needs a currency, such as \"USD\"")]
    NoCurrency,
    /// The amount is negative or too large.
    #[error("use a whole number from 0 to {max}, in the currency's smallest unit")]
    InvalidAmount {
        /// The largest amount.
        max: i64,
    },
    /// The id is not that of a price at Stripe.
    #[error("the id of a price at Stripe starts with price_")]
    InvalidStripePrice,
    /// The quantities are out of range.
    #[error("quantities are from 1 to {max}, and min_quantity is at most max_quantity")]
    InvalidQuantity {
        /// The largest quantity.
        max: u32,
    },
    /// The interval is too long.
    #[error("use a number from 1 to {max}: an interval is at most three years")]
    InvalidInterval {
        /// The largest count.
        max: u32,
    },
    /// A count without a unit.
    #[error("there is no interval to count: set interval")]
    NoInterval,
    /// A license that never expires cannot be paid for by the month or year.
    #[error("policy `{0}` has no duration, so a subscription has nothing to renew: set its duration")]
    SubscriptionWithoutDuration(String),
    /// Upgrades are paid once.
    #[error("an upgrade is paid once: leave out interval or upgrade_from")]
    RecurringUpgrade,
    /// The upgrade is for another product.
    #[error("policy `{0}` is for another product")]
    OtherProduct(String),
    /// The policy would be upgraded to itself.
    #[error("a policy cannot be upgraded to itself")]
    UpgradeToItself,
    /// An upgrade is for one license.
    #[error("an upgrade is for one license: leave out max_quantity")]
    UpgradeQuantity,
    /// Dead machines cannot be both deactivated and resurrected at any time.
    #[error("ALWAYS_REVIVE requires cull = \"KEEP_DEAD\"")]
    RevivesDeactivated,
}

impl CatalogProblem {
    pub(crate) fn at(self, field: String) -> CatalogFileError {
        CatalogFileError { field, problem: self }
    }
}
