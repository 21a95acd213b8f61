//! Makes the store's errors from those of sqlx.

use std::{borrow::Cow, sync::Arc};

use sqlx::error::ErrorKind;

use crate::{
    error::{Constraint, DatabaseError, Failure, StoreError},
    postgres, sqlite,
};

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(error) = &error
            && let Some(constraint) = constraint(&**error)
        {
            return Self::Conflict(constraint);
        }
        match failure(&error) {
            Failure::Busy => Self::Busy,
            failure => Self::Database(DatabaseError { error: Arc::new(error), failure }),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => Self::NewerSchema(version),
            sqlx::migrate::MigrateError::Execute(error) => Self::from(error),
            other => Self::from(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}

fn failure(error: &sqlx::Error) -> Failure {
    match error {
        sqlx::Error::Database(error) => sqlite::errors::failure(&**error)
            .or_else(|| postgres::errors::failure(&**error))
            .unwrap_or(Failure::Statement),
        sqlx::Error::PoolTimedOut => Failure::Busy,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Failure::Unavailable,
        sqlx::Error::RowNotFound
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::Encode(_)
        | sqlx::Error::TypeNotFound { .. } => Failure::Statement,
        _ => Failure::Unknown,
    }
}

/// The constraint that the statement violated.
fn constraint(error: &dyn sqlx::error::DatabaseError) -> Option<Constraint> {
    let name = || match error.constraint() {
        Some(name) => Cow::Owned(name.to_owned()),
        None => sqlite::errors::constraint_name(error.message()),
    };
    match error.kind() {
        ErrorKind::UniqueViolation => Some(Constraint::Unique(name())),
        ErrorKind::CheckViolation => Some(Constraint::Check(name())),
        ErrorKind::ForeignKeyViolation => Some(Constraint::ForeignKey),
        ErrorKind::NotNullViolation => Some(Constraint::NotNull),
        _ => None,
    }
}
