//! The audit log: appended to, never changed.

use latchkey_licensing::{ids::AuditId, time::Timestamp};
use uuid::Uuid;

use crate::tables::methods;

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// What kind of actor.
    pub actor_kind: String,
    /// Which actor.
    pub actor_id: Option<String>,
    /// What was done.
    pub verb: String,
    /// To what kind of record.
    pub subject_kind: String,
    /// To which record.
    pub subject_id: String,
    /// More, as a JSON object.
    pub detail: String,
}

#[derive(sqlx::FromRow)]
pub(crate) struct AuditColumns {
    id: Uuid,
    at: i64,
    actor_kind: String,
    actor_id: Option<String>,
    verb: String,
    subject_kind: String,
    subject_id: String,
    detail: String,
}

impl From<AuditColumns> for AuditRow {
    fn from(row: AuditColumns) -> Self {
        Self {
            id: row.id.into(),
            at: Timestamp::from_unix_micros(row.at),
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            verb: row.verb,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            detail: row.detail,
        }
    }
}

methods! {
    audit_log:
    read {
        /// The newest rows of the audit log about one subject, newest first.
        list_audit_of(subject_kind: &str, subject_id: &str, limit: i64) -> Vec<AuditRow>;
    }
    write {
        /// Appends to the audit log.
        insert_audits(rows: &[AuditRow]) -> ();
    }
}
