//! Durable rate limits.

use std::time::Duration;

use latchkey_licensing::time::Timestamp;

use crate::tables::methods;

/// How far the clocks of instances on one database may differ.
pub const MAX_SKEW: Duration = Duration::from_hours(1);

/// Tokens that were spent and are not written down yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketDebit {
    /// The bucket's name.
    pub bucket: String,
    /// When the first of them was spent.
    pub at: Timestamp,
    /// How long the bucket takes to refill them.
    pub cost: Duration,
}

methods! {
    rate_limits:
    read {
        /// When a bucket's next token is due, less its tolerance.
        find_bucket(bucket: &str) -> Option<Timestamp>;
    }
    write {
        /// Takes one token from a bucket; `false` if there is none.
        take_token(bucket: &str, now: Timestamp, interval_us: i64, tolerance_us: i64) -> bool;
        /// What a bucket stores, kept from everybody else until the transaction ends; long past for a new one.
        lock_bucket(bucket: &str) -> Timestamp;
        /// Writes a bucket that is locked.
        set_bucket(bucket: &str, next_allowed_at: Timestamp) -> ();
        /// Writes down tokens that were spent already, whether their buckets had them or not.
        debit_buckets(debits: &[BucketDebit]) -> ();
        /// Removes buckets that have been full since before `instant`.
        delete_buckets_before(instant: Timestamp) -> u64;
    }
}
