//! The list of accounts.

use sqlx::QueryBuilder;

use super::{
    super::dialect::{self, Connection, Db},
    count,
    keyset::{Breadth, Listed, Shape, SortOrder},
    push_account_text, push_chosen, push_range,
};
use crate::{
    error::Result,
    tables::lists::{
        accounts::{AccountFilter, AccountSort, ListedAccount, ListedAccountRow},
        keyset::{PageRequest, Slice},
    },
};

const LISTED: Listed = Listed { table: "accounts", columns: "id, role, disabled_at, has_licenses, created_at" };

/// With what a text is compared with.
const SEARCHED: Listed =
    Listed { table: "accounts", columns: "id, email, name_key, role, disabled_at, has_licenses, created_at" };

fn order(sort: AccountSort) -> SortOrder {
    match sort {
        AccountSort::Newest => SortOrder::by("created_at").descending(),
        AccountSort::Oldest => SortOrder::by("created_at"),
        AccountSort::Email => SortOrder::by(dialect::ACCOUNT_EMAIL),
        AccountSort::Name => SortOrder::by("name_key"),
    }
}

fn push_filter(query: &mut QueryBuilder<Db>, filter: &AccountFilter) {
    if let Some(ids) = &filter.ids {
        push_chosen(query, ids.iter().map(|id| id.uuid()));
    }
    if let Some(role) = filter.role {
        query.push(" AND role = ").push_bind(role.as_str());
    }
    match filter.is_banned {
        Some(true) => query.push(" AND disabled_at IS NOT NULL"),
        Some(false) => query.push(" AND disabled_at IS NULL"),
        None => query,
    };
    match filter.has_licenses {
        // Not as an equality, for which SQLite would use the index of those without.
        Some(true) => query.push(" AND has_licenses <> FALSE"),
        Some(false) => query.push(" AND has_licenses = FALSE"),
        None => query,
    };
    push_range(query, "created_at", filter.created);
    if let Some(text) = &filter.text {
        query.push(" AND ");
        push_account_text(query, text);
    }
}

pub(crate) async fn list_accounts_by(
    conn: &mut Connection,
    filter: &AccountFilter,
    sort: AccountSort,
    page: &PageRequest,
) -> Result<Slice<ListedAccount>> {
    let mut rows = Vec::new();
    for shape in Shape::of(page, Breadth::of(filter)) {
        rows = read(conn, filter, sort, page, *shape).await?;
        if page.is_filled_by(rows.len()) {
            break;
        }
    }
    Ok(Slice::new(rows, page, |row| row.position(sort)))
}

async fn read(
    conn: &mut Connection,
    filter: &AccountFilter,
    sort: AccountSort,
    page: &PageRequest,
    shape: Shape,
) -> Result<Vec<ListedAccount>> {
    let order = order(sort);
    let mut query = QueryBuilder::<Db>::new(
        "SELECT page.id, page.email, page.name, page.role, page.disabled_at, page.created_at, page.name_key,
             (SELECT COUNT(*) FROM licenses WHERE licenses.account_id = page.id) AS licenses,
             (SELECT COUNT(*) FROM licenses JOIN machines ON machines.license_id = licenses.id
              WHERE licenses.account_id = page.id AND machines.deactivated_at IS NULL) AS machines,
             (SELECT MAX(machines.last_seen_at) FROM licenses JOIN machines ON machines.license_id = licenses.id
              WHERE licenses.account_id = page.id AND machines.deactivated_at IS NULL) AS last_seen_at
         FROM ",
    );
    let listed = if filter.text.is_some() { SEARCHED } else { LISTED };
    order.push_places(&mut query, listed, page, shape, |query| push_filter(query, filter));
    query.push(" JOIN accounts AS page ON page.id = place.id");
    order.push_order(&mut query, page);
    let rows: Vec<ListedAccountRow> = query.build_query_as().persistent(false).fetch_all(conn).await?;
    rows.into_iter().map(ListedAccount::try_from).collect()
}

pub(crate) async fn count_accounts_by(conn: &mut Connection, filter: &AccountFilter, at_most: u32) -> Result<u32> {
    let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM accounts WHERE TRUE");
    push_filter(&mut query, filter);
    count(conn, query, at_most).await
}
