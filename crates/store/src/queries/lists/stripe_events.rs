//! The list of the provider's events.

use sqlx::QueryBuilder;

use super::{
    super::dialect::{Connection, Db},
    count,
    keyset::{Breadth, Listed, Shape, SortOrder},
    push_range,
};
use crate::{
    error::Result,
    tables::{
        billing::stripe_events::{EventColumns, StripeEventRow},
        lists::{
            keyset::{PageRequest, Slice},
            stripe_events::{StripeEventFilter, StripeEventSort, position},
        },
    },
};

const LISTED: Listed = Listed { table: "stripe_events", columns: "id, kind, is_live, object_id, state, received_at" };

fn push_filter(query: &mut QueryBuilder<Db>, filter: &StripeEventFilter) {
    if let Some(state) = filter.state {
        query.push(" AND state = ").push_bind(state.as_str());
    }
    if let Some(kind) = &filter.kind {
        query.push(" AND kind = ").push_bind(kind.clone());
    }
    if let Some(object) = &filter.object {
        query.push(" AND object_id = ").push_bind(object.clone());
    }
    if let Some(is_live) = filter.is_live {
        query.push(" AND is_live = ").push_bind(is_live);
    }
    push_range(query, "received_at", filter.received);
}

pub(crate) async fn list_stripe_events_by(
    conn: &mut Connection,
    filter: &StripeEventFilter,
    sort: StripeEventSort,
    page: &PageRequest,
) -> Result<Slice<StripeEventRow>> {
    let order = match sort {
        StripeEventSort::Newest => SortOrder::by("received_at").descending(),
        StripeEventSort::Oldest => SortOrder::by("received_at"),
    };
    let mut rows = Vec::new();
    for shape in Shape::of(page, Breadth::of(filter)) {
        let mut query = QueryBuilder::<Db>::new(
            "SELECT page.id, page.kind, page.is_live, page.api_version, page.object_kind, page.object_id, page.source,
             page.state, page.attempts, page.next_attempt_at, page.last_error, page.created_at, page.received_at,
             page.done_at FROM ",
        );
        order.push_places(&mut query, LISTED, page, *shape, |query| push_filter(query, filter));
        query.push(" JOIN stripe_events AS page ON page.id = place.id");
        order.push_order(&mut query, page);
        rows = query.build_query_as::<EventColumns>().persistent(false).fetch_all(&mut *conn).await?;
        if page.is_filled_by(rows.len()) {
            break;
        }
    }
    let rows = rows.into_iter().map(StripeEventRow::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Slice::new(rows, page, position))
}

pub(crate) async fn count_stripe_events_by(
    conn: &mut Connection,
    filter: &StripeEventFilter,
    at_most: u32,
) -> Result<u32> {
    let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM stripe_events WHERE TRUE");
    push_filter(&mut query, filter);
    count(conn, query, at_most).await
}
