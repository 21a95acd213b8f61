//! Forms of acts: what they ask, what was entered, and what is wrong with it.

use http::StatusCode;
use latchkey_licensing::{license_key::LicenseKey, time::Timestamp};
use latchkey_service::{InvalidReason, Notify, Reason, ReasonCode};

use crate::{
    admin::{
        acts::Trouble,
        model::bulk::BulkView,
        model::objects::{ConfirmLevel, Confirmation, Entered, FieldErrors, Input, InputKind, TimelineEntry},
    },
    routes::{AdminPage, confirm_for},
};

/// The names of fields that several forms have.
const REASON: &str = "reason";
pub(super) const NOTE: &str = "note";
const PHRASE: &str = "phrase";
const NO_MAIL: &str = "no_mail";
const VERSION: &str = "version";

/// A submitted form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submission(Vec<(String, String)>);

impl Submission {
    /// Reads a form. One that is not a form is empty, so that the page says which fields are missing.
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(serde_urlencoded::from_bytes(body).unwrap_or_default())
    }

    #[cfg(test)]
    pub(crate) fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// All fields.
    pub(crate) fn all(&self) -> &[(String, String)] {
        &self.0
    }

    /// A field's value. If it was sent twice, the first counts.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Why the person does it.
    pub(crate) fn reason(&self) -> Result<Reason, Problem> {
        let Some(code) = ReasonCode::parse(self.get(REASON)) else {
            return Err(Problem::new(REASON, "Choose a reason."));
        };
        Reason::new(code, self.get(NOTE)).map_err(|error| {
            let text = match error {
                InvalidReason::NoteNeeded => "Say in the note which reason it is.".to_owned(),
                InvalidReason::NoteTooLong | InvalidReason::NoteHasAddress => format!("In the note, {error}."),
            };
            Problem::new(NOTE, text)
        })
    }

    /// Who gets a mail about it.
    pub(crate) fn notify(&self) -> Notify {
        if self.find(NO_MAIL).is_some() { Notify::Nobody } else { Notify::Customer }
    }

    /// When the record was last changed before the form was made.
    pub(crate) fn version(&self) -> Result<Timestamp, Trouble> {
        let micros = self.get(VERSION).parse().map_err(|_| Trouble::Changed)?;
        Ok(Timestamp::from_unix_micros(micros))
    }

    /// Whether the phrase that shows that the right record is meant was typed.
    pub(crate) fn check_phrase(&self, phrase: &str) -> Result<(), Problem> {
        if self.get(PHRASE).trim().eq_ignore_ascii_case(phrase) {
            Ok(())
        } else {
            Err(Problem::new(PHRASE, format!("Type {phrase} to confirm.")))
        }
    }
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field's name. `None` if it is not about a field.
    pub(crate) field: Option<&'static str>,
    pub(crate) text: String,
}

impl Problem {
    pub(crate) fn new(field: &'static str, text: impl Into<String>) -> Self {
        Self { field: Some(field), text: text.into() }
    }

    pub(crate) fn general(text: impl Into<String>) -> Self {
        Self { field: None, text: text.into() }
    }
}

/// A submitted form whose page is shown again.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub(crate) form: Submission,
    pub(crate) problems: Vec<Problem>,
    pub(super) status: StatusCode,
    /// Whether the record was changed while the form was open.
    pub(crate) is_outdated: bool,
    /// Whether the second factor was presented too long ago.
    pub(crate) needs_confirmation: bool,
    /// What the page shows once instead of the form.
    pub(crate) secret: Option<LicenseKey>,
    /// What was done, which the page shows instead of the form.
    pub(crate) report: Option<BulkView>,
}

impl Draft {
    /// Whether the form is given back without being looked at.
    pub(crate) fn is_too_long(&self) -> bool {
        self.status == StatusCode::PAYLOAD_TOO_LARGE
    }

    /// The status of the response.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }
}

/// What the page of an act asks.
pub(crate) struct Ask {
    pub(crate) question: String,
    pub(crate) effects: Vec<String>,
    pub(crate) level: ConfirmLevel,
    pub(crate) verb: String,
    pub(crate) has_reason: bool,
    pub(crate) inputs: Vec<Input>,
    /// The mail that it causes and who gets it.
    pub(crate) mail: Option<String>,
    /// When the record last changed.
    pub(crate) version: Option<Timestamp>,
    /// What changed since the submitted form was made.
    pub(crate) changes: Vec<TimelineEntry>,
}

impl Ask {
    pub(crate) fn new(question: impl Into<String>, verb: impl Into<String>) -> Self {
        Self {
            question: question.into(),
            effects: Vec::new(),
            level: ConfirmLevel::Costly,
            verb: verb.into(),
            has_reason: true,
            inputs: Vec::new(),
            mail: None,
            version: None,
            changes: Vec::new(),
        }
    }

