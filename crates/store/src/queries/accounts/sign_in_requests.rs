//! Sign-in requests. Each step that must happen once is a single conditional update.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, SignInRequestId},
    time::Timestamp,
};

use super::super::dialect::{self, Connection};
use crate::{
    error::Result,
    tables::accounts::sign_in_requests::{NewSignInRequest, SignInRequestRow, StoredSignInRequest},
};

pub(crate) async fn insert_sign_in_request(conn: &mut Connection, new: &NewSignInRequest<'_>) -> Result<()> {
    let sql =
        "INSERT INTO sign_in_requests (id, kind, account_id, email, token_hash, code_hash, browser_hash, next_path,
                   tries, created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)";
    sqlx::query(sql)
        .bind(new.id.uuid())
        .bind(new.kind.as_str())
        .bind(new.account.map(AccountId::uuid))
        .bind(new.email.as_str())
        .bind(new.token_hash.as_slice())
        .bind(new.code_hash.as_ref().map(<[u8; 32]>::as_slice))
        .bind(new.browser_hash.as_ref().map(<[u8; 32]>::as_slice))
        .bind(new.next_path)
        .bind(new.created_at.unix_micros())
        .bind(new.expires_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn supersede_sign_in_request(
    conn: &mut Connection,
    browser_hash: &[u8; 32],
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE sign_in_requests SET superseded_at = $2
               WHERE browser_hash = $1 AND used_at IS NULL AND superseded_at IS NULL";
    sqlx::query(sql).bind(browser_hash.as_slice()).bind(now.unix_micros()).execute(conn).await?;
    Ok(())
}

/// Called before anything is changed. Rows are locked in a fixed order, so that two confirmations cannot deadlock.
pub(crate) async fn lock_sign_in_requests_of(conn: &mut Connection, email: &str, now: Timestamp) -> Result<()> {
    sqlx::query(dialect::LOCK_SIGN_IN_REQUESTS).bind(email).bind(now.unix_micros()).fetch_all(conn).await?;
    Ok(())
}

/// Called after one of the requests has succeeded.
pub(crate) async fn supersede_sign_in_requests_of(conn: &mut Connection, email: &str, now: Timestamp) -> Result<()> {
    let sql = "UPDATE sign_in_requests SET superseded_at = $2
               WHERE email = $1 AND used_at IS NULL AND superseded_at IS NULL AND expires_at > $2";
    sqlx::query(sql).bind(email).bind(now.unix_micros()).execute(conn).await?;
    Ok(())
}

/// The columns of [`SignInRequestRow`].
macro_rules! columns {
    () => {
        "id, kind, account_id, email, token_hash, code_hash, browser_hash, next_path, created_at, expires_at, used_at,
                   superseded_at"
    };
}

pub(crate) async fn find_sign_in_request_of_browser(
    conn: &mut Connection,
    browser_hash: &[u8; 32],
) -> Result<Option<StoredSignInRequest>> {
    let sql = concat!("SELECT ", columns!(), " FROM sign_in_requests WHERE browser_hash = $1");
    let row: Option<SignInRequestRow> = sqlx::query_as(sql).bind(browser_hash.as_slice()).fetch_optional(conn).await?;
    row.map(StoredSignInRequest::try_from).transpose()
}

pub(crate) async fn find_sign_in_request_by_token(
    conn: &mut Connection,
    token_hash: &[u8; 32],
) -> Result<Option<StoredSignInRequest>> {
    let sql = concat!("SELECT ", columns!(), " FROM sign_in_requests WHERE token_hash = $1");
    let row: Option<SignInRequestRow> = sqlx::query_as(sql).bind(token_hash.as_slice()).fetch_optional(conn).await?;
    row.map(StoredSignInRequest::try_from).transpose()
}

/// The attempt is counted before the code is compared. Attempts after the end count as well: only with the right code may
/// the browser learn that it came too late.
pub(crate) async fn count_sign_in_attempt(
    conn: &mut Connection,
    browser_hash: &[u8; 32],
) -> Result<Option<StoredSignInRequest>> {
    let sql = concat!(
        "UPDATE sign_in_requests SET tries = tries + 1
               WHERE browser_hash = $1 AND tries < 5 AND used_at IS NULL AND superseded_at IS NULL
               RETURNING ",
        columns!()
    );
    let row: Option<SignInRequestRow> = sqlx::query_as(sql).bind(browser_hash.as_slice()).fetch_optional(conn).await?;
    row.map(StoredSignInRequest::try_from).transpose()
}

/// Only shortens: the request never lasts longer than it could from the moment of asking.
pub(crate) async fn set_sign_in_request_end(
    conn: &mut Connection,
    id: SignInRequestId,
    expires_at: Timestamp,
) -> Result<()> {
    let sql = "UPDATE sign_in_requests SET expires_at = CASE WHEN expires_at < $2 THEN expires_at ELSE $2 END
               WHERE id = $1";
    sqlx::query(sql).bind(id.uuid()).bind(expires_at.unix_micros()).execute(conn).await?;
    Ok(())
}

pub(crate) async fn use_sign_in_request(conn: &mut Connection, id: SignInRequestId, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE sign_in_requests SET used_at = $2
               WHERE id = $1 AND used_at IS NULL AND superseded_at IS NULL AND expires_at > $2";
    let done = sqlx::query(sql).bind(id.uuid()).bind(now.unix_micros()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn delete_sign_in_requests_of(
    conn: &mut Connection,
    account: AccountId,
    email: &EmailAddress,
) -> Result<u64> {
    let sql = "DELETE FROM sign_in_requests WHERE account_id = $1 OR email = $2";
    Ok(sqlx::query(sql).bind(account.uuid()).bind(email.as_str()).execute(conn).await?.rows_affected())
}

pub(crate) async fn delete_sign_in_requests_before(conn: &mut Connection, instant: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM sign_in_requests WHERE expires_at < $1";
    Ok(sqlx::query(sql).bind(instant.unix_micros()).execute(conn).await?.rows_affected())
}
