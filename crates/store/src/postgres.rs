//! PostgreSQL: the queries compiled for it, and what it does its own way.

pub(crate) mod dialect {
    pub(crate) type Db = sqlx::Postgres;

    /// Begins a transaction; rows are locked one by one where a decision needs it.
    pub(crate) const BEGIN: &str = "BEGIN";

    /// Locks a license's row until the transaction ends, so that changes to its machines queue up.
    pub(crate) const LOCK_LICENSE: &str = "SELECT id FROM licenses WHERE id = $1 FOR UPDATE";
}

#[path = "queries/all.rs"]
#[expect(clippy::duplicate_mod, reason = "one SQL text is compiled once for each database")]
pub(crate) mod queries;
