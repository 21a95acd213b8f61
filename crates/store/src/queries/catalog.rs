//! Products, policies and entitlements.

use latchkey_licensing::{
    entitlement::Entitlement,
    ids::{EntitlementId, LicenseId, PolicyId, ProductId},
    policy::Policy,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Conn, dialect};
use crate::{
    error::Result,
    rows::{self, EntitlementRow, PolicyRow, Product, ProductRow},
};

/// A SELECT of whole policies.
macro_rules! select_policies {
    ($condition:literal) => {
        concat!(
            "SELECT id, product_id, code, name, duration_us, expiry_basis, renewal_basis, max_machines, max_cores, max_uses,
                 is_floating, is_strict, expiry_strategy, overage_strategy, requires_heartbeat, heartbeat_us, heartbeat_cull,
                 heartbeat_resurrection, check_in_us, key_scheme, offline_file_us, swap_count, swap_window_us,
                 customer_rotates_key, created_at, updated_at
             FROM policies ",
            $condition
        )
    };
}

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

pub(crate) async fn update_product(conn: &mut Conn, product: &Product, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE products SET name = $2, key_prefix = $3, updated_at = $4 WHERE id = $1")
        .bind(product.id.uuid())
        .bind(&product.name)
        .bind(product.key_prefix.as_str())
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn delete_product(conn: &mut Conn, id: ProductId) -> Result<()> {
    sqlx::query("DELETE FROM products WHERE id = $1").bind(id.uuid()).execute(conn).await?;
    Ok(())
}

pub(crate) async fn insert_policy(conn: &mut Conn, policy: &Policy) -> Result<()> {
    let sql = "INSERT INTO policies (id, product_id, code, name, duration_us, expiry_basis, renewal_basis, max_machines,
                   max_cores, max_uses, is_floating, is_strict, expiry_strategy, overage_strategy, requires_heartbeat,
                   heartbeat_us, heartbeat_cull, heartbeat_resurrection, check_in_us, key_scheme, offline_file_us,
                   swap_count, swap_window_us, customer_rotates_key, updated_at, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                   $23, $24, $25, $26)";
    let query = bind_policy(sqlx::query(sql), policy).bind(policy.created_at.unix_micros());
    query.execute(conn).await?;
    Ok(())
}

pub(crate) async fn update_policy(conn: &mut Conn, policy: &Policy) -> Result<()> {
    let sql = "UPDATE policies SET product_id = $2, code = $3, name = $4, duration_us = $5, expiry_basis = $6,
                   renewal_basis = $7, max_machines = $8, max_cores = $9, max_uses = $10, is_floating = $11, is_strict = $12,
                   expiry_strategy = $13, overage_strategy = $14, requires_heartbeat = $15, heartbeat_us = $16,
                   heartbeat_cull = $17, heartbeat_resurrection = $18, check_in_us = $19, key_scheme = $20,
                   offline_file_us = $21, swap_count = $22, swap_window_us = $23, customer_rotates_key = $24, updated_at = $25
               WHERE id = $1";
    bind_policy(sqlx::query(sql), policy).execute(conn).await?;
    Ok(())
}

type Query<'q> = sqlx::query::Query<'q, dialect::Db, <dialect::Db as sqlx::Database>::Arguments>;

/// Binds $1 to $25: every column that an update writes.
fn bind_policy<'q>(query: Query<'q>, policy: &'q Policy) -> Query<'q> {
    query
        .bind(policy.id.uuid())
        .bind(policy.product.uuid())
        .bind(&policy.code)
        .bind(&policy.name)
        .bind(policy.duration.map(rows::micros))
        .bind(policy.expiry_basis.as_str())
        .bind(policy.renewal.as_str())
        .bind(policy.max_machines.map(i64::from))
        .bind(policy.max_cores.map(i64::from))
        .bind(policy.max_uses.map(i64::from))
        .bind(policy.is_floating)
        .bind(policy.is_strict)
        .bind(policy.expiry.as_str())
        .bind(policy.overage.as_str())
        .bind(policy.requires_heartbeat)
        .bind(rows::micros(policy.heartbeat))
        .bind(policy.cull.as_str())
        .bind(policy.resurrection.as_str())
        .bind(policy.check_in.map(rows::micros))
        .bind(policy.scheme.as_str())
        .bind(rows::micros(policy.offline_file))
        .bind(policy.swaps.map(|swaps| i64::from(swaps.count)))
        .bind(policy.swaps.map(|swaps| rows::micros(swaps.window)))
        .bind(policy.customer_rotates_key)
        .bind(policy.updated_at.unix_micros())
}

