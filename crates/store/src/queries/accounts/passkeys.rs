//! Passkeys.

use latchkey_licensing::{
    ids::{AccountId, PasskeyId},
    time::Timestamp,
};

use super::super::dialect::Connection;
use crate::{
    error::Result,
    tables::accounts::passkeys::{PasskeyColumns, PasskeyRow},
};

pub(crate) async fn insert_passkey(conn: &mut Connection, passkey: &PasskeyRow) -> Result<()> {
    let sql =
        "INSERT INTO passkeys (id, account_id, credential_id, credential, sign_count, name, created_at, last_used_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(sql)
        .bind(passkey.id.uuid())
        .bind(passkey.account.uuid())
        .bind(passkey.credential_id.as_slice())
        .bind(passkey.credential.as_str())
        .bind(i64::from(passkey.sign_count))
        .bind(passkey.name.as_str())
        .bind(passkey.created_at.unix_micros())
        .bind(passkey.last_used_at.map(Timestamp::unix_micros))
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn list_passkeys_of(conn: &mut Connection, account: AccountId) -> Result<Vec<PasskeyRow>> {
    let sql = "SELECT id, account_id, credential_id, credential, sign_count, name, created_at, last_used_at
               FROM passkeys WHERE account_id = $1 ORDER BY id";
    let rows: Vec<PasskeyColumns> = sqlx::query_as(sql).bind(account.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(PasskeyRow::try_from).collect()
}

pub(crate) async fn find_passkey(conn: &mut Connection, credential_id: &[u8]) -> Result<Option<PasskeyRow>> {
    let sql = "SELECT id, account_id, credential_id, credential, sign_count, name, created_at, last_used_at
               FROM passkeys WHERE credential_id = $1";
    let row: Option<PasskeyColumns> = sqlx::query_as(sql).bind(credential_id).fetch_optional(conn).await?;
    row.map(PasskeyRow::try_from).transpose()
}

pub(crate) async fn note_passkey_used(
    conn: &mut Connection,
    id: PasskeyId,
    credential: &str,
    sign_count: u32,
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE passkeys SET credential = $2, sign_count = $3, last_used_at = $4
               WHERE id = $1 AND (sign_count < $3 OR (sign_count = 0 AND $3 = 0))";
    let done = sqlx::query(sql)
        .bind(id.uuid())
        .bind(credential)
        .bind(i64::from(sign_count))
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn set_passkey_name(
    conn: &mut Connection,
    account: AccountId,
    id: PasskeyId,
    name: &str,
) -> Result<bool> {
    let sql = "UPDATE passkeys SET name = $3 WHERE account_id = $1 AND id = $2";
    let done = sqlx::query(sql).bind(account.uuid()).bind(id.uuid()).bind(name).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn delete_passkey(conn: &mut Connection, account: AccountId, id: PasskeyId) -> Result<bool> {
    let sql = "DELETE FROM passkeys WHERE account_id = $1 AND id = $2";
    Ok(sqlx::query(sql).bind(account.uuid()).bind(id.uuid()).execute(conn).await?.rows_affected() == 1)
}

pub(crate) async fn delete_passkeys_of(conn: &mut Connection, account: AccountId) -> Result<u64> {
    let sql = "DELETE FROM passkeys WHERE account_id = $1";
    Ok(sqlx::query(sql).bind(account.uuid()).execute(conn).await?.rows_affected())
}
