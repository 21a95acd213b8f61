//! The list of the provider's events.

use super::{
    TimeRange,
    keyset::{Position, RowId, SortKey},
};
use crate::tables::billing::stripe_events::{EventState, StripeEventRow};

/// Which events to list. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StripeEventFilter {
    pub state: Option<EventState>,
    /// Such as `invoice.paid`.
    pub kind: Option<String>,
    /// The provider's id of the object that they are about.
    pub object: Option<String>,
    pub is_live: Option<bool>,
    pub received: TimeRange,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StripeEventSort {
    /// Those that were received last.
    #[default]
    Newest,
    Oldest,
}

pub(crate) fn position(event: &StripeEventRow) -> Position {
    Position { key: SortKey::Number(event.received_at.unix_micros()), id: RowId::Text(event.id.clone()) }
}
