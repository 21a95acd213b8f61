//! The settings for the rate limits of the activation API.

use std::time::Duration;

use crate::operation::rate_limit::gcra::Limit;

/// A rate limit: `burst` requests at once, then `per_minute` requests a minute. There is no limit if `per_minute` is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The number of requests that may come at once.
    pub burst: u32,
    /// The number of requests a minute after that.
    pub per_minute: u32,
}

impl RateLimit {
    /// No limit.
    pub const UNLIMITED: Self = Self { burst: 0, per_minute: 0 };

    pub(crate) fn limit(self) -> Option<Limit> {
        (self.per_minute > 0)
            .then(|| Limit { burst: self.burst.max(1), interval: Duration::from_mins(1) / self.per_minute })
    }
}

/// The rate limits of the activation API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiLimits {
    /// For requests with one license key.
    pub per_key: RateLimit,
    /// For requests without a known license key from one network, that is, one IPv4 address or one IPv6 /64.
    pub per_network: RateLimit,
}
