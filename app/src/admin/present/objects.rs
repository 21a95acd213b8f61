//! Pages of records: from a record with what belongs to it to what the browser shows.

pub(crate) mod customer;
pub(crate) mod event;
pub(crate) mod evidence;
pub(crate) mod explain;
pub(crate) mod license;
pub(crate) mod machine;
pub(crate) mod mail;
pub(crate) mod order;
pub(crate) mod timeline;

use std::fmt::Display;

use latchkey_licensing::time::Timestamp;
use latchkey_service::Timeline;
use serde_json::Value;

use crate::{
    admin::{
        model::{
            lists::{Cell, Column, LinkTo, Row, Table},
            object_view::{ObjectContent, Section, SectionBody},
            objects::{ActLink, Fact},
        },
        present::objects::timeline::entries,
    },
    portal::present::when,
    routes::AdminPage,
};

/// What a page shows besides its record.
pub(crate) struct Around<'a> {
    /// What the record's acts need: admins may do everything.
    pub(crate) is_admin: bool,
    pub(crate) now: Timestamp,
    pub(crate) tab: Tab,
    /// A page of the record's history, and whether it is the first. `None` if the tab does not show it.
    pub(crate) timeline: Option<(&'a Timeline, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Summary,
    Inspect,
}

impl Around<'_> {
    pub(crate) fn tabs(&self, page: &AdminPage) -> Vec<(LinkTo, bool)> {
        let path = page.path();
        vec![
            (LinkTo::new("Inspect", format!("{path}?tab=inspect")), self.tab == Tab::Inspect),
            (LinkTo::new("Summary", path), self.tab == Tab::Summary),
        ]
        .into_iter()
        .rev()
        .collect()
    }

    /// The current tab's content.
    pub(crate) fn content(
        &self,
        page: &AdminPage,
        facts: Vec<Fact>,
        sections: Vec<Section>,
        inspect: Inspected,
    ) -> ObjectContent {
        match self.tab {
            Tab::Inspect => ObjectContent::Inspect { json: pretty(&inspect.json), calls: inspect.calls },
            Tab::Summary => ObjectContent::Summary {
                facts,
                sections,
                timeline: self.timeline.map(|(timeline, is_first)| entries(timeline, is_first, page, self.now)),
            },
        }
    }

    fn time(&self, at: Timestamp) -> Cell {
        Cell::Time(when(at, self.now))
    }

    fn time_or(&self, at: Option<Timestamp>, otherwise: &str) -> Cell {
        at.map_or_else(|| Cell::Text(otherwise.to_owned()), |at| self.time(at))
    }

    /// A link to an act. `obstacle` says why it is not possible.
    pub(crate) fn act(&self, label: &str, page: &AdminPage, needs: Needs, obstacle: Option<String>) -> ActLink {
        let locked = (needs == Needs::Admin && !self.is_admin).then(|| "Only admins may do this.".to_owned());
        let reason = locked.or(obstacle);
        ActLink { label: label.to_owned(), href: reason.is_none().then(|| page.path()), reason, is_dangerous: false }
    }
}

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    Support,
    Admin,
}

/// What the tab "Inspect" shows.
pub(crate) struct Inspected {
    pub(crate) json: Value,
    pub(crate) calls: Vec<(String, String)>,
}

pub(crate) fn dangerous(act: ActLink) -> ActLink {
    ActLink { is_dangerous: true, ..act }
}

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

pub(crate) fn fact(label: &str, value: Cell) -> Fact {
    Fact { label: label.to_owned(), value }
}

pub(crate) fn text(value: impl Display) -> Cell {
    Cell::Text(value.to_string())
}

/// A text that may be missing.
fn text_or_none(value: Option<&str>) -> Cell {
    value.filter(|value| !value.is_empty()).map_or(Cell::Empty, |value| Cell::Text(value.to_owned()))
}

/// An id of the payment provider or another text that people copy.
fn copied(value: Option<&str>, what: &str) -> Cell {
    value.map_or(Cell::Empty, |value| Cell::Copyable { text: value.to_owned(), what: what.to_owned() })
}

fn link(label: impl Into<String>, page: &AdminPage) -> Cell {
    Cell::Link(LinkTo::new(label, page.path()))
}

/// A table of what belongs to a record, or a sentence that says that there is nothing.
fn table(title: &str, columns: &[&str], rows: Vec<Row>, nothing: &str) -> Section {
    let body = if rows.is_empty() {
        SectionBody::Nothing(nothing.to_owned())
    } else {
        SectionBody::Table(Table {
            caption: title.to_owned(),
            columns: columns.iter().map(|label| Column::new(label)).collect(),
            rows,
        })
    };
    Section { title: title.to_owned(), body, all: None }
}

/// How many rows of a list are shown on the page of a record, so that what follows is not far below. The list itself shows all.
const ROWS_OF_A_LIST: usize = 10;

/// Whether the page of a record shows only some of the rows.
fn is_cut<T>(related: &latchkey_service::Related<T>) -> bool {
    related.has_more || related.items.len() > ROWS_OF_A_LIST
}

/// A list with a filter.
fn filtered(page: &AdminPage, field: &str, value: impl Display) -> String {
    format!("{}?{field}={value}", page.path())
}

/// The words for a number of things.
pub(crate) fn count(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    match number.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}
