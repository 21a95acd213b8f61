//! The list of accounts.

use sqlx::QueryBuilder;

use super::{
    super::dialect::{self, Connection, Db},
    count,
    keyset::SortOrder,
    push_accounts_by_text, push_range,
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
        query.push(" AND id IN (");
        push_accounts_by_text(query, text);
        query.push(")");
    }
}

pub(crate) async fn list_accounts_by(
    conn: &mut Connection,
    filter: &AccountFilter,
    sort: AccountSort,
    page: &PageRequest,
) -> Result<Slice<ListedAccount>> {
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
    query.push(order.column()).push(" FROM accounts WHERE TRUE");
    push_filter(&mut query, filter);
    order.push_page(&mut query, page);
    order.push_order(&mut query, page);
    let rows: Vec<ListedAccountRow> = query.build_query_as().persistent(false).fetch_all(conn).await?;
    let rows = rows.into_iter().map(ListedAccount::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Slice::new(rows, page, |row| row.position(sort)))
}

pub(crate) async fn count_accounts_by(conn: &mut Connection, filter: &AccountFilter, at_most: u32) -> Result<u32> {
    let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM accounts WHERE TRUE");
    push_filter(&mut query, filter);
    count(conn, query, at_most).await
}
