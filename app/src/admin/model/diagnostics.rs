//! The page of the instance's state, as the server sends it.

use serde::{Deserialize, Serialize};

use crate::admin::model::{
    lists::LinkTo,
    object_view::{Notice, Section},
    objects::{Fact, Toast},
};

/// The page of the instance's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiagnosticsView {
    /// The role may not see it: what is needed.
    Refused(String),
    Shown(Box<DiagnosticsContent>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiagnosticsContent {
    pub toast: Option<Toast>,
    /// The page with checks that take a while, unless it is this one.
    pub all_checks: Option<LinkTo>,
    /// The page that sends a test mail.
    pub test_mail: LinkTo,
    /// What needs attention.
    pub notices: Vec<Notice>,
    pub facts: Vec<Fact>,
    pub sections: Vec<Section>,
    /// What can be done about signing keys: sentences, and commands to copy.
    pub guides: Vec<Guide>,
    /// Everything as plain text.
    pub report: String,
}

/// How something is done on the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guide {
    pub title: String,
    pub steps: Vec<String>,
    pub commands: Vec<String>,
}
