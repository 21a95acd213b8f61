//! Section `log`.

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::{
    SettingsError,
    field::{Field, field},
};

pub(super) const FIELDS: &[Field] = &[
    field("log.level", "error, warn, info, debug or trace, or a tracing filter."),
    field("log.format", "auto, text or json; auto is text on a terminal."),
];

/// Section `log`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "FIELDS explains each")]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// For people.
    Text,
    /// For machines.
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
        let refusal = "log.level is unknown: give error, warn, info, debug or trace, or target=level";
        if is_known { Ok(()) } else { Err(SettingsError::new(refusal)) }
    }
}

/// Reads a level or filter. A bare word must be a level: otherwise it would name a part of the program,
/// and silence all others.
pub(crate) fn filter(level: &str) -> Option<EnvFilter> {
    let is_known =
        |part: &str| part.contains('=') || ["off", "error", "warn", "info", "debug", "trace"].contains(&part);
    level.split(',').all(|part| is_known(part.trim())).then(|| EnvFilter::try_new(level).ok()).flatten()
}
