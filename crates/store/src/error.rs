//! What can go wrong with a query.

use std::{borrow::Cow, fmt, sync::Arc};

use sqlx::error::{DatabaseError, ErrorKind};

use crate::{postgres, sqlite};

pub type Result<T> = std::result::Result<T, StoreError>;

/// A failed query. A missing row is not an error: it is `None`.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// A constraint rejected the change. Nothing was written.
    #[error("the change conflicts with what is stored: {0}")]
    Conflict(Constraint),
    /// The database is overloaded. The same request can succeed a moment later.
    #[error("the database is busy")]
    Busy,
    /// Stored data violates an invariant of this program.
    #[error("stored data is damaged: {table} {id}: {why}")]
    Corrupt { table: &'static str, id: String, why: String },
    /// An earlier statement of the transaction failed, so the transaction cannot be committed.
    #[error("the transaction cannot be committed because a statement in it failed")]
    Aborted,
    /// A newer version of this program has migrated the database.
    #[error(
        "the database is at schema version {0}, which is newer than this program: run the newer program, or restore a backup made before the upgrade"
    )]
    NewerSchema(i64),
    /// The database URL is invalid.
    #[error("{0}")]
    Address(String),
    /// The database is unreachable or reported an error.
    #[error("database: {0}")]
    Database(Arc<sqlx::Error>),
}

impl StoreError {
    /// Whether the database is unavailable for reasons unrelated to the request: it is busy, unreachable, out
    /// of space or read-only.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Busy => true,
            Self::Database(error) => match &**error {
                sqlx::Error::Database(error) => {
                    sqlite::errors::failure(&**error) == Some(Failure::Storage)
                        || postgres::errors::failure(&**error) == Some(Failure::Storage)
                }
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::BeginFailed => true,
                _ => false,
            },
            Self::Conflict(_) | Self::Corrupt { .. } | Self::Aborted | Self::NewerSchema(_) | Self::Address(_) => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It is overloaded.
    Busy,
    /// Its storage, or the connection to it, fails.
    Storage,
}

/// The schema rule that a change violates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// A primary key, unique constraint or unique index, by name.
    Unique(Cow<'static, str>),
    /// A check constraint, by name.
    Check(Cow<'static, str>),
    /// A reference to a missing row, or the removal of a row that is referenced. SQLite does not say which.
    ForeignKey,
    /// A required value is missing.
    NotNull,
}

impl Constraint {
    /// Its name in the schema. SQLite does not name foreign keys, and neither database names not-null
    /// constraints.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Unique(name) | Self::Check(name) => Some(name),
            Self::ForeignKey | Self::NotNull => None,
        }
    }

    fn of(error: &dyn DatabaseError) -> Option<Self> {
        let name = || match error.constraint() {
            Some(name) => Cow::Owned(name.to_owned()),
            None => sqlite::errors::constraint_name(error.message()),
        };
        match error.kind() {
            ErrorKind::UniqueViolation => Some(Self::Unique(name())),
            ErrorKind::CheckViolation => Some(Self::Check(name())),
            ErrorKind::ForeignKeyViolation => Some(Self::ForeignKey),
            ErrorKind::NotNullViolation => Some(Self::NotNull),
            _ => None,
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unique(name) | Self::Check(name) => name,
            Self::ForeignKey => "a foreign key",
            Self::NotNull => "a value that must not be null",
        })
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(database) = &error {
            if let Some(constraint) = Constraint::of(&**database) {
                return Self::Conflict(constraint);
            }
            if [sqlite::errors::failure(&**database), postgres::errors::failure(&**database)]
                .contains(&Some(Failure::Busy))
            {
                return Self::Busy;
            }
        }
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy;
        }
        Self::Database(Arc::new(error))
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
