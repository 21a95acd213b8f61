//! PostgreSQL: its errors, and the queries compiled for it.

pub(crate) mod dialect;
pub(crate) mod errors;
#[path = "queries/all.rs"]
#[expect(clippy::duplicate_mod, reason = "one SQL text is compiled once for each database")]
pub(crate) mod queries;