    pub(crate) fn effects<'e>(mut self, effects: impl IntoIterator<Item = &'e str>) -> Self {
        self.effects.extend(effects.into_iter().map(str::to_owned));
        self
    }

    pub(crate) fn effect(mut self, effect: impl Into<String>) -> Self {
        self.effects.push(effect.into());
        self
    }

    pub(crate) fn level(self, level: ConfirmLevel) -> Self {
        Self { level, ..self }
    }

    pub(crate) fn irreversible(self, phrase: impl Into<String>) -> Self {
        self.level(ConfirmLevel::Irreversible { phrase: phrase.into() })
    }

    pub(crate) fn mail(self, mail: impl Into<String>) -> Self {
        Self { mail: Some(mail.into()), ..self }
    }

    pub(crate) fn inputs(self, inputs: Vec<Input>) -> Self {
        Self { inputs, ..self }
    }

    pub(crate) fn without_reason(self) -> Self {
        Self { has_reason: false, ..self }
    }

    pub(crate) fn version(self, at: Timestamp) -> Self {
        Self { version: Some(at), ..self }
    }

    pub(crate) fn changes(self, changes: Vec<TimelineEntry>) -> Self {
        Self { changes, ..self }
    }

    /// The form, with what was entered before.
    pub(crate) fn form(self, page: &AdminPage, back: &AdminPage, draft: Option<&Draft>) -> Box<Confirmation> {
        let reasons = if self.has_reason { reasons() } else { Vec::new() };
        let fields = self.version.iter().map(|at| (VERSION.to_owned(), at.unix_micros().to_string()));
        let mut inputs = self.inputs;
        if let Some(mail) = self.mail {
            inputs.push(Input {
                hint: Some(mail),
                ..Input::new(NO_MAIL, "Send no mail", InputKind::Check { is_checked: false })
            });
        }
        for input in &mut inputs {
            if let Some(draft) = draft {
                input.fill(draft.form.find(&input.name));
                let of_field = |problem: &&Problem| problem.field == Some(input.name.as_str());
                input.error = draft.problems.iter().find(of_field).map(|problem| problem.text.clone());
            }
        }
        let problem_of = |field: &str| {
            let found = draft?.problems.iter().find(|problem| problem.field == Some(field))?;
            Some(found.text.clone())
        };
        let general = draft.and_then(|draft| draft.problems.iter().find(|problem| problem.field.is_none()));
        let entered = |name: &str| draft.map(|draft| draft.form.get(name).to_owned()).unwrap_or_default();
        let needs_confirmation = draft.is_some_and(|draft| draft.needs_confirmation);
        Box::new(Confirmation {
            question: self.question,
            effects: self.effects,
            level: self.level,
            verb: self.verb,
            action: page.path(),
            fields: fields.collect(),
            back: back.path(),
            reasons,
            entered: Entered { reason: entered(REASON), note: entered(NOTE), phrase: entered(PHRASE) },
            error: general.map(|problem| problem.text.clone()),
            inputs,
            errors: FieldErrors { reason: problem_of(REASON), note: problem_of(NOTE), phrase: problem_of(PHRASE) },
            outdated: draft.is_some_and(|draft| draft.is_outdated).then_some(self.changes),
            confirm: needs_confirmation.then(|| confirm_for(&page.path())),
        })
    }
}

/// The usual reasons, as values and words.
fn reasons() -> Vec<(String, String)> {
    let offered = ReasonCode::ALL.iter().filter(|code| **code != ReasonCode::Undo);
    offered.map(|code| (code.as_str().to_owned(), code.title().to_owned())).collect()
}

/// The fields that take an act back right after it was done.
pub(crate) fn undo_fields(version: Timestamp) -> Vec<(String, String)> {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        field(REASON, ReasonCode::Undo.as_str()),
        field(NO_MAIL, "on"),
        (VERSION.to_owned(), version.unix_micros().to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_is_missing() {
        let form = Submission::parse(b"reason=&note=x");
        assert_eq!(form.reason().map_err(|problem| problem.field), Err(Some("reason")));
        let form = Submission::parse(b"reason=other&note=+");
        assert_eq!(form.reason().map_err(|problem| problem.field), Err(Some("note")));
        let form = Submission::parse(b"reason=abuse&note=a%26b&note=c&no_mail=on&phrase=+7f3k");
        assert_eq!(form.reason().map(|reason| reason.note), Ok(Some("a&b".to_owned())));
        assert_eq!((form.notify(), form.check_phrase("7F3K")), (Notify::Nobody, Ok(())));
        assert!(form.check_phrase("7F3L").is_err());
        let form = Submission::parse(b"\xff%");
        assert_eq!((form.get("reason"), form.notify()), ("", Notify::Customer));
    }
}
