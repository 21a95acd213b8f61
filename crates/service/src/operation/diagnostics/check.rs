//! Checks of what an instance depends on. `latchkey doctor` and the admin portal show the same.

use serde::Serialize;

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It works.
    Ok,
    /// It works, and a person should know about it.
    Note,
    /// It does not work.
    Problem,
}

/// A check. Its texts contain no secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub name: &'static str,
    /// The result.
    pub health: Health,
    /// What was found, as a sentence.
    pub found: String,
    /// What to do about it, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    /// It works.
    pub fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, health: Health::Ok, found: found.into(), remedy: None }
    }

    /// It works, and a person should know about it.
    pub fn note(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, health: Health::Note, found: found.into(), remedy: Some(remedy.into()) }
    }

    /// It does not work.
    pub fn problem(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, health: Health::Problem, found: found.into(), remedy: Some(remedy.into()) }
    }
}
