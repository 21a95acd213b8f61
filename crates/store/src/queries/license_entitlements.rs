//! Which entitlements a license holds by itself.

use latchkey_licensing::{
    entitlement::Entitlement,
    ids::{EntitlementId, LicenseId},
};

use super::Conn;
use crate::{error::Result, tables::entitlements::EntitlementRow};

pub(crate) async fn add_license_entitlement(
    conn: &mut Conn,
    license: LicenseId,
    entitlement: EntitlementId,
) -> Result<bool> {
    let sql = "INSERT INTO license_entitlements (license_id, entitlement_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let done = sqlx::query(sql).bind(license.uuid()).bind(entitlement.uuid()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
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

pub(crate) async fn count_licenses_holding(conn: &mut Conn, id: EntitlementId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM license_entitlements WHERE entitlement_id = $1";
    Ok(sqlx::query_scalar(sql).bind(id.uuid()).fetch_one(conn).await?)
}

/// A license's own entitlements, by code; those of its policy are not among them.
pub(crate) async fn list_license_entitlements(conn: &mut Conn, license: LicenseId) -> Result<Vec<Entitlement>> {
    let sql = "SELECT id, code, name, created_at, updated_at FROM entitlements
               WHERE id IN (SELECT entitlement_id FROM license_entitlements WHERE license_id = $1) ORDER BY code";
    let rows: Vec<EntitlementRow> = sqlx::query_as(sql).bind(license.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(Entitlement::try_from).collect()
}
