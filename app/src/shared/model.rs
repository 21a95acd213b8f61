//! How pages show instants and states.

use serde::{Deserialize, Serialize};

/// An instant for display.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelativeTime {
    /// RFC 3339, for the `datetime` attribute.
    pub iso: String,
    /// `3 minutes ago`, or the date if it is long ago.
    pub words: String,
    /// Date and time, for the tooltip.
    pub exact: String,
}

/// The tone of a state, which determines its color and icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    Good,
    /// Needs attention.
    Warn,
    /// Does not work.
    Bad,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// One or two words.
    pub word: String,
    pub tone: Tone,
    /// What the state means and what to do, if it needs explaining.
    pub notice: Option<String>,
}
