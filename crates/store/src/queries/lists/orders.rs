//! The list of orders.

use latchkey_licensing::{ids::OrderId, order::Order};
use sqlx::QueryBuilder;

use super::{
    super::dialect::{self, Connection, Db},
    count,
    keyset::{Breadth, Listed, Shape, SortOrder},
    push_prefix, push_range_of_ids,
};
use crate::{
    error::Result,
    tables::{
        billing::orders::OrderRow,
        lists::{
            keyset::{PageRequest, Slice},
            name_key,
            orders::{OrderFilter, OrderSort, position},
        },
    },
};

const LISTED: Listed =
    Listed { table: "orders", columns: "id, account_id, status, is_live, is_subscription, email, created_at" };

fn push_filter(query: &mut QueryBuilder<Db>, filter: &OrderFilter) {
    if let Some(account) = filter.account {
        query.push(" AND account_id = ").push_bind(account.uuid());
    }
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(is_live) = filter.is_live {
        query.push(" AND is_live = ").push_bind(is_live);
    }
    if let Some(is_subscription) = filter.is_subscription {
        query.push(" AND is_subscription = ").push_bind(is_subscription);
    }
    if let Some(text) = &filter.text {
        query.push(" AND email IS NOT NULL AND ");
        push_prefix(query, dialect::ORDER_EMAIL, &name_key(Some(text)));
    }
    push_range_of_ids(query, "created_at", filter.created, |at| OrderId::new(at, [0; 10]).uuid());
}

pub(crate) async fn list_orders_by(
    conn: &mut Connection,
    filter: &OrderFilter,
    sort: OrderSort,
    page: &PageRequest,
) -> Result<Slice<Order>> {
    let order = match sort {
        OrderSort::Newest => SortOrder::by_id().descending(),
        OrderSort::Oldest => SortOrder::by_id(),
    };
    let mut rows = Vec::new();
    for shape in Shape::of(page, Breadth::of(filter)) {
        let mut query = QueryBuilder::<Db>::new("SELECT page.* FROM ");
        order.push_places(&mut query, LISTED, page, *shape, |query| push_filter(query, filter));
        query.push(" JOIN orders AS page ON page.id = place.id");
        order.push_order(&mut query, page);
        rows = query.build_query_as::<OrderRow>().persistent(false).fetch_all(&mut *conn).await?;
        if page.is_filled_by(rows.len()) {
            break;
        }
    }
    let rows = rows.into_iter().map(Order::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Slice::new(rows, page, position))
}

pub(crate) async fn count_orders_by(conn: &mut Connection, filter: &OrderFilter, at_most: u32) -> Result<u32> {
    let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM orders WHERE TRUE");
    push_filter(&mut query, filter);
    count(conn, query, at_most).await
}
