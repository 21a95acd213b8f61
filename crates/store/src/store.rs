//! Opens and migrates a database, and gives out readers and transactions.

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, PgPool, SqlitePool,
    migrate::{AppliedMigration, Migrate, Migration, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};

use crate::{
    connection::{Acquired, Conn, Reader, Tx},
    error::{Result, StoreError},
    license_lookups::LicenseLookups,
    methods, postgres,
    sqlite::{
        self,
        file::{DatabaseFile, LockFile},
        writer::Writer,
    },
    stats::{Counters, QueryStats, Stats},
    tables::licenses::license_records::{KeyLookup, KnownLicense},
};

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The table in which the migrations that were applied are recorded.
const MIGRATIONS_TABLE: &str = "_sqlx_migrations";

/// The longest wait for SQLite's writer. Together with the waits before it, a request gets its response within ten seconds.
const WRITER_TIMEOUT: Duration = Duration::from_secs(7);

/// The longest wait for another process that opens a database for the first time or migrates it.
pub(crate) const STARTUP_TIMEOUT: Duration = Duration::from_mins(2);

/// The longest wait for a connection from a pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest that one statement waits for SQLite's lock. Beginning a transaction retries until its deadline.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// The longest that looking up a license may take, including the wait for a connection.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(6);

/// The longest that a check of the writer may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// A PostgreSQL connection that was idle for longer is tested before it is used.
const PING_AFTER_IDLE: Duration = Duration::from_secs(1);

/// A database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pools: Pools,
    runtime: Handle,
    stats: Arc<Stats>,
    lookups: Arc<LicenseLookups>,
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
        mode: PostgresMode,
    },
}

/// How a PostgreSQL server is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PostgresMode {
    /// Directly, or through a pooler that gives each client a connection of its own.
    #[default]
    Direct,
    /// Through a pooler that gives each transaction any connection, such as PgBouncer in transaction mode. So nothing is kept on
    /// a connection: no prepared statements, no settings and no locks.
    TransactionPooler,
}

/// Keeps other processes from starting with the same database, until it is dropped.
#[derive(Debug)]
pub struct StartupLock {
    _file: Option<LockFile>,
    /// On PostgreSQL, a transaction has the lock.
    _connection: Option<PgConnection>,
}

impl Store {
    /// Opens the database at `url`: `sqlite://path` (created if missing) or `postgres://…`. `connections` is
    /// the size of the pool. On SQLite, the pool serves only readers.
    pub async fn open(url: &str, connections: u32) -> Result<Self> {
        Self::open_with(url, connections, PostgresMode::Direct).await
    }

    /// Like [`open`](Self::open). SQLite ignores the mode.
    pub async fn open_with(url: &str, connections: u32, mode: PostgresMode) -> Result<Self> {
        let stats = Arc::new(Stats::new(methods::all()));
        let runtime = Handle::current();
        let pools = match sqlite_path(url) {
            Some(path) => open_sqlite(path, connections, &runtime, &stats).await?,
            None => open_postgres(url, connections, mode).await?,
        };
        let limit = match &pools {
            Pools::Sqlite { .. } => sqlite::dialect::LOOKUPS,
            Pools::Postgres { .. } => postgres::dialect::LOOKUPS,
        };
        let lookups = Arc::new(LicenseLookups::new(limit, LOOKUP_TIMEOUT));
        Ok(Self(Arc::new(Shared { pools, runtime, stats, lookups })))
    }

