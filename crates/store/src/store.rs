//! Opens a database and gives out readers and transactions.
//!
//! No connection returns to its pool with an open transaction, even if a future is dropped at any point: an
//! interrupted connection is closed, and an open transaction is rolled back in a separate task.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    path::Path,
    str::FromStr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool,
    migrate::Migrator,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};

use crate::{
    error::{Result, StoreError},
    postgres,
    sqlite::{
        self,
        writer::{Turn, Writer},
    },
    stats::{Counters, Histogram, QueryStats, Stats},
};

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The longest wait for SQLite's writer: well below the 30 seconds that apps wait for a response.
const WRITER_PATIENCE: Duration = Duration::from_secs(10);

/// The longest wait for a connection, and separately for a lock held by another transaction.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long one statement waits for SQLite's lock. Beginning a transaction retries until its own deadline.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// The longest that a check of the writer may take.
const CHECK_PATIENCE: Duration = Duration::from_secs(2);

/// A connection that was idle for longer is tested before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// A database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pools: Pools,
    runtime: Handle,
    stats: Arc<Stats>,
}

#[derive(Debug)]
enum Pools {
    /// SQLite allows one writer at a time. One connection with a queue has a far better worst-case latency
    /// than several connections that compete for the lock.
    Sqlite {
        options: SqliteConnectOptions,
        writer: Arc<Writer>,
        readers: SqlitePool,
    },
    Postgres {
        options: PgConnectOptions,
        pool: PgPool,
    },
}

/// A connection, with every method that reads.
#[expect(clippy::struct_excessive_bools, reason = "each says one thing about the connection")]
pub struct Conn {
    held: Option<Held>,
    store: Arc<Shared>,
    is_in_transaction: bool,
    /// Whether it is a write transaction.
    is_writing: bool,
    /// Whether a statement is running, or its future was dropped before it finished.
    is_interrupted: bool,
    /// Whether a statement of the transaction failed.
    has_failed: bool,
}

enum Held {
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

impl Store {
    /// Opens the database at `url`: `sqlite://path` (created if missing) or `postgres://…`. `connections`
    /// limits the pool: on SQLite that of the readers, on PostgreSQL all of it.
    pub async fn open(url: &str, connections: u32) -> Result<Self> {
        let stats = Arc::<Stats>::default();
        let runtime = Handle::current();
        let pools = match url.strip_prefix("sqlite:") {
            Some(path) => {
                let path = Path::new(path.trim_start_matches("//"));
                open_sqlite(path, connections, &runtime, &stats).await?
            }
            None => open_postgres(url, connections).await?,
        };
        Ok(Self(Arc::new(Shared { pools, runtime, stats })))
    }

    /// Migrates the schema to this program's version. A newer schema is refused and left unchanged.
    pub async fn migrate(&self) -> Result<()> {
        // On a separate connection without the usual timeouts: another process may be migrating.
        match &self.0.pools {
            Pools::Sqlite { options, .. } => {
                let mut conn = options.clone().busy_timeout(Duration::from_mins(1)).connect().await?;
                SQLITE_MIGRATIONS.run(&mut conn).await?;
                conn.close().await?;
            }
            Pools::Postgres { options, .. } => {
                let mut conn = options.connect().await?;
                POSTGRES_MIGRATIONS.run(&mut conn).await?;
                conn.close().await?;
            }
        }
        Ok(())
    }

    /// The kind of database, for display.
    pub fn kind(&self) -> &'static str {
        match &self.0.pools {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres { .. } => "PostgreSQL",
        }
    }

    /// A snapshot: all its queries see the same state, and writers do not wait for it.
    pub async fn read(&self) -> Result<Reader> {
        let mut reader = self.read_one().await?;
        self.0.stats.snapshots.fetch_add(1, Ordering::Relaxed);
        let begin = match &self.0.pools {
            Pools::Sqlite { .. } => sqlite::dialect::BEGIN_READ,
            Pools::Postgres { .. } => postgres::dialect::BEGIN_READ,
        };
        reader.0.begin(begin).await?;
        Ok(reader)
    }

    /// A reader for a single query, which needs no snapshot: each query sees what is committed at that time.
    pub async fn read_one(&self) -> Result<Reader> {
        let held = match &self.0.pools {
            Pools::Sqlite { readers, .. } => Held::Reader(readers.acquire().await?),
            Pools::Postgres { pool, .. } => Held::Postgres(pool.acquire().await?),
        };
        Ok(Reader(Conn::new(held, &self.0)))
    }

    pub async fn write(&self) -> Result<Tx> {
        self.write_until(Instant::now() + WRITER_PATIENCE).await
    }

