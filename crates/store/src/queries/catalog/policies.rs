//! Policies.

use latchkey_licensing::{ids::PolicyId, policy::Policy};

use super::super::{
    dialect::{Connection, Db},
    expect::{expect_one, expect_row},
};
use crate::{
    error::Result,
    tables::{self, catalog::policies::PolicyRow},
};

macro_rules! select_policies {
    ($condition:literal) => {
        concat!(
            "SELECT id, product_id, code, name, duration_us, expiry_basis, renewal_basis, max_machines, max_cores, max_uses,
                 is_floating, is_strict, expiry_strategy, overage_strategy, requires_heartbeat, heartbeat_us, heartbeat_cull,
                 heartbeat_resurrection, check_in_us, key_scheme, offline_file_us, swap_count, swap_window_us,
                 customer_replaces_key, customer_frees_machines, customer_renames_machines, customer_downloads_files,
                 customer_sees_history, max_processes, process_leasing, process_us, component_matching,
                 component_uniqueness, requires_components, machine_matching, created_at, updated_at
             FROM policies ",
            $condition
        )
    };
}

type Query<'q> = sqlx::query::Query<'q, Db, <Db as sqlx::Database>::Arguments>;

pub(crate) async fn insert_policy(conn: &mut Connection, policy: &Policy) -> Result<()> {
    let sql = "INSERT INTO policies (id, product_id, code, name, duration_us, expiry_basis, renewal_basis, max_machines,
                   max_cores, max_uses, is_floating, is_strict, expiry_strategy, overage_strategy, requires_heartbeat,
                   heartbeat_us, heartbeat_cull, heartbeat_resurrection, check_in_us, key_scheme, offline_file_us,
                   swap_count, swap_window_us, customer_replaces_key, customer_frees_machines, customer_renames_machines,
                   customer_downloads_files, customer_sees_history, max_processes, process_leasing, process_us,
                   component_matching, component_uniqueness, requires_components, machine_matching, updated_at, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                   $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)";
    let query = bind_policy(sqlx::query(sql), policy).bind(policy.created_at.unix_micros());
    query.execute(conn).await?;
    Ok(())
}

pub(crate) async fn update_policy(conn: &mut Connection, policy: &Policy) -> Result<()> {
    let sql = "UPDATE policies SET product_id = $2, code = $3, name = $4, duration_us = $5, expiry_basis = $6,
                   renewal_basis = $7, max_machines = $8, max_cores = $9, max_uses = $10, is_floating = $11, is_strict = $12,
                   expiry_strategy = $13, overage_strategy = $14, requires_heartbeat = $15, heartbeat_us = $16,
                   heartbeat_cull = $17, heartbeat_resurrection = $18, check_in_us = $19, key_scheme = $20,
                   offline_file_us = $21, swap_count = $22, swap_window_us = $23, customer_replaces_key = $24,
                   customer_frees_machines = $25, customer_renames_machines = $26, customer_downloads_files = $27,
                   customer_sees_history = $28, max_processes = $29, process_leasing = $30, process_us = $31,
                   component_matching = $32, component_uniqueness = $33, requires_components = $34, machine_matching = $35,
                   updated_at = $36
               WHERE id = $1";
    let done = bind_policy(sqlx::query(sql), policy).execute(conn).await?;
    expect_one(done.rows_affected(), "policies", policy.id)
}

/// Binds `$1` to `$36`: all columns that an update writes.
fn bind_policy<'q>(query: Query<'q>, policy: &'q Policy) -> Query<'q> {
    query
        .bind(policy.id.uuid())
        .bind(policy.product.uuid())
        .bind(&policy.code)
        .bind(&policy.name)
        .bind(policy.duration.map(tables::micros))
        .bind(policy.expiry_basis.as_str())
        .bind(policy.renewal_basis.as_str())
        .bind(policy.max_machines.map(i64::from))
        .bind(policy.max_cores.map(i64::from))
        .bind(policy.max_uses.map(i64::from))
        .bind(policy.is_floating)
        .bind(policy.is_strict)
        .bind(policy.expiry_strategy.as_str())
        .bind(policy.overage_strategy.as_str())
        .bind(policy.requires_heartbeat)
        .bind(tables::micros(policy.heartbeat_window))
        .bind(policy.cull.as_str())
        .bind(policy.resurrection.as_str())
        .bind(policy.check_in_interval.map(tables::micros))
        .bind(policy.key_scheme.as_str())
        .bind(tables::micros(policy.file_ttl))
        .bind(policy.swap_allowance.map(|swaps| i64::from(swaps.count)))
        .bind(policy.swap_allowance.map(|swaps| tables::micros(swaps.window)))
        .bind(policy.customer_replaces_key)
        .bind(policy.customer_frees_machines)
        .bind(policy.customer_renames_machines)
        .bind(policy.customer_downloads_files)
        .bind(policy.customer_sees_history)
        .bind(policy.processes.max.map(i64::from))
        .bind(policy.processes.leasing.as_str())
        .bind(tables::micros(policy.processes.window))
        .bind(policy.components.matching.as_str())
        .bind(policy.components.uniqueness.as_str())
        .bind(policy.components.are_required)
        .bind(policy.machine_matching.as_str())
        .bind(policy.updated_at.unix_micros())
}

pub(crate) async fn delete_policy(conn: &mut Connection, id: PolicyId) -> Result<()> {
    sqlx::query("DELETE FROM policy_entitlements WHERE policy_id = $1").bind(id.uuid()).execute(&mut *conn).await?;
    let done = sqlx::query("DELETE FROM policies WHERE id = $1").bind(id.uuid()).execute(conn).await?;
    expect_one(done.rows_affected(), "policies", id)
}

pub(crate) async fn find_policy(conn: &mut Connection, id: PolicyId) -> Result<Option<Policy>> {
    let sql = select_policies!("WHERE id = $1");
    let row: Option<PolicyRow> = sqlx::query_as(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Policy::try_from).transpose()
}

pub(crate) async fn list_policies(conn: &mut Connection) -> Result<Vec<Policy>> {
    let sql = select_policies!("ORDER BY code");
    let rows: Vec<PolicyRow> = sqlx::query_as(sql).fetch_all(conn).await?;
    rows.into_iter().map(Policy::try_from).collect()
}

pub(crate) async fn get_policy(conn: &mut Connection, id: PolicyId) -> Result<Policy> {
    expect_row(find_policy(conn, id).await?, "policies", id)
}
