//! SQLite: its writer, its errors, and the queries compiled for it.

pub(crate) mod dialect;
pub(crate) mod errors;
pub(crate) mod file;
#[path = "queries/all.rs"]
pub(crate) mod queries;
pub(crate) mod writer;
