//! The state of the database and of what waits in it.

use latchkey_licensing::time::Timestamp;

/// Facts about the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseFacts {
    pub size_bytes: i64,
    /// The version of the database software.
    pub version: String,
    /// The number of the last migration.
    pub migration: i64,
    /// The time of the database's clock, if it has one of its own.
    pub clock: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct DatabaseRow {
    size_bytes: i64,
    version: String,
    migration: i64,
    clock_us: Option<i64>,
}

impl From<DatabaseRow> for DatabaseFacts {
    fn from(row: DatabaseRow) -> Self {
        Self {
            size_bytes: row.size_bytes,
            version: row.version,
            migration: row.migration,
            clock: row.clock_us.map(Timestamp::from_unix_micros),
        }
    }
}

/// What waits for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueState {
    pub waiting: i64,
    /// Since when the one that waits longest is there.
    pub oldest: Option<Timestamp>,
    /// What was given up and is kept.
    pub failed: i64,
}

/// All queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueStates {
    pub mails: QueueState,
    /// The payment provider's events.
    pub events: QueueState,
    /// Rows of the audit log that wait for their entry in its chain.
    pub audits: QueueState,
}

#[derive(sqlx::FromRow)]
pub(crate) struct QueueRow {
    mails: i64,
    oldest_mail: Option<i64>,
    failed_mails: i64,
    events: i64,
    oldest_event: Option<i64>,
    failed_events: i64,
    audits: i64,
    oldest_audit: Option<i64>,
}

impl From<QueueRow> for QueueStates {
    fn from(row: QueueRow) -> Self {
        let queue = |waiting, oldest: Option<i64>, failed| QueueState {
            waiting,
            oldest: oldest.map(Timestamp::from_unix_micros),
            failed,
        };
        Self {
            mails: queue(row.mails, row.oldest_mail, row.failed_mails),
            events: queue(row.events, row.oldest_event, row.failed_events),
            audits: queue(row.audits, row.oldest_audit, 0),
        }
    }
}
