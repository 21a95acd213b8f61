//! The list of licenses.

use latchkey_licensing::ids::LicenseId;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    super::dialect::{Connection, Db},
    Membership, count,
    keyset::{Breadth, Listed, Shape, SortOrder},
    push_account_text, push_accounts_by_text, push_chosen, push_range,
};
use crate::{
    error::Result,
    tables::lists::{
        keyset::{PageRequest, Slice},
        licenses::{LicenseFilter, LicenseSort, ListedLicense, ListedLicenseRow, ListedStanding},
    },
};

/// The indexed expression. Licenses that never expire come last.
const EXPIRY: &str = "COALESCE(expires_at, 9223372036854775807)";

const LISTED: Listed = Listed {
    table: "licenses",
    columns: "id, account_id, policy_id, product_id, suspended_at, revoked_at, expires_at, key_tail, has_machines,
        created_at",
};

/// The number of letters of a key that are its tail.
const TAIL: usize = 4;

fn order(sort: LicenseSort) -> SortOrder {
    match sort {
        LicenseSort::Newest => SortOrder::by("created_at").descending(),
        LicenseSort::Oldest => SortOrder::by("created_at"),
        LicenseSort::Expiry => SortOrder::by_expression(EXPIRY),
    }
}

fn push_standing(query: &mut QueryBuilder<Db>, standing: ListedStanding) {
    const GOOD: &str = " AND suspended_at IS NULL AND revoked_at IS NULL";
    match standing {
        ListedStanding::Active(now) => {
            query.push(GOOD).push(" AND (expires_at IS NULL OR expires_at > ");
            query.push_bind(now.unix_micros()).push(")");
        }
        ListedStanding::Expired(now) => {
            query.push(GOOD).push(" AND expires_at <= ").push_bind(now.unix_micros());
        }
        ListedStanding::Suspended => {
            query.push(" AND suspended_at IS NOT NULL");
        }
        ListedStanding::Revoked => {
            query.push(" AND revoked_at IS NOT NULL");
        }
    }
}

/// Adds the conditions, except for the text.
fn push_filter(query: &mut QueryBuilder<Db>, filter: &LicenseFilter) {
    if let Some(ids) = &filter.ids {
        push_chosen(query, ids.iter().map(|id| id.uuid()));
    }
    if let Some(account) = filter.account {
        query.push(" AND account_id = ").push_bind(account.uuid());
    }
    if let Some(policy) = filter.policy {
        query.push(" AND policy_id = ").push_bind(policy.uuid());
    }
    if let Some(product) = filter.product {
        query.push(" AND product_id = ").push_bind(product.uuid());
    }
    if let Some(standing) = filter.standing {
        push_standing(query, standing);
    }
    match filter.has_machines {
        // Not as an equality, for which SQLite would use the index of those without.
        Some(true) => query.push(" AND has_machines <> FALSE"),
        Some(false) => query.push(" AND has_machines = FALSE"),
        None => query,
    };
    push_range(query, "created_at", filter.created);
    push_range(query, "expires_at", filter.expires);
}

/// Adds the condition that a text is the beginning of the owner's address or name, or the end of the key.
fn push_text(query: &mut QueryBuilder<Db>, text: &str, membership: Membership) {
    match (membership, tail(text)) {
        (Membership::Set, None) => {
            query.push(" AND account_id IN (");
            push_accounts_by_text(query, text);
            query.push(")");
        }
        (Membership::Set, Some(tail)) => {
            query.push(" AND id IN (SELECT id FROM licenses WHERE account_id IN (");
            push_accounts_by_text(query, text);
            query.push(") UNION SELECT id FROM licenses WHERE ");
            push_tail(query, tail);
            query.push(")");
        }
        (Membership::Probe, tail) => {
            query.push(" AND (");
            if let Some(tail) = tail {
                push_tail(query, tail);
                query.push(" OR ");
            }
            query.push("EXISTS (SELECT 1 FROM accounts WHERE accounts.id = licenses.account_id AND ");
            push_account_text(query, text);
            query.push("))");
        }
    }
}

/// The text, if it can be the end of a key.
fn tail(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| text.chars().count() == TAIL)
}

