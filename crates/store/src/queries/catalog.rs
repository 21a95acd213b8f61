//! The catalog: products, policies, entitlements and prices.

pub(crate) mod catalog_version;
pub(crate) mod entitlements;
pub(crate) mod policies;
pub(crate) mod policy_entitlements;
pub(crate) mod prices;
pub(crate) mod products;
