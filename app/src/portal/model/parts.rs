//! The components and processes of a computer.

use serde::{Deserialize, Serialize};

use crate::shared::model::RelativeTime;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputerParts {
    pub components: Vec<ComponentLine>,
    /// The newest first.
    pub processes: Vec<ProcessLine>,
    /// Whether there are other processes.
    pub has_more_processes: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentLine {
    /// The name that the app gave it. May be empty.
    pub name: String,
    /// The end of its fingerprint.
    pub tail: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessLine {
    pub pid: String,
    pub since: RelativeTime,
    pub last_seen: RelativeTime,
}