fn push_tail(query: &mut QueryBuilder<Db>, tail: &str) {
    // The tails of signed keys have small letters.
    query.push("key_tail IN (").push_bind(tail.to_uppercase()).push(", ").push_bind(tail.to_owned()).push(")");
}

pub(crate) async fn list_licenses_by(
    conn: &mut Connection,
    filter: &LicenseFilter,
    sort: LicenseSort,
    page: &PageRequest,
) -> Result<Slice<ListedLicense>> {
    let breadth = if filter.text.is_some() { Breadth::OtherTables } else { Breadth::of(filter) };
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
    filter: &LicenseFilter,
    sort: LicenseSort,
    page: &PageRequest,
    shape: Shape,
) -> Result<Vec<ListedLicense>> {
    let order = order(sort);
    let mut query = QueryBuilder::<Db>::new(
        "SELECT page.id, page.account_id, page.product_id, page.policy_id, page.key_prefix, page.key_tail,
             page.suspended_at, page.revoked_at, page.expires_at, page.ends_after_first_use, page.max_machines,
             page.max_cores, page.max_uses, page.uses, page.metadata, page.last_validated_at, page.last_check_in_at,
             page.last_check_out_at, page.created_at, page.updated_at,
             accounts.email AS owner_email, accounts.name AS owner_name, accounts.disabled_at AS owner_disabled_at,
             policies.code AS policy_code, policies.name AS policy_name, products.code AS product_code,
             products.name AS product_name, policies.max_machines AS policy_max_machines,
             (SELECT COUNT(*) FROM machines WHERE machines.license_id = page.id AND machines.deactivated_at IS NULL)
                 AS machines,
             (SELECT MAX(machines.last_seen_at) FROM machines
              WHERE machines.license_id = page.id AND machines.deactivated_at IS NULL) AS last_seen_at
         FROM ",
    );
    order.push_places(&mut query, LISTED, page, shape, |query| {
        push_filter(query, filter);
        if let Some(text) = &filter.text {
            push_text(query, text, Membership::of(shape));
        }
    });
    query.push(
        " JOIN licenses AS page ON page.id = place.id JOIN accounts ON accounts.id = page.account_id
          JOIN policies ON policies.id = page.policy_id
          JOIN products ON products.id = page.product_id",
    );
    order.push_order(&mut query, page);
    let rows: Vec<ListedLicenseRow> = query.build_query_as().persistent(false).fetch_all(conn).await?;
    rows.into_iter().map(ListedLicense::try_from).collect()
}

pub(crate) async fn count_licenses_by(conn: &mut Connection, filter: &LicenseFilter, at_most: u32) -> Result<u32> {
    let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (");
    let Some(text) = &filter.text else {
        query.push("SELECT 1 FROM licenses WHERE TRUE");
        push_filter(&mut query, filter);
        return count(conn, query, at_most).await;
    };
    // From the owners to their licenses, so that counting stops early.
    query.push("SELECT 1 FROM (SELECT id AS owner_id FROM accounts WHERE ");
    push_account_text(&mut query, text);
    query.push(") AS owners JOIN licenses ON licenses.account_id = owners.owner_id WHERE TRUE");
    push_filter(&mut query, filter);
    if let Some(tail) = tail(text) {
        query.push(" UNION ALL SELECT 1 FROM licenses WHERE ");
        push_tail(&mut query, tail);
        query.push(" AND NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.id = licenses.account_id AND ");
        push_account_text(&mut query, text);
        query.push(")");
        push_filter(&mut query, filter);
    }
    count(conn, query, at_most).await
}

pub(crate) async fn list_license_ids_by(
    conn: &mut Connection,
    filter: &LicenseFilter,
    at_most: u32,
) -> Result<Vec<LicenseId>> {
    let mut query = QueryBuilder::<Db>::new("SELECT id FROM licenses WHERE TRUE");
    push_filter(&mut query, filter);
    if let Some(text) = &filter.text {
        push_text(&mut query, text, Membership::Set);
    }
    query.push(" ORDER BY created_at DESC, id DESC LIMIT ").push_bind(i64::from(at_most));
    let ids: Vec<Uuid> = query.build_query_scalar().persistent(false).fetch_all(conn).await?;
    Ok(ids.into_iter().map(LicenseId::from).collect())
}
