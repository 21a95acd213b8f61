//! Section `api`: rate limits for apps, and which web pages may be apps.

use latchkey_service::{ApiLimits, RateLimit};
use serde::{Deserialize, Serialize};

use super::{
    WebOrigins,
    field::{Field, field},
};

pub(super) const FIELDS: &[Field] = &[
    field("api.key_burst", "Largest burst of requests with one license key."),
    field("api.key_per_minute", "Sustained rate of requests per minute with one license key; 0 means no limit."),
    field("api.network_burst", "Largest burst of requests to /v1 from one network."),
    field("api.network_per_minute", "Sustained rate of requests per minute to /v1 from one network; 0 means no limit."),
    field(
        "api.cors_origins",
        "Origins of web pages and Electron or Tauri windows that may use /v1, such as https://app.example.com, null or *; by default none.",
    ),
];

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    pub key_burst: u32,
    pub key_per_minute: u32,
    pub network_burst: u32,
    pub network_per_minute: u32,
    pub cors_origins: WebOrigins,
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
        Self {
            key_burst: 60,
            key_per_minute: 10,
            network_burst: 120,
            network_per_minute: 60,
            cors_origins: WebOrigins::default(),
        }
    }
}
