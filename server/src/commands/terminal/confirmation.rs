//! Confirmation of irreversible actions.

use crate::{console, startup::Failure};

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
}

/// Asks for confirmation before an irreversible action, unless `yes` is set. Without a terminal, `--yes` is
/// required.
pub(crate) fn confirm(yes: bool, question: &str) -> Result<Answer, Failure> {
    if yes {
        return Ok(Answer::Yes);
    }
    match console::confirm(question) {
        Some(true) => Ok(Answer::Yes),
        Some(false) => Ok(Answer::No),
        None => Err(Failure::Usage(format!("{question} There is no terminal to ask on: add --yes to confirm."))),
    }
}
