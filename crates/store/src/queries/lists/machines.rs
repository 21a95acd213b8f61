//! The list of machines, active or not.

use latchkey_licensing::ids::MachineId;
use sqlx::QueryBuilder;

use super::{
    super::dialect::{Connection, Db},
    Membership, count,
    keyset::{Breadth, Listed, Shape, SortOrder},
    push_account_text, push_accounts_by_text, push_range,
};
use crate::{
    error::Result,
    tables::lists::{
        keyset::{PageRequest, Slice},
        machines::{ListedMachine, ListedMachineRow, MachineFilter, MachineSort},
    },
};

/// The outer statement. The places of the rows follow.
const SELECT: &str =
    "SELECT page.id, page.license_id, page.slot, page.fingerprint, page.name, page.hostname, page.platform,
         page.cores, page.memory, page.disk, page.ip, page.app_version, page.metadata, page.last_heartbeat_at,
         page.is_resurrected, page.last_check_out_at,
         page.last_seen_at, page.created_at, page.updated_at, page.deactivated_at, page.deactivated_by,
         licenses.account_id AS owner_id, accounts.email AS owner_email, licenses.key_prefix, licenses.key_tail,
         policies.code AS policy_code, products.code AS product_code
     FROM ";

const JOINS: &str = " JOIN machines AS page ON page.id = place.id JOIN licenses ON licenses.id = page.license_id JOIN accounts ON accounts.id = licenses.account_id
      JOIN policies ON policies.id = licenses.policy_id JOIN products ON products.id = licenses.product_id";

const LISTED: Listed =
    Listed { table: "machines", columns: "id, license_id, fingerprint_hash, deactivated_at, last_seen_at, created_at" };

fn order(sort: MachineSort) -> SortOrder {
    match sort {
        MachineSort::Newest => SortOrder::by("created_at").descending(),
        MachineSort::Oldest => SortOrder::by("created_at"),
        MachineSort::LastSeen => SortOrder::by("last_seen_at").descending(),
        MachineSort::Unseen => SortOrder::by("last_seen_at"),
    }
}

/// Adds the conditions about machines themselves.
fn push_filter(query: &mut QueryBuilder<Db>, filter: &MachineFilter) {
    if let Some(license) = filter.license {
        query.push(" AND license_id = ").push_bind(license.uuid());
    }
    if let Some(account) = filter.account {
        query.push(" AND license_id IN (SELECT id FROM licenses WHERE account_id = ");
        query.push_bind(account.uuid()).push(")");
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
}

/// Whether the filter is about the license, too.
fn is_about_licenses(filter: &MachineFilter) -> bool {
    filter.policy.is_some() || filter.product.is_some() || filter.text.is_some()
}

/// Adds the conditions about the license: a subquery of licenses, or a lookup of each machine's.
fn push_of_license(query: &mut QueryBuilder<Db>, filter: &MachineFilter, membership: Membership) {
    if !is_about_licenses(filter) {
        return;
    }
    match membership {
        Membership::Set => {
            query.push(" AND license_id IN (SELECT id FROM licenses WHERE TRUE");
            push_license(query, filter);
            if let Some(text) = &filter.text {
                query.push(" AND account_id IN (");
                push_accounts_by_text(query, text);
                query.push(")");
            }
        }
        Membership::Probe => {
            query.push(" AND EXISTS (SELECT 1 FROM licenses WHERE licenses.id = machines.license_id");
            push_license(query, filter);
            if let Some(text) = &filter.text {
                query.push(" AND EXISTS (SELECT 1 FROM accounts WHERE accounts.id = licenses.account_id AND ");
                push_account_text(query, text);
                query.push(")");
            }
        }
    }
    query.push(")");
}

fn push_license(query: &mut QueryBuilder<Db>, filter: &MachineFilter) {
    if let Some(policy) = filter.policy {
        query.push(" AND licenses.policy_id = ").push_bind(policy.uuid());
    }
    if let Some(product) = filter.product {
        query.push(" AND licenses.product_id = ").push_bind(product.uuid());
    }
}

pub(crate) async fn list_machines_by(
    conn: &mut Connection,
    filter: &MachineFilter,
    sort: MachineSort,
    page: &PageRequest,
) -> Result<Slice<ListedMachine>> {
    let breadth = if is_about_licenses(filter) { Breadth::OtherTables } else { Breadth::of(filter) };
    let mut rows = Vec::new();
    for shape in Shape::of(page, breadth) {
        rows = read(conn, filter, sort, page, *shape).await?;
        if page.is_filled_by(rows.len()) {
            break;
        }
    }
    Ok(Slice::new(rows, page, |row| row.position(sort)))
}

async fn read(
    conn: &mut Connection,
    filter: &MachineFilter,
    sort: MachineSort,
    page: &PageRequest,
    shape: Shape,
) -> Result<Vec<ListedMachine>> {
    let order = order(sort);
    let mut query = QueryBuilder::<Db>::new(SELECT);
    order.push_places(&mut query, LISTED, page, shape, |query| {
        push_filter(query, filter);
        push_of_license(query, filter, membership(filter, shape));
    });
    query.push(JOINS);
    order.push_order(&mut query, page);
    let rows: Vec<ListedMachineRow> = query.build_query_as().persistent(false).fetch_all(conn).await?;
    rows.into_iter().map(ListedMachine::try_from).collect()
}

/// Inactive machines are few, so their licenses are looked up.
fn membership(filter: &MachineFilter, shape: Shape) -> Membership {
    if filter.is_active == Some(false) { Membership::Probe } else { Membership::of(shape) }
}

pub(crate) async fn count_machines_by(conn: &mut Connection, filter: &MachineFilter, at_most: u32) -> Result<u32> {
    let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM ");
    if filter.is_active == Some(false) {
        query.push("machines WHERE TRUE");
        push_of_license(&mut query, filter, Membership::Probe);
    } else if is_about_licenses(filter) {
        // From the licenses to their machines, so that counting stops early.
        query.push("(SELECT licenses.id AS found_id FROM ");
        match &filter.text {
            Some(text) => {
                query.push("(SELECT id AS owner_id FROM accounts WHERE ");
                push_account_text(&mut query, text);
                query.push(") AS owners JOIN licenses ON licenses.account_id = owners.owner_id");
            }
            None => {
                query.push("licenses");
            }
        }
        query.push(" WHERE TRUE");
        push_license(&mut query, filter);
        query.push(") AS found JOIN machines ON machines.license_id = found.found_id WHERE TRUE");
    } else {
        query.push("machines WHERE TRUE");
    }
    push_filter(&mut query, filter);
    count(conn, query, at_most).await
}

pub(crate) async fn find_listed_machine(conn: &mut Connection, id: MachineId) -> Result<Option<ListedMachine>> {
    let mut query = QueryBuilder::<Db>::new(SELECT);
    query.push("(SELECT id FROM machines WHERE id = ").push_bind(id.uuid()).push(") AS place").push(JOINS);
    let row: Option<ListedMachineRow> = query.build_query_as().fetch_optional(conn).await?;
    row.map(ListedMachine::try_from).transpose()
}
