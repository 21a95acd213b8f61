//! Prices.

use latchkey_licensing::{
    ids::{PolicyId, PriceId},
    money::Money,
    price::{Price, ProvisionedPrice},
    time::Timestamp,
};
use uuid::Uuid;

use super::super::{
    dialect::{Connection, Db},
    expect::expect_one,
};
use crate::{error::Result, tables::catalog::prices::PriceRow};

type Query<'q> = sqlx::query::Query<'q, Db, <Db as sqlx::Database>::Arguments>;

pub(crate) async fn list_prices(conn: &mut Connection) -> Result<Vec<Price>> {
    let sql = "SELECT id, product_id, policy_id, code, amount_minor, currency, stripe_price, provisioned_price,
                   provisioned_is_live, interval_unit, interval_count, min_quantity, max_quantity, tax_behavior, position,
                   created_at, updated_at
               FROM prices ORDER BY position, code";
    let rows: Vec<PriceRow> = sqlx::query_as(sql).fetch_all(&mut *conn).await?;
    let mut prices = rows.into_iter().map(Price::try_from).collect::<Result<Vec<_>>>()?;
    let sql = "SELECT price_id, policy_id FROM price_upgrades ORDER BY price_id, policy_id";
    let upgrades: Vec<(Uuid, Uuid)> = sqlx::query_as(sql).fetch_all(conn).await?;
    for (price, policy) in upgrades {
        if let Some(price) = prices.iter_mut().find(|known| known.id.uuid() == price) {
            price.upgrade_from.push(PolicyId::from(policy));
        }
    }
    Ok(prices)
}

pub(crate) async fn insert_price(conn: &mut Connection, price: &Price) -> Result<()> {
    let sql = "INSERT INTO prices (id, product_id, policy_id, code, amount_minor, currency, stripe_price,
                   provisioned_price, provisioned_is_live, interval_unit, interval_count, min_quantity, max_quantity,
                   tax_behavior, position, updated_at, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    bind_price(sqlx::query(sql), price).bind(price.created_at.unix_micros()).execute(&mut *conn).await?;
    insert_upgrades(conn, price).await
}

pub(crate) async fn update_price(conn: &mut Connection, price: &Price) -> Result<()> {
    let sql = "UPDATE prices SET product_id = $2, policy_id = $3, code = $4, amount_minor = $5, currency = $6,
                   stripe_price = $7, provisioned_price = $8, provisioned_is_live = $9, interval_unit = $10,
                   interval_count = $11, min_quantity = $12, max_quantity = $13, tax_behavior = $14, position = $15,
                   updated_at = $16
               WHERE id = $1";
    let done = bind_price(sqlx::query(sql), price).execute(&mut *conn).await?;
    expect_one(done.rows_affected(), "prices", price.id)?;
    sqlx::query("DELETE FROM price_upgrades WHERE price_id = $1").bind(price.id.uuid()).execute(&mut *conn).await?;
    insert_upgrades(conn, price).await
}

/// Binds `$1` to `$16`: all columns that an update writes.
fn bind_price<'q>(query: Query<'q>, price: &'q Price) -> Query<'q> {
    query
        .bind(price.id.uuid())
        .bind(price.product.uuid())
        .bind(price.policy.uuid())
        .bind(&price.code)
        .bind(price.amount.map(|amount| amount.minor))
        .bind(price.amount.map(|amount| amount.currency.to_string()))
        .bind(&price.stripe_price)
        .bind(price.provisioned.as_ref().map(|provisioned| &provisioned.id))
        .bind(price.provisioned.as_ref().map(|provisioned| provisioned.is_live))
        .bind(price.interval.map(|interval| interval.unit.as_str()))
        .bind(price.interval.map(|interval| i64::from(interval.count)))
        .bind(i64::from(price.min_quantity))
        .bind(i64::from(price.max_quantity))
        .bind(price.tax_behavior.as_str())
        .bind(i64::from(price.position))
        .bind(price.updated_at.unix_micros())
}

async fn insert_upgrades(conn: &mut Connection, price: &Price) -> Result<()> {
    for policy in &price.upgrade_from {
        sqlx::query("INSERT INTO price_upgrades (price_id, policy_id) VALUES ($1, $2)")
            .bind(price.id.uuid())
            .bind(policy.uuid())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

pub(crate) async fn delete_price(conn: &mut Connection, id: PriceId) -> Result<()> {
    let done = sqlx::query("DELETE FROM prices WHERE id = $1").bind(id.uuid()).execute(conn).await?;
    expect_one(done.rows_affected(), "prices", id)
}

pub(crate) async fn set_price_provisioned(
    conn: &mut Connection,
    id: PriceId,
    provisioned: &ProvisionedPrice,
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE prices SET provisioned_price = $2, provisioned_is_live = $3, updated_at = $4 WHERE id = $1";
    let done = sqlx::query(sql)
        .bind(id.uuid())
        .bind(&provisioned.id)
        .bind(provisioned.is_live)
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "prices", id)
}

pub(crate) async fn set_price_amount(conn: &mut Connection, id: PriceId, amount: Money, now: Timestamp) -> Result<()> {
    let done = sqlx::query("UPDATE prices SET amount_minor = $2, currency = $3, updated_at = $4 WHERE id = $1")
        .bind(id.uuid())
        .bind(amount.minor)
        .bind(amount.currency.to_string())
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "prices", id)
}
