//! Products, policies and entitlements.

use latchkey_licensing::{
    entitlement::Entitlement,
    ids::{EntitlementId, LicenseId, PolicyId, ProductId},
    policy::Policy,
};
use uuid::Uuid;

use super::Conn;
use crate::{
    error::Result,
    rows::{self, EntitlementRow, PolicyRow, Product, ProductRow},
};

pub(crate) async fn insert_product(conn: &mut Conn, product: &Product) -> Result<()> {
    let sql =
        "INSERT INTO products (id, code, name, key_prefix, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)";
    sqlx::query(sql)
        .bind(product.id.uuid())
        .bind(&product.code)
        .bind(&product.name)
        .bind(product.key_prefix.as_str())
        .bind(product.created_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn insert_policy(conn: &mut Conn, policy: &Policy) -> Result<()> {
    let sql = "INSERT INTO policies (id, product_id, code, name, duration_us, max_machines, is_floating, is_strict,
                   expiry_strategy, overage_strategy, requires_heartbeat, heartbeat_us, heartbeat_cull, created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)";
    sqlx::query(sql)
        .bind(policy.id.uuid())
        .bind(policy.product.uuid())
        .bind(&policy.code)
        .bind(&policy.name)
        .bind(policy.duration.map(rows::micros))
        .bind(policy.max_machines.map(i64::from))
        .bind(policy.is_floating)
        .bind(policy.is_strict)
        .bind(policy.expiry.as_str())
        .bind(policy.overage.as_str())
        .bind(policy.requires_heartbeat)
        .bind(rows::micros(policy.heartbeat))
        .bind(policy.cull.as_str())
        .bind(policy.created_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn insert_entitlement(conn: &mut Conn, entitlement: &Entitlement) -> Result<()> {
    let sql = "INSERT INTO entitlements (id, code, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)";
    sqlx::query(sql)
        .bind(entitlement.id.uuid())
        .bind(entitlement.code.as_str())
        .bind(&entitlement.name)
        .bind(entitlement.created_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn add_policy_entitlement(
    conn: &mut Conn,
    policy: PolicyId,
    entitlement: EntitlementId,
) -> Result<()> {
    let sql = "INSERT INTO policy_entitlements (policy_id, entitlement_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    sqlx::query(sql).bind(policy.uuid()).bind(entitlement.uuid()).execute(conn).await?;
    Ok(())
}

pub(crate) async fn add_license_entitlement(
    conn: &mut Conn,
    license: LicenseId,
    entitlement: EntitlementId,
) -> Result<()> {
    let sql = "INSERT INTO license_entitlements (license_id, entitlement_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    sqlx::query(sql).bind(license.uuid()).bind(entitlement.uuid()).execute(conn).await?;
    Ok(())
}

pub(crate) async fn count_products(conn: &mut Conn) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM products").fetch_one(conn).await?)
}

pub(crate) async fn find_product(conn: &mut Conn, id: ProductId) -> Result<Option<Product>> {
    let sql = "SELECT id, code, name, key_prefix, created_at FROM products WHERE id = $1";
    let row: Option<ProductRow> = sqlx::query_as(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Product::try_from).transpose()
}

pub(crate) async fn find_policy(conn: &mut Conn, id: PolicyId) -> Result<Option<Policy>> {
    let sql = "SELECT id, product_id, code, name, duration_us, max_machines, is_floating, is_strict, expiry_strategy,
                   overage_strategy, requires_heartbeat, heartbeat_us, heartbeat_cull, created_at, updated_at
               FROM policies WHERE id = $1";
    let row: Option<PolicyRow> = sqlx::query_as(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(rows::policy).transpose()
}

pub(crate) async fn list_policies(conn: &mut Conn) -> Result<Vec<Policy>> {
    let sql = "SELECT id, product_id, code, name, duration_us, max_machines, is_floating, is_strict, expiry_strategy,
                   overage_strategy, requires_heartbeat, heartbeat_us, heartbeat_cull, created_at, updated_at
               FROM policies ORDER BY code";
    let rows: Vec<PolicyRow> = sqlx::query_as(sql).fetch_all(conn).await?;
    rows.into_iter().map(rows::policy).collect()
}

/// Entitlements of a license and its policy, by id, after `after`.
pub(crate) async fn list_entitlements(
    conn: &mut Conn,
    license: LicenseId,
    policy: PolicyId,
    after: Option<EntitlementId>,
    limit: i64,
) -> Result<Vec<Entitlement>> {
    let sql = "SELECT id, code, name, created_at, updated_at FROM entitlements
               WHERE (id IN (SELECT entitlement_id FROM license_entitlements WHERE license_id = $1)
                      OR id IN (SELECT entitlement_id FROM policy_entitlements WHERE policy_id = $2))
                 AND id > $3
               ORDER BY id LIMIT $4";
    let rows: Vec<EntitlementRow> = sqlx::query_as(sql)
        .bind(license.uuid())
        .bind(policy.uuid())
        .bind(after.map_or(Uuid::nil(), EntitlementId::uuid))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(rows::entitlement).collect()
}
