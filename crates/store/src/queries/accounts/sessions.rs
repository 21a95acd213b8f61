//! Sessions.

use latchkey_licensing::{
    account::Account,
    ids::{AccountId, SessionId},
    time::Timestamp,
};

use sqlx::QueryBuilder;

use super::super::{
    batch,
    dialect::{Connection, Db},
};
use crate::{
    error::Result,
    tables::accounts::sessions::{NewSession, SessionColumns, SessionRow, SessionWithAccountRow},
};

pub(crate) async fn insert_session(conn: &mut Connection, new: &NewSession<'_>) -> Result<()> {
    let sql =
        "INSERT INTO sessions (id, token_hash, account_id, assurance, agent, network, authenticated_at, last_seen_at,
                   expires_at, second_factor_at, may_enroll_until)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10)";
    sqlx::query(sql)
        .bind(new.id.uuid())
        .bind(new.token_hash.as_slice())
        .bind(new.account.uuid())
        .bind(if new.second_factor_at.is_some() { 2_i64 } else { 1 })
        .bind(new.agent)
        .bind(new.network)
        .bind(new.now.unix_micros())
        .bind(new.expires_at.unix_micros())
        .bind(new.second_factor_at.map(Timestamp::unix_micros))
        .bind(new.may_enroll_until.map(Timestamp::unix_micros))
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn find_session(conn: &mut Connection, token_hash: &[u8; 32]) -> Result<Option<SessionRow>> {
    let sql = "SELECT id, account_id, agent, network, authenticated_at, last_seen_at, expires_at, second_factor_at, may_enroll_until
               FROM sessions WHERE token_hash = $1";
    let row: Option<SessionColumns> = sqlx::query_as(sql).bind(token_hash.as_slice()).fetch_optional(conn).await?;
    Ok(row.map(SessionRow::from))
}

pub(crate) async fn find_session_with_account(
    conn: &mut Connection,
    token_hash: &[u8; 32],
) -> Result<Option<(SessionRow, Account)>> {
    let sql = "SELECT sessions.id, sessions.account_id, sessions.agent, sessions.network,
                   sessions.authenticated_at, sessions.last_seen_at, sessions.expires_at,
                   sessions.second_factor_at, sessions.may_enroll_until,
                   accounts.email, accounts.name, accounts.role, accounts.disabled_at, accounts.created_at
               FROM sessions JOIN accounts ON accounts.id = sessions.account_id WHERE sessions.token_hash = $1";
    let row: Option<SessionWithAccountRow> =
        sqlx::query_as(sql).bind(token_hash.as_slice()).fetch_optional(conn).await?;
    row.map(SessionWithAccountRow::split).transpose()
}

pub(crate) async fn list_sessions_of(conn: &mut Connection, account: AccountId) -> Result<Vec<SessionRow>> {
    let sql = "SELECT id, account_id, agent, network, authenticated_at, last_seen_at, expires_at, second_factor_at, may_enroll_until
               FROM sessions WHERE account_id = $1 ORDER BY last_seen_at DESC, id";
    let rows: Vec<SessionColumns> = sqlx::query_as(sql).bind(account.uuid()).fetch_all(conn).await?;
    Ok(rows.into_iter().map(SessionRow::from).collect())
}

pub(crate) async fn raise_session(
    conn: &mut Connection,
    id: SessionId,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE sessions SET token_hash = $2, assurance = 2, second_factor_at = $3, last_seen_at = $3,
                   may_enroll_until = NULL WHERE id = $1";
    let done =
        sqlx::query(sql).bind(id.uuid()).bind(token_hash.as_slice()).bind(now.unix_micros()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn delete_session(conn: &mut Connection, account: AccountId, id: SessionId) -> Result<bool> {
    let sql = "DELETE FROM sessions WHERE account_id = $1 AND id = $2";
    Ok(sqlx::query(sql).bind(account.uuid()).bind(id.uuid()).execute(conn).await?.rows_affected() == 1)
}

pub(crate) async fn delete_sessions_of(conn: &mut Connection, account: AccountId) -> Result<u64> {
    let sql = "DELETE FROM sessions WHERE account_id = $1";
    Ok(sqlx::query(sql).bind(account.uuid()).execute(conn).await?.rows_affected())
}

pub(crate) async fn delete_sessions_before(conn: &mut Connection, instant: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM sessions WHERE expires_at < $1";
    Ok(sqlx::query(sql).bind(instant.unix_micros()).execute(conn).await?.rows_affected())
}

pub(crate) async fn note_sessions_seen(conn: &mut Connection, seen: &[(SessionId, Timestamp)]) -> Result<()> {
    for batch in seen.chunks(batch::ROWS) {
        let mut query = QueryBuilder::<Db>::new("UPDATE sessions SET last_seen_at = noted.column2 FROM (");
        query.push_values(batch, |mut row, (id, at)| {
            row.push_bind(id.uuid()).push_bind(at.unix_micros());
        });
        query.push(") AS noted WHERE sessions.id = noted.column1 AND sessions.last_seen_at < noted.column2");
        query.build().persistent(false).execute(&mut *conn).await?;
    }
    Ok(())
}
