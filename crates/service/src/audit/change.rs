//! Changes of values.

use serde::{Deserialize, Serialize};

/// A change of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T> {
    /// The old value.
    pub from: T,
    /// The new value.
    pub to: T,
}

impl<T: PartialEq> Change<T> {
    /// The change from one value to another. `None` if they are equal.
    pub(crate) fn of(from: T, to: T) -> Option<Self> {
        (from != to).then_some(Self { from, to })
    }
}
