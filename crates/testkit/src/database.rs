//! A database for one test: a SQLite file, or a database of its own on a PostgreSQL server.

use std::sync::atomic::{AtomicU32, Ordering};

use latchkey_store::Store;
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in a temporary folder.
    Sqlite,
    /// A new database on the server that `LATCHKEY_TEST_POSTGRES` names.
    Postgres,
}

/// A migrated database that is removed at the end.
#[derive(Debug)]
pub struct TestDatabase {
    store: Store,
    url: String,
    // Dropped last: the folder holds the SQLite file.
    _folder: Option<TempDir>,
}

static NEXT: AtomicU32 = AtomicU32::new(1);

impl TestDatabase {
    /// Makes a database and migrates it.
    ///
    /// # Panics
    /// When there is no PostgreSQL to be had: a test that cannot run must not pass.
    pub async fn create(backend: Backend) -> Self {
        let (url, folder) = match backend {
            Backend::Sqlite => {
                let folder = TempDir::new().expect("a temporary folder");
                (format!("sqlite://{}", folder.path().join("test.db").display()), Some(folder))
            }
            Backend::Postgres => (create_on_server().await, None),
        };
        let store = Store::open(&url, 8).await.expect("the database opens");
        store.migrate().await.expect("the database migrates");
        Self { store, url, _folder: folder }
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }
}

async fn create_on_server() -> String {
    #[expect(clippy::disallowed_methods, reason = "the test run names its PostgreSQL server this way")]
    let server = std::env::var("LATCHKEY_TEST_POSTGRES")
        .expect("LATCHKEY_TEST_POSTGRES names no PostgreSQL server: `cargo xtask test` starts one and names it");
    let name = format!("latchkey_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let mut connection = PgConnection::connect(&format!("{server}/postgres")).await.expect("PostgreSQL answers");
    let statement = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    connection.execute(statement).await.expect("a database is made");
    format!("{server}/{name}")
}
