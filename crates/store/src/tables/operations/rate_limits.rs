//! Durable rate limits.

use std::time::Duration;

use latchkey_licensing::time::Timestamp;

/// The largest allowed difference between the clocks of instances that share a database.
pub const MAX_SKEW: Duration = Duration::from_hours(1);

/// Tokens that were taken but not yet written to the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketDebit {
    pub bucket: String,
    /// When the first token was taken.
    pub at: Timestamp,
    /// The time in which the bucket refills the tokens.
    pub cost: Duration,
}
