//! What the palette and the search page find.

use serde::{Deserialize, Serialize};

/// Hits of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitGroup {
    /// `Customers`.
    pub title: String,
    pub hits: Vec<Hit>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    pub title: String,
    /// What tells it apart from others of its name.
    pub detail: String,
    pub href: String,
}
