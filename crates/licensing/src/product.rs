//! Products: what licenses are for.

use crate::{ids::ProductId, license_key::KeyPrefix, time::Timestamp};

/// A product of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// The name that commands and apps use, such as `acme-draw`.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The prefix of its license keys.
    pub key_prefix: KeyPrefix,
    /// When it was made.
    pub created_at: Timestamp,
}
