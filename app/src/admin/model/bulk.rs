//! Acts on many records: what they would do, and what they did.

use serde::{Deserialize, Serialize};

use crate::{admin::model::lists::LinkTo, shared::model::Tone};

/// What an act does to each record, in groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkView {
    pub groups: Vec<BulkGroup>,
}

/// The records to which the same happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkGroup {
    pub tone: Option<Tone>,
    /// `118 licenses will be suspended`.
    pub title: String,
    /// Why, if it is not what was asked for.
    pub why: Option<String>,
    pub items: Vec<BulkLine>,
    /// Says how many others there are. `None` if all are listed.
    pub others: Option<String>,
    /// Whether the records are shown without opening the group.
    pub is_open: bool,
}

/// A record of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkLine {
    /// The record. Its address is empty if it has no page.
    pub record: LinkTo,
    /// What is known about it: its owner.
    pub detail: Option<String>,
}
