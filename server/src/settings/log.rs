//! Section `log`.

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::{
    SettingsError,
    field::{Field, field},
};

pub(super) const FIELDS: &[Field] = &[
    field("log.level", "error, warn, info, debug or trace, or a tracing filter."),
    field("log.format", "auto, text or json; auto means text on a terminal, json otherwise."),
];

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    Text,
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Auto }
    }
}

impl Log {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let is_known = filter(&self.level).is_some();
        let refusal = "log.level is invalid: use error, warn, info, debug or trace, or target=level";
        if is_known { Ok(()) } else { Err(SettingsError::new(refusal)) }
    }
}

/// Parses a level or filter. A single word must be a level: otherwise it would be taken as a module's name,
/// and silence all other modules.
pub(crate) fn filter(level: &str) -> Option<EnvFilter> {
    let is_known =
        |part: &str| part.contains('=') || ["off", "error", "warn", "info", "debug", "trace"].contains(&part);
    level.split(',').all(|part| is_known(part.trim())).then(|| EnvFilter::try_new(level).ok()).flatten()
}
