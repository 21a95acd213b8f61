//! What can go wrong between a query and its answer.

/// The result of a query.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A failed query. Absence is never an error: it is `None`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A constraint refused the change; nothing was written.
    #[error("the change conflicts with what is stored: {0}")]
    Conflict(String),
    /// Stored data breaks an invariant that this program keeps.
    #[error("stored data is damaged: {table}: {why}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong with the row.
        why: String,
    },
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
    Database(sqlx::Error),
}

impl StoreError {
    pub(crate) fn corrupt(table: &'static str, why: impl Into<String>) -> Self {
        Self::Corrupt { table, why: why.into() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() || database.is_foreign_key_violation() => {
                Self::Conflict(database.message().to_owned())
            }
            _ => Self::Database(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => Self::NewerSchema(version),
            sqlx::migrate::MigrateError::Execute(error) => Self::from(error),
            other => Self::Database(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}
