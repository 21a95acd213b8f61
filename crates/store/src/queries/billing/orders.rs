//! Orders.

use latchkey_licensing::{
    ids::{AccountId, LicenseId, OrderId},
    order::{HoldReason, Order, OrderKind, OrderMail},
    time::Timestamp,
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::super::{
    dialect::{self, Connection, Db},
    expect::expect_one,
};
use crate::{
    error::Result,
    page::Page,
    tables::{
        billing::orders::{OrderRow, OrderSearch},
        licenses::expiry_columns,
    },
};

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, kind, buyer_id, account_id, browser_hash, upgrade_license_id, upgrade_from_policy,
                 upgrade_from_expiry, upgrade_ended_after_first_use, is_upgrade_applied, is_live, is_subscription, currency,
                 subtotal_minor, total_minor, tax_minor, discount_minor, paid_minor, refunded_minor, status, hold_reason,
                 released_at, unsent_mail, has_fraud_warning, stripe_checkout, stripe_customer, stripe_subscription, subscription_state,
                 is_canceled_at_period_end, expires_at, email, buyer_name, version, created_at, updated_at, paid_at, delivered_at
             FROM orders ",
            $condition
        )
    };
}

type Query<'q> = sqlx::query::Query<'q, Db, <Db as sqlx::Database>::Arguments>;

pub(crate) async fn insert_order(conn: &mut Connection, order: &Order) -> Result<()> {
    let sql = "INSERT INTO orders (id, buyer_id, account_id, is_upgrade_applied, total_minor, tax_minor, discount_minor,
                   paid_minor, refunded_minor, status, hold_reason, released_at, has_fraud_warning, stripe_checkout,
                   stripe_customer, stripe_subscription, subscription_state, is_canceled_at_period_end, expires_at, email,
                   buyer_name, version, updated_at, paid_at, delivered_at, unsent_mail, kind, browser_hash, upgrade_license_id,
                   upgrade_from_policy, upgrade_from_expiry, upgrade_ended_after_first_use, is_live, is_subscription, currency,
                   subtotal_minor, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                   $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)";
    let upgrade = match order.kind {
        OrderKind::Purchase => None,
        OrderKind::Upgrade(upgrade) => Some(upgrade),
    };
    let (from_expiry, after_use) = upgrade.map_or((None, false), |upgrade| expiry_columns(upgrade.from_expiry));
    bind_changes(sqlx::query(sql), order)
        .bind(if upgrade.is_some() { "upgrade" } else { "purchase" })
        .bind(order.browser_hash.as_slice())
        .bind(upgrade.map(|upgrade| upgrade.license.uuid()))
        .bind(upgrade.map(|upgrade| upgrade.from_policy.uuid()))
        .bind(from_expiry)
        .bind(after_use)
        .bind(order.is_live)
        .bind(order.is_subscription)
        .bind(order.currency().to_string())
        .bind(order.subtotal.minor)
        .bind(order.created_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn update_order(conn: &mut Connection, order: &Order) -> Result<()> {
    let sql = "UPDATE orders SET buyer_id = $2, account_id = $3, is_upgrade_applied = $4, total_minor = $5,
                   tax_minor = $6, discount_minor = $7, paid_minor = $8, refunded_minor = $9, status = $10,
                   hold_reason = $11, released_at = $12, has_fraud_warning = $13, stripe_checkout = $14,
                   stripe_customer = $15, stripe_subscription = $16, subscription_state = $17,
                   is_canceled_at_period_end = $18, expires_at = $19, email = $20, buyer_name = $21, version = $22,
                   updated_at = $23, paid_at = $24, delivered_at = $25, unsent_mail = $26
               WHERE id = $1";
    let done = bind_changes(sqlx::query(sql), order).execute(conn).await?;
    expect_one(done.rows_affected(), "orders", order.id)
}

/// Binds `$1` to `$26`: all columns that an update writes.
fn bind_changes<'q>(query: Query<'q>, order: &'q Order) -> Query<'q> {
    let is_applied = matches!(order.kind, OrderKind::Upgrade(upgrade) if upgrade.is_applied);
    query
        .bind(order.id.uuid())
        .bind(order.buyer.map(AccountId::uuid))
        .bind(order.account.map(AccountId::uuid))
        .bind(is_applied)
        .bind(order.total_minor)
        .bind(order.tax_minor)
        .bind(order.discount_minor)
        .bind(order.paid_minor)
        .bind(order.refunded_minor)
        .bind(order.status.as_str())
        .bind(order.hold.map(HoldReason::as_str))
        .bind(order.released_at.map(Timestamp::unix_micros))
        .bind(order.has_fraud_warning)
        .bind(&order.checkout)
        .bind(&order.customer)
        .bind(order.subscription.as_ref().map(|subscription| &subscription.id))
        .bind(order.subscription.as_ref().map(|subscription| subscription.state.as_str()))
        .bind(order.subscription.as_ref().is_some_and(|subscription| subscription.is_canceled_at_period_end))
        .bind(order.expires_at.map(Timestamp::unix_micros))
        .bind(&order.email)
        .bind(&order.buyer_name)
        .bind(order.version)
        .bind(order.updated_at.unix_micros())
        .bind(order.paid_at.map(Timestamp::unix_micros))
        .bind(order.delivered_at.map(Timestamp::unix_micros))
        .bind(order.unsent_mail.map(OrderMail::as_str))
}

async fn find(conn: &mut Connection, sql: &'static str, id: OrderId) -> Result<Option<Order>> {
    let row: Option<OrderRow> = sqlx::query_as(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Order::try_from).transpose()
}

pub(crate) async fn find_order(conn: &mut Connection, id: OrderId) -> Result<Option<Order>> {
    find(conn, select!("WHERE id = $1"), id).await
}

pub(crate) async fn lock_order(conn: &mut Connection, id: OrderId) -> Result<Option<Order>> {
    if let Some(sql) = dialect::LOCK_ORDER {
        sqlx::query(sql).bind(id.uuid()).execute(&mut *conn).await?;
    }
    find_order(conn, id).await
}

pub(crate) async fn find_order_by_object(conn: &mut Connection, id: &str) -> Result<Option<Order>> {
    let sql = select!(
        "WHERE id IN (
             SELECT id FROM orders WHERE stripe_checkout = $1
             UNION ALL SELECT id FROM orders WHERE stripe_subscription = $1
             UNION ALL SELECT order_id FROM order_payments WHERE id = $1
             UNION ALL SELECT order_id FROM order_payments
                 WHERE id IN (SELECT payment_id FROM order_refunds WHERE id = $1)
             UNION ALL SELECT order_id FROM order_payments
                 WHERE id IN (SELECT payment_id FROM order_disputes WHERE id = $1))
         LIMIT 1"
    );
    let row: Option<OrderRow> = sqlx::query_as(sql).bind(id).fetch_optional(conn).await?;
    row.map(Order::try_from).transpose()
}

