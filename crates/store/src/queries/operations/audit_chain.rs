//! The chain of authentication codes over the audit log. Triggers note the rows that wait for their entry.

use latchkey_licensing::ids::AuditId;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::super::{
    batch,
    dialect::{Connection, Db},
    expect::expect_one,
};
use crate::{
    error::Result,
    tables::operations::{
        audit_chain::{AuditHead, AuditLink, ChainedAudit, ChainedColumns, HeadColumns},
        audit_log::{AuditColumns, AuditRow},
    },
};

pub(crate) async fn get_audit_head(conn: &mut Connection) -> Result<AuditHead> {
    let row: HeadColumns = sqlx::query_as("SELECT position, mac FROM audit_head WHERE id = 1").fetch_one(conn).await?;
    row.try_into()
}

pub(crate) async fn lock_audit_head(conn: &mut Connection) -> Result<AuditHead> {
    // An update locks the row on both databases.
    let sql = "UPDATE audit_head SET position = position WHERE id = 1 RETURNING position, mac";
    let row: HeadColumns = sqlx::query_as(sql).fetch_one(conn).await?;
    row.try_into()
}

pub(crate) async fn has_unsealed_audits(conn: &mut Connection) -> Result<bool> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM audit_unsealed)").fetch_one(conn).await?)
}

pub(crate) async fn list_unsealed_audits(conn: &mut Connection, limit: i64) -> Result<Vec<AuditRow>> {
    let sql = "SELECT id, at, actor_kind, actor_id, network, verb, subject_kind, subject_id, detail FROM audit_unsealed
               JOIN audit_log ON audit_log.id = audit_unsealed.audit_id ORDER BY audit_unsealed.audit_id LIMIT $1";
    let rows: Vec<AuditColumns> = sqlx::query_as(sql).bind(limit).fetch_all(conn).await?;
    Ok(rows.into_iter().map(AuditRow::from).collect())
}

pub(crate) async fn append_audit_links(conn: &mut Connection, links: &[AuditLink]) -> Result<()> {
    let Some(last) = links.last() else { return Ok(()) };
    for links in links.chunks(batch::ROWS) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO audit_chain (position, audit_id, mac) ");
        query.push_values(links, |mut values, link| {
            values.push_bind(link.position).push_bind(link.audit_id.uuid()).push_bind(link.mac.as_slice());
        });
        query.build().execute(&mut *conn).await?;
        let mut query = QueryBuilder::<Db>::new("DELETE FROM audit_unsealed WHERE audit_id IN ");
        batch::push_ids(&mut query, links.iter().map(|link| link.audit_id.uuid()));
        query.build().execute(&mut *conn).await?;
    }
    let done = sqlx::query("UPDATE audit_head SET position = $1, mac = $2 WHERE id = 1")
        .bind(last.position)
        .bind(last.mac.as_slice())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "audit_head", 1)
}

pub(crate) async fn list_audit_chain(conn: &mut Connection, after: i64, limit: i64) -> Result<Vec<ChainedAudit>> {
    let sql =
        "SELECT position, audit_id, mac, at, actor_kind, actor_id, network, verb, subject_kind, subject_id, detail
               FROM audit_chain LEFT JOIN audit_log ON audit_log.id = audit_chain.audit_id
               WHERE position > $1 ORDER BY position LIMIT $2";
    let rows: Vec<ChainedColumns> = sqlx::query_as(sql).bind(after).bind(limit).fetch_all(conn).await?;
    rows.into_iter().map(ChainedAudit::try_from).collect()
}

pub(crate) async fn list_unchained_audits(conn: &mut Connection, limit: i64) -> Result<Vec<AuditId>> {
    let sql = "SELECT id FROM audit_log
               WHERE NOT EXISTS (SELECT 1 FROM audit_chain WHERE audit_id = audit_log.id)
                   AND NOT EXISTS (SELECT 1 FROM audit_unsealed WHERE audit_id = audit_log.id)
               ORDER BY id LIMIT $1";
    let ids: Vec<Uuid> = sqlx::query_scalar(sql).bind(limit).fetch_all(conn).await?;
    Ok(ids.into_iter().map(AuditId::from).collect())
}
