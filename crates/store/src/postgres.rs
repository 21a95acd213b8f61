//! PostgreSQL: the queries compiled for it, and what is specific to it.

pub(crate) mod dialect;
pub(crate) mod errors;
#[path = "queries/all.rs"]
#[expect(clippy::duplicate_mod, reason = "one SQL text is compiled once for each database")]
pub(crate) mod queries;
