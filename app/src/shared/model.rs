//! Instants and states as pages of every area show them.

use serde::{Deserialize, Serialize};

/// An instant for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// RFC 3339, for the `datetime` attribute.
    pub iso: String,
    /// `3 minutes ago`, or the date if long ago.
    pub words: String,
    /// Date and time, for the tooltip.
    pub exact: String,
}

/// How good a state is, which chooses color and icon beside its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    /// All is well.
    Good,
    /// Something needs attention.
    Warn,
    /// It does not work.
    Bad,
}

/// A license's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// One word or two.
    pub word: String,
    /// How good it is.
    pub tone: Tone,
    /// What it means and what to do, where it is not plain.
    pub notice: Option<String>,
}
