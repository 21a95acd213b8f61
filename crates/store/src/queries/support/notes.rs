//! Notes about records. They are only added, and erased with the account of the person.

use latchkey_licensing::ids::AccountId;
use sqlx::QueryBuilder;

use super::super::{
    batch,
    dialect::{Connection, Db},
};
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

pub(crate) async fn delete_notes_about(
    conn: &mut Connection,
    subject_kind: &str,
    subject_ids: &[String],
) -> Result<u64> {
    let mut deleted = 0;
    for ids in subject_ids.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new("DELETE FROM notes WHERE subject_kind = ");
        query.push_bind(subject_kind.to_owned()).push(" AND subject_id IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.clone());
        }
        query.push(")");
        deleted += query.build().persistent(false).execute(&mut *conn).await?.rows_affected();
    }
    Ok(deleted)
}
