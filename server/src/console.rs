//! The only place that writes to standard output: results of commands, for people or as JSON.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use crate::startup::Failure;

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
fn confirm(question: &str) -> Option<bool> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let _ = write!(std::io::stderr().lock(), "{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// How a question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// Go on.
    Yes,
    /// Leave it.
    No,
}

/// Asks before what cannot be undone, unless `yes` was given. Without a terminal to ask on, that is
/// wrong usage.
pub(crate) fn confirmed(yes: bool, question: &str) -> Result<Confirmed, Failure> {
    if yes {
        return Ok(Confirmed::Yes);
    }
    match confirm(question) {
        Some(true) => Ok(Confirmed::Yes),
        Some(false) => Ok(Confirmed::No),
        None => Err(Failure::Usage(format!("{question} Without a terminal to ask on, add --yes."))),
    }
}
