//! `config check | print`

use serde_json::{Map, Value, json};

use crate::{
    cli::Config,
    console,
    settings::{self, Settings},
    startup::folder_warning,
};

/// The caller has already read and checked the settings.
pub(crate) fn show(command: &Config, settings: &Settings, as_json: bool) {
    match command {
        Config::Check => check(settings, as_json),
        Config::Print if as_json => {
            let all: Map<String, Value> =
                settings.print().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            console::json(&all);
        }
        Config::Print => {
            for ((key, value), field) in settings.print().into_iter().zip(settings::fields()) {
                let value = match value {
                    Value::Null => "(not set)".to_owned(),
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                console::line(&format!("{key} = {value}"));
                console::line(&format!("    {} ({})", field.help, settings::environment_name(key)));
            }
        }
    }
}

fn check(settings: &Settings, as_json: bool) {
    let warnings: Vec<String> =
        settings.warnings().into_iter().map(str::to_owned).chain(folder_warning(settings)).collect();
    if as_json {
        console::json(&json!({ "valid": true, "warnings": warnings }));
        return;
    }
    console::line("The settings are valid.");
    for warning in warnings {
        console::line(&format!("Warning: {warning}."));
    }
}
