//! The append-only audit log, written in the same transaction as the change.

use sqlx::QueryBuilder;

use super::super::{
    batch,
    dialect::{Connection, Db},
};
use crate::{
    error::Result,
    tables::operations::audit_log::{AuditColumns, AuditRow},
};

pub(crate) async fn insert_audits(conn: &mut Connection, rows: &[AuditRow]) -> Result<()> {
    let sql = "INSERT INTO audit_log (id, at, actor_kind, actor_id, network, verb, subject_kind, subject_id, detail) ";
    // Each row has nine values, and SQLite allows 32,766 in a statement.
    for rows in rows.chunks(1_000) {
        let mut query = QueryBuilder::<Db>::new(sql);
        query.push_values(rows, |mut values, row| {
            values
                .push_bind(row.id.uuid())
                .push_bind(row.at.unix_micros())
                .push_bind(&row.actor_kind)
                .push_bind(row.actor_id.as_deref())
                .push_bind(row.network.as_deref())
                .push_bind(&row.verb)
                .push_bind(&row.subject_kind)
                .push_bind(&row.subject_id)
                .push_bind(&row.detail);
        });
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

pub(crate) async fn list_audit_of(
    conn: &mut Connection,
    subject_kind: &str,
    subject_id: &str,
    limit: i64,
) -> Result<Vec<AuditRow>> {
    let sql = "SELECT id, at, actor_kind, actor_id, network, verb, subject_kind, subject_id, detail FROM audit_log
               WHERE subject_kind = $1 AND subject_id = $2 ORDER BY id DESC LIMIT $3";
    let rows: Vec<AuditColumns> =
        sqlx::query_as(sql).bind(subject_kind).bind(subject_id).bind(limit).fetch_all(conn).await?;
    Ok(rows.into_iter().map(AuditRow::from).collect())
}

/// The newest rows about each of a few subjects, the newest first. The limit is that of each subject, so that the rows read are
/// bounded by the number of subjects.
pub(crate) async fn list_newest_audit_of(
    conn: &mut Connection,
    subject_kind: &str,
    subject_ids: &[String],
    limit: i64,
) -> Result<Vec<AuditRow>> {
    if subject_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<Db>::new("");
    for (at, subject_id) in subject_ids.iter().enumerate() {
        query.push(if at == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
        query.push(
            "SELECT id, at, actor_kind, actor_id, network, verb, subject_kind, subject_id, detail FROM audit_log
             WHERE subject_kind = ",
        );
        query.push_bind(subject_kind).push(" AND subject_id = ").push_bind(subject_id.as_str());
        query.push(" ORDER BY id DESC LIMIT ").push_bind(limit).push(") AS newest");
    }
    query.push(" ORDER BY id DESC");
    let rows: Vec<AuditColumns> = query.build_query_as().fetch_all(conn).await?;
    Ok(rows.into_iter().map(AuditRow::from).collect())
}

pub(crate) async fn list_audited(
    conn: &mut Connection,
    subject_kind: &str,
    verb: &str,
    subject_ids: &[String],
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for ids in subject_ids.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new("SELECT DISTINCT subject_id FROM audit_log WHERE subject_kind = ");
        query.push_bind(subject_kind).push(" AND verb = ").push_bind(verb).push(" AND subject_id IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.as_str());
        }
        query.push(")");
        found.extend(query.build_query_scalar::<String>().persistent(false).fetch_all(&mut *conn).await?);
    }
    Ok(found)
}