    /// Waits until no other process opens, migrates or claims the same database, and keeps others from it until the lock is
    /// dropped.
    pub async fn lock_for_startup(url: &str) -> Result<StartupLock> {
        if let Some(path) = sqlite_path(url) {
            return Ok(StartupLock { _file: LockFile::take(path).await?, _connection: None });
        }
        // Poolers may refuse the setting.
        let options = postgres_options(url)?.extra_float_digits(None);
        let pool =
            PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).connect_with(options).await?;
        let mut connection = pool.acquire().await?.detach();
        connection.execute(postgres::dialect::BEGIN_STARTING).await?;
        Ok(StartupLock { _file: None, _connection: Some(connection) })
    }

    /// Whether the database belongs to an instance already: it was claimed for a master secret. A new one may lack all tables.
    pub async fn is_claimed(&self) -> Result<bool> {
        match self.read_without_snapshot().await?.find_secret_check().await {
            Ok(check) => Ok(check.is_some()),
            Err(error) if error.is_unavailable() => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Checks that the file of an SQLite database is still at its path.
    pub fn check_file(&self) -> Result<()> {
        match &self.0.pools {
            Pools::Sqlite { writer, .. } => writer.check_file(),
            Pools::Postgres { .. } => Ok(()),
        }
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
            Pools::Postgres { options, mode, .. } => {
                let mut conn = options.connect().await?;
                // The server's role may lack the right to change the schema.
                conn.execute("BEGIN; DEALLOCATE ALL").await?;
                let is_migrated = is_migrated(&mut conn).await;
                conn.execute("ROLLBACK").await?;
                if !is_migrated {
                    match mode {
                        PostgresMode::Direct => POSTGRES_MIGRATIONS.run(&mut conn).await?,
                        PostgresMode::TransactionPooler => migrate_through_pooler(options, &mut conn).await?,
                    }
                }
                conn.close().await?;
            }
        }
        Ok(())
    }

    /// The number of the last migration that this program knows.
    pub fn last_migration(&self) -> i64 {
        let migrator = match &self.0.pools {
            Pools::Sqlite { .. } => &SQLITE_MIGRATIONS,
            Pools::Postgres { .. } => &POSTGRES_MIGRATIONS,
        };
        migrator.iter().map(|migration| migration.version).max().unwrap_or_default()
    }

    /// The kind of database, for display.
    pub fn kind(&self) -> &'static str {
        match &self.0.pools {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres { .. } => "PostgreSQL",
        }
    }

    /// Takes a snapshot: all queries of the reader see the same state, and writers do not wait for it.
    pub async fn read(&self) -> Result<Reader> {
        let begin = match &self.0.pools {
            Pools::Sqlite { .. } => sqlite::dialect::BEGIN_READ,
            Pools::Postgres { mode: PostgresMode::Direct, .. } => postgres::dialect::BEGIN_READ,
            Pools::Postgres { mode: PostgresMode::TransactionPooler, .. } => postgres::dialect::BEGIN_READ_POOLED,
        };
        Reader::snapshot(self.acquire().await?, begin).await
    }

    /// A reader without a snapshot, for a single query: each query sees what is committed at that time.
    pub async fn read_without_snapshot(&self) -> Result<Reader> {
        match &self.0.pools {
            // Outside of a transaction, each of a query's messages could reach another connection.
            Pools::Postgres { mode: PostgresMode::TransactionPooler, .. } => self.read().await,
            Pools::Sqlite { .. } | Pools::Postgres { .. } => self.acquire().await.map(Reader::new),
        }
    }

    /// Finds a license by its key, with its active machines and the stored value of a rate-limit bucket. Calls that
    /// arrive at the same time share a statement.
    pub async fn find_license_by_key(&self, lookup: KeyLookup) -> Result<Option<KnownLicense>> {
        let store = self.clone();
        let read = move |lookups: Vec<KeyLookup>| {
            let store = store.clone();
            async move { store.read_without_snapshot().await?.find_licenses_by_keys(&lookups).await }
        };
        self.0.lookups.find(lookup, &self.0.runtime, read).await
    }

    async fn acquire(&self) -> Result<Conn> {
        let acquired = match &self.0.pools {
            Pools::Sqlite { readers, .. } => Acquired::Reader(readers.acquire().await?),
            Pools::Postgres { pool, .. } => Acquired::Postgres(pool.acquire().await?),
        };
        Ok(self.conn(acquired))
    }

    fn conn(&self, acquired: Acquired) -> Conn {
        Conn::new(acquired, &self.0.runtime, &self.0.stats)
    }

    /// Begins a transaction.
    pub async fn write(&self) -> Result<Tx> {
        self.write_until(Instant::now() + WRITER_TIMEOUT).await
    }

    async fn write_until(&self, deadline: Instant) -> Result<Tx> {
        match &self.0.pools {
            Pools::Sqlite { writer, .. } => {
                let turn = writer.begin(deadline).await?;
                Ok(Tx::of_turn(self.conn(Acquired::Writer(turn))))
            }
            Pools::Postgres { pool, mode, .. } => {
                let conn = self.conn(Acquired::Postgres(pool.acquire().await?));
                let begin = match mode {
                    PostgresMode::Direct => postgres::dialect::BEGIN,
                    PostgresMode::TransactionPooler => postgres::dialect::BEGIN_POOLED,
                };
                Tx::begin(conn, begin).await
            }
        }
    }

    /// Checks whether the database accepts writes: begins a transaction, writes a row, and rolls back. After
    /// a failure on SQLite, it commits instead, because only a commit shows that the disk accepts writes again.
    pub async fn check_writer(&self) -> Result<()> {
        let check = async {
            let mut tx = self.write_until(Instant::now() + CHECK_TIMEOUT).await?;
            tx.touch_instance().await?;
            match &self.0.pools {
                Pools::Sqlite { writer, .. } if writer.is_suspect() => tx.commit().await,
                _ => Ok(()),
            }
        };
        timeout(CHECK_TIMEOUT, check).await.unwrap_or(Err(StoreError::Busy))
    }

    /// Counts of what the database did since the store was opened.
    pub fn counters(&self) -> Counters {
        self.0.stats.counters()
    }

    /// How long the calls of each method took since the store was opened.
    pub fn query_stats(&self) -> Vec<QueryStats> {
        self.0.stats.query_stats()
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
    // WAL with synchronous=FULL: an acknowledged commit survives a power failure. The file exists. If it is deleted later, no
    // empty one may take its place.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT);
    let file = DatabaseFile::new(path);
    let writer = Arc::new(Writer::new(options.clone(), file, runtime.clone(), Arc::clone(stats)));
    writer.open().await?;
    let readers = SqlitePoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .max_connections(connections.max(1))
        .connect_lazy_with(options.clone().pragma("query_only", "ON"));
    Ok(Pools::Sqlite { options, writer, readers })
}

