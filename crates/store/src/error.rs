//! What can go wrong in the store. The module `sqlx_errors` makes these errors from those of sqlx.

use std::{borrow::Cow, fmt, sync::Arc};

pub type Result<T> = std::result::Result<T, StoreError>;

/// A failed operation. A missing row is not an error: it is `None`.
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
    /// The file of an SQLite database is not at its path any more.
    #[error("the database file {path} {why}")]
    FileGone { path: String, why: &'static str },
    /// The database URL is invalid.
    #[error("{0}")]
    Address(String),
    /// The database is unreachable or reported an error.
    #[error("database: {0}")]
    Database(DatabaseError),
}

impl StoreError {
    /// Whether the database is unavailable for reasons unrelated to the request: it is busy, unreachable, out
    /// of space or read-only.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Busy | Self::FileGone { .. } => true,
            Self::Database(error) => error.failure == Failure::Unavailable,
            Self::Conflict(_) | Self::Corrupt { .. } | Self::Aborted | Self::NewerSchema(_) | Self::Address(_) => false,
        }
    }

    /// Whether the connection can no longer be trusted: it may be damaged, or the database may have rolled
    /// back by itself.
    pub(crate) fn breaks_connection(&self) -> bool {
        match self {
            Self::Busy => true,
            Self::Database(error) => error.failure != Failure::Statement,
            Self::Conflict(_)
            | Self::Corrupt { .. }
            | Self::Aborted
            | Self::NewerSchema(_)
            | Self::FileGone { .. }
            | Self::Address(_) => false,
        }
    }
}

/// An error of the database, or of the connection to it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct DatabaseError {
    pub(crate) error: Arc<sqlx::Error>,
    pub(crate) failure: Failure,
}

/// What it is that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Only the statement.
    Statement,
    /// The database is overloaded.
    Busy,
    /// The database's storage, or the connection to it.
    Unavailable,
    /// Unknown. The state of the connection is unknown as well.
    Unknown,
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
