//! Lists for people who help customers: filters, orders, and what a row shows. Pages are found by the place of a row
//! instead of its number, so that every page costs the same.

pub(crate) mod accounts;
pub(crate) mod audit_log;
pub(crate) mod keyset;
pub(crate) mod licenses;
pub(crate) mod machines;
pub(crate) mod orders;
pub(crate) mod outbox;
pub(crate) mod stripe_events;

use latchkey_licensing::time::Timestamp;

/// A range of time. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The first instant after the range.
    pub until: Option<Timestamp>,
}

/// Texts that begin with a prefix: those from the prefix up to, but not including, the end. Databases compare them byte by
/// byte, and no UTF-8 text continues with a larger letter than the last one.
pub(crate) fn prefix_range(prefix: &str) -> (String, String) {
    (prefix.to_owned(), format!("{prefix}{}", char::MAX))
}

/// The form of a name by which it is found and sorted.
pub(crate) fn name_key(name: Option<&str>) -> String {
    name.unwrap_or_default().trim().to_lowercase()
}