/// The file in the URL of an SQLite database. `None` if the URL is another database's.
fn sqlite_path(url: &str) -> Option<&Path> {
    url.strip_prefix("sqlite:").map(|path| Path::new(path.trim_start_matches("//")))
}

fn postgres_options(url: &str) -> Result<PgConnectOptions> {
    let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    // The parser's own message could contain the password.
    PgConnectOptions::from_str(url).ok().filter(|_| is_postgres).ok_or_else(|| {
        StoreError::Address("the database URL is neither sqlite://PATH nor postgres://USER@HOST/NAME".to_owned())
    })
}

async fn open_postgres(url: &str, connections: u32, mode: PostgresMode) -> Result<Pools> {
    let options = postgres_options(url)?;
    let options = match mode {
        PostgresMode::Direct => options,
        // Statements are not used again in another transaction. PgBouncer refuses the setting, which only matters for fractions.
        PostgresMode::TransactionPooler => options.statement_cache_capacity(0).extra_float_digits(None),
    };
    let pool = PgPoolOptions::new()
        .max_connections(connections.max(2))
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|conn, meta| {
            Box::pin(async move {
                if meta.idle_for > PING_AFTER_IDLE {
                    conn.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |conn, _| {
            Box::pin(async move {
                match mode {
                    PostgresMode::Direct => conn.execute(postgres::dialect::SESSION).await.map(drop),
                    PostgresMode::TransactionPooler => Ok(()),
                }
            })
        })
        .connect_with(options.clone())
        .await?;
    Ok(Pools::Postgres { options, pool, mode })
}

/// Migrates while a transaction on another connection holds the lock: behind a pooler, a lock of the session could stay on a
/// connection that somebody else gets.
async fn migrate_through_pooler(options: &PgConnectOptions, conn: &mut PgConnection) -> Result<()> {
    let mut locking = options.connect().await?;
    locking.execute(postgres::dialect::BEGIN_MIGRATING).await?;
    let mut migrations = Migrator::with_migrations(POSTGRES_MIGRATIONS.iter().cloned().collect());
    migrations.set_locking(false);
    conn.execute("DEALLOCATE ALL").await?;
    migrations.run(conn).await?;
    locking.execute("COMMIT").await?;
    locking.close().await?;
    Ok(())
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

/// Whether a PostgreSQL database has exactly this program's migrations. `false` if that cannot be read.
async fn is_migrated(conn: &mut PgConnection) -> bool {
    let unfinished = conn.dirty_version(MIGRATIONS_TABLE).await;
    let (Ok(None), Ok(applied)) = (unfinished, conn.list_applied_migrations(MIGRATIONS_TABLE).await) else {
        return false;
    };
    let is_same = |(applied, known): (&AppliedMigration, &Migration)| {
        applied.version == known.version && applied.checksum == known.checksum
    };
    applied.len() == POSTGRES_MIGRATIONS.iter().count() && applied.iter().zip(POSTGRES_MIGRATIONS.iter()).all(is_same)
}
