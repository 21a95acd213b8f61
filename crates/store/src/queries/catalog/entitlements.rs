//! Entitlements in the catalog.

use latchkey_licensing::{
    entitlement::Entitlement,
    ids::{EntitlementId, LicenseId, PolicyId},
};
use uuid::Uuid;

use super::super::{dialect::Connection, expect::expect_one};
use crate::{error::Result, tables::catalog::entitlements::EntitlementRow};

pub(crate) async fn insert_entitlement(conn: &mut Connection, entitlement: &Entitlement) -> Result<()> {
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

pub(crate) async fn update_entitlement(conn: &mut Connection, entitlement: &Entitlement) -> Result<()> {
    let done = sqlx::query("UPDATE entitlements SET name = $2, updated_at = $3 WHERE id = $1")
        .bind(entitlement.id.uuid())
        .bind(&entitlement.name)
        .bind(entitlement.updated_at.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "entitlements", entitlement.id)
}

pub(crate) async fn delete_entitlement(conn: &mut Connection, id: EntitlementId) -> Result<()> {
    let done = sqlx::query("DELETE FROM entitlements WHERE id = $1").bind(id.uuid()).execute(conn).await?;
    expect_one(done.rows_affected(), "entitlements", id)
}

pub(crate) async fn list_all_entitlements(conn: &mut Connection) -> Result<Vec<Entitlement>> {
    let sql = "SELECT id, code, name, created_at, updated_at FROM entitlements ORDER BY code";
    let rows: Vec<EntitlementRow> = sqlx::query_as(sql).fetch_all(conn).await?;
    rows.into_iter().map(Entitlement::try_from).collect()
}

pub(crate) async fn list_entitlements(
    conn: &mut Connection,
    license: LicenseId,
    policy: PolicyId,
    after: Option<EntitlementId>,
    limit: i64,
) -> Result<Vec<Entitlement>> {
    let sql = "SELECT id, code, name, created_at, updated_at FROM entitlements
               WHERE (id IN (SELECT entitlement_id FROM license_entitlements WHERE license_id = $1)
                      OR id IN (SELECT entitlement_id FROM policy_entitlements WHERE policy_id = $2))
                 AND id < $3
               ORDER BY id DESC LIMIT $4";
    let rows: Vec<EntitlementRow> = sqlx::query_as(sql)
        .bind(license.uuid())
        .bind(policy.uuid())
        .bind(after.map_or(Uuid::max(), EntitlementId::uuid))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Entitlement::try_from).collect()
}

pub(crate) async fn entitlement_id_at_position(
    conn: &mut Connection,
    license: LicenseId,
    policy: PolicyId,
    skipped: i64,
) -> Result<Option<EntitlementId>> {
    let sql = "SELECT id FROM entitlements
               WHERE id IN (SELECT entitlement_id FROM license_entitlements WHERE license_id = $1)
                  OR id IN (SELECT entitlement_id FROM policy_entitlements WHERE policy_id = $2)
               ORDER BY id DESC LIMIT 1 OFFSET $3";
    let id: Option<Uuid> =
        sqlx::query_scalar(sql).bind(license.uuid()).bind(policy.uuid()).bind(skipped).fetch_optional(conn).await?;
    Ok(id.map(EntitlementId::from))
}
