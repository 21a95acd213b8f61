//! The generic cell rate algorithm (ITU-T I.371). Its whole state is one instant for each bucket.

use std::time::Duration;

use latchkey_licensing::time::Timestamp;
use latchkey_store::MAX_SKEW;

/// A limit: `burst` tokens at once, then one every `interval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) burst: u32,
    pub(crate) interval: Duration,
}

/// A rate limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {} s", retry_after.as_secs())]
pub struct Throttled {
    /// How long to wait before the next request.
    pub retry_after: Duration,
    /// The number of requests that may come at once.
    pub limit: u32,
    /// How long it takes until that many requests may come at once again.
    pub window: Duration,
}

/// Tokens taken from a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The number of tokens.
    pub(crate) tokens: u32,
    /// The instant at which the first token counts.
    pub(crate) begins_at: Timestamp,
    /// The new state of the bucket.
    pub(crate) next_allowed_at: Timestamp,
}

impl Limit {
    /// A limit of `count` requests an hour, all of which may come at once.
    pub(crate) fn per_hour(count: u32) -> Self {
        Self { burst: count.max(1), interval: Duration::from_hours(1) / count.max(1) }
    }

    /// How far ahead of the steady rate a burst may run.
    pub(crate) fn tolerance(self) -> Duration {
        self.interval * self.burst.saturating_sub(1)
    }

    /// The instant at which the next token counts. If the stored instant is further ahead than a burst can get, by more
    /// than [`MAX_SKEW`], the clock has been set back since, and the bucket counts as full.
    fn begins_at(self, stored: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let furthest = now.plus(self.tolerance() + self.interval + MAX_SKEW);
        stored.filter(|at| *at > now && *at <= furthest).unwrap_or(now)
    }

    /// Takes up to `wanted` tokens from a bucket with the state `stored`.
    pub(crate) fn grant(self, stored: Option<Timestamp>, now: Timestamp, wanted: u32) -> Grant {
        let begins_at = self.begins_at(stored, now);
        let latest = now.plus(self.tolerance());
        let tokens = if begins_at > latest {
            0
        } else {
            let more = latest.since(begins_at).as_micros() / self.interval.as_micros().max(1);
            u32::try_from(more).unwrap_or(u32::MAX).saturating_add(1).min(wanted)
        };
        Grant { tokens, begins_at, next_allowed_at: begins_at.plus(self.interval * tokens) }
    }

    /// The state of a bucket after `tokens` were spent at `at`, even if it did not have that many.
    pub(crate) fn after(self, stored: Option<Timestamp>, at: Timestamp, tokens: u32) -> Timestamp {
        self.begins_at(stored, at).plus(self.interval * tokens)
    }

    /// The refusal of a bucket with the state `stored`, which has no token at `now`.
    pub(crate) fn throttled(self, stored: Option<Timestamp>, now: Timestamp) -> Throttled {
        let due = stored.unwrap_or(now).minus(self.tolerance());
        // Rounded up, so that a client that waits this long succeeds.
        let retry_after = Duration::from_secs(due.since(now).as_secs() + 1);
        Throttled { retry_after, limit: self.burst, window: self.interval * self.burst }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: Limit = Limit { burst: 5, interval: Duration::from_secs(6) };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_micros(1_800_000_000_000_000).plus(Duration::from_secs(seconds))
    }

    #[test]
    fn an_untouched_bucket_gives_its_burst_and_no_more() {
        let grant = LIMIT.grant(None, at(0), 9);
        assert_eq!((grant.tokens, grant.next_allowed_at), (5, at(30)));
        assert_eq!(LIMIT.grant(Some(at(30)), at(0), 1).tokens, 0);
        assert_eq!(LIMIT.grant(Some(at(30)), at(5), 1).tokens, 0);
        assert_eq!(LIMIT.grant(Some(at(30)), at(6), 9).tokens, 1);
        assert_eq!(LIMIT.grant(Some(at(30)), at(30), 9).tokens, 5);
        assert_eq!(LIMIT.throttled(Some(at(30)), at(0)).retry_after.as_secs(), 7);
    }

    #[test]
    fn a_bucket_filled_by_a_wrong_clock_counts_as_untouched() {
        let far = at(0).plus(LIMIT.tolerance() + LIMIT.interval + MAX_SKEW);
        assert_eq!(LIMIT.grant(Some(far), at(0), 1).tokens, 0);
        assert_eq!(LIMIT.grant(Some(far.plus(Duration::from_micros(1))), at(0), 1).tokens, 1);
    }

    proptest! {
        /// Taking many tokens at once has the same result as taking them one by one.
        #[test]
        fn many_at_once_are_as_many_one_by_one(ahead in 0..60_u64, wanted in 0..9_u32) {
            let stored = Some(at(ahead));
            let whole = LIMIT.grant(stored, at(20), wanted);
            let (mut single, mut bucket) = (0, stored);
            for _ in 0..wanted {
                let grant = LIMIT.grant(bucket, at(20), 1);
                single += grant.tokens;
                if grant.tokens > 0 {
                    bucket = Some(grant.next_allowed_at);
                }
            }
            prop_assert_eq!(whole.tokens, single);
            if single > 0 {
                prop_assert_eq!(Some(whole.next_allowed_at), bucket);
            }
        }
    }
}