    async fn write_until(&self, deadline: Instant) -> Result<Tx> {
        match &self.0.pools {
            Pools::Sqlite { writer, .. } => {
                let turn = writer.begin(deadline).await?;
                let mut conn = Conn::new(Held::Writer(turn), &self.0);
                conn.is_in_transaction = true;
                conn.is_writing = true;
                Ok(Tx(conn))
            }
            Pools::Postgres { pool, .. } => {
                let mut conn = Conn::new(Held::Postgres(pool.acquire().await?), &self.0);
                self.0.stats.begins.fetch_add(1, Ordering::Relaxed);
                conn.begin(postgres::dialect::BEGIN).await?;
                conn.is_writing = true;
                Ok(Tx(conn))
            }
        }
    }

    /// Checks whether the database accepts writes: begins a transaction, writes a row, and rolls back. After
    /// a failure it commits instead, because only a commit shows that the disk accepts writes again.
    pub async fn check_writer(&self) -> Result<()> {
        let check = async {
            let mut tx = self.write_until(Instant::now() + CHECK_PATIENCE).await?;
            tx.touch_instance().await?;
            match &self.0.pools {
                Pools::Sqlite { writer, .. } if writer.is_suspect() => tx.commit().await,
                _ => Ok(()),
            }
        };
        timeout(CHECK_PATIENCE, check).await.unwrap_or(Err(StoreError::Busy))
    }

    /// Counts of what the database did since the store was opened.
    pub fn counters(&self) -> Counters {
        self.0.stats.counters()
    }

    /// How long the calls of each method took since the store was opened.
    pub fn query_stats(&self) -> Vec<QueryStats> {
        self.0.stats.timings.report()
    }

    /// Closes all connections after those in use have finished.
    pub async fn close(&self) {
        match &self.0.pools {
            Pools::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres { pool, .. } => pool.close().await,
        }
    }
}

async fn open_sqlite(path: &Path, connections: u32, runtime: &Handle, stats: &Arc<Stats>) -> Result<Pools> {
    if path.as_os_str().is_empty() || path == Path::new(":memory:") {
        return Err(StoreError::Address("the SQLite URL names no file: use sqlite://PATH".to_owned()));
    }
    make_private(path)?;
    // WAL with synchronous=FULL: an acknowledged commit survives a power failure.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(LOCK_PATIENCE);
    let writer = Arc::new(Writer::new(options.clone(), runtime.clone(), Arc::clone(stats)));
    writer.open().await?;
    let readers = SqlitePoolOptions::new()
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .max_connections(connections.max(1))
        .connect_lazy_with(options.clone().create_if_missing(false).pragma("query_only", "ON"));
    Ok(Pools::Sqlite { options, writer, readers })
}

async fn open_postgres(url: &str, connections: u32) -> Result<Pools> {
    let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    // The parser's own message could contain the password.
    let options = PgConnectOptions::from_str(url).ok().filter(|_| is_postgres).ok_or_else(|| {
        StoreError::Address("the database URL is neither sqlite://PATH nor postgres://USER@HOST/NAME".to_owned())
    })?;
    let pool = PgPoolOptions::new()
        .max_connections(connections.max(2))
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|conn, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_IDLE {
                    conn.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(|conn, _| Box::pin(async move { conn.execute(postgres::dialect::LOCK_TIMEOUT).await.map(drop) }))
        .connect_with(options.clone())
        .await?;
    Ok(Pools::Postgres { options, pool })
}

/// Creates the database's file if it is missing, readable only by its owner. SQLite creates its other files
/// with the same mode.
fn make_private(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| StoreError::from(sqlx::Error::Io(error)))
}

impl Conn {
    fn new(held: Held, store: &Arc<Shared>) -> Self {
        Self {
            held: Some(held),
            store: Arc::clone(store),
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

    /// Called before each query of a table's method.
    pub(crate) fn start(&mut self) -> Result<Instant> {
        // The statement of a dropped future may still be running, and may fail unnoticed.
        self.has_failed |= self.is_in_transaction && self.is_interrupted;
        if self.has_failed {
            return Err(StoreError::Aborted);
        }
        self.is_interrupted = true;
        self.store.stats.statements.fetch_add(1, Ordering::Relaxed);
        Ok(Instant::now())
    }

    /// Called after each query.
    pub(crate) fn finish<T>(
        &mut self,
        result: &Result<T>,
        started: Instant,
        histogram: impl FnOnce(&Stats) -> &Histogram,
    ) {
        self.is_interrupted = false;
        histogram(&self.store.stats).record(started.elapsed());
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
        let _context = self.store.runtime.enter();
        match self.held.take() {
            Some(Held::Reader(conn)) if self.is_in_transaction => {
                self.store.runtime.spawn(roll_back_reader(conn));
            }
            // The protocol may be in the middle of a response.
            Some(Held::Postgres(mut conn)) if self.is_interrupted => conn.close_on_drop(),
            Some(Held::Postgres(conn)) if self.is_in_transaction => {
                self.store.runtime.spawn(roll_back_postgres(conn));
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
    if !matches!(timeout(PATIENCE, conn.execute("ROLLBACK")).await, Ok(Ok(_))) {
        conn.close_on_drop();
    }
}

impl fmt::Debug for Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conn").finish_non_exhaustive()
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
        self.0.store.stats.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
