//! The last completed reconciliation of the provider's events with those that were received.

use latchkey_licensing::time::Timestamp;

use super::super::dialect::Connection;
use crate::error::Result;

pub(crate) async fn find_reconciliation_start(conn: &mut Connection, is_live: bool) -> Result<Option<Timestamp>> {
    let sql = "SELECT started_at FROM stripe_sync WHERE is_live = $1";
    let started_at: Option<i64> = sqlx::query_scalar(sql).bind(is_live).fetch_optional(conn).await?;
    Ok(started_at.map(Timestamp::from_unix_micros))
}

/// Never moves back, because another process may have been faster.
pub(crate) async fn set_reconciled(
    conn: &mut Connection,
    is_live: bool,
    started_at: Timestamp,
    finished_at: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO stripe_sync (is_live, started_at, finished_at) VALUES ($1, $2, $3)
               ON CONFLICT (is_live) DO UPDATE SET started_at = excluded.started_at, finished_at = excluded.finished_at
               WHERE stripe_sync.started_at < excluded.started_at";
    sqlx::query(sql).bind(is_live).bind(started_at.unix_micros()).bind(finished_at.unix_micros()).execute(conn).await?;
    Ok(())
}
