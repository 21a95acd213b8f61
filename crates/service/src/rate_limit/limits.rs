//! What an operator sets about the limits of the activation API.

use std::time::Duration;

use crate::rate_limit::gcra::Limit;

/// How fast requests may come: `burst` at once, then `per_minute`. Zero a minute is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many may come at once.
    pub burst: u32,
    /// How many come back in a minute.
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

/// The limits of the activation API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiLimits {
    /// For requests with one license key.
    pub per_key: RateLimit,
    /// For requests without a known license key from one network: one IPv4 address or one IPv6 /64.
    pub per_network: RateLimit,
}
