//! What a submitted form amounts to if the catalog changed while it was open: fields that the person left as they were follow
//! the catalog, and the others keep what was entered.

use std::{collections::BTreeMap, fmt};

use latchkey_licensing::time::Timestamp;
use latchkey_service::CatalogState;
use serde_json::{Value, json};

use super::fields::{CODE, Control, Values, blank, box_name, codes, fields, values};
use crate::{
    admin::{
        acts::{Submission, Trouble},
        model::catalog::FieldChange,
        present::catalog::{entry::Entry, words},
    },
    routes::CatalogEntryKind as Kind,
};

pub(super) const STEP: &str = "step";
pub(super) const VERSION: &str = "version";
/// The values of the form before anything was entered.
pub(super) const BEFORE: &str = "before";

/// What a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The form again.
    Edit,
    /// What the change would do.
    Plan,
    Apply,
}

impl Step {
    pub(super) fn of(form: &Submission) -> Self {
        match form.get(STEP) {
            "edit" => Self::Edit,
            "apply" => Self::Apply,
            _ => Self::Plan,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Plan => "plan",
            Self::Apply => "apply",
        }
    }
}

/// The version of the catalog for which a form was made, and when.
pub(super) struct Version {
    pub(super) number: i64,
    pub(super) at: Timestamp,
}

impl Version {
    /// `None` if the form does not say it.
    pub(super) fn of(form: &Submission) -> Option<Self> {
        let (number, at) = form.get(VERSION).split_once('.')?;
        Some(Self { number: number.parse().ok()?, at: Timestamp::from_unix_micros(at.parse().ok()?) })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.number, self.at.unix_micros())
    }
}

pub(super) struct Revision {
    /// What the form contains now.
    pub(super) values: Values,
    /// What the entry has now.
    current: Values,
    /// What somebody else changed since the form was made.
    pub(super) merged: Vec<FieldChange>,
    /// Whether somebody else removed the entry.
    pub(super) is_gone: bool,
}

impl Revision {
    /// A form that was submitted. One that was not contains what the entry has.
    pub(super) fn of(kind: Kind, code: Option<&str>, state: &CatalogState, form: &Submission) -> Result<Self, Trouble> {
        let entry = match code {
            Some(code) => Entry::find(&state.file, kind, code)?,
            None => None,
        };
        let is_gone = code.is_some() && entry.is_none();
        let json = entry.map_or_else(|| blank(kind, &state.file), |entry| entry.json);
        let current = values(kind, &json, &state.file);
        let mut revised = current.clone();
        let is_submitted = form.find(STEP).is_some();
        let before: BTreeMap<String, String> = serde_json::from_str(form.get(BEFORE)).unwrap_or_default();
        let boxes = boxes(kind, state);
        let mut changed = Vec::new();
        for (name, now) in &current {
            // A box that the form did not have, because somebody added what it stands for.
            let is_unknown = is_submitted && !before.is_empty() && !before.contains_key(name) && boxes.contains(name);
            let base = before.get(name).map_or(if is_unknown { "" } else { now }, String::as_str);
            if base != now && is_submitted && !is_gone {
                changed.push(name.clone());
            }
            let entered = match form.find(name) {
                Some(entered) => entered,
                None if boxes.contains(name) && is_submitted && !is_unknown => "",
                None => base,
            };
            // What was entered is all that is left of an entry that is gone.
            if entered != base || (is_gone && is_submitted) {
                revised.insert(name.clone(), entered.to_owned());
            }
        }
        if code.is_none() || is_gone {
            revised.insert(CODE.to_owned(), form.find(CODE).or(code).unwrap_or_default().to_owned());
        }
        let merged = changed.iter().map(|name| change(kind, name, &before, &current, state)).collect();
        Ok(Self { values: revised, current, merged, is_gone })
    }

    /// What the entry has now, as a form sends it back.
    pub(super) fn current_text(&self) -> String {
        json!(self.current).to_string()
    }
}

/// The fields that a form does not send if they are not checked.
fn boxes(kind: Kind, state: &CatalogState) -> Vec<String> {
    let boxes = fields(kind).flat_map(|field| match field.control {
        Control::Check => vec![field.name.to_owned()],
        Control::Entries(of) => codes(&state.file, of).iter().map(|(code, _)| box_name(field.name, code)).collect(),
        _ => Vec::new(),
    });
    boxes.collect()
}

