//! SQLite: its only writer, the queries compiled for it, and what is specific to it.

pub(crate) mod dialect;
pub(crate) mod errors;
#[path = "queries/all.rs"]
pub(crate) mod queries;
pub(crate) mod writer;
