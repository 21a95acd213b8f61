//! The audit log, and the part of it that is about machines.

use latchkey_licensing::time::Timestamp;
use latchkey_service::{Activations, AuditLog, AuditRow};

use super::{CatalogChoices, ShownColumn, ShownFilter, ShownList};
use crate::{
    admin::{
        model::{
            list_view::ListName,
            lists::{Cell, LinkTo, Row},
        },
        present::events,
    },
    portal::present::when,
};

const COLUMNS: &[ShownColumn] = &[
    ShownColumn::new("Event"),
    ShownColumn::new("Record"),
    ShownColumn::new("By"),
    ShownColumn::new("Details"),
    ShownColumn::sorted("When", Some("oldest"), Some("newest")),
];

const ACTORS: &[(&str, &str)] = &[
    ("customer", "Customer"),
    ("support", "Support"),
    ("admin", "Admin"),
    ("app", "App"),
    ("host", "Command"),
    ("server", "Server"),
    ("visitor", "Visitor"),
];

impl ShownList for AuditLog {
    const LIST: ListName = ListName::Audit;
    const TITLE: &'static str = "Audit log";
    const HINT: Option<&'static str> = None;
    const NOTHING_YET: (&'static str, &'static str) =
        ("Nothing has happened yet", "Every change and every sign-in is recorded here, and nothing is ever removed.");
    const TABLE: &'static [ShownColumn] = COLUMNS;

    fn filters(_: &CatalogChoices) -> Vec<ShownFilter> {
        let subjects = [
            ("account", "Account"),
            ("license", "License"),
            ("order", "Order"),
            ("stripe_event", "Stripe event"),
            ("signing_key", "Signing key"),
            ("product", "Product"),
        ];
        vec![ShownFilter::new("actor", "By", ACTORS), ShownFilter::new("subject", "Record", &subjects)]
    }

    fn row(row: &AuditRow, now: Timestamp) -> Row {
        shown(row, now)
    }
}

impl ShownList for Activations {
    const LIST: ListName = ListName::Activations;
    const TITLE: &'static str = "Activations";
    const HINT: Option<&'static str> = None;
    const NOTHING_YET: (&'static str, &'static str) = (
        "No activations yet",
        "Whatever happens to machines is listed here: activations, deactivations, names and files.",
    );
    const TABLE: &'static [ShownColumn] = COLUMNS;

    fn filters(_: &CatalogChoices) -> Vec<ShownFilter> {
        vec![ShownFilter::new("actor", "By", ACTORS)]
    }

    fn row(row: &AuditRow, now: Timestamp) -> Row {
        shown(row, now)
    }
}

fn shown(row: &AuditRow, now: Timestamp) -> Row {
    let event = events::describe_row(row);
    let by = match event.by_href {
        Some(href) => Cell::Link(LinkTo::new(event.by, href)),
        None => Cell::Text(event.by),
    };
    Row {
        id: row.id.to_string(),
        href: event.href.clone(),
        cells: vec![
            Cell::Text(event.text),
            Cell::Link(LinkTo::new(event.record, event.href)),
            by,
            event.note.map_or(Cell::Empty, Cell::Text),
            Cell::Time(when(row.at, now)),
        ],
    }
}
