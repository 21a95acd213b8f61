//! The browsers in which accounts were signed in.

use latchkey_licensing::{ids::AccountId, time::Timestamp};

use super::super::dialect::Connection;
use crate::error::Result;

pub(crate) async fn count_known_browsers(conn: &mut Connection, account: AccountId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM known_browsers WHERE account_id = $1";
    Ok(sqlx::query_scalar(sql).bind(account.uuid()).fetch_one(conn).await?)
}

pub(crate) async fn note_browser(
    conn: &mut Connection,
    account: AccountId,
    browser_hash: &[u8; 32],
    now: Timestamp,
) -> Result<bool> {
    let update = "UPDATE known_browsers SET seen_at = $3 WHERE account_id = $1 AND browser_hash = $2";
    let insert = "INSERT INTO known_browsers (account_id, browser_hash, seen_at) VALUES ($1, $2, $3)
                  ON CONFLICT (account_id, browser_hash) DO NOTHING";
    for (sql, is_new) in [(update, false), (insert, true)] {
        let query = sqlx::query(sql).bind(account.uuid()).bind(browser_hash.as_slice()).bind(now.unix_micros());
        if query.execute(&mut *conn).await?.rows_affected() == 1 {
            return Ok(is_new);
        }
    }
    // Another sign-in noted it in the meantime.
    Ok(false)
}

pub(crate) async fn delete_known_browsers_of(conn: &mut Connection, account: AccountId) -> Result<u64> {
    let sql = "DELETE FROM known_browsers WHERE account_id = $1";
    Ok(sqlx::query(sql).bind(account.uuid()).execute(conn).await?.rows_affected())
}

pub(crate) async fn delete_known_browsers_before(conn: &mut Connection, instant: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM known_browsers WHERE seen_at < $1";
    Ok(sqlx::query(sql).bind(instant.unix_micros()).execute(conn).await?.rows_affected())
}
