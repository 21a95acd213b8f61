//! What the page of the instance's state needs from the host: the settings, and checks of what the instance depends on.

use std::{fmt::Debug, pin::Pin};

use latchkey_service::Check;

/// A setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingFact {
    /// `server.listen`.
    pub key: &'static str,
    /// The value. For a secret, whether it is set.
    pub value: String,
    /// Where it comes from: `environment`.
    pub source: String,
    /// Whether it has its default.
    pub is_default: bool,
}

/// What the host knows about itself. It contains no secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFacts {
    /// The version of this program.
    pub version: &'static str,
    /// The operating system and the processor.
    pub platform: String,
    /// All settings.
    pub settings: Vec<SettingFact>,
    /// The kind of the payment provider's key. `None` without one.
    pub payment_key: Option<&'static str>,
    /// The version of the payment provider's API that this program expects.
    pub api_version: &'static str,
}

/// The host of the instance.
pub trait Host: Debug + Send + Sync {
    fn facts(&self) -> HostFacts;

    /// Checks that call other servers, and so take a while.
    fn checks(&self) -> Pin<Box<dyn Future<Output = Vec<Check>> + Send + '_>>;
}
