//! Lists: their frame, filters, rows and pages. The state of a list is only in its URL.

use serde::{Deserialize, Serialize};

use crate::shared::model::{RelativeTime, Status};

/// A link as a word and an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkTo {
    pub label: String,
    pub href: String,
}

impl LinkTo {
    pub(crate) fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into() }
    }
}

/// What stands above a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListFrame {
    pub title: String,
    /// `1,204`, or `10,000+` if counting further would take long.
    pub count: Option<String>,
    /// Where objects of this kind are created.
    pub create: Option<LinkTo>,
    /// The page that exports the list as a file.
    pub export: Option<String>,
    pub search: SearchBox,
    pub filters: Vec<Filter>,
    /// The filters that apply.
    pub chips: Vec<Chip>,
    /// The list without filters.
    pub clear: String,
    pub views: Vec<SavedView>,
    /// The page that saves the current filters as a view.
    pub save_view: Option<String>,
}

/// The search field, whose form also contains the filters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchBox {
    pub action: String,
    pub value: String,
    /// What the field finds: `E-mail, name, key or id`. `None` if the list only has filters.
    pub hint: Option<String>,
    /// Other parameters that a new search keeps, such as the sort.
    pub kept: Vec<(String, String)>,
}

/// A filter with a fixed set of values. The empty value means any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    pub name: String,
    pub label: String,
    pub value: String,
    /// Values and their words.
    pub options: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chip {
    /// The filter: `Status`.
    pub label: String,
    /// Its value: `Suspended`.
    pub value: String,
    /// The list without this filter.
    pub remove: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    pub name: String,
    pub href: String,
    pub is_current: bool,
    /// The page that removes it. `None` for the list without filters.
    pub remove: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What the rows are: `Licenses, newest first`.
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub label: String,
    pub sort: Option<Sort>,
    /// Numbers are aligned at their end.
    pub is_number: bool,
}

impl Column {
    pub(crate) fn new(label: &str) -> Self {
        Self { label: label.to_owned(), sort: None, is_number: false }
    }
}

/// How a column sorts the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// The list sorted by this column, or the other way around.
    pub href: String,
    pub order: SortOrder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SortOrder {
    None,
    Ascending,
    Descending,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The object's id, which a selection contains.
    pub id: String,
    /// The object's page. Empty if it has none.
    pub href: String,
    /// One cell for each column. The first is the row's name and links to the object.
    pub cells: Vec<Cell>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cell {
    Text(String),
    /// An id, a key's tail or another text whose characters matter.
    Code(String),
    Number(String),
    Time(RelativeTime),
    Status(Status),
    Link(LinkTo),
    /// A text that people copy, and what it is: `Stripe payment id`.
    Copyable {
        text: String,
        what: String,
    },
    /// There is no value.
    Empty,
}

/// The neighbors of the shown page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// `25 of 1,204`.
    pub shown: String,
    pub first: Option<String>,
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// Why a list shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Emptiness {
    /// Nothing of this kind exists yet.
    NothingYet {
        /// What will appear here.
        what: String,
        /// What makes it appear.
        how: String,
        action: Option<LinkTo>,
    },
    /// The filters exclude everything.
    NoMatch {
        /// The list without filters.
        clear: String,
    },
    /// The role may not see it.
    NoPermission {
        /// What is needed to see it.
        needs: String,
    },
}

/// An act on all selected rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkAct {
    /// The page that shows what would change, to which the form submits the ids.
    pub action: String,
    pub label: String,
    pub is_dangerous: bool,
}

/// What can be done to selected rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    pub acts: Vec<BulkAct>,
    /// The filters of the list, as a query string.
    pub filter: String,
    /// The rows on all pages.
    pub all: SelectAll,
}

/// Whether all rows that match the filters can be selected, and not only those of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SelectAll {
    /// The page shows all of them.
    OnPage,
    /// The label of the box: `All 1,204 that match`.
    Offered(String),
    /// Why not.
    TooMany(String),
}
