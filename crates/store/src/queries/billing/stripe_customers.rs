//! The provider's customers and the accounts that they belong to.

use latchkey_licensing::{ids::AccountId, time::Timestamp};
use uuid::Uuid;

use super::super::dialect::Connection;
use crate::error::Result;

pub(crate) async fn insert_stripe_customer(
    conn: &mut Connection,
    id: &str,
    account: AccountId,
    is_live: bool,
    now: Timestamp,
) -> Result<bool> {
    let sql = "INSERT INTO stripe_customers (id, account_id, is_live, created_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT DO NOTHING";
    let done =
        sqlx::query(sql).bind(id).bind(account.uuid()).bind(is_live).bind(now.unix_micros()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn find_account_of_stripe_customer(conn: &mut Connection, id: &str) -> Result<Option<AccountId>> {
    let sql = "SELECT account_id FROM stripe_customers WHERE id = $1";
    let account: Option<Uuid> = sqlx::query_scalar(sql).bind(id).fetch_optional(conn).await?;
    Ok(account.map(AccountId::from))
}

pub(crate) async fn list_stripe_customers_of(
    conn: &mut Connection,
    account: AccountId,
    is_live: bool,
) -> Result<Vec<String>> {
    let sql = "SELECT id FROM stripe_customers WHERE account_id = $1 AND is_live = $2 ORDER BY created_at DESC, id";
    Ok(sqlx::query_scalar(sql).bind(account.uuid()).bind(is_live).fetch_all(conn).await?)
}
