//! What pages of several parts show: instants, states, messages and forms.

#[cfg(feature = "ssr")]
use latchkey_licensing::time::Timestamp;
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

#[cfg(feature = "ssr")]
impl RelativeTime {
    /// An instant, relative to now if that says more than the date.
    pub(crate) fn of(at: Timestamp, now: Timestamp) -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        const DAY: u64 = 24 * HOUR;
        let ago = now.since(at).as_secs();
        let count = |n: u64, unit: &str| if n == 1 { format!("1 {unit} ago") } else { format!("{n} {unit}s ago") };
        let words = match ago {
            // The date is also the best description of an instant in the future.
            _ if at > now => at.human_date(),
            0..MINUTE => "just now".to_owned(),
            MINUTE..HOUR => count(ago / MINUTE, "minute"),
            HOUR..DAY => count(ago / HOUR, "hour"),
            _ if ago < 30 * DAY => count(ago / DAY, "day"),
            _ => at.human_date(),
        };
        Self { iso: at.rfc3339(), words, exact: at.human() }
    }

    /// The date of an instant, for what a contract depends on.
    pub(crate) fn on(at: Timestamp) -> Self {
        Self { iso: at.rfc3339(), words: at.human_date(), exact: at.human() }
    }
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

/// A message about what was just done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toast {
    pub text: String,
    pub tone: Tone,
    /// The form that takes it back: its address and values.
    pub undo: Option<(String, Vec<(String, String)>)>,
}

/// What a form needs that asks for a new proof of who the person is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenForm {
    /// The account's address.
    pub email: String,
    /// The page that asks for the proof and leads back, if it is needed.
    pub proof: Option<String>,
    /// What was typed before an error.
    pub typed: String,
}
