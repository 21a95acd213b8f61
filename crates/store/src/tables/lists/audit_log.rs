//! The list of the audit log's entries.

use super::{TimeRange, keyset::Position};
use crate::tables::operations::audit_log::AuditRow;

/// Which entries to list. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// The stored word for the kind of actor.
    pub actor_kind: Option<String>,
    pub actor_id: Option<String>,
    pub verb: Option<String>,
    pub subject_kind: Option<String>,
    pub subject_id: Option<String>,
    /// Only entries about machines: activations, deactivations, names and files.
    pub is_about_machines: bool,
    pub at: TimeRange,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditSort {
    #[default]
    Newest,
    Oldest,
}

pub(crate) fn position(row: &AuditRow) -> Position {
    Position::of_id(row.id.uuid())
}
