//! A database for one test: a SQLite file, or a separate database on a PostgreSQL server.

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

/// The database that a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in a temporary folder.
    Sqlite,
    /// A new database on the server at `LATCHKEY_TEST_POSTGRES`.
    Postgres,
}

/// The number of connections of one test's store.
const POOL_SIZE: u32 = 8;

/// The most connections that one test uses: its pool, and two more.
const CONNECTIONS_PER_TEST: u32 = POOL_SIZE + 2;

/// Connections reserved for the superuser, for creating and dropping databases, and for developers.
const RESERVED_CONNECTIONS: u32 = 20;

/// The number of test programs that can use one server at the same time.
const TEST_PROGRAMS: u32 = 4;

/// The longest that a test waits for the server or for other tests to finish. Only reached if something is broken.
const TIMEOUT: Duration = Duration::from_mins(5);

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// A database that is deleted when the test ends.
#[derive(Debug)]
pub struct TestDatabase {
    store: Store,
    url: String,
    location: Location,
}

/// The tables that a new PostgreSQL database contains.
#[derive(Clone, Copy, Debug)]
enum Schema {
    None,
    Current,
}

#[derive(Debug)]
enum Location {
    Folder { _folder: TempDir },
    Server { server: &'static TestServer, name: String, _permit: OwnedSemaphorePermit },
}

impl TestDatabase {
    /// Creates and migrates a database.
    ///
    /// # Panics
    /// Panics if there is no PostgreSQL server: a test that cannot run must not pass.
    pub async fn create(backend: Backend) -> Self {
        let database = Self::create_with(backend, Schema::Current).await;
        database.store.migrate().await.expect("the database migrates");
        database
    }

    /// Creates a database without any tables, for tests of migrations.
    pub async fn create_empty(backend: Backend) -> Self {
        Self::create_with(backend, Schema::None).await
    }

    async fn create_with(backend: Backend, schema: Schema) -> Self {
        let (url, location) = match backend {
            Backend::Sqlite => {
                let folder = TempDir::new().expect("a temporary folder");
                (format!("sqlite://{}", folder.path().join("test.db").display()), Location::Folder { _folder: folder })
            }
            Backend::Postgres => {
                let server = TestServer::get().await;
                let permit = server.wait_for_permit().await;
                let name = server.create_database(schema).await;
                (format!("{}/{name}", server.url), Location::Server { server, name, _permit: permit })
            }
        };
        let store = Store::open(&url, POOL_SIZE).await.expect("the database opens");
        Self { store, url, location }
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    /// Also runs if the test fails, so that a failed test does not take connections from later tests.
    fn drop(&mut self) {
        // The first poll closes the pool to new callers. This does not wait for connections in use, because their
        // tasks may need this thread.
        let _ = self.store.close().now_or_never();
        if let Location::Server { server, name, .. } = &self.location {
            server.drop_database(name);
        }
    }
}

/// The PostgreSQL server of this test run.
#[derive(Debug)]
struct TestServer {
    /// `postgres://USER@HOST:PORT`
    url: String,
    /// The migrated database that the tests' databases are copied from.
    template: String,
    /// One permit for each test that the server has connections for.
    permits: Arc<Semaphore>,
}

impl TestServer {
    async fn get() -> &'static Self {
        static SERVER: OnceCell<TestServer> = OnceCell::const_new();
        SERVER.get_or_init(Self::prepare).await
    }

    async fn prepare() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the test run names its PostgreSQL server this way")]
        let url = std::env::var("LATCHKEY_TEST_POSTGRES")
            .expect("LATCHKEY_TEST_POSTGRES must be the URL of a PostgreSQL server; `cargo xtask test` starts one");
        let admin = connect(&url).await;
        let limit: String = sqlx::query_scalar("SHOW max_connections").fetch_one(&admin).await.expect("a setting");
        let limit: u32 = limit.parse().expect("a number of connections");
        let permits = (limit.saturating_sub(RESERVED_CONNECTIONS) / TEST_PROGRAMS / CONNECTIONS_PER_TEST).max(1);
        let template = create_template(&url, &admin).await;
        admin.close().await;
        let permits = Arc::new(Semaphore::new(permits.try_into().expect("a small number")));
        Self { url, template, permits }
    }

    async fn wait_for_permit(&self) -> OwnedSemaphorePermit {
        let permit = tokio::time::timeout(TIMEOUT, self.permits.clone().acquire_owned()).await;
        permit.expect("other tests release their databases in time").expect("the semaphore is never closed")
    }

    async fn create_database(&self, schema: Schema) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("latchkey_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let admin = connect(&self.url).await;
        // It can be left over from an earlier process with this id that was killed.
        execute(&admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        let template = match schema {
            Schema::Current => self.template.as_str(),
            Schema::None => "template0",
        };
        execute(&admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        admin.close().await;
        name
    }

    /// Drops a database and closes any connections to it.
    fn drop_database(&self, name: &str) {
        let (url, name) = (self.url.clone(), name.to_owned());
        // In a separate thread, because a runtime cannot be entered from within another one.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let admin = connect(&url).await;
                execute(&admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
                admin.close().await;
            });
        });
        let is_dropped = dropping.join().is_ok();
        // During a panic, a second one would abort the program and hide the first.
        assert!(is_dropped || thread::panicking(), "the test's database could not be dropped");
    }
}

/// Creates the migrated database that the others are copied from, unless the server has it. Its name depends on the
/// migrations, so that all later runs with the same migrations use it.
async fn create_template(url: &str, admin: &PgPool) -> String {
    let mut hash = Sha256::new();
    for migration in MIGRATIONS.iter() {
        hash.update(migration.version.to_be_bytes());
        hash.update(&migration.checksum);
    }
    let mut template = "latchkey_template_".to_owned();
    for byte in hash.finalize().iter().take(8) {
        write!(template, "{byte:02x}").expect("writing to a string cannot fail");
    }
    // The lock is held until the connection is closed. Other programs wait here until the template is complete.
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
            connection.execute(AssertSqlSafe(statement)).await.expect("the template is created");
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

/// Connects in order to create and drop databases. A pool is used because it retries while the server has no free
/// connection.
async fn connect(url: &str) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(TIMEOUT);
    pool.connect(&format!("{url}/postgres")).await.expect("PostgreSQL answers")
}

async fn execute(admin: &PgPool, statement: String) {
    admin.execute(AssertSqlSafe(statement)).await.expect("PostgreSQL creates and drops databases");
}
