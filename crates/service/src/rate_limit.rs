//! Rate limits.

pub(crate) mod api;
pub(crate) mod gcra;
