//! Entitlements: named features that a license grants, through its policy or individually.

use std::fmt;

use crate::{ids::EntitlementId, time::Timestamp};

/// The code by which apps check for an entitlement, such as `PRO`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntitlementCode(String);

impl EntitlementCode {
    /// Parses a code. `None` unless it is 1 to 64 ASCII letters, digits, `_`, `-` or `.`.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        fits.then(|| Self(text.to_owned()))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntitlementCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An entitlement defined in the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// Assigned when it is added to the catalog.
    pub id: EntitlementId,
    /// The code by which apps check for it, unique in the catalog.
    pub code: EntitlementCode,
    /// The name shown to customers and admins.
    pub name: String,
    /// When it was added to the catalog.
    pub created_at: Timestamp,
    /// When it last changed in the catalog.
    pub updated_at: Timestamp,
}
