//! The list of the payment provider's events.

use latchkey_licensing::time::Timestamp;
use latchkey_service::{EventState, StripeEventRow, StripeEvents};

use super::{CatalogChoices, ShownColumn, ShownFilter, ShownList};
use crate::{
    admin::{
        model::{
            list_view::ListName,
            lists::{Cell, Row},
        },
        present::words,
    },
    portal::present::when,
    routes::{AdminPage, ProviderId},
};

impl ShownList for StripeEvents {
    const LIST: ListName = ListName::Events;
    const TITLE: &'static str = "Events";
    const HINT: Option<&'static str> = None;
    const NOTHING_YET: (&'static str, &'static str) =
        ("No events yet", "An event appears here when Stripe reports a payment, a refund or another change.");
    const TABLE: &'static [ShownColumn] = &[
        ShownColumn::new("Event"),
        ShownColumn::new("Status"),
        ShownColumn::new("About"),
        ShownColumn::number("Attempts"),
        ShownColumn::new("Error"),
        ShownColumn::sorted("Received", Some("oldest"), Some("newest")),
    ];

    fn filters(_: &CatalogChoices) -> Vec<ShownFilter> {
        let states = EventState::ALL.into_iter().map(|state| {
            let word = words::event_state(state).word;
            (state.as_str().to_owned(), word)
        });
        vec![
            ShownFilter { name: "state", label: "Status", options: states.collect() },
            ShownFilter::new("live", "Mode", &[("yes", "Live"), ("no", "Test")]),
        ]
    }

    fn row(event: &StripeEventRow, now: Timestamp) -> Row {
        let about = event.object.as_ref().map_or(Cell::Empty, |(_, id)| Cell::Code(id.clone()));
        Row {
            id: event.id.clone(),
            href: event
                .id
                .parse()
                .map_or_else(|()| AdminPage::Events.path(), |id: ProviderId| AdminPage::Event(id).path()),
            cells: vec![
                Cell::Text(event.kind.clone()),
                Cell::Status(words::event_state(event.state)),
                about,
                Cell::Number(event.attempts.to_string()),
                event.last_error.clone().map_or(Cell::Empty, Cell::Text),
                Cell::Time(when(event.received_at, now)),
            ],
        }
    }
}
