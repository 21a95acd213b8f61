//! PostgreSQL: the queries compiled for it, and what is specific to it.

pub(crate) mod dialect {
    pub(crate) type Db = sqlx::Postgres;

    /// Begins a transaction. Rows are locked individually where a decision requires it.
    pub(crate) const BEGIN: &str = "BEGIN";

    /// Waiting for another transaction's lock longer than this is an error. It is less than the time that
    /// clients wait.
    pub(crate) const LOCK_TIMEOUT: &str = "SET lock_timeout = '5s'";

    pub(crate) const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

    /// Locks a license's row until the transaction ends, so that changes to its machines are serialized.
    pub(crate) const LOCK_LICENSE: &str = "SELECT id FROM licenses WHERE id = $1 FOR UPDATE";

    /// Locks the open sign-in requests of an address, always in the same order.
    pub(crate) const LOCK_LOGINS: &str = "SELECT id FROM login_requests WHERE email = $1 AND used_at IS NULL AND superseded_at IS NULL AND expires_at > $2 ORDER BY id FOR UPDATE";

    /// Locks the active signing key's row against replacement. A transaction that also writes the row must do
    /// so first: if two transactions shared the lock, neither could write.
    pub(crate) const LOCK_SIGNER: &str = "SELECT id FROM signing_keys WHERE id = $1 AND activated_at IS NOT NULL AND replaced_at IS NULL AND retired_at IS NULL FOR SHARE";

    /// Locks the instance's only row, so that the first start is initialized once.
    pub(crate) const LOCK_INSTANCE: &str = "SELECT id FROM instance FOR UPDATE";
}

use sqlx::{error::DatabaseError, postgres::PgDatabaseError};

use crate::error::Failure;

/// What an error of the database means. `None` for errors of a statement.
pub(crate) fn failure(error: &dyn DatabaseError) -> Option<Failure> {
    // https://www.postgresql.org/docs/current/errcodes-appendix.html
    match error.try_downcast_ref::<PgDatabaseError>()?.code() {
        // Serialization failure, deadlock, too many connections, lock timeout, starting up.
        "40001" | "40P01" | "53300" | "55P03" | "57P03" => Some(Failure::Busy),
        // Read-only transaction, shut down, crashed.
        "25006" | "57P01" | "57P02" => Some(Failure::Storage),
        // Connection exceptions, insufficient resources, system errors, data corrupted.
        code if ["08", "53", "58", "XX"].iter().any(|class| code.starts_with(class)) => Some(Failure::Storage),
        _ => None,
    }
}

#[path = "queries/all.rs"]
#[expect(clippy::duplicate_mod, reason = "one SQL text is compiled once for each database")]
pub(crate) mod queries;
