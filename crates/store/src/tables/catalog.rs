//! The catalog: products, policies and entitlements.

pub(crate) mod entitlements;
pub(crate) mod policies;
pub(crate) mod products;
