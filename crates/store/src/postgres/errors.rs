//! What the errors of PostgreSQL mean.

use sqlx::{error::DatabaseError, postgres::PgDatabaseError};

use crate::error::Failure;

/// What an error means. `None` if it is not an error of PostgreSQL.
pub(crate) fn failure(error: &dyn DatabaseError) -> Option<Failure> {
    // https://www.postgresql.org/docs/current/errcodes-appendix.html
    Some(match error.try_downcast_ref::<PgDatabaseError>()?.code() {
        // Serialization failure, deadlock, too many connections, lock timeout, starting up.
        "40001" | "40P01" | "53300" | "55P03" | "57P03" => Failure::Busy,
        // Read-only transaction, shut down, crashed.
        "25006" | "57P01" | "57P02" => Failure::Unavailable,
        // Connection exceptions, insufficient resources, system errors, data corrupted.
        code if ["08", "53", "58", "XX"].iter().any(|class| code.starts_with(class)) => Failure::Unavailable,
        _ => Failure::Statement,
    })
}
