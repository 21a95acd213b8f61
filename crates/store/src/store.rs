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
    sqlite::{self, writer::Writer},
    stats::{Counters, QueryStats, Stats},
    tables::licenses::license_records::{KeyLookup, KnownLicense},
};

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The table in which the migrations that were applied are recorded.
const MIGRATIONS_TABLE: &str = "_sqlx_migrations";

/// The longest wait for SQLite's writer. It is well below the 30 seconds that apps wait for a response.
const WRITER_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest wait for a connection from a pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest that one statement waits for SQLite's lock. Beginning a transaction retries until its deadline.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// The longest that looking up a license may take, including the wait for a connection.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

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
    },
}

impl Store {
    /// Opens the database at `url`: `sqlite://path` (created if missing) or `postgres://…`. `connections` is
    /// the size of the pool. On SQLite, the pool serves only readers.
    pub async fn open(url: &str, connections: u32) -> Result<Self> {
        let stats = Arc::new(Stats::new(methods::all()));
        let runtime = Handle::current();
        let pools = match url.strip_prefix("sqlite:") {
            Some(path) => {
                let path = Path::new(path.trim_start_matches("//"));
                open_sqlite(path, connections, &runtime, &stats).await?
            }
            None => open_postgres(url, connections).await?,
        };
        let limit = match &pools {
            Pools::Sqlite { .. } => sqlite::dialect::LOOKUPS,
            Pools::Postgres { .. } => postgres::dialect::LOOKUPS,
        };
        let lookups = Arc::new(LicenseLookups::new(limit, LOOKUP_TIMEOUT));
        Ok(Self(Arc::new(Shared { pools, runtime, stats, lookups })))
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
                // The server's role may lack the right to change the schema.
                if !is_migrated(&mut conn).await {
                    POSTGRES_MIGRATIONS.run(&mut conn).await?;
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
            Pools::Postgres { .. } => postgres::dialect::BEGIN_READ,
        };
        Reader::snapshot(self.acquire().await?, begin).await
    }

    /// A reader without a snapshot, for a single query: each query sees what is committed at that time.
    pub async fn read_without_snapshot(&self) -> Result<Reader> {
        self.acquire().await.map(Reader::new)
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
            Pools::Postgres { pool, .. } => {
                let conn = self.conn(Acquired::Postgres(pool.acquire().await?));
                Tx::begin(conn, postgres::dialect::BEGIN).await
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
    // WAL with synchronous=FULL: an acknowledged commit survives a power failure.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT);
    let writer = Arc::new(Writer::new(options.clone(), runtime.clone(), Arc::clone(stats)));
    writer.open().await?;
    let readers = SqlitePoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT)
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
        .after_connect(|conn, _| Box::pin(async move { conn.execute(postgres::dialect::SESSION).await.map(drop) }))
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
