//! The period in which the server is known to have received heartbeats.

use latchkey_licensing::time::Timestamp;

use super::super::dialect::Connection;
use crate::error::Result;

pub(crate) async fn find_heartbeat_watch(conn: &mut Connection) -> Result<Option<(Timestamp, Timestamp)>> {
    let row: Option<(i64, i64)> =
        sqlx::query_as("SELECT seen_at, stale_after FROM heartbeat_watch").fetch_optional(conn).await?;
    Ok(row.map(|(seen, stale)| (Timestamp::from_unix_micros(seen), Timestamp::from_unix_micros(stale))))
}

pub(crate) async fn set_heartbeat_watch(
    conn: &mut Connection,
    seen_at: Timestamp,
    stale_after: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO heartbeat_watch (id, seen_at, stale_after) VALUES (1, $1, $2)
               ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, stale_after = excluded.stale_after";
    sqlx::query(sql).bind(seen_at.unix_micros()).bind(stale_after.unix_micros()).execute(conn).await?;
    Ok(())
}
