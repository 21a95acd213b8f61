//! Entitlements that policies grant to their licenses.

use latchkey_licensing::{
    entitlement::Entitlement,
    ids::{EntitlementId, PolicyId},
};

use uuid::Uuid;

use super::super::dialect::Connection;
use crate::{error::Result, tables::catalog::entitlements::EntitlementRow};

pub(crate) async fn add_policy_entitlement(
    conn: &mut Connection,
    policy: PolicyId,
    entitlement: EntitlementId,
) -> Result<bool> {
    let sql = "INSERT INTO policy_entitlements (policy_id, entitlement_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let done = sqlx::query(sql).bind(policy.uuid()).bind(entitlement.uuid()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn remove_policy_entitlement(
    conn: &mut Connection,
    policy: PolicyId,
    entitlement: EntitlementId,
) -> Result<bool> {
    let sql = "DELETE FROM policy_entitlements WHERE policy_id = $1 AND entitlement_id = $2";
    let done = sqlx::query(sql).bind(policy.uuid()).bind(entitlement.uuid()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn list_policy_entitlements(conn: &mut Connection, policy: PolicyId) -> Result<Vec<Entitlement>> {
    let sql = "SELECT id, code, name, created_at, updated_at FROM entitlements
               WHERE id IN (SELECT entitlement_id FROM policy_entitlements WHERE policy_id = $1) ORDER BY code";
    let rows: Vec<EntitlementRow> = sqlx::query_as(sql).bind(policy.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(Entitlement::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct GrantedRow {
    policy_id: Uuid,
    #[sqlx(flatten)]
    entitlement: EntitlementRow,
}

pub(crate) async fn list_entitlements_of_policies(conn: &mut Connection) -> Result<Vec<(PolicyId, Entitlement)>> {
    let sql = "SELECT policy_entitlements.policy_id, entitlements.id, entitlements.code, entitlements.name,
                   entitlements.created_at, entitlements.updated_at
               FROM policy_entitlements JOIN entitlements ON entitlements.id = policy_entitlements.entitlement_id
               ORDER BY entitlements.id";
    let rows: Vec<GrantedRow> = sqlx::query_as(sql).fetch_all(conn).await?;
    rows.into_iter().map(|row| Ok((PolicyId::from(row.policy_id), row.entitlement.try_into()?))).collect()
}
