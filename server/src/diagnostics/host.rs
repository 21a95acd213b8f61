//! The host, as the admin portal shows it.

use std::{fmt, pin::Pin};

use latchkey_app::server_side::host::{Host, HostFacts, SettingFact};
use latchkey_service::{Check, Service};
use latchkey_stripe::API_VERSION;
use serde_json::Value;

use crate::settings::{Origin, Settings};

/// The host of a server.
pub(crate) struct PortalHost {
    pub(crate) settings: Settings,
    pub(crate) service: Service,
}

impl fmt::Debug for PortalHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PortalHost(..)")
    }
}

impl Host for PortalHost {
    fn facts(&self) -> HostFacts {
        let settings = self.settings.print().into_iter().map(|(key, value)| {
            let origin = self.settings.origins.of(key);
            let value = shown(&value);
            SettingFact { key, value, source: origin.to_string(), is_default: origin == Origin::Default }
        });
        let key = self.settings.stripe.key().ok().flatten();
        HostFacts {
            version: env!("CARGO_PKG_VERSION"),
            platform: format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH),
            settings: settings.collect(),
            payment_key: key.map(|key| match (key.is_live(), key.is_restricted()) {
                (true, true) => "Live mode, restricted key",
                (true, false) => "Live mode, secret key",
                (false, true) => "Test mode, restricted key",
                (false, false) => "Test mode, secret key",
            }),
            api_version: API_VERSION,
        }
    }

    fn checks(&self) -> Pin<Box<dyn Future<Output = Vec<Check>> + Send + '_>> {
        Box::pin(async move {
            match super::checks(&self.settings, Some(&self.service)).await {
                Ok(checks) => checks,
                Err(error) => {
                    tracing::error!(%error, "the checks failed: {error}");
                    let found = "Not everything could be checked.";
                    vec![Check::problem(
                        "checks",
                        found,
                        "The server's log says why. `latchkey doctor` shows it as well.",
                    )]
                }
            }
        })
    }
}

/// A setting's value as people write it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