/// A field that somebody else changed, in words.
fn change(kind: Kind, name: &str, before: &Values, current: &Values, state: &CatalogState) -> FieldChange {
    let value = |values: &Values| values.get(name).cloned().unwrap_or_default();
    let is_box = boxes(kind, state).iter().any(|known| known == name);
    let shown = |text: String| {
        let json = match (is_box, text.is_empty()) {
            (true, is_empty) => json!(!is_empty),
            (false, true) => Value::Null,
            (false, false) => json!(text),
        };
        words::value(kind, name, &json, &Value::Null)
    };
    let label = match fields(kind).find(|field| name.starts_with(field.name) && name != field.name) {
        Some(field) if matches!(field.control, Control::Entries(_)) => {
            let code = name.get(field.name.len() + 1..).unwrap_or_default();
            format!("{}, {code}", words::label(kind, field.name))
        }
        _ => words::label(kind, name),
    };
    FieldChange { label, before: shown(value(before)), after: shown(value(current)) }
}

#[cfg(test)]
mod tests {
    use latchkey_service::CatalogFile;

    use super::*;

    fn state(policy: Value) -> CatalogState {
        let file: CatalogFile = serde_json::from_value(json!({
            "products": [{ "code": "draw", "name": "Draw", "key_prefix": "DRAW" }],
            "entitlements": [{ "code": "PRO", "name": "Pro" }],
            "policies": [policy],
        }))
        .expect("a catalog");
        CatalogState { file, version: 1, product_ids: BTreeMap::new(), licenses: BTreeMap::new() }
    }

    fn form(fields: &[(&str, &str)]) -> Submission {
        Submission::of(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// A person cannot have unchecked what the form did not have.
    #[test]
    fn an_entitlement_that_somebody_added_meanwhile_stays() {
        let old = state(json!({ "code": "one", "product": "draw", "name": "One" }));
        let opened = Revision::of(Kind::Policy, Some("one"), &old, &Submission::default()).ok().expect("a form");
        let mut new = state(json!({
            "code": "one", "product": "draw", "name": "One", "entitlements": ["PRO", "TEAM"],
        }));
        new.file.entitlements.extend(
            serde_json::from_value::<Vec<_>>(json!([{ "code": "TEAM", "name": "Team" }])).expect("an entitlement"),
        );
        let before = opened.current_text();
        let fields = [("name", "Uno"), (STEP, "plan"), (BEFORE, before.as_str())];
        let revision = Revision::of(Kind::Policy, Some("one"), &new, &form(&fields)).ok().expect("a form");
        let value = |name: &str| revision.values.get(name).map(String::as_str);
        assert_eq!(
            (value("name"), value("entitlements.PRO"), value("entitlements.TEAM")),
            (Some("Uno"), Some("on"), Some("on"))
        );
        assert!(revision.merged.iter().any(|change| change.label.contains("TEAM")), "{:?}", revision.merged.len());
    }

    /// Two people edit one entry: each keeps what only they changed.
    #[test]
    fn fields_that_were_left_alone_follow_the_catalog() {
        let old = state(json!({ "code": "one", "product": "draw", "name": "One", "max_machines": 2 }));
        let new = state(json!({
            "code": "one", "product": "draw", "name": "One", "max_machines": 3, "strict": false, "entitlements": ["PRO"],
        }));
        let opened = Revision::of(Kind::Policy, Some("one"), &old, &Submission::default()).ok().expect("a form");
        assert!(opened.merged.is_empty());
        let before = opened.current_text();
        let mut fields: Vec<(&str, &str)> = opened
            .current
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        fields.retain(|(name, _)| *name != "name");
        fields.extend([("name", "Uno"), (STEP, "apply"), (BEFORE, &before)]);
        let revision = Revision::of(Kind::Policy, Some("one"), &new, &form(&fields)).ok().expect("a form");
        let value = |name: &str| revision.values.get(name).map(String::as_str);
        assert_eq!((value("name"), value("max_machines"), value("strict")), (Some("Uno"), Some("3"), Some("")));
        assert_eq!(value("entitlements.PRO"), Some("on"));
        let merged: Vec<(&str, &str, &str)> = revision
            .merged
            .iter()
            .map(|change| (change.label.as_str(), change.before.as_str(), change.after.as_str()))
            .collect();
        assert_eq!(
            merged,
            [
                ("Entitlements, PRO", "No", "Yes"),
                ("Machines", "2", "3"),
                ("Every check looks at the limits", "Yes", "No"),
            ]
        );
    }
}
