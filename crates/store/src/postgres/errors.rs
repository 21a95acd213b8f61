//! What the errors of PostgreSQL mean.

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
