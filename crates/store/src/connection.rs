//! Opening a database, and the two ways to talk to it: a reader and a transaction.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    path::Path,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use sqlx::{
    PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction,
    migrate::Migrator,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    error::{Result, StoreError},
    postgres, sqlite,
};

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How long a caller waits for a connection or a lock, well below the half minute that apps wait for an
/// answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store(Arc<Pools>);

#[derive(Debug)]
enum Pools {
    /// SQLite takes one writer at a time. One connection that queues its callers has far better
    /// worst-case latency than several that fight for the lock.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// A connection, with every method that reads.
pub struct Conn(Held);

enum Held {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTx(Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresTx(Transaction<'static, Postgres>),
}

pub(crate) enum Link<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// A connection that reads. From [`Store::read`] it is a snapshot: whatever it reads is of one moment.
#[derive(Debug)]
pub struct Reader(Conn);

/// A transaction. Dropped without [`Tx::commit`] it leaves no trace.
#[derive(Debug)]
pub struct Tx(Conn);

impl Store {
    /// Opens the database at `url`: `sqlite://path` (made if missing) or `postgres://…`.
    /// `connections` bounds the pool of readers (SQLite) or of everything (PostgreSQL).
    pub async fn open(url: &str, connections: u32) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Self::open_sqlite(Path::new(path.trim_start_matches("//")), connections).await;
        }
        let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
        // The parser's own message could repeat the password.
        let options = PgConnectOptions::from_str(url).ok().filter(|_| is_postgres).ok_or_else(|| {
            StoreError::Address("the database URL is neither sqlite://PATH nor postgres://USER@HOST/NAME".to_owned())
        })?;
        let pool = PgPoolOptions::new()
            .max_connections(connections.max(2))
            .acquire_timeout(PATIENCE)
            .connect_with(options)
            .await?;
        Ok(Self(Arc::new(Pools::Postgres(pool))))
    }

    async fn open_sqlite(path: &Path, connections: u32) -> Result<Self> {
        if path.as_os_str().is_empty() || path == Path::new(":memory:") {
            return Err(StoreError::Address("the SQLite URL names no file: use sqlite://PATH".to_owned()));
        }
        make_private(path)?;
        // WAL with synchronous=FULL: an acknowledged commit survives a power cut.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let pool = || SqlitePoolOptions::new().acquire_timeout(PATIENCE);
        let writer = pool().max_connections(1).connect_with(options.clone()).await?;
        let readers = pool()
            .max_connections(connections.max(1))
            .connect_lazy_with(options.create_if_missing(false).pragma("query_only", "ON"));
        Ok(Self(Arc::new(Pools::Sqlite { writer, readers })))
    }

    /// Brings the schema up to this program's version. Refuses a newer one and changes nothing then.
    pub async fn migrate(&self) -> Result<()> {
        match &*self.0 {
            Pools::Sqlite { writer, .. } => SQLITE_MIGRATIONS.run(writer).await?,
            Pools::Postgres(pool) => POSTGRES_MIGRATIONS.run(pool).await?,
        }
        Ok(())
    }

    /// The kind of database, for people.
    pub fn kind(&self) -> &'static str {
        match &*self.0 {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres(_) => "PostgreSQL",
        }
    }

    /// A snapshot: all that is read from it is of one moment, and no writer waits for it.
    pub async fn read(&self) -> Result<Reader> {
        Ok(Reader(Conn(match &*self.0 {
            Pools::Sqlite { readers, .. } => Held::SqliteTx(readers.begin_with(sqlite::dialect::BEGIN_READ).await?),
            Pools::Postgres(pool) => Held::PostgresTx(pool.begin_with(postgres::dialect::BEGIN_READ).await?),
        })))
    }

    /// A reader for one query, which needs no snapshot: each of its queries sees what is committed by then.
    pub async fn read_one(&self) -> Result<Reader> {
        Ok(Reader(Conn(match &*self.0 {
            Pools::Sqlite { readers, .. } => Held::Sqlite(readers.acquire().await?),
            Pools::Postgres(pool) => Held::Postgres(pool.acquire().await?),
        })))
    }

    /// Begins a transaction.
    pub async fn write(&self) -> Result<Tx> {
        Ok(Tx(Conn(match &*self.0 {
            Pools::Sqlite { writer, .. } => Held::SqliteTx(writer.begin_with(sqlite::dialect::BEGIN).await?),
            Pools::Postgres(pool) => Held::PostgresTx(pool.begin_with(postgres::dialect::BEGIN).await?),
        })))
    }

    /// Closes every connection, after letting those in use finish.
    pub async fn close(&self) {
        match &*self.0 {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// Makes the database's file, if it is missing, readable by its owner alone; SQLite gives the files
/// beside it the same mode.
fn make_private(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| StoreError::from(sqlx::Error::Io(error)))
}

impl Conn {
    /// Whether it is a transaction that writes: it may see changes that never come about.
    pub fn is_writing(&self) -> bool {
        matches!(self.0, Held::SqliteTx(_) | Held::PostgresTx(_))
    }

    pub(crate) fn link(&mut self) -> Link<'_> {
        match &mut self.0 {
            Held::Sqlite(conn) => Link::Sqlite(conn),
            Held::SqliteTx(tx) => Link::Sqlite(tx),
            Held::Postgres(conn) => Link::Postgres(conn),
            Held::PostgresTx(tx) => Link::Postgres(tx),
        }
    }
}

impl fmt::Debug for Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Conn")
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
    /// Makes everything written in this transaction last.
    pub async fn commit(self) -> Result<()> {
        match (self.0).0 {
            Held::SqliteTx(tx) => tx.commit().await?,
            Held::PostgresTx(tx) => tx.commit().await?,
            Held::Sqlite(_) | Held::Postgres(_) => {}
        }
        Ok(())
    }
}
