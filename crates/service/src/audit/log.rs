//! The audit log: one row for each change, in the change's own transaction.

use latchkey_licensing::{ids::AuditId, time::Timestamp};
use latchkey_store::{AuditRow, Tx};

use crate::{
    audit::{
        actor::Actor,
        event::{AuditEvent, StoredEvent},
    },
    error::Internal,
    service::{Service, resources::Resources},
};

/// A line of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened, and to what.
    pub event: AuditEvent,
}

impl AuditEntry {
    /// Reads a row.
    pub(crate) fn read(row: AuditRow) -> Result<Self, Internal> {
        let actor = Actor::read(&row.actor_kind, row.actor_id.as_deref());
        let AuditRow { verb, subject_kind, subject_id, detail, .. } = row;
        Ok(Self {
            at: row.at,
            actor: actor.ok_or(Internal::Broken("a row of the audit log names no actor"))?,
            event: AuditEvent::read(StoredEvent { verb, subject_kind, subject_id, detail }),
        })
    }

    /// Reads rows.
    pub(crate) fn read_all(rows: Vec<AuditRow>) -> Result<Vec<Self>, Internal> {
        rows.into_iter().map(Self::read).collect()
    }
}

impl Resources {
    /// Writes down what happened.
    pub(crate) async fn record(
        &self,
        tx: &mut Tx,
        now: Timestamp,
        actor: Actor,
        event: AuditEvent,
    ) -> Result<(), Internal> {
        let row = self.audit_row(now, actor, &event)?;
        Ok(tx.insert_audits(&[row]).await?)
    }

    /// The row to write for an event, where many are written at once.
    pub(crate) fn audit_row(&self, now: Timestamp, actor: Actor, event: &AuditEvent) -> Result<AuditRow, Internal> {
        let StoredEvent { verb, subject_kind, subject_id, detail } = event.stored();
        Ok(AuditRow {
            id: AuditId::new(now, self.random()?),
            at: now,
            actor_kind: actor.kind().to_owned(),
            actor_id: actor.id(),
            verb,
            subject_kind,
            subject_id,
            detail,
        })
    }
}

impl Service {
    /// Writes down what happened.
    pub(crate) async fn record(
        &self,
        tx: &mut Tx,
        now: Timestamp,
        actor: Actor,
        event: AuditEvent,
    ) -> Result<(), Internal> {
        self.0.record(tx, now, actor, event).await
    }

    /// The row to write for an event, where many are written at once.
    pub(crate) fn audit_row(&self, now: Timestamp, actor: Actor, event: &AuditEvent) -> Result<AuditRow, Internal> {
        self.0.audit_row(now, actor, event)
    }
}
