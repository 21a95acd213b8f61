//! Pages of records, as the server sends them.

use serde::{Deserialize, Serialize};

use crate::{
    admin::model::{
        bulk::BulkView,
        catalog::{EntryForm, PlanView},
        lists::{LinkTo, Pages, Table},
        objects::{Confirmation, Fact, ObjectHead, Related, TimelineEntry, Toast},
    },
    shared::model::Tone,
};

/// The kinds of records that have a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectKind {
    Customer,
    License,
    Machine,
    Order,
    Event,
    Mail,
}

/// A record's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectView {
    pub head: ObjectHead,
    /// What was just done.
    pub toast: Option<Toast>,
    /// What needs attention.
    pub notices: Vec<Notice>,
    pub content: ObjectContent,
    pub related: Vec<Related>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
    /// Where something can be done about it.
    pub link: Option<LinkTo>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectContent {
    Summary {
        facts: Vec<Fact>,
        sections: Vec<Section>,
        timeline: Option<(Vec<TimelineEntry>, Pages)>,
    },
    Inspect {
        /// The record without secrets.
        json: String,
        /// What shows the same outside the browser: a label and a text to copy.
        calls: Vec<(String, String)>,
    },
}

/// A titled part of a record's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    pub title: String,
    pub body: SectionBody,
    /// Where all of it is, if there is more.
    pub all: Option<LinkTo>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SectionBody {
    Table(Table),
    /// A text whose characters matter.
    Code(String),
    /// Says that there is nothing.
    Nothing(String),
}

/// The page of an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActView {
    /// `Suspend license`.
    pub title: String,
    /// The record's page.
    pub record: LinkTo,
    pub content: ActContent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActContent {
    Form(Box<Confirmation>),
    /// The form of an entry of the catalog.
    Entry(Box<EntryForm>),
    /// What a change of the catalog would do.
    CatalogPlan(Box<PlanView>),
    /// It cannot be done, and what can be done instead.
    Refused(String),
    /// It needs a recent second factor. The page that asks for it leads back here.
    Confirm(String),
    /// What an act on many records would do. Without a form if there is nothing to do.
    BulkPlan {
        outcome: BulkView,
        form: Option<Box<Confirmation>>,
    },
    /// What an act on many records did.
    Report(BulkView),
    /// A secret that is shown once.
    Secret {
        what: String,
        text: String,
    },
}

/// Why a license does or does not validate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainView {
    pub record: LinkTo,
    /// The form's address.
    pub action: String,
    pub fields: ExplainFields,
    pub verdict: Notice,
    pub checks: Vec<CheckLine>,
    /// The machines on which it is active, for the form: fingerprints and names.
    pub machines: Vec<(String, String)>,
}

/// The use for which a license is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExplainFields {
    pub fingerprint: String,
    /// Fingerprints of components.
    pub components: String,
    pub entitlements: String,
    pub product: String,
    pub version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckLine {
    /// What is checked: `The license is not suspended or revoked`.
    pub check: String,
    pub outcome: CheckOutcome,
    /// The code that the app gets.
    pub code: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    pub link: Option<LinkTo>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckOutcome {
    Passed,
    Failed,
    /// Neither the policy nor the app asks for it.
    NotAsked,
}

/// What answers a dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceView {
    pub record: LinkTo,
    /// The deadline and where to send it.
    pub notice: Notice,
    /// Titles and texts to copy.
    pub parts: Vec<(String, String)>,
    /// The whole as one text.
    pub text: String,
}
