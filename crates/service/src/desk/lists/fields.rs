//! The values of fields, and refusals that name the field and say what it may be.

use std::{collections::BTreeMap, time::Duration};

use latchkey_licensing::time::Timestamp;
use latchkey_store::TimeRange;

/// The longest text to look for, in letters.
const MAX_TEXT: usize = 254;

/// Why a field was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The list has no such field.
    #[error("{field}: there is no such field: use {}", known.join(", "))]
    Unknown {
        /// The field.
        field: String,
        /// The fields of the list.
        known: Vec<&'static str>,
    },
    /// The field is given twice.
    #[error("{field}: it is given twice: give it once")]
    Twice {
        /// The field.
        field: String,
    },
    /// The value is not one that the field may have.
    #[error("{field}: the value is invalid: use {expected}")]
    Invalid {
        /// The field.
        field: String,
        /// What the value may be.
        expected: String,
    },
}

impl FieldError {
    pub(crate) fn unknown(field: &str, known: &[&'static str]) -> Self {
        // What was sent may be long, and is only repeated for as long as a name could be.
        Self::Unknown { field: field.chars().take(40).collect(), known: known.to_vec() }
    }

    pub(crate) fn invalid(field: &str, expected: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), expected: expected.into() }
    }

    /// The name of the field.
    pub fn field(&self) -> &str {
        match self {
            Self::Unknown { field, .. } | Self::Twice { field } | Self::Invalid { field, .. } => field,
        }
    }
}

/// One of the choices, by name.
pub(crate) fn choice<T: Copy>(
    field: &str,
    value: &str,
    choices: &[(&'static str, T)],
) -> Result<(&'static str, T), FieldError> {
    choices.iter().copied().find(|(name, _)| *name == value).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        FieldError::invalid(field, format!("one of {}", names.join(", ")))
    })
}

/// One of the words.
pub(crate) fn word<T>(
    field: &str,
    value: &str,
    parse: impl FnOnce(&str) -> Option<T>,
    words: impl IntoIterator<Item = &'static str>,
) -> Result<Option<T>, FieldError> {
    parse(value).map(Some).ok_or_else(|| {
        let words: Vec<&str> = words.into_iter().collect();
        FieldError::invalid(field, format!("one of {}", words.join(", ")))
    })
}

pub(crate) fn number(field: &str, value: &str, min: u32, max: u32) -> Result<u32, FieldError> {
    let number = value.parse().ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| FieldError::invalid(field, format!("a number from {min} to {max}")))
}

pub(crate) fn flag(field: &str, value: &str) -> Result<Option<bool>, FieldError> {
    choice(field, value, &[("yes", true), ("no", false)]).map(|(_, flag)| Some(flag))
}

/// A text to look for.
pub(crate) fn text(field: &str, value: &str) -> Result<Option<String>, FieldError> {
    if value.chars().count() > MAX_TEXT || value.contains('\0') {
        return Err(FieldError::invalid(field, format!("a text of at most {MAX_TEXT} letters")));
    }
    Ok(Some(value.to_owned()))
}

/// The id of a record.
pub(crate) fn id<T: std::str::FromStr>(field: &str, value: &str) -> Result<Option<T>, FieldError> {
    let expected = "an id, such as 019f3b5e-8c1a-7d21-9a3e-0b5c7d9e1f20";
    value.parse().map(Some).map_err(|_| FieldError::invalid(field, expected))
}

/// A record, by its code.
pub(crate) fn code<T: Copy>(field: &str, value: &str, known: &BTreeMap<String, T>) -> Result<Option<T>, FieldError> {
    known.get(value).copied().map(Some).ok_or_else(|| {
        let codes: Vec<&str> = known.keys().map(String::as_str).collect();
        FieldError::invalid(field, format!("one of the codes {}", codes.join(", ")))
    })
}

/// Sets the start of a range.
pub(crate) fn from(field: &str, value: &str, range: &mut TimeRange) -> Result<(), FieldError> {
    range.from = Some(instant(field, value, Duration::ZERO)?);
    Ok(())
}

/// Sets the end of a range. A day belongs to the range.
pub(crate) fn to(field: &str, value: &str, range: &mut TimeRange) -> Result<(), FieldError> {
    range.until = Some(instant(field, value, Duration::from_hours(24))?);
    Ok(())
}

/// An instant. For a day it is its start in UTC and `of_day` later.
fn instant(field: &str, value: &str, of_day: Duration) -> Result<Timestamp, FieldError> {
    let day = || Some(Timestamp::parse_rfc3339(&format!("{value}T00:00:00Z"))?.plus(of_day));
    Timestamp::parse_rfc3339(value)
        .or_else(day)
        .ok_or_else(|| FieldError::invalid(field, "a day, such as 2027-01-31, or a time, such as 2027-01-31T00:00:00Z"))
}
