//! The only place that writes to standard output: results of commands, for people or as JSON.

use std::io::{IsTerminal, Write};

use serde::Serialize;

/// Writes one line. A closed pipe is no error: whoever read has had enough.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes a value as JSON, on one line.
pub(crate) fn json(value: &impl Serialize) {
    line(&serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()));
}

/// Writes one line to standard error.
pub(crate) fn error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Asks a yes-or-no question on the terminal. `None` where there is no terminal to ask on.
pub(crate) fn confirm(question: &str) -> Option<bool> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let _ = write!(std::io::stderr().lock(), "{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim(), "y" | "Y" | "yes"))
}
