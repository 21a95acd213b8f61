//! Notes about records. They are only added.

use latchkey_licensing::ids::AccountId;

use super::super::dialect::Connection;
use crate::{error::Result, tables::support::notes::NoteRow};

pub(crate) async fn insert_note(conn: &mut Connection, note: &NoteRow) -> Result<()> {
    let sql = "INSERT INTO notes (id, subject_kind, subject_id, author_id, body, created_at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(sql)
        .bind(note.id.uuid())
        .bind(&note.subject_kind)
        .bind(&note.subject_id)
        .bind(note.author.map(AccountId::uuid))
        .bind(&note.body)
        .bind(note.created_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}
