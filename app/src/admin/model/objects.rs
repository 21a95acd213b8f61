//! Pages of single objects: header, facts, timeline, and the forms of acts.

use serde::{Deserialize, Serialize};

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
}

/// What a person entered into a form of an act.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    pub reason: String,
    pub note: String,
    pub phrase: String,
}

/// A message about what was just done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toast {
    pub text: String,
    pub tone: Tone,
    /// The form that takes it back: its address and values.
    pub undo: Option<(String, Vec<(String, String)>)>,
}
