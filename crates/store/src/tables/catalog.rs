//! The catalog: products, policies, entitlements and prices.

pub(crate) mod entitlements;
pub(crate) mod policies;
pub(crate) mod prices;
pub(crate) mod products;
