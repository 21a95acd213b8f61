//! The list of the payment provider's events.

use latchkey_licensing::time::Timestamp;
use latchkey_store::{
    Conn, EventState, PageRequest, Slice, StoreError, StripeEventFilter, StripeEventRow, StripeEventSort,
};

use crate::desk::{
    csv::Cell,
    lists::{
        FieldContext, List,
        fields::{self, FieldError},
    },
};

/// The list of the payment provider's events.
#[derive(Clone, Copy, Debug)]
pub struct StripeEvents;

impl List for StripeEvents {
    const NAME: &'static str = "events";
    const FIELDS: &'static [&'static str] = &["state", "kind", "object", "live", "from", "to"];
    const SORTS: &'static [(&'static str, StripeEventSort)] =
        &[("newest", StripeEventSort::Newest), ("oldest", StripeEventSort::Oldest)];
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "kind",
        "state",
        "live",
        "object_kind",
        "object_id",
        "from_sync",
        "attempts",
        "next_attempt_at",
        "last_error",
        "created_at",
        "received_at",
        "done_at",
    ];
    type Filter = StripeEventFilter;
    type Sort = StripeEventSort;
    type Row = StripeEventRow;

    fn set(filter: &mut StripeEventFilter, field: &str, value: &str, _: &FieldContext) -> Result<(), FieldError> {
        match field {
            "state" => {
                let words = EventState::ALL.map(EventState::as_str);
                filter.state = fields::word(field, value, EventState::parse, words)?;
            }
            "kind" => filter.kind = fields::text(field, value)?,
            "object" => filter.object = fields::text(field, value)?,
            "live" => filter.is_live = fields::flag(field, value)?,
            "from" => fields::from(field, value, &mut filter.received)?,
            "to" => fields::to(field, value, &mut filter.received)?,
            _ => return Err(FieldError::unknown(field, Self::FIELDS)),
        }
        Ok(())
    }

    async fn page(
        conn: &mut Conn,
        filter: &StripeEventFilter,
        sort: StripeEventSort,
        page: &PageRequest,
    ) -> Result<Slice<StripeEventRow>, StoreError> {
        conn.list_stripe_events_by(filter, sort, page).await
    }

    async fn count(conn: &mut Conn, filter: &StripeEventFilter, at_most: u32) -> Result<u32, StoreError> {
        conn.count_stripe_events_by(filter, at_most).await
    }

    fn cells(event: &StripeEventRow, _: Timestamp) -> Vec<Cell> {
        let object = event.object.as_ref();
        let next_attempt_at = (event.state == EventState::Waiting).then_some(event.next_attempt_at);
        vec![
            Cell::text(Some(&event.id)),
            Cell::text(Some(&event.kind)),
            Cell::text(Some(event.state.as_str())),
            Cell::Flag(event.is_live),
            Cell::text(object.map(|(kind, _)| kind.as_str())),
            Cell::text(object.map(|(_, id)| id.as_str())),
            Cell::Flag(event.is_from_sync),
            Cell::Number(event.attempts.into()),
            Cell::time(next_attempt_at),
            Cell::text(event.last_error.as_deref()),
            Cell::Time(event.created_at),
            Cell::Time(event.received_at),
            Cell::time(event.done_at),
        ]
    }
}
