//! Before the first request: claiming the database, and filling it with the demo.

pub(crate) mod claim;
pub(crate) mod demo;
