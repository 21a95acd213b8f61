//! What a value was, and what it is.

use serde::{Deserialize, Serialize};

/// Two values of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T> {
    /// Before.
    pub from: T,
    /// From then on.
    pub to: T,
}

impl<T: PartialEq> Change<T> {
    /// `None` if both are the same.
    pub(crate) fn of(from: T, to: T) -> Option<Self> {
        (from != to).then_some(Self { from, to })
    }
}
