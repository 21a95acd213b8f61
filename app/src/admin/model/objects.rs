//! Pages of single objects: header, facts, timeline, and the forms of acts.

use serde::{Deserialize, Serialize};

pub use crate::shared::model::Toast;

use crate::{
    admin::model::lists::{Cell, LinkTo},
    shared::model::{RelativeTime, Status, Tone},
};

/// The head of an object's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectHead {
    /// `License`.
    pub kind: String,
    /// The list that contains it.
    pub list: LinkTo,
    pub title: String,
    /// The id, which can be copied.
    pub id: String,
    pub status: Option<Status>,
    /// The pages of everything that can be done to it.
    pub acts: Vec<ActLink>,
    /// Tabs and whether each is the current one.
    pub tabs: Vec<(LinkTo, bool)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActLink {
    pub label: String,
    /// The act's page. `None` if the act is not possible.
    pub href: Option<String>,
    /// Why it is not possible.
    pub reason: Option<String>,
    pub is_dangerous: bool,
}

/// A labeled value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub label: String,
    pub value: Cell,
}

/// Objects that belong to the shown one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    pub title: String,
    pub links: Vec<LinkTo>,
    /// The list of all, if there are more.
    pub all: Option<LinkTo>,
}

/// One event in an object's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    pub when: RelativeTime,
    pub tone: Option<Tone>,
    pub text: String,
    /// Who did it.
    pub by: String,
    /// The reason, a note or further details.
    pub note: Option<String>,
    pub link: Option<LinkTo>,
}

/// How much an act asks before it happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfirmLevel {
    /// It can be undone: the message about it offers that.
    Reversible,
    /// It affects somebody: the page names the object and the effect.
    Costly,
    /// It cannot be undone: the phrase has to be typed.
    Irreversible { phrase: String },
}

/// An act that asks for confirmation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// `Revoke this license?`
    pub question: String,
    /// What happens, one sentence each.
    pub effects: Vec<String>,
    pub level: ConfirmLevel,
    /// The verb with its object: `Revoke license`.
    pub verb: String,
    /// The form's address, and the values that it sends.
    pub action: String,
    pub fields: Vec<(String, String)>,
    /// The page to return to.
    pub back: String,
    /// Reasons to choose from. Empty if the act requires none.
    pub reasons: Vec<(String, String)>,
    /// What was entered before an error.
    pub entered: Entered,
    pub error: Option<String>,
    /// Further fields.
    pub inputs: Vec<Input>,
    /// What is wrong with the fields that every form has.
    pub errors: FieldErrors,
    /// What changed while the form was open. `None` if nothing did.
    pub outdated: Option<Vec<TimelineEntry>>,
    /// The page that asks for the second factor, if it was presented too long ago.
    pub confirm: Option<String>,
}

/// What is wrong with the fields that every form has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldErrors {
    pub reason: Option<String>,
    pub note: Option<String>,
    pub phrase: Option<String>,
}

/// What a person entered into a form of an act.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    pub reason: String,
    pub note: String,
    pub phrase: String,
}

/// A field of a form of an act, besides the reason and the phrase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    pub name: String,
    pub label: String,
    pub hint: Option<String>,
    pub error: Option<String>,
    pub kind: InputKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InputKind {
    Text {
        value: String,
    },
    Email {
        value: String,
    },
    /// A whole number. Empty means that there is none.
    Number {
        value: String,
    },
    Area {
        value: String,
        rows: u32,
    },
    Select {
        value: String,
        options: Vec<(String, String)>,
    },
    Check {
        is_checked: bool,
    },
}

impl Input {
    pub(crate) fn new(name: &str, label: &str, kind: InputKind) -> Self {
        Self { name: name.to_owned(), label: label.to_owned(), hint: None, error: None, kind }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Sets what was entered. A field that was not sent keeps its value, except for a box that was not checked.
    #[cfg(feature = "ssr")]
    pub(crate) fn fill(&mut self, entered: Option<&str>) {
        match (&mut self.kind, entered) {
            (InputKind::Check { is_checked }, entered) => *is_checked = entered.is_some(),
            (
                InputKind::Text { value }
                | InputKind::Email { value }
                | InputKind::Number { value }
                | InputKind::Area { value, .. }
                | InputKind::Select { value, .. },
                Some(entered),
            ) => entered.clone_into(value),
            (_, None) => {}
        }
    }

    /// What the form sends unless something else is entered. `None` for a box that is not checked.
    #[cfg(feature = "ssr")]
    pub(crate) fn value(&self) -> Option<&str> {
        match &self.kind {
            InputKind::Text { value }
            | InputKind::Email { value }
            | InputKind::Number { value }
            | InputKind::Area { value, .. }
            | InputKind::Select { value, .. } => Some(value),
            InputKind::Check { is_checked } => is_checked.then_some("on"),
        }
    }
}
