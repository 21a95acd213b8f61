//! Stripe's wire: parameters, objects with their fields, amounts, ids, refusals and signatures.

pub(crate) mod examples;
pub(crate) mod fields;
pub(crate) mod idempotency;
pub(crate) mod ids;
pub(crate) mod money;
pub(crate) mod params;
pub(crate) mod refusal;
pub(crate) mod signature;
