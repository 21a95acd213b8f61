//! Recovery codes.

use latchkey_licensing::{ids::AccountId, time::Timestamp};
use sqlx::QueryBuilder;

use super::super::dialect::{Connection, Db};
use crate::error::Result;

pub(crate) async fn insert_recovery_codes(
    conn: &mut Connection,
    account: AccountId,
    hashes: &[[u8; 32]],
    now: Timestamp,
) -> Result<()> {
    let mut query = QueryBuilder::<Db>::new("INSERT INTO recovery_codes (code_hash, account_id, created_at) ");
    query.push_values(hashes, |mut row, hash| {
        row.push_bind(hash.to_vec()).push_bind(account.uuid()).push_bind(now.unix_micros());
    });
    query.build().execute(conn).await?;
    Ok(())
}

pub(crate) async fn count_recovery_codes(conn: &mut Connection, account: AccountId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1 AND used_at IS NULL";
    Ok(sqlx::query_scalar(sql).bind(account.uuid()).fetch_one(conn).await?)
}

pub(crate) async fn use_recovery_code(
    conn: &mut Connection,
    account: AccountId,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE recovery_codes SET used_at = $3 WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL";
    let done =
        sqlx::query(sql).bind(account.uuid()).bind(hash.as_slice()).bind(now.unix_micros()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn delete_recovery_codes_of(conn: &mut Connection, account: AccountId) -> Result<u64> {
    let sql = "DELETE FROM recovery_codes WHERE account_id = $1";
    Ok(sqlx::query(sql).bind(account.uuid()).execute(conn).await?.rows_affected())
}
