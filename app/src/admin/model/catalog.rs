//! The catalog's pages and the forms of its entries, as the server sends them.

use serde::{Deserialize, Serialize};

use crate::admin::model::{
    lists::{LinkTo, Pages},
    object_view::{Notice, Section},
    objects::{Confirmation, Input, TimelineEntry, Toast},
};

/// The page of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogView {
    pub toast: Option<Toast>,
    /// Tabs and whether each is the current one.
    pub tabs: Vec<(LinkTo, bool)>,
    /// Whether there are no products yet, and where to create the first. It needs an admin.
    pub first: Option<LinkTo>,
    pub is_empty: bool,
    pub content: CatalogContent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CatalogContent {
    Entries { sections: Vec<CatalogSection>, timeline: (Vec<TimelineEntry>, Pages) },
    File(FileTexts),
}

/// The entries of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogSection {
    pub section: Section,
    /// Where another one is created. `None` if the role may not.
    pub create: Option<LinkTo>,
}

/// A catalog file, and the commands that apply it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTexts {
    /// What changes in the file. `None` if the whole is shown.
    pub entry: Option<String>,
    pub whole: String,
    pub commands: Vec<String>,
}

/// The form of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryForm {
    /// The form's address, and the values that it sends.
    pub action: String,
    pub fields: Vec<(String, String)>,
    pub groups: Vec<FieldGroup>,
    /// What is wrong apart from the fields.
    pub errors: Vec<String>,
    /// What somebody else changed while the form was open.
    pub merged: Vec<FieldChange>,
    /// The page to return to.
    pub back: String,
}

/// Fields that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldGroup {
    pub title: String,
    pub hint: Option<String>,
    pub inputs: Vec<Input>,
}

/// What applying a change would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    pub steps: Vec<PlanStep>,
    /// What is allowed and rarely meant.
    pub warnings: Vec<String>,
    /// Why it cannot be applied.
    pub obstacles: Vec<PlanObstacle>,
    /// What somebody else changed while the form was open.
    pub merged: Vec<FieldChange>,
    /// The form that applies it. `None` if it cannot be applied or changes nothing.
    pub confirmation: Option<Box<Confirmation>>,
    /// The form that leads back to the entry's form: its address and the values that it sends. `None` if there is none.
    pub edit: Option<(String, Vec<(String, String)>)>,
    /// The page to return to.
    pub back: String,
    pub file: FileTexts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    /// `Policy lifetime changes`.
    pub title: String,
    /// Its licenses.
    pub licenses: Option<LinkTo>,
    /// Whether the values before are shown.
    pub has_before: bool,
    pub fields: Vec<FieldChange>,
}

/// A field with its values in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    pub label: String,
    pub before: String,
    pub after: String,
}

/// Why a change cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanObstacle {
    pub notice: Notice,
    /// Some of the licenses that it would break.
    pub examples: Vec<LinkTo>,
    /// What to do about it.
    pub remedy: String,
}
