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
    let sql = "INSERT INTO sessions (id, token_hash, account_id, assurance, agent, network, authenticated_at, last_seen_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)";
    sqlx::query(sql)
        .bind(new.id.uuid())
        .bind(new.token_hash.as_slice())
        .bind(new.account.uuid())
        .bind(i64::from(new.assurance))
        .bind(new.agent)
        .bind(new.network)
        .bind(new.now.unix_micros())
        .bind(new.expires_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn find_session(conn: &mut Connection, token_hash: &[u8; 32]) -> Result<Option<SessionRow>> {
    let sql = "SELECT id, account_id, assurance, agent, network, authenticated_at, last_seen_at, expires_at
               FROM sessions WHERE token_hash = $1";
    let row: Option<SessionColumns> = sqlx::query_as(sql).bind(token_hash.as_slice()).fetch_optional(conn).await?;
    row.map(SessionRow::try_from).transpose()
}

pub(crate) async fn find_session_with_account(
    conn: &mut Connection,
    token_hash: &[u8; 32],
) -> Result<Option<(SessionRow, Account)>> {
    let sql = "SELECT sessions.id, sessions.account_id, sessions.assurance, sessions.agent, sessions.network,
                   sessions.authenticated_at, sessions.last_seen_at, sessions.expires_at,
                   accounts.email, accounts.name, accounts.role, accounts.disabled_at, accounts.created_at
               FROM sessions JOIN accounts ON accounts.id = sessions.account_id WHERE sessions.token_hash = $1";
    let row: Option<SessionWithAccountRow> =
        sqlx::query_as(sql).bind(token_hash.as_slice()).fetch_optional(conn).await?;
    row.map(SessionWithAccountRow::split).transpose()
}

pub(crate) async fn list_sessions_of(conn: &mut Connection, account: AccountId) -> Result<Vec<SessionRow>> {
    let sql = "SELECT id, account_id, assurance, agent, network, authenticated_at, last_seen_at, expires_at
               FROM sessions WHERE account_id = $1 ORDER BY last_seen_at DESC, id";
    let rows: Vec<SessionColumns> = sqlx::query_as(sql).bind(account.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(SessionRow::try_from).collect()
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
