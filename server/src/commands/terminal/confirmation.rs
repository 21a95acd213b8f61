//! Confirmation of irreversible actions.

use crate::{console, startup::Failure};

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    Yes,
    No,
}

/// Asks for confirmation before an irreversible action, unless `yes` is set. Without a terminal, `--yes` is
/// required.
pub(crate) fn confirmed(yes: bool, question: &str) -> Result<Confirmed, Failure> {
    if yes {
        return Ok(Confirmed::Yes);
    }
    match console::confirm(question) {
        Some(true) => Ok(Confirmed::Yes),
        Some(false) => Ok(Confirmed::No),
        None => Err(Failure::Usage(format!("{question} There is no terminal to ask on: add --yes to confirm."))),
    }
}
