//! Until when the provider's events have been compared with those that were received.

use latchkey_licensing::time::Timestamp;

use super::super::dialect::Connection;
use crate::error::Result;

pub(crate) async fn find_synced_until(conn: &mut Connection, is_live: bool) -> Result<Option<Timestamp>> {
    let sql = "SELECT synced_until FROM stripe_sync WHERE is_live = $1";
    let until: Option<i64> = sqlx::query_scalar(sql).bind(is_live).fetch_optional(conn).await?;
    Ok(until.map(Timestamp::from_unix_micros))
}

/// Never moves back, because another process may have been faster.
pub(crate) async fn set_synced_until(
    conn: &mut Connection,
    is_live: bool,
    until: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO stripe_sync (is_live, synced_until, finished_at) VALUES ($1, $2, $3)
               ON CONFLICT (is_live) DO UPDATE SET synced_until = excluded.synced_until, finished_at = excluded.finished_at
               WHERE stripe_sync.synced_until < excluded.synced_until";
    sqlx::query(sql).bind(is_live).bind(until.unix_micros()).bind(now.unix_micros()).execute(conn).await?;
    Ok(())
}
