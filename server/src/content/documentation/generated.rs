//! Pages of the documentation that are made from the program, so that they cannot differ from it.

use std::fmt::Write;

use clap::{Arg, ArgAction, Command, CommandFactory};
use serde_json::Value;

use crate::{
    cli::Cli,
    settings::{self, Settings},
};

/// The names of the pages.
#[cfg(test)]
pub(super) const NAMES: [&str; 2] = ["commands", "settings"];

/// A page in Markdown.
pub(super) fn page(name: &str) -> Option<String> {
    match name {
        "commands" => Some(commands()),
        "settings" => Some(all_settings()),
        _ => None,
    }
}

fn all_settings() -> String {
    let mut page = String::from(
        "# Settings\n\nSettings come from defaults, then from `latchkey.toml`, then from the environment, then from flags. \
         Later ones take precedence. The environment variable of a setting has its section and its name in capital letters: \
         `server.listen` is `LATCHKEY__SERVER__LISTEN`. Secrets can also be read from files: add `_FILE` to the variable, \
         and set it to the path. Unknown settings are errors.\n\n`latchkey config check` checks the settings, and \
         `latchkey config print` shows those in force, without secrets.\n",
    );
    let defaults = Settings::default().print();
    let mut current = "";
    for (field, (_, default)) in settings::fields().zip(defaults) {
        let section = field.key.split_once('.').map_or("Top level", |(section, _)| section);
        if section != current {
            let _ = write!(page, "\n## {section}\n\n| Setting | Default | Meaning |\n|---|---|---|\n");
            current = section;
        }
        let default = match default {
            _ if field.is_secret => String::new(),
            Value::Null => String::new(),
            Value::String(text) if text.is_empty() => String::new(),
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        };
        let secret = if field.is_secret { " A secret." } else { "" };
        let _ = writeln!(page, "| `{}` | {} | {}{secret} |", field.key, cell(&default), cell(field.help));
    }
    page
}

fn commands() -> String {
    let mut root = Cli::command();
    root.build();
    let mut page = String::from(
        "# Commands\n\nThe program is `latchkey`. All commands read the settings, and those that read or create something print \
         JSON with `--json`. Exit codes: 0 success, 1 refused or failed, 2 wrong usage, 69 database or address unavailable, 78 \
         invalid settings.\n\nOptions of all commands:\n\n",
    );
    for argument in root.get_arguments().filter(|argument| argument.is_global_set()) {
        page.push_str(&option(argument));
    }
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        let _ = write!(page, "\n## {}\n\n{}\n", command.get_name(), about(command));
        if command.has_subcommands() {
            for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
                describe(
                    &mut page,
                    inner,
                    &format!("### {} {}\n\n{}\n\n", command.get_name(), inner.get_name(), about(inner)),
                );
            }
        } else {
            describe(&mut page, command, "");
        }
    }
    page
}

fn describe(page: &mut String, command: &Command, heading: &str) {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim();
    let _ = write!(page, "\n{heading}```text\n{usage}\n```\n\n");
    for argument in command.get_arguments().filter(|argument| !argument.is_global_set()) {
        if argument.get_id() != "help" && argument.get_id() != "version" && !argument.is_hide_set() {
            page.push_str(&option(argument));
        }
    }
}

fn about(command: &Command) -> String {
    command.get_about().map_or_else(String::new, |about| sentence(&about.to_string()))
}

/// An option or argument as an item of a list.
fn option(argument: &Arg) -> String {
    let value = argument
        .get_value_names()
        .filter(|_| matches!(argument.get_action(), ArgAction::Set | ArgAction::Append))
        .map(|names| names.iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(" "));
    let shown = match (argument.get_long(), value) {
        (Some(long), Some(value)) => format!("--{long} {value}"),
        (Some(long), None) => format!("--{long}"),
        (None, Some(value)) => value,
        (None, None) => argument.get_id().to_string(),
    };
    let help = argument.get_help().map_or_else(String::new, |help| sentence(&help.to_string()));
    let choices: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    let choices = if choices.is_empty() || !argument.get_action().takes_values() {
        String::new()
    } else {
        format!(" One of {}.", choices.join(", "))
    };
    format!("- `{shown}`: {help}{choices}\n")
}

/// A help text as a sentence. Words in angle brackets are not HTML.
fn sentence(text: &str) -> String {
    let text = text.replace('<', "\\<").replace('*', "\\*");
    let text = text.trim_end_matches('.');
    if text.is_empty() { String::new() } else { format!("{text}.") }
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_and_command_is_described() {
        let settings = all_settings();
        for field in settings::fields() {
            assert!(settings.contains(&format!("| `{}` |", field.key)), "{}", field.key);
        }
        assert!(
            settings.contains("| `server.listen` | `127.0.0.1:3000` | Address and port to listen on. |"),
            "{settings}"
        );
        let commands = commands();
        for part in
            ["## serve", "### license issue", "latchkey license issue", "- `--email <EMAIL>`: ", "### content export"]
        {
            assert!(commands.contains(part), "{part}: {commands}");
        }
        assert!(!commands.contains("## help"));
    }
}
