//! Section `api`: rate limits for apps.

use latchkey_service::{ApiLimits, RateLimit};
use serde::{Deserialize, Serialize};

use super::field::{Field, field};

pub(super) const FIELDS: &[Field] = &[
    field("api.key_burst", "Largest burst of requests with one license key."),
    field("api.key_per_minute", "Sustained rate of requests per minute with one license key; 0 means no limit."),
    field("api.network_burst", "Largest burst of requests to /v1 from one network."),
    field("api.network_per_minute", "Sustained rate of requests per minute to /v1 from one network; 0 means no limit."),
];

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    pub key_burst: u32,
    pub key_per_minute: u32,
    pub network_burst: u32,
    pub network_per_minute: u32,
}

impl Api {
    /// The limits as the service uses them.
    pub fn limits(&self) -> ApiLimits {
        ApiLimits {
            per_key: RateLimit { burst: self.key_burst, per_minute: self.key_per_minute },
            per_network: RateLimit { burst: self.network_burst, per_minute: self.network_per_minute },
        }
    }
}

impl Default for Api {
    fn default() -> Self {
        Self { key_burst: 60, key_per_minute: 10, network_burst: 120, network_per_minute: 60 }
    }
}
