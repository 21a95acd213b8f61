//! Products: the applications that licenses are for.

use crate::{ids::ProductId, license_key::KeyPrefix, time::Timestamp};

/// A product defined in the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Assigned when the product is added to the catalog. Apps embed it.
    pub id: ProductId,
    /// The name used by commands, apps and the catalog file, such as `acme-draw`. It is unique in the catalog.
    pub code: String,
    /// The name shown to customers and admins.
    pub name: String,
    /// The prefix of its license keys.
    pub key_prefix: KeyPrefix,
    /// When the product was added to the catalog.
    pub created_at: Timestamp,
}
