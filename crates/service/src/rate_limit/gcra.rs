//! Durable rate limits, shared by all instances and unmoved by restarts.

use std::{net::IpAddr, time::Duration};

use latchkey_licensing::{email::EmailAddress, time::Timestamp};
use latchkey_store::{MAX_SKEW, Tx};
use sha2::{Digest, Sha256};

use crate::error::Internal;

/// The network address of a client, as the HTTP edge found it behind trusted proxies.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// A limit: `burst` at once, then one every `interval`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) burst: u32,
    pub(crate) interval: Duration,
}

/// ML-09: sign-in mails for one address.
pub(crate) const SIGN_IN_PER_ADDRESS: Limit = Limit { burst: 3, interval: Duration::from_hours(1) };

/// ML-09: sign-in mails from one network.
pub(crate) const SIGN_IN_PER_NETWORK: Limit = Limit { burst: 5, interval: Duration::from_mins(1) };

/// A limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {} s", retry_after.as_secs())]
pub struct Throttled {
    /// How long until the next request has a chance.
    pub retry_after: Duration,
    /// How many may come at once.
    pub limit: u32,
    /// How long it takes until that many may come at once again.
    pub window: Duration,
}

impl Limit {
    /// `count` an hour, all of which may come at once.
    pub(crate) fn per_hour(count: u32) -> Self {
        Self { burst: count.max(1), interval: Duration::from_hours(1) / count.max(1) }
    }

    fn tolerance(self) -> Duration {
        self.interval * self.burst.saturating_sub(1)
    }

    /// Takes one from the bucket.
    pub(crate) async fn take(
        self,
        tx: &mut Tx,
        bucket: &str,
        now: Timestamp,
    ) -> Result<Result<(), Throttled>, Internal> {
        let (interval, tolerance) = (micros(self.interval), micros(self.tolerance()));
        if tx.take_token(bucket, now, interval, tolerance).await? {
            return Ok(Ok(()));
        }
        let tat = tx.find_bucket(bucket).await?;
        Ok(Err(self.throttled(tat, now)))
    }

    /// Looks whether the bucket has one, and takes nothing.
    pub(crate) async fn peek(
        self,
        tx: &mut Tx,
        bucket: &str,
        now: Timestamp,
    ) -> Result<Result<(), Throttled>, Internal> {
        let tat = tx.find_bucket(bucket).await?;
        let latest = now.plus(self.tolerance());
        // As in the statement that takes: what no burst reaches was written by a clock that ran ahead.
        let is_open = tat.is_none_or(|tat| tat <= latest || tat > latest.plus(self.interval + MAX_SKEW));
        Ok(if is_open { Ok(()) } else { Err(self.throttled(tat, now)) })
    }

    fn throttled(self, tat: Option<Timestamp>, now: Timestamp) -> Throttled {
        let due = tat.unwrap_or(now).minus(self.tolerance());
        // Rounded up, so that a client that waits as told is let in.
        let retry_after = Duration::from_secs(due.since(now).as_secs() + 1);
        Throttled { retry_after, limit: self.burst, window: self.interval * self.burst }
    }
}

/// The bucket of an address. Hashed, because the table outlives the reason to know the address.
pub(crate) fn address_bucket(purpose: &str, email: &EmailAddress) -> String {
    let hash: [u8; 32] = Sha256::digest(email.as_str().as_bytes()).into();
    let hash = hash.first_chunk().map_or(0, |half| u128::from_be_bytes(*half));
    format!("{purpose}:address:{hash:032x}")
}

/// The bucket of a network: one IPv4 address, or one IPv6 /64, which is what one household has.
pub(crate) fn network_bucket(purpose: &str, ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => format!("{purpose}:network:{ip}"),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{purpose}:network:{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_is_one_bucket() {
        let bucket = |ip: &str| network_bucket("login", ip.parse().expect("valid"));
        assert_eq!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:2:ffff::9"));
        assert_ne!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:3::1"));
        assert_eq!(bucket("::ffff:192.0.2.1"), bucket("192.0.2.1"));
        assert_ne!(bucket("192.0.2.1"), bucket("192.0.2.2"));
    }
}
