//! Members of staff who see the portal as a customer does.

use latchkey_licensing::{
    account::Account,
    ids::{AccountId, SessionId},
    time::Timestamp,
};

use super::super::dialect::Connection;
use crate::{error::Result, tables::accounts::AccountRow};

pub(crate) async fn set_portal_view(
    conn: &mut Connection,
    session: SessionId,
    account: AccountId,
    expires_at: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO portal_views (session_id, account_id, expires_at) VALUES ($1, $2, $3)
               ON CONFLICT (session_id) DO UPDATE SET account_id = excluded.account_id,
                   expires_at = excluded.expires_at";
    let query = sqlx::query(sql).bind(session.uuid()).bind(account.uuid()).bind(expires_at.unix_micros());
    query.execute(conn).await?;
    Ok(())
}

pub(crate) async fn find_portal_view(
    conn: &mut Connection,
    session: SessionId,
    now: Timestamp,
) -> Result<Option<Account>> {
    let sql = "SELECT accounts.id, accounts.email, accounts.name, accounts.role, accounts.disabled_at,
                   accounts.created_at
               FROM portal_views JOIN accounts ON accounts.id = portal_views.account_id
               WHERE portal_views.session_id = $1 AND portal_views.expires_at > $2";
    let row: Option<AccountRow> =
        sqlx::query_as(sql).bind(session.uuid()).bind(now.unix_micros()).fetch_optional(conn).await?;
    row.map(TryInto::try_into).transpose()
}

pub(crate) async fn delete_portal_view(conn: &mut Connection, session: SessionId) -> Result<Option<AccountId>> {
    let sql = "DELETE FROM portal_views WHERE session_id = $1 RETURNING account_id";
    let account: Option<uuid::Uuid> = sqlx::query_scalar(sql).bind(session.uuid()).fetch_optional(conn).await?;
    Ok(account.map(Into::into))
}
