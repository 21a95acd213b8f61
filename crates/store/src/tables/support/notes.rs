//! Notes about records.

use latchkey_licensing::{
    ids::{AccountId, NoteId},
    time::Timestamp,
};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteRow {
    pub id: NoteId,
    /// The kind of record that it is about, as in the audit log.
    pub subject_kind: String,
    pub subject_id: String,
    /// `None` if it was written by a command on the host.
    pub author: Option<AccountId>,
    pub body: String,
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
pub(crate) struct NoteColumns {
    id: Uuid,
    subject_kind: String,
    subject_id: String,
    author_id: Option<Uuid>,
    body: String,
    created_at: i64,
}

impl From<NoteColumns> for NoteRow {
    fn from(row: NoteColumns) -> Self {
        Self {
            id: row.id.into(),
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            author: row.author_id.map(AccountId::from),
            body: row.body,
            created_at: Timestamp::from_unix_micros(row.created_at),
        }
    }
}
