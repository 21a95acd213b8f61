//! What can go wrong between a query and its answer.

use std::{borrow::Cow, fmt, sync::Arc};

use sqlx::error::{DatabaseError, ErrorKind};

use crate::{postgres, sqlite};

/// The result of a query.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A failed query. Absence is never an error: it is `None`.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// A constraint refused the change; nothing was written.
    #[error("the change conflicts with what is stored: {0}")]
    Conflict(Constraint),
    /// The database has too much to do. The same request can succeed a moment later.
    #[error("the database is busy")]
    Busy,
    /// Stored data breaks an invariant that this program keeps.
    #[error("stored data is damaged: {table} {id}: {why}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's id.
        id: String,
        /// What is wrong with the row.
        why: String,
    },
    /// A statement of the transaction failed before, so it cannot be committed.
    #[error("a transaction in which a statement failed was to be committed")]
    Aborted,
    /// A newer version of this program has migrated the database.
    #[error(
        "the database is at schema version {0}, which is newer than this program: run the newer program, or restore a backup made before the upgrade"
    )]
    NewerSchema(i64),
    /// The database's address is not one that can be used.
    #[error("{0}")]
    Address(String),
    /// The database could not be reached or answered with an error.
    #[error("database: {0}")]
    Database(Arc<sqlx::Error>),
}

impl StoreError {
    /// Whether the database cannot serve at the moment, through no fault of the request: it is busy, out
    /// of reach, out of space or read-only.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Busy => true,
            Self::Database(error) => match &**error {
                sqlx::Error::Database(error) => {
                    sqlite::failure(&**error) == Some(Failure::Storage)
                        || postgres::failure(&**error) == Some(Failure::Storage)
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

/// Failures of the database itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It has too much to do.
    Busy,
    /// What it stores to, or the way to it, fails.
    Storage,
}

/// The rule of the schema that a change breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// A primary key, a unique constraint or a unique index, by its name.
    Unique(Cow<'static, str>),
    /// A check, by its name.
    Check(Cow<'static, str>),
    /// A reference to a row that does not exist, or from a row that still does. SQLite does not say which.
    ForeignKey,
    /// A value that must be there.
    NotNull,
}

impl Constraint {
    /// Its name in the schema. SQLite has none for foreign keys, and neither database has one for columns
    /// that must not be null.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Unique(name) | Self::Check(name) => Some(name),
            Self::ForeignKey | Self::NotNull => None,
        }
    }

    fn of(error: &dyn DatabaseError) -> Option<Self> {
        let name = || match error.constraint() {
            Some(name) => Cow::Owned(name.to_owned()),
            None => sqlite::constraint_name(error.message()),
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
            if [sqlite::failure(&**database), postgres::failure(&**database)].contains(&Some(Failure::Busy)) {
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
