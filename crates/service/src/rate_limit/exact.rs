//! Exact limits, counted in the database in the request's own transaction: for signing in (ML-09), where one
//! token too many matters more than a write too many.

use std::time::Duration;

use latchkey_licensing::time::Timestamp;
use latchkey_store::Tx;

use crate::{
    error::Internal,
    rate_limit::gcra::{Limit, Throttled},
};

/// ML-09: sign-in mails for one address.
pub(crate) const SIGN_IN_PER_ADDRESS: Limit = Limit { burst: 3, interval: Duration::from_hours(1) };

/// ML-09: sign-in mails from one network.
pub(crate) const SIGN_IN_PER_NETWORK: Limit = Limit { burst: 5, interval: Duration::from_mins(1) };

impl Limit {
    /// Takes one token from the bucket. `Some` says why there is none.
    pub(crate) async fn take(self, tx: &mut Tx, bucket: &str, now: Timestamp) -> Result<Option<Throttled>, Internal> {
        let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        if tx.take_token(bucket, now, micros(self.interval), micros(self.tolerance())).await? {
            return Ok(None);
        }
        let stored = tx.find_bucket(bucket).await?;
        Ok(Some(self.throttled(stored, now)))
    }

    /// Looks whether the bucket has a token, and takes none.
    pub(crate) async fn peek(self, tx: &mut Tx, bucket: &str, now: Timestamp) -> Result<Option<Throttled>, Internal> {
        let stored = tx.find_bucket(bucket).await?;
        Ok((self.grant(stored, now, 1).tokens == 0).then(|| self.throttled(stored, now)))
    }
}
