//! The log, written to standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::settings::{Log, LogFormat, log_filter};

/// Starts the log. The demo prints its address and links to the console, so its requests are not logged
/// unless the level says otherwise.
pub(crate) fn start(settings: &Log, is_demo: bool) {
    let is_default = settings.level == Log::default().level;
    let level = if is_demo && is_default { "warn" } else { settings.level.as_str() };
    let filter = log_filter(level).unwrap_or_else(|| EnvFilter::new("info"));
    let is_text = match settings.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // In tests, the log is started several times. Only the first counts.
    let _ =
        if is_text { builder.with_target(false).try_init() } else { builder.json().with_span_list(false).try_init() };
}
