//! Exact rate limits for signing in (ML-09). They are counted in the database, in the request's own transaction: here
//! exactness matters more than the cost of a write.

use std::time::Duration;

use latchkey_licensing::time::Timestamp;
use latchkey_store::Tx;

use crate::{
    error::Internal,
    operation::rate_limit::gcra::{Limit, Throttled},
};

/// ML-09: requests to sign in with one e-mail address, from one network or from one browser that has signed in to it before.
pub(crate) const SIGN_IN_PER_ADDRESS: Limit = Limit { burst: 3, interval: Duration::from_hours(1) };

/// ML-09: requests to sign in with one e-mail address, from all networks or from all browsers that have signed in to it
/// before: 20 a day.
pub(crate) const SIGN_IN_PER_ADDRESS_AND_DAY: Limit = Limit { burst: 20, interval: Duration::from_mins(72) };

/// ML-09: requests to sign in from one network.
pub(crate) const SIGN_IN_PER_NETWORK: Limit = Limit { burst: 5, interval: Duration::from_mins(1) };

/// Changes of one account's e-mail address, and changes to one address. Each request sends mails.
pub(crate) const EMAIL_CHANGES: Limit = Limit { burst: 3, interval: Duration::from_hours(1) };

/// Exports of everything that is kept about one person.
pub(crate) const DATA_EXPORTS: Limit = Limit { burst: 3, interval: Duration::from_hours(1) };

/// Attempts to use a recovery code of one account.
pub(crate) const RECOVERY_PER_ACCOUNT: Limit = Limit { burst: 5, interval: Duration::from_mins(1) };

/// Attempts to sign in with a passkey from one network. Each stores a row.
pub(crate) const PASSKEY_PER_NETWORK: Limit = Limit { burst: 20, interval: Duration::from_secs(10) };

impl Limit {
    /// Takes one token from the bucket. Returns `Some` if there is none.
    pub(crate) async fn take(self, tx: &mut Tx, bucket: &str, now: Timestamp) -> Result<Option<Throttled>, Internal> {
        let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        if tx.take_token(bucket, now, micros(self.interval), micros(self.tolerance())).await? {
            return Ok(None);
        }
        let stored = tx.find_bucket(bucket).await?;
        Ok(Some(self.throttled(stored, now)))
    }
}
