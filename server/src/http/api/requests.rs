//! What endpoints read of a request: who sends it, and what it says.

pub(crate) mod auth;
pub(crate) mod input;
pub(crate) mod rate_limit;
