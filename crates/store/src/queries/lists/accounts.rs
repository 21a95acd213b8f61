//! The list of accounts.

use sqlx::QueryBuilder;

use super::{
    super::dialect::{self, Connection, Db},
    count,
    keyset::{Shape, SortOrder},
    push_account_text, push_chosen, push_range,
};
use crate::{
    error::Result,
    tables::lists::{
        accounts::{AccountFilter, AccountSort, ListedAccount, ListedAccountRow},
        keyset::{PageRequest, Slice},
    },
};

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
    if let Some(has_licenses) = filter.has_licenses {
        query.push(if has_licenses { " AND EXISTS (" } else { " AND NOT EXISTS (" });
        query.push("SELECT 1 FROM licenses WHERE licenses.account_id = accounts.id)");
    }
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
    let shape = Shape::of(page, filter.text.is_some() || filter.has_licenses.is_some());
    let mut rows = read(conn, filter, sort, page, shape).await?;
    if shape == Shape::Walked && !page.is_filled_by(rows.len()) {
        rows = read(conn, filter, sort, page, Shape::Any).await?;
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
         FROM (SELECT id, email, name, role, disabled_at, created_at, name_key",
    );
    query.push(order.column());
    order.push_rows(&mut query, "accounts", page, shape, |query| push_filter(query, filter));
    order.push_order(&mut query, page);
    let rows: Vec<ListedAccountRow> = query.build_query_as().persistent(false).fetch_all(conn).await?;
    rows.into_iter().map(ListedAccount::try_from).collect()
}

pub(crate) async fn count_accounts_by(conn: &mut Connection, filter: &AccountFilter, at_most: u32) -> Result<u32> {
    let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM accounts WHERE TRUE");
    push_filter(&mut query, filter);
    count(conn, query, at_most).await
}
