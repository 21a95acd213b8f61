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
