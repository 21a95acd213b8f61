//! Durable rate limits.

use std::time::Duration;

use latchkey_licensing::time::Timestamp;

use crate::tables::methods;

/// How far the clocks of instances that share a database may differ.
pub const MAX_SKEW: Duration = Duration::from_hours(1);

/// Tokens that were taken but not yet written to the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketDebit {
    pub bucket: String,
    /// When the first token was taken.
    pub at: Timestamp,
    /// How long the bucket takes to refill the tokens.
    pub cost: Duration,
}

methods! {
    rate_limits:
    read {
        /// When a bucket's next token is due, minus the bucket's tolerance.
        find_bucket(bucket: &str) -> Option<Timestamp>;
    }
    write {
        /// Takes one token from a bucket. `false` if it is empty.
        take_token(bucket: &str, now: Timestamp, interval_us: i64, tolerance_us: i64) -> bool;
        /// A bucket's stored value, locked until the transaction ends. It is in the distant past for a new
        /// bucket.
        lock_bucket(bucket: &str) -> Timestamp;
        /// Writes a locked bucket.
        set_bucket(bucket: &str, next_allowed_at: Timestamp) -> ();
        /// Writes tokens that were already taken, even if a bucket did not have them.
        debit_buckets(debits: &[BucketDebit]) -> ();
        /// Deletes buckets that have been full since before `instant`.
        delete_buckets_before(instant: Timestamp) -> u64;
    }
}