pub(crate) async fn list_orders_of(conn: &mut Connection, account: AccountId) -> Result<Vec<Order>> {
    let sql = select!("WHERE account_id = $1 ORDER BY id DESC");
    let rows: Vec<OrderRow> = sqlx::query_as(sql).bind(account.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(Order::try_from).collect()
}

pub(crate) async fn list_orders_numbered(conn: &mut Connection, number: [u8; 5]) -> Result<Vec<OrderId>> {
    let mut query = QueryBuilder::<Db>::new("SELECT id FROM orders WHERE ");
    query.push(dialect::ORDER_NUMBER).push(" = ").push_bind(number.to_vec()).push(" LIMIT 10");
    let ids: Vec<Uuid> = query.build_query_scalar().fetch_all(conn).await?;
    Ok(ids.into_iter().map(OrderId::from).collect())
}

pub(crate) async fn list_orders(
    conn: &mut Connection,
    search: &OrderSearch,
    before: Option<OrderId>,
    limit: u32,
) -> Result<Page<Order, OrderId>> {
    let mut query = QueryBuilder::<Db>::new(select!("WHERE id < "));
    query.push_bind(before.map_or(Uuid::max(), OrderId::uuid));
    if let Some(status) = search.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(email) = &search.email {
        query.push(" AND (LOWER(email) = ").push_bind(email.as_str());
        query.push(" OR account_id IN (SELECT id FROM accounts WHERE email = ").push_bind(email.as_str()).push("))");
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(Page::<Order, OrderId>::rows(limit));
    let rows: Vec<OrderRow> = query.build_query_as().fetch_all(conn).await?;
    let orders = rows.into_iter().map(Order::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::new(orders, limit, |order| order.id))
}

pub(crate) async fn list_upgrades_of(conn: &mut Connection, license: LicenseId) -> Result<Vec<Order>> {
    let sql = select!("WHERE upgrade_license_id = $1 ORDER BY id");
    let rows: Vec<OrderRow> = sqlx::query_as(sql).bind(license.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(Order::try_from).collect()
}
