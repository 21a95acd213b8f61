//! Ceremonies of passkeys. Each can be finished once.

use latchkey_licensing::{
    ids::{AccountId, SessionId},
    time::Timestamp,
};

use super::super::dialect::Connection;
use crate::{
    error::Result,
    tables::accounts::passkeys::{CeremonyBinding, NewCeremony},
};

pub(crate) async fn insert_ceremony(conn: &mut Connection, new: &NewCeremony<'_>) -> Result<()> {
    let (account, session) = new.binding.session().unzip();
    let sql = "INSERT INTO passkey_ceremonies (id, purpose, account_id, session_id, browser_hash, state, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (session_id, purpose) DO UPDATE SET id = excluded.id, account_id = excluded.account_id,
                   state = excluded.state, expires_at = excluded.expires_at";
    sqlx::query(sql)
        .bind(new.id.uuid())
        .bind(new.binding.purpose())
        .bind(account.map(AccountId::uuid))
        .bind(session.map(SessionId::uuid))
        .bind(new.binding.browser().map(<[u8; 32]>::as_slice))
        .bind(new.state)
        .bind(new.expires_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn take_ceremony(
    conn: &mut Connection,
    binding: CeremonyBinding,
    now: Timestamp,
) -> Result<Option<String>> {
    let taken: Option<(String, i64)> = if let Some((account, session)) = binding.session() {
        let sql = "DELETE FROM passkey_ceremonies WHERE session_id = $1 AND account_id = $2 AND purpose = $3
                   RETURNING state, expires_at";
        let query = sqlx::query_as(sql).bind(session.uuid()).bind(account.uuid()).bind(binding.purpose());
        query.fetch_optional(conn).await?
    } else {
        let sql = "DELETE FROM passkey_ceremonies WHERE browser_hash = $1 RETURNING state, expires_at";
        let query = sqlx::query_as(sql).bind(binding.browser().map(<[u8; 32]>::as_slice));
        query.fetch_optional(conn).await?
    };
    Ok(taken.filter(|(_, expires_at)| now.unix_micros() < *expires_at).map(|(state, _)| state))
}

pub(crate) async fn delete_ceremonies_of(conn: &mut Connection, account: AccountId) -> Result<u64> {
    let sql = "DELETE FROM passkey_ceremonies WHERE account_id = $1";
    Ok(sqlx::query(sql).bind(account.uuid()).execute(conn).await?.rows_affected())
}

pub(crate) async fn delete_ceremonies_before(conn: &mut Connection, instant: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM passkey_ceremonies WHERE expires_at < $1";
    Ok(sqlx::query(sql).bind(instant.unix_micros()).execute(conn).await?.rows_affected())
}
