//! What the errors of PostgreSQL mean.

use sqlx::{error::DatabaseError, postgres::PgDatabaseError};

use crate::error::Failure;

/// What an error means. `None` if it is not an error of PostgreSQL.
pub(crate) fn failure(error: &dyn DatabaseError) -> Option<Failure> {
    // https://www.postgresql.org/docs/current/errcodes-appendix.html
    Some(match error.try_downcast_ref::<PgDatabaseError>()?.code() {
        // Serialization failure, deadlock, too many connections, lock timeout, server starting up.
        "40001" | "40P01" | "53300" | "55P03" | "57P03" => Failure::Busy,
        // Read-only transaction, server shut down, server crashed.
        "25006" | "57P01" | "57P02" => Failure::Unavailable,
        // Classes: connection exceptions, insufficient resources, system errors, internal errors.
        code if ["08", "53", "58", "XX"].iter().any(|class| code.starts_with(class)) => Failure::Unavailable,
        _ => Failure::Statement,
    })
}
