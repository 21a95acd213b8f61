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

pub(crate) async fn find_stripe_customer_of(
    conn: &mut Connection,
    account: AccountId,
    is_live: bool,
) -> Result<Option<String>> {
    let sql = "SELECT stripe_customer FROM orders
               WHERE account_id = $1 AND buyer_id = $1 AND is_live = $2 AND stripe_customer IS NOT NULL
                 AND delivered_at IS NOT NULL
               ORDER BY id DESC LIMIT 1";
    Ok(sqlx::query_scalar(sql).bind(account.uuid()).bind(is_live).fetch_optional(conn).await?)
}
