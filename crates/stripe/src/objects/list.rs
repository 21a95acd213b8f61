//! Lists (<https://docs.stripe.com/api/pagination>).

use serde::Deserialize;

/// One page of a list.
#[derive(Clone, Debug, Deserialize)]
pub struct List<T> {
    /// The objects, usually the newest first.
    pub data: Vec<T>,
    /// Whether there are more pages.
    pub has_more: bool,
}

impl<T> List<T> {
    /// Nothing, and nothing more.
    pub const fn empty() -> Self {
        Self { data: Vec::new(), has_more: false }
    }

    /// A list of which nothing is known yet.
    pub const fn unread() -> Self {
        Self { data: Vec::new(), has_more: true }
    }
}
