//! The append-only audit log.

use latchkey_licensing::{ids::AuditId, time::Timestamp};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    pub id: AuditId,
    pub at: Timestamp,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    /// The network that a person acted from, without the host part.
    pub network: Option<String>,
    pub verb: String,
    /// The kind of record that was changed.
    pub subject_kind: String,
    pub subject_id: String,
    /// Details, as a JSON object.
    pub detail: String,
}

#[derive(sqlx::FromRow)]
pub(crate) struct AuditColumns {
    id: Uuid,
    at: i64,
    actor_kind: String,
    actor_id: Option<String>,
    network: Option<String>,
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
            network: row.network,
            verb: row.verb,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            detail: row.detail,
        }
    }
}