pub(crate) async fn delete_policy(conn: &mut Conn, id: PolicyId) -> Result<()> {
    sqlx::query("DELETE FROM policy_entitlements WHERE policy_id = $1").bind(id.uuid()).execute(&mut *conn).await?;
    sqlx::query("DELETE FROM policies WHERE id = $1").bind(id.uuid()).execute(conn).await?;
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
) -> Result<bool> {
    let sql = "INSERT INTO license_entitlements (license_id, entitlement_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let done = sqlx::query(sql).bind(license.uuid()).bind(entitlement.uuid()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn remove_policy_entitlement(
    conn: &mut Conn,
    policy: PolicyId,
    entitlement: EntitlementId,
) -> Result<()> {
    let sql = "DELETE FROM policy_entitlements WHERE policy_id = $1 AND entitlement_id = $2";
    sqlx::query(sql).bind(policy.uuid()).bind(entitlement.uuid()).execute(conn).await?;
    Ok(())
}

pub(crate) async fn remove_license_entitlement(
    conn: &mut Conn,
    license: LicenseId,
    entitlement: EntitlementId,
) -> Result<bool> {
    let sql = "DELETE FROM license_entitlements WHERE license_id = $1 AND entitlement_id = $2";
    let done = sqlx::query(sql).bind(license.uuid()).bind(entitlement.uuid()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn update_entitlement(conn: &mut Conn, entitlement: &Entitlement) -> Result<()> {
    sqlx::query("UPDATE entitlements SET name = $2, updated_at = $3 WHERE id = $1")
        .bind(entitlement.id.uuid())
        .bind(&entitlement.name)
        .bind(entitlement.updated_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn delete_entitlement(conn: &mut Conn, id: EntitlementId) -> Result<()> {
    sqlx::query("DELETE FROM entitlements WHERE id = $1").bind(id.uuid()).execute(conn).await?;
    Ok(())
}

pub(crate) async fn count_licenses_holding(conn: &mut Conn, id: EntitlementId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM license_entitlements WHERE entitlement_id = $1";
    Ok(sqlx::query_scalar(sql).bind(id.uuid()).fetch_one(conn).await?)
}

/// Every entitlement of the catalog, by code.
pub(crate) async fn list_all_entitlements(conn: &mut Conn) -> Result<Vec<Entitlement>> {
    let sql = "SELECT id, code, name, created_at, updated_at FROM entitlements ORDER BY code";
    let rows: Vec<EntitlementRow> = sqlx::query_as(sql).fetch_all(conn).await?;
    rows.into_iter().map(rows::entitlement).collect()
}

/// A policy's own entitlements, by code.
pub(crate) async fn list_policy_entitlements(conn: &mut Conn, policy: PolicyId) -> Result<Vec<Entitlement>> {
    let sql = "SELECT id, code, name, created_at, updated_at FROM entitlements
               WHERE id IN (SELECT entitlement_id FROM policy_entitlements WHERE policy_id = $1) ORDER BY code";
    let rows: Vec<EntitlementRow> = sqlx::query_as(sql).bind(policy.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(rows::entitlement).collect()
}

/// A license's own entitlements, by code; those of its policy are not among them.
pub(crate) async fn list_license_entitlements(conn: &mut Conn, license: LicenseId) -> Result<Vec<Entitlement>> {
    let sql = "SELECT id, code, name, created_at, updated_at FROM entitlements
               WHERE id IN (SELECT entitlement_id FROM license_entitlements WHERE license_id = $1) ORDER BY code";
    let rows: Vec<EntitlementRow> = sqlx::query_as(sql).bind(license.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(rows::entitlement).collect()
}

/// Every product, by code.
pub(crate) async fn list_products(conn: &mut Conn) -> Result<Vec<Product>> {
    let sql = "SELECT id, code, name, key_prefix, created_at FROM products ORDER BY code";
    let rows: Vec<ProductRow> = sqlx::query_as(sql).fetch_all(conn).await?;
    rows.into_iter().map(Product::try_from).collect()
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
    let sql = select_policies!("WHERE id = $1");
    let row: Option<PolicyRow> = sqlx::query_as(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(rows::policy).transpose()
}

pub(crate) async fn list_policies(conn: &mut Conn) -> Result<Vec<Policy>> {
    let sql = select_policies!("ORDER BY code");
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
