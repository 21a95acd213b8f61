//! The state of the database and of what waits in it.

use latchkey_licensing::time::Timestamp;

use super::super::dialect::{self, Connection};
use crate::{
    error::Result,
    tables::operations::diagnostics::{DatabaseFacts, DatabaseRow, QueueRow, QueueStates},
};

pub(crate) async fn find_database_facts(conn: &mut Connection) -> Result<DatabaseFacts> {
    let row: DatabaseRow = sqlx::query_as(dialect::DATABASE_FACTS).fetch_one(conn).await?;
    Ok(row.into())
}

pub(crate) async fn find_queue_states(conn: &mut Connection) -> Result<QueueStates> {
    let sql = "SELECT (SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL AND kind <> 'decoy') AS mails,
                   (SELECT MIN(created_at) FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL AND kind <> 'decoy')
                       AS oldest_mail,
                   (SELECT COUNT(*) FROM outbox WHERE failed_at IS NOT NULL AND kind <> 'decoy') AS failed_mails,
                   (SELECT COUNT(*) FROM stripe_events WHERE state = 'waiting') AS events,
                   (SELECT MIN(received_at) FROM stripe_events WHERE state = 'waiting') AS oldest_event,
                   (SELECT COUNT(*) FROM stripe_events WHERE state = 'failed') AS failed_events,
                   (SELECT COUNT(*) FROM audit_unsealed) AS audits,
                   (SELECT MIN(audit_log.at) FROM audit_unsealed JOIN audit_log ON audit_log.id = audit_unsealed.audit_id)
                       AS oldest_audit";
    let row: QueueRow = sqlx::query_as(sql).fetch_one(conn).await?;
    Ok(row.into())
}

/// The versions of the provider's API in the newest events, and when each was last seen.
pub(crate) async fn list_api_versions(conn: &mut Connection, among: i64) -> Result<Vec<(Option<String>, Timestamp)>> {
    let sql = "SELECT api_version, MAX(received_at) FROM
                   (SELECT api_version, received_at FROM stripe_events ORDER BY received_at DESC, id DESC LIMIT $1) AS newest
               GROUP BY api_version ORDER BY MAX(received_at) DESC";
    let rows: Vec<(Option<String>, i64)> = sqlx::query_as(sql).bind(among).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(version, at)| (version, Timestamp::from_unix_micros(at))).collect())
}
