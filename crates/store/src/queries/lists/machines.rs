//! The list of machines, active or not.

use latchkey_licensing::ids::MachineId;
use sqlx::QueryBuilder;

use super::{
    super::dialect::{Connection, Db},
    count,
    keyset::SortOrder,
    push_accounts_by_text, push_range,
};
use crate::{
    error::Result,
    tables::lists::{
        keyset::{PageRequest, Slice},
        machines::{ListedMachine, ListedMachineRow, MachineFilter, MachineSort},
    },
};

/// The outer statement, and the beginning of the inner one.
const SELECT: &str = "SELECT page.id, page.license_id, page.slot, page.fingerprint, page.name, page.hostname, page.platform,
         page.cores, page.app_version, page.metadata, page.last_heartbeat_at, page.is_resurrected, page.last_check_out_at,
         page.last_seen_at, page.created_at, page.updated_at, page.deactivated_at, page.deactivated_by,
         licenses.account_id AS owner_id, accounts.email AS owner_email, licenses.key_prefix, licenses.key_tail,
         policies.code AS policy_code, products.code AS product_code
     FROM (SELECT id, license_id, slot, fingerprint, name, hostname, platform, cores, app_version, metadata,
               last_heartbeat_at, is_resurrected, last_check_out_at, last_seen_at, created_at, updated_at,
               deactivated_at, deactivated_by";

const JOINS: &str = " JOIN licenses ON licenses.id = page.license_id JOIN accounts ON accounts.id = licenses.account_id
      JOIN policies ON policies.id = licenses.policy_id JOIN products ON products.id = licenses.product_id";

fn order(sort: MachineSort) -> SortOrder {
    match sort {
        MachineSort::Newest => SortOrder::by("created_at").descending(),
        MachineSort::Oldest => SortOrder::by("created_at"),
        MachineSort::LastSeen => SortOrder::by("last_seen_at").descending(),
        MachineSort::Unseen => SortOrder::by("last_seen_at"),
    }
}

fn push_filter(query: &mut QueryBuilder<Db>, filter: &MachineFilter) {
    if let Some(license) = filter.license {
        query.push(" AND license_id = ").push_bind(license.uuid());
    }
    if let Some(account) = filter.account {
        query.push(" AND license_id IN (SELECT id FROM licenses WHERE account_id = ");
        query.push_bind(account.uuid()).push(")");
    }
    // There may be many licenses, so each machine's is looked up.
    let of_license = " AND EXISTS (SELECT 1 FROM licenses WHERE licenses.id = machines.license_id AND ";
    if let Some(policy) = filter.policy {
        query.push(of_license).push("licenses.policy_id = ").push_bind(policy.uuid()).push(")");
    }
    if let Some(product) = filter.product {
        query.push(of_license).push("licenses.product_id = ").push_bind(product.uuid()).push(")");
    }
    if let Some(hash) = filter.fingerprint_hash {
        query.push(" AND fingerprint_hash = ").push_bind(hash.to_vec());
    }
    match filter.is_active {
        Some(true) => query.push(" AND deactivated_at IS NULL"),
        Some(false) => query.push(" AND deactivated_at IS NOT NULL"),
        None => query,
    };
    push_range(query, "created_at", filter.created);
    push_range(query, "last_seen_at", filter.seen);
    if let Some(text) = &filter.text {
        query.push(" AND license_id IN (SELECT id FROM licenses WHERE account_id IN (");
        push_accounts_by_text(query, text);
        query.push("))");
    }
}

pub(crate) async fn list_machines_by(
    conn: &mut Connection,
    filter: &MachineFilter,
    sort: MachineSort,
    page: &PageRequest,
) -> Result<Slice<ListedMachine>> {
    let order = order(sort);
    let mut query = QueryBuilder::<Db>::new(SELECT);
    query.push(order.column()).push(" FROM machines WHERE TRUE");
    push_filter(&mut query, filter);
    order.push_page(&mut query, page);
    query.push(JOINS);
    order.push_order(&mut query, page);
    let rows: Vec<ListedMachineRow> = query.build_query_as().persistent(false).fetch_all(conn).await?;
    let rows = rows.into_iter().map(ListedMachine::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Slice::new(rows, page, |row| row.position(sort)))
}

pub(crate) async fn count_machines_by(conn: &mut Connection, filter: &MachineFilter, at_most: u32) -> Result<u32> {
    let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM machines WHERE TRUE");
    push_filter(&mut query, filter);
    count(conn, query, at_most).await
}

pub(crate) async fn find_listed_machine(conn: &mut Connection, id: MachineId) -> Result<Option<ListedMachine>> {
    let mut query = QueryBuilder::<Db>::new(SELECT);
    query.push(" FROM machines WHERE id = ").push_bind(id.uuid()).push(") AS page").push(JOINS);
    let row: Option<ListedMachineRow> = query.build_query_as().fetch_optional(conn).await?;
    row.map(ListedMachine::try_from).transpose()
}
