//! Changes of e-mail addresses. Each step that must happen once is a single conditional update.

use latchkey_licensing::{
    ids::{AccountId, EmailChangeId},
    time::Timestamp,
};

use super::super::dialect::Connection;
use crate::{
    error::Result,
    tables::accounts::email_changes::{EmailChangeColumns, EmailChangeRow, EmailChangeSide},
};

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, account_id, old_email, new_email, old_token_hash, new_token_hash, old_confirmed_at,
                 new_confirmed_at, created_at, expires_at, done_at, canceled_at
             FROM email_changes WHERE ",
            $condition
        )
    };
}

pub(crate) async fn insert_email_change(conn: &mut Connection, change: &EmailChangeRow) -> Result<()> {
    let sql = "INSERT INTO email_changes (id, account_id, old_email, new_email, old_token_hash, new_token_hash,
                   created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(sql)
        .bind(change.id.uuid())
        .bind(change.account.uuid())
        .bind(change.old_email.as_str())
        .bind(change.new_email.as_str())
        .bind(change.old_token_hash.as_slice())
        .bind(change.new_token_hash.as_slice())
        .bind(change.created_at.unix_micros())
        .bind(change.expires_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn find_email_change(
    conn: &mut Connection,
    token_hash: &[u8; 32],
) -> Result<Option<(EmailChangeRow, EmailChangeSide)>> {
    let sql = select!("old_token_hash = $1 OR new_token_hash = $1");
    let row: Option<EmailChangeColumns> = sqlx::query_as(sql).bind(token_hash.as_slice()).fetch_optional(conn).await?;
    let Some(row) = row.map(EmailChangeRow::try_from).transpose()? else {
        return Ok(None);
    };
    let side = if row.old_token_hash == *token_hash { EmailChangeSide::Old } else { EmailChangeSide::New };
    Ok(Some((row, side)))
}

pub(crate) async fn find_open_email_change(
    conn: &mut Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<Option<EmailChangeRow>> {
    let sql = select!("account_id = $1 AND done_at IS NULL AND canceled_at IS NULL AND expires_at > $2");
    let row: Option<EmailChangeColumns> =
        sqlx::query_as(sql).bind(account.uuid()).bind(now.unix_micros()).fetch_optional(conn).await?;
    row.map(EmailChangeRow::try_from).transpose()
}

pub(crate) async fn confirm_email_change(
    conn: &mut Connection,
    id: EmailChangeId,
    side: EmailChangeSide,
    now: Timestamp,
) -> Result<bool> {
    let sql = match side {
        EmailChangeSide::Old => {
            "UPDATE email_changes SET old_confirmed_at = $2
             WHERE id = $1 AND old_confirmed_at IS NULL AND done_at IS NULL AND canceled_at IS NULL AND expires_at > $2"
        }
        EmailChangeSide::New => {
            "UPDATE email_changes SET new_confirmed_at = $2
             WHERE id = $1 AND new_confirmed_at IS NULL AND done_at IS NULL AND canceled_at IS NULL AND expires_at > $2"
        }
    };
    let done = sqlx::query(sql).bind(id.uuid()).bind(now.unix_micros()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn finish_email_change(conn: &mut Connection, id: EmailChangeId, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE email_changes SET done_at = $2
               WHERE id = $1 AND old_confirmed_at IS NOT NULL AND new_confirmed_at IS NOT NULL
                 AND done_at IS NULL AND canceled_at IS NULL AND expires_at > $2";
    let done = sqlx::query(sql).bind(id.uuid()).bind(now.unix_micros()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn cancel_email_change_of(conn: &mut Connection, account: AccountId, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE email_changes SET canceled_at = $2
               WHERE account_id = $1 AND done_at IS NULL AND canceled_at IS NULL";
    let done = sqlx::query(sql).bind(account.uuid()).bind(now.unix_micros()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn delete_email_changes_of(conn: &mut Connection, account: AccountId) -> Result<u64> {
    let sql = "DELETE FROM email_changes WHERE account_id = $1";
    Ok(sqlx::query(sql).bind(account.uuid()).execute(conn).await?.rows_affected())
}

pub(crate) async fn delete_email_changes_before(conn: &mut Connection, instant: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM email_changes WHERE expires_at < $1";
    Ok(sqlx::query(sql).bind(instant.unix_micros()).execute(conn).await?.rows_affected())
}
