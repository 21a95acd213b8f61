//! A database for one test: a SQLite file, or a database of its own on a PostgreSQL server.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use futures_util::FutureExt;
use latchkey_store::Store;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Executor, PgPool, migrate::Migrator, postgres::PgPoolOptions};
use tempfile::TempDir;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in a temporary folder.
    Sqlite,
    /// A new database on the server that `LATCHKEY_TEST_POSTGRES` names.
    Postgres,
}

/// The connections of one test's store.
const POOL: u32 = 8;

/// What one test may take of the server: its pool, and a connection or two of its own.
const SHARE: u32 = POOL + 2;

/// Connections that are left for the server's superuser, for making and dropping databases, and for a person.
const RESERVE: u32 = 20;

/// Test programs that may use one server at the same time.
const PROGRAMS: u32 = 4;

/// How long a test waits for the server, or for other tests to finish. Reached only when something is broken.
const PATIENCE: Duration = Duration::from_mins(5);

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// A migrated database that is removed at the end.
#[derive(Debug)]
pub struct TestDatabase {
    store: Store,
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder { _folder: TempDir },
    Server { server: &'static TestServer, name: String, _share: OwnedSemaphorePermit },
}

impl TestDatabase {
    /// Makes a database and migrates it.
    ///
    /// # Panics
    /// When there is no PostgreSQL to be had: a test that cannot run must not pass.
    pub async fn create(backend: Backend) -> Self {
        let (url, place) = match backend {
            Backend::Sqlite => {
                let folder = TempDir::new().expect("a temporary folder");
                (format!("sqlite://{}", folder.path().join("test.db").display()), Place::Folder { _folder: folder })
            }
            Backend::Postgres => {
                let server = TestServer::get().await;
                let share = server.wait_for_share().await;
                let name = server.create_database().await;
                (format!("{}/{name}", server.url), Place::Server { server, name, _share: share })
            }
        };
        let store = Store::open(&url, POOL).await.expect("the database opens");
        store.migrate().await.expect("the database migrates");
        Self { store, url, place }
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

impl Drop for TestDatabase {
    /// Runs also when the test failed, so that a failure does not take connections from the tests after it.
    fn drop(&mut self) {
        // One poll closes the pool to new callers. Connections in use are not waited for: their tasks may
        // need this very thread.
        let _ = self.store.close().now_or_never();
        if let Place::Server { server, name, .. } = &self.place {
            server.drop_database(name);
        }
    }
}

/// The PostgreSQL server of this test run.
#[derive(Debug)]
struct TestServer {
    /// `postgres://USER@HOST:PORT`
    url: String,
    /// A migrated database, which the tests' databases are copies of.
    template: String,
    /// One permit for each database that fits into the server's connections.
    shares: Arc<Semaphore>,
}

impl TestServer {
    async fn get() -> &'static Self {
        static SERVER: OnceCell<TestServer> = OnceCell::const_new();
        SERVER.get_or_init(Self::prepare).await
    }

    async fn prepare() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the test run names its PostgreSQL server this way")]
        let url = std::env::var("LATCHKEY_TEST_POSTGRES")
            .expect("LATCHKEY_TEST_POSTGRES names no PostgreSQL server: `cargo xtask test` starts one and names it");
        let admin = connect(&url).await;
        let most: String = sqlx::query_scalar("SHOW max_connections").fetch_one(&admin).await.expect("a setting");
        let most: u32 = most.parse().expect("a number of connections");
        let shares = (most.saturating_sub(RESERVE) / PROGRAMS / SHARE).max(1);
        let template = make_template(&url, &admin).await;
        admin.close().await;
        let shares = Arc::new(Semaphore::new(shares.try_into().expect("a small number")));
        Self { url, template, shares }
    }

    async fn wait_for_share(&self) -> OwnedSemaphorePermit {
        let share = tokio::time::timeout(PATIENCE, self.shares.clone().acquire_owned()).await;
        share.expect("other tests give back their databases").expect("the semaphore is never closed")
    }

    async fn create_database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("latchkey_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let admin = connect(&self.url).await;
        // What an earlier process with this id left behind when it was killed.
        execute(&admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        execute(&admin, format!("CREATE DATABASE {name} TEMPLATE {}", self.template)).await;
        admin.close().await;
        name
    }

    /// Drops a database and cuts off whoever still uses it.
    fn drop_database(&self, name: &str) {
        let (url, name) = (self.url.clone(), name.to_owned());
        // A thread of its own, because a runtime cannot be entered from within another.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let admin = connect(&url).await;
                execute(&admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
                admin.close().await;
            });
        });
        let is_dropped = dropping.join().is_ok();
        // A second panic would abort the program and hide the first.
        assert!(is_dropped || thread::panicking(), "the test's database is not dropped");
    }
}

/// The migrated database that all others are copied from, named by what its migrations are: made once on a
/// server, by whichever test program comes first, and good for every later run.
async fn make_template(url: &str, admin: &PgPool) -> String {
    let mut hash = Sha256::new();
    for migration in MIGRATIONS.iter() {
        hash.update(migration.version.to_be_bytes());
        hash.update(&migration.checksum);
    }
    let mut template = "latchkey_template_".to_owned();
    for byte in hash.finalize().iter().take(8) {
        write!(template, "{byte:02x}").expect("a string takes everything");
    }
    // Held until the connection is closed: other programs wait here until the template is whole.
    let mut locked = admin.acquire().await.expect("a connection");
    locked.execute("SELECT pg_advisory_lock(795274369)").await.expect("a lock");
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(&template)
        .fetch_one(&mut *locked)
        .await
        .expect("an answer");
    if !exists {
        let draft = format!("{template}_draft");
        let run = async |connection: &mut sqlx::PgConnection, statement: String| {
            connection.execute(AssertSqlSafe(statement)).await.expect("the template is made");
        };
        run(&mut locked, format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
        run(&mut locked, format!("CREATE DATABASE {draft}")).await;
        let store = Store::open(&format!("{url}/{draft}"), 2).await.expect("the template opens");
        store.migrate().await.expect("the template migrates");
        store.close().await;
        run(&mut locked, format!("ALTER DATABASE {draft} RENAME TO {template}")).await;
    }
    template
}

/// A connection for making and dropping databases. As a pool, because that tries again while the server
/// has no room.
async fn connect(url: &str) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
    pool.connect(&format!("{url}/postgres")).await.expect("PostgreSQL answers")
}

async fn execute(admin: &PgPool, statement: String) {
    admin.execute(AssertSqlSafe(statement)).await.expect("PostgreSQL makes and drops databases");
}
