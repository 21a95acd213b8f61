//! The rows of the audit log. Each change has one, which is written in the same transaction.

use latchkey_licensing::{ids::AuditId, time::Timestamp};
use latchkey_store::AuditRow;

use crate::{
    audit::{
        actor::Actor,
        event::{AuditEvent, StoredEvent},
    },
    error::Internal,
};

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened, and to which record.
    pub event: AuditEvent,
}

impl AuditEntry {
    /// Parses a row. An unknown event is kept as such; an unknown actor is an error.
    pub(crate) fn read(row: AuditRow) -> Result<Self, Internal> {
        let actor = Actor::read(&row.actor_kind, row.actor_id.as_deref());
        let AuditRow { verb, subject_kind, subject_id, detail, .. } = row;
        Ok(Self {
            at: row.at,
            actor: actor.ok_or(Internal::Invariant("a row of the audit log names no actor"))?,
            event: AuditEvent::read(StoredEvent { verb, subject_kind, subject_id, detail }),
        })
    }

    /// Parses rows.
    pub(crate) fn read_all(rows: Vec<AuditRow>) -> Result<Vec<Self>, Internal> {
        rows.into_iter().map(Self::read).collect()
    }
}

/// The row that records an event.
pub(crate) fn audit_row(id: AuditId, at: Timestamp, actor: Actor, event: &AuditEvent) -> AuditRow {
    let StoredEvent { verb, subject_kind, subject_id, detail } = event.stored();
    AuditRow {
        id,
        at,
        actor_kind: actor.kind().to_owned(),
        actor_id: actor.id(),
        network: None,
        verb,
        subject_kind,
        subject_id,
        detail,
    }
}
