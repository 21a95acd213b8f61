//! What keeps an instance running: start, keys and secrets, rate limits, upkeep, diagnostics.

pub(crate) mod diagnostics;
pub(crate) mod rate_limit;
pub(crate) mod signing;
pub(crate) mod startup;
pub(crate) mod upkeep;
pub mod vault;
