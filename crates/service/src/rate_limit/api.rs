//! Limits of the activation API (LC-13): for each key and for each network, durable and shared by all
//! instances.

use std::{net::IpAddr, time::Duration};

use latchkey_licensing::license_key::LicenseKey;

use crate::{
    error::Internal,
    rate_limit::gcra::{Limit, Throttled, network_bucket},
    validation::key_holder::Apps,
    vault::plain_hash,
};

/// How fast something may come: `burst` at once, then `per_minute`. Nought a minute is no limit.
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

    fn limit(self) -> Option<Limit> {
        (self.per_minute > 0)
            .then(|| Limit { burst: self.burst.max(1), interval: Duration::from_mins(1) / self.per_minute })
    }
}

/// The limits of the activation API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiLimits {
    /// For requests with one license key.
    pub per_key: RateLimit,
    /// For requests from one network: one IPv4 address or one IPv6 /64.
    pub per_network: RateLimit,
}

/// Why a request is not looked at.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// A limit is reached.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<latchkey_store::StoreError> for NotAdmitted {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Apps<'_> {
    /// Counts a request against the limits of its network and, where it shows one, of its key. A key
    /// counts whether it is known or not, so that a limit tells nothing about it. A request that is
    /// refused is counted nowhere. A heartbeat counts for its machine, named by `beat`, not against all
    /// that its license may do: machines come in any number, and silence costs them their place.
    pub async fn check_rate_limit(
        &self,
        network: Option<IpAddr>,
        key: Option<&str>,
        beat: Option<&str>,
    ) -> Result<(), NotAdmitted> {
        let limits = self.0.0.options.api_limits;
        let network = limits.per_network.limit().zip(network.map(|ip| network_bucket("api", ip)));
        let key = limits.per_key.limit().zip(key.map(|key| self.key_bucket(key, beat)));
        if network.is_none() && key.is_none() {
            return Ok(());
        }
        let now = self.0.now();
        let mut tx = self.0.store().write().await?;
        // The key first: it is the narrower one, and whoever passes it alone must not use up the
        // network's tokens.
        for (limit, bucket) in [key, network].into_iter().flatten() {
            limit.take(&mut tx, &bucket, now).await??;
        }
        Ok(tx.commit().await?)
    }

    /// The table outlives the key's use: the bucket is named by a keyed hash.
    fn key_bucket(self, key: &str, beat: Option<&str>) -> String {
        let half = |hash: [u8; 32]| hash.first_chunk().map_or(0, |half| u128::from_be_bytes(*half));
        let key = half(self.lookup(LicenseKey::parse(key).ok().as_ref(), key));
        match beat.map(|machine| half(plain_hash(machine.as_bytes()))) {
            None => format!("api:key:{key:032x}"),
            Some(machine) => format!("api:beat:{key:032x}:{machine:032x}"),
        }
    }
}
