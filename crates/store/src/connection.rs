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
const ROLLBACK_PATIENCE: Duration = Duration::from_secs(5);

/// A connection, with every method that reads.
#[expect(clippy::struct_excessive_bools, reason = "each says one thing about the connection")]
pub struct Conn {
    held: Option<Held>,
    runtime: Handle,
    stats: Arc<Stats>,
    is_in_transaction: bool,
    /// Whether it is a write transaction.
    is_writing: bool,
    /// Whether a statement is running, or its future was dropped before it finished.
    is_interrupted: bool,
    /// Whether a statement of the transaction failed.
    has_failed: bool,
}

pub(crate) enum Held {
    Reader(PoolConnection<Sqlite>),
    Writer(Turn),
    Postgres(PoolConnection<Postgres>),
}

pub(crate) enum Link<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// A connection for reading. One from [`Store::read`] is a snapshot: all its queries see the same state.
#[derive(Debug)]
pub struct Reader(Conn);

/// A transaction. If it is dropped without [`Tx::commit`], it is rolled back. After a failed statement it
/// accepts no others.
#[derive(Debug)]
pub struct Tx(Conn);

impl Conn {
    pub(crate) fn new(held: Held, runtime: &Handle, stats: &Arc<Stats>) -> Self {
        Self {
            held: Some(held),
            runtime: runtime.clone(),
            stats: Arc::clone(stats),
            is_in_transaction: false,
            is_writing: false,
            is_interrupted: false,
            has_failed: false,
        }
    }

    /// Whether it is a write transaction, which may see changes that are never committed.
    pub fn is_writing(&self) -> bool {
        self.is_writing
    }

    pub(crate) fn link(&mut self) -> Result<Link<'_>> {
        let link = match self.held.as_mut() {
            Some(Held::Reader(conn)) => Some(Link::Sqlite(conn)),
            Some(Held::Writer(turn)) => turn.conn().map(Link::Sqlite),
            Some(Held::Postgres(conn)) => Some(Link::Postgres(conn)),
            None => None,
        };
        link.ok_or_else(|| StoreError::from(sqlx::Error::WorkerCrashed))
    }

    /// Begins a transaction on a pooled connection.
    async fn begin(&mut self, sql: &'static str) -> Result<()> {
        self.is_in_transaction = true;
        self.execute(sql).await
    }

    async fn execute(&mut self, sql: &'static str) -> Result<()> {
        self.is_interrupted = true;
        match self.link()? {
            Link::Sqlite(conn) => conn.execute(sql).await.map(drop)?,
            Link::Postgres(conn) => conn.execute(sql).await.map(drop)?,
        }
        self.is_interrupted = false;
        Ok(())
    }

    /// Called before each query.
    pub(crate) fn start(&mut self) -> Result<Instant> {
        // The statement of a dropped future may still be running, and may fail unnoticed.
        self.has_failed |= self.is_in_transaction && self.is_interrupted;
        if self.has_failed {
            return Err(StoreError::Aborted);
        }
        self.is_interrupted = true;
        self.stats.statements.fetch_add(1, Ordering::Relaxed);
        Ok(Instant::now())
    }

    /// Called after each query.
    pub(crate) fn finish<T>(&mut self, method: Method, started: Instant, result: &Result<T>) {
        self.is_interrupted = false;
        self.stats.record(method, started.elapsed());
        // Reading a damaged row does not break the transaction.
        if let Err(error) = result
            && !matches!(error, StoreError::Corrupt { .. })
        {
            self.has_failed |= self.is_in_transaction;
            if let Some(Held::Writer(turn)) = self.held.as_mut() {
                turn.note(error);
            }
        }
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        // Connections return to their pools in tasks.
        let runtime = self.runtime.clone();
        let _context = runtime.enter();
        match self.held.take() {
            Some(Held::Reader(conn)) if self.is_in_transaction => {
                runtime.spawn(roll_back_reader(conn));
            }
            // The protocol may be in the middle of a response.
            Some(Held::Postgres(mut conn)) if self.is_interrupted => conn.close_on_drop(),
            Some(Held::Postgres(conn)) if self.is_in_transaction => {
                runtime.spawn(roll_back_postgres(conn));
            }
            // A turn with the writer rolls back when it is dropped.
            Some(Held::Reader(_) | Held::Writer(_) | Held::Postgres(_)) | None => {}
        }
    }
}

async fn roll_back_reader(mut conn: PoolConnection<Sqlite>) {
    if conn.execute("ROLLBACK").await.is_err() {
        conn.close_on_drop();
    }
}

async fn roll_back_postgres(mut conn: PoolConnection<Postgres>) {
    if !matches!(timeout(ROLLBACK_PATIENCE, conn.execute("ROLLBACK")).await, Ok(Ok(_))) {
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
        if self.0.has_failed || self.0.is_interrupted {
            return Err(StoreError::Aborted);
        }
        if let Some(Held::Writer(_)) = &self.0.held {
            let Some(Held::Writer(turn)) = self.0.held.take() else { return Err(StoreError::Aborted) };
            return turn.commit().await;
        }
        // If interrupted or failed, the transaction's outcome is unknown, so the connection is closed.
        self.0.execute("COMMIT").await?;
        self.0.is_in_transaction = false;
        self.0.stats.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
