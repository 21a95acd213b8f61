//! The list of the provider's events.

use sqlx::QueryBuilder;

use super::{
    super::dialect::{Connection, Db},
    count,
    keyset::SortOrder,
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
    // Without the bodies, which are large.
    let mut query = QueryBuilder::<Db>::new(
        "SELECT page.* FROM (SELECT id, kind, is_live, api_version, object_kind, object_id, source, state, attempts,
             next_attempt_at, last_error, created_at, received_at, done_at",
    );
    query.push(order.column()).push(" FROM stripe_events WHERE TRUE");
    push_filter(&mut query, filter);
    order.push_page(&mut query, page);
    order.push_order(&mut query, page);
    let rows: Vec<EventColumns> = query.build_query_as().persistent(false).fetch_all(conn).await?;
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
