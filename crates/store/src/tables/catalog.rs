//! The catalog: products, policies and entitlements.

pub(crate) mod catalog_version;
pub(crate) mod entitlements;
pub(crate) mod policies;
pub(crate) mod policy_entitlements;
pub(crate) mod products;
