//! A list's page, as the server sends it.

use serde::{Deserialize, Serialize};

use crate::admin::model::{
    lists::{Emptiness, ListFrame, Pages, Selection, Table},
    objects::Toast,
};

/// The lists of the admin portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListName {
    Customers,
    Licenses,
    Machines,
    Activations,
    Orders,
    Events,
    Mails,
    Audit,
}

/// A page of a list with everything around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListView {
    /// What was just done.
    pub toast: Option<Toast>,
    pub frame: ListFrame,
    pub content: ListContent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListContent {
    Rows {
        table: Table,
        pages: Pages,
        /// What can be done to selected rows. `None` if they are not selected.
        selection: Option<Selection>,
    },
    Empty(Emptiness),
    /// The address asks for something that the list does not have.
    Refused {
        /// The filter, as people know it.
        filter: String,
        /// What it may be.
        remedy: String,
    },
}
