//! Entitlements granted to individual licenses.

use latchkey_licensing::{
    entitlement::{Entitlement, EntitlementCode},
    ids::{EntitlementId, LicenseId},
};

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::super::{
    batch,
    dialect::{Connection, Db},
};
use crate::{
    error::Result,
    tables::catalog::entitlements::{self, EntitlementRow},
};

pub(crate) async fn add_license_entitlement(
    conn: &mut Connection,
    license: LicenseId,
    entitlement: EntitlementId,
) -> Result<bool> {
    let sql = "INSERT INTO license_entitlements (license_id, entitlement_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let done = sqlx::query(sql).bind(license.uuid()).bind(entitlement.uuid()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn remove_license_entitlement(
    conn: &mut Connection,
    license: LicenseId,
    entitlement: EntitlementId,
) -> Result<bool> {
    let sql = "DELETE FROM license_entitlements WHERE license_id = $1 AND entitlement_id = $2";
    let done = sqlx::query(sql).bind(license.uuid()).bind(entitlement.uuid()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn count_licenses_holding(conn: &mut Connection, id: EntitlementId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM license_entitlements WHERE entitlement_id = $1";
    Ok(sqlx::query_scalar(sql).bind(id.uuid()).fetch_one(conn).await?)
}

pub(crate) async fn list_license_entitlements(conn: &mut Connection, license: LicenseId) -> Result<Vec<Entitlement>> {
    let sql = "SELECT id, code, name, created_at, updated_at FROM entitlements
               WHERE id IN (SELECT entitlement_id FROM license_entitlements WHERE license_id = $1) ORDER BY code";
    let rows: Vec<EntitlementRow> = sqlx::query_as(sql).bind(license.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(Entitlement::try_from).collect()
}

pub(crate) async fn list_individual_entitlements(
    conn: &mut Connection,
    licenses: &[LicenseId],
) -> Result<Vec<(LicenseId, EntitlementCode, String)>> {
    let mut granted = Vec::new();
    for ids in licenses.chunks(batch::IDS) {
        let sql = "SELECT license_id, entitlements.id, code, name FROM license_entitlements
                   JOIN entitlements ON entitlements.id = license_entitlements.entitlement_id
                   WHERE license_id IN ";
        let mut query = QueryBuilder::<Db>::new(sql);
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(" ORDER BY code");
        let rows: Vec<(Uuid, Uuid, String, String)> =
            query.build_query_as().persistent(ids.len() == 1).fetch_all(&mut *conn).await?;
        for (license, id, code, name) in rows {
            granted.push((license.into(), entitlements::code(id, &code)?, name));
        }
    }
    Ok(granted)
}
