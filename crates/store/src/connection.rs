//! Connections, and the snapshots and transactions on them.
//!
//! No connection returns to its pool with an open transaction, even if a future is dropped at any point: an
//! interrupted connection is closed, and an open transaction is rolled back in a separate task.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use sqlx::{Executor, PgConnection, Postgres, Sqlite, SqliteConnection, pool::PoolConnection};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};

use crate::{
    error::{Result, StoreError},
    sqlite::writer::Turn,
    stats::{Method, Stats},
};

/// The longest that a rollback may take before the connection is closed instead.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection, with all methods that read.
#[expect(clippy::struct_excessive_bools, reason = "independent facts about the connection")]
pub struct Conn {
    acquired: Option<Acquired>,
    runtime: Handle,
    stats: Arc<Stats>,
    is_in_transaction: bool,
    /// Whether the transaction writes.
    is_writing: bool,
    /// Whether a statement is running, or its future was dropped before it finished.
    has_unfinished_statement: bool,
    /// Whether a statement of the transaction failed.
    has_failed: bool,
}

pub(crate) enum Acquired {
    Reader(PoolConnection<Sqlite>),
    Writer(Turn),
    Postgres(PoolConnection<Postgres>),
}

pub(crate) enum RawConn<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// A connection that only reads. One from [`Store::read`](crate::Store::read) is a snapshot: all its queries see
/// the same state.
#[derive(Debug)]
pub struct Reader(Conn);

/// A transaction. If it is dropped without [`Tx::commit`], it is rolled back. After a failed statement, it
/// accepts no others.
#[derive(Debug)]
pub struct Tx(Conn);

impl Conn {
    pub(crate) fn new(acquired: Acquired, runtime: &Handle, stats: &Arc<Stats>) -> Self {
        Self {
            acquired: Some(acquired),
            runtime: runtime.clone(),
            stats: Arc::clone(stats),
            is_in_transaction: false,
            is_writing: false,
            has_unfinished_statement: false,
            has_failed: false,
        }
    }

    /// Whether this is a write transaction, which can see changes that are never committed.
    pub fn is_writing(&self) -> bool {
        self.is_writing
    }

    pub(crate) fn raw(&mut self) -> Result<RawConn<'_>> {
        let raw = match self.acquired.as_mut() {
            Some(Acquired::Reader(conn)) => Some(RawConn::Sqlite(conn)),
            Some(Acquired::Writer(turn)) => turn.conn().map(RawConn::Sqlite),
            Some(Acquired::Postgres(conn)) => Some(RawConn::Postgres(conn)),
            None => None,
        };
        raw.ok_or_else(|| StoreError::from(sqlx::Error::WorkerCrashed))
    }

    /// Begins a transaction on a pooled connection.
    async fn begin(&mut self, sql: &'static str) -> Result<()> {
        self.is_in_transaction = true;
        self.execute(sql).await
    }

    async fn execute(&mut self, sql: &'static str) -> Result<()> {
        self.has_unfinished_statement = true;
        match self.raw()? {
            RawConn::Sqlite(conn) => conn.execute(sql).await.map(drop)?,
            RawConn::Postgres(conn) => conn.execute(sql).await.map(drop)?,
        }
        self.has_unfinished_statement = false;
        Ok(())
    }

    /// Called before each query.
    pub(crate) fn start(&mut self) -> Result<Instant> {
        // The statement of a dropped future may still be running, and may fail unnoticed.
        self.has_failed |= self.is_in_transaction && self.has_unfinished_statement;
        if self.has_failed {
            return Err(StoreError::Aborted);
        }
        self.has_unfinished_statement = true;
        self.stats.statements.fetch_add(1, Ordering::Relaxed);
        Ok(Instant::now())
    }

    /// Called after each query.
    pub(crate) fn finish<T>(&mut self, method: Method, started: Instant, result: &Result<T>) {
        self.has_unfinished_statement = false;
        self.stats.record(method, started.elapsed());
        // Reading a damaged row does not break the transaction.
        if let Err(error) = result
            && !matches!(error, StoreError::Corrupt { .. })
        {
            self.has_failed |= self.is_in_transaction;
            if let Some(Acquired::Writer(turn)) = self.acquired.as_mut() {
                turn.note_failure(error);
            }
        }
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        // Connections return to their pools in tasks.
        let _context = self.runtime.enter();
        match self.acquired.take() {
            Some(Acquired::Reader(conn)) if self.is_in_transaction => {
                self.runtime.spawn(roll_back_reader(conn));
            }
            // It may be in the middle of a response.
            Some(Acquired::Postgres(mut conn)) if self.has_unfinished_statement => conn.close_on_drop(),
            Some(Acquired::Postgres(conn)) if self.is_in_transaction => {
                self.runtime.spawn(roll_back_postgres(conn));
            }
            // A turn with the writer rolls back when it is dropped.
            Some(Acquired::Reader(_) | Acquired::Writer(_) | Acquired::Postgres(_)) | None => {}
        }
    }
}

async fn roll_back_reader(mut conn: PoolConnection<Sqlite>) {
    if conn.execute("ROLLBACK").await.is_err() {
        conn.close_on_drop();
    }
}

async fn roll_back_postgres(mut conn: PoolConnection<Postgres>) {
    if !matches!(timeout(ROLLBACK_TIMEOUT, conn.execute("ROLLBACK")).await, Ok(Ok(_))) {
        conn.close_on_drop();
    }
}

impl fmt::Debug for Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conn").finish_non_exhaustive()
    }
}

impl Reader {
    pub(crate) fn new(conn: Conn) -> Self {
        Self(conn)
    }

    /// Takes a snapshot by beginning a transaction with `begin`.
    pub(crate) async fn snapshot(mut conn: Conn, begin: &'static str) -> Result<Self> {
        conn.stats.snapshots.fetch_add(1, Ordering::Relaxed);
        conn.begin(begin).await?;
        Ok(Self(conn))
    }
}

impl Deref for Reader {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

impl Deref for Tx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

impl Tx {
    /// A transaction that the writer has begun.
    pub(crate) fn of_turn(mut conn: Conn) -> Self {
        conn.is_in_transaction = true;
        conn.is_writing = true;
        Self(conn)
    }

    /// Begins a transaction with `begin`.
    pub(crate) async fn begin(mut conn: Conn, begin: &'static str) -> Result<Self> {
        conn.stats.begins.fetch_add(1, Ordering::Relaxed);
        conn.begin(begin).await?;
        conn.is_writing = true;
        Ok(Self(conn))
    }

    pub async fn commit(mut self) -> Result<()> {
        if self.0.has_failed || self.0.has_unfinished_statement {
            return Err(StoreError::Aborted);
        }
        if let Some(Acquired::Writer(_)) = &self.0.acquired {
            let Some(Acquired::Writer(turn)) = self.0.acquired.take() else { return Err(StoreError::Aborted) };
            return turn.commit().await;
        }
        // If this fails or is interrupted, the transaction's outcome is unknown, and the connection is closed.
        self.0.execute("COMMIT").await?;
        self.0.is_in_transaction = false;
        self.0.stats.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
