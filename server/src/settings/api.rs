//! Section `api`: how fast apps may ask.

use latchkey_service::{ApiLimits, RateLimit};
use serde::{Deserialize, Serialize};

use super::field::{Field, field};

pub(super) const FIELDS: &[Field] = &[
    field("api.key_burst", "How many requests with one license key may come at once."),
    field("api.key_per_minute", "How many requests with one license key come back in a minute; 0 is no limit."),
    field("api.network_burst", "How many requests to /v1 from one network may come at once."),
    field("api.network_per_minute", "How many requests to /v1 from one network come back in a minute; 0 is no limit."),
];

/// Section `api`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "FIELDS explains each")]
pub struct Api {
    pub key_burst: u32,
    pub key_per_minute: u32,
    pub network_burst: u32,
    pub network_per_minute: u32,
}

impl Api {
    /// The limits as the use cases take them.
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
