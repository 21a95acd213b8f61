//! Opening a database, and the two ways to talk to it: a reader and a transaction.

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use latchkey_licensing::{
    email::EmailAddress,
    entitlement::Entitlement,
    ids::{
        AccountId, EntitlementId, LicenseId, LoginRequestId, MachineId, MailId, PolicyId, ProductId, SessionId,
        SigningKeyId,
    },
    license::License,
    machine::Machine,
    outage::Outage,
    policy::Policy,
    time::Timestamp,
};
use sqlx::{
    PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool,
    migrate::Migrator,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    error::{Result, StoreError},
    postgres,
    rows::{
        Account, AuditRow, ClaimedMail, LoginRequest, MachineEnd, NewLoginRequest, NewMail, NewSession, Product,
        SessionRow, SigningKeyRow, StoredKey,
    },
    sqlite,
};

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How long a caller waits for a connection of PostgreSQL.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a caller waits for SQLite's write lock, which an import of many licenses holds for some
/// seconds: somewhat less than the half minute that apps wait for an answer.
const LITE_PATIENCE: Duration = Duration::from_secs(25);

/// A database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store(Arc<Pools>);

#[derive(Debug)]
enum Pools {
    /// SQLite takes one writer at a time. One connection that queues its callers has far better
    /// worst-case latency than several that fight for the lock.
    Lite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Pg(PgPool),
}

enum Link<'a> {
    Lite(&'a mut SqliteConnection),
    Pg(&'a mut PgConnection),
}

/// A connection that reads.
#[derive(Debug)]
pub struct Reader(ReaderConn);

#[derive(Debug)]
enum ReaderConn {
    Lite(PoolConnection<Sqlite>),
    Pg(PoolConnection<Postgres>),
}

/// A transaction. Dropped without [`Tx::commit`] it leaves no trace.
#[derive(Debug)]
pub struct Tx(TxConn);

#[derive(Debug)]
enum TxConn {
    Lite(sqlx::Transaction<'static, Sqlite>),
    Pg(sqlx::Transaction<'static, Postgres>),
}

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
        Ok(Self(Arc::new(Pools::Pg(pool))))
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
            .busy_timeout(LITE_PATIENCE);
        let pool = || SqlitePoolOptions::new().acquire_timeout(LITE_PATIENCE);
        let writer = pool().max_connections(1).connect_with(options.clone()).await?;
        let readers = pool()
            .max_connections(connections.max(1))
            .connect_lazy_with(options.create_if_missing(false).pragma("query_only", "ON"));
        Ok(Self(Arc::new(Pools::Lite { writer, readers })))
    }

    /// Brings the schema up to this program's version. Refuses a newer one and changes nothing then.
    pub async fn migrate(&self) -> Result<()> {
        match &*self.0 {
            Pools::Lite { writer, .. } => SQLITE_MIGRATIONS.run(writer).await?,
            Pools::Pg(pool) => POSTGRES_MIGRATIONS.run(pool).await?,
        }
        Ok(())
    }

    /// The kind of database, for people.
    pub fn kind(&self) -> &'static str {
        match &*self.0 {
            Pools::Lite { .. } => "SQLite",
            Pools::Pg(_) => "PostgreSQL",
        }
    }

    /// A connection for reading.
    pub async fn read(&self) -> Result<Reader> {
        Ok(Reader(match &*self.0 {
            Pools::Lite { readers, .. } => ReaderConn::Lite(readers.acquire().await?),
            Pools::Pg(pool) => ReaderConn::Pg(pool.acquire().await?),
        }))
    }

    /// Begins a transaction.
    pub async fn write(&self) -> Result<Tx> {
        Ok(Tx(match &*self.0 {
            Pools::Lite { writer, .. } => TxConn::Lite(writer.begin_with(sqlite::dialect::BEGIN).await?),
            Pools::Pg(pool) => TxConn::Pg(pool.begin_with(postgres::dialect::BEGIN).await?),
        }))
    }

    /// Closes every connection, after letting those in use finish.
    pub async fn close(&self) {
        match &*self.0 {
            Pools::Lite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Pg(pool) => pool.close().await,
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
    options.open(path).map(drop).map_err(|error| StoreError::Database(sqlx::Error::Io(error)))
}

impl Reader {
    fn link(&mut self) -> Link<'_> {
        match &mut self.0 {
            ReaderConn::Lite(conn) => Link::Lite(conn),
            ReaderConn::Pg(conn) => Link::Pg(conn),
        }
    }
}

impl Tx {
    fn link(&mut self) -> Link<'_> {
        match &mut self.0 {
            TxConn::Lite(tx) => Link::Lite(tx),
            TxConn::Pg(tx) => Link::Pg(tx),
        }
    }

    /// Makes everything written in this transaction last.
    pub async fn commit(self) -> Result<()> {
        match self.0 {
            TxConn::Lite(tx) => tx.commit().await?,
            TxConn::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// Hands each method to the query of the same name, compiled for the database at hand.
macro_rules! queries {
    ($conn:ident: $($(#[$doc:meta])* $module:ident::$name:ident($($arg:ident: $ty:ty),*) -> $out:ty;)+) => {
        impl $conn {$(
            $(#[$doc])*
            pub async fn $name(&mut self, $($arg: $ty),*) -> Result<$out> {
                match self.link() {
                    Link::Lite(conn) => sqlite::queries::$module::$name(conn, $($arg),*).await,
                    Link::Pg(conn) => postgres::queries::$module::$name(conn, $($arg),*).await,
                }
            }
        )+}
    };
}

macro_rules! reads {
    ($conn:ident) => {
        queries! { $conn:
            /// The account with this id.
            accounts::find_account(id: AccountId) -> Option<Account>;
            /// The account with this address.
            accounts::find_account_by_email(email: &EmailAddress) -> Option<Account>;
            /// How many accounts there are.
            accounts::count_accounts() -> i64;
            /// The newest rows of the audit log about one subject, newest first.
            audit::list_audit_of(subject_kind: &str, subject_id: &str, limit: i64) -> Vec<AuditRow>;
            /// How many products there are.
            catalog::count_products() -> i64;
            /// The product with this id.
            catalog::find_product(id: ProductId) -> Option<Product>;
            /// The policy with this id.
            catalog::find_policy(id: PolicyId) -> Option<Policy>;
            /// Every product, by code.
            catalog::list_products() -> Vec<Product>;
            /// Every entitlement of the catalog, by code.
            catalog::list_all_entitlements() -> Vec<Entitlement>;
            /// A policy's own entitlements, by code.
            catalog::list_policy_entitlements(policy: PolicyId) -> Vec<Entitlement>;
            /// A license's own entitlements, by code; those of its policy are not among them.
            catalog::list_license_entitlements(license: LicenseId) -> Vec<Entitlement>;
            /// How many licenses hold an entitlement of their own.
            catalog::count_licenses_holding(id: EntitlementId) -> i64;
            /// Every policy, by code.
            catalog::list_policies() -> Vec<Policy>;
            /// Entitlements of a license and of its policy, by id, after `after`.
            catalog::list_entitlements(license: LicenseId, policy: PolicyId, after: Option<EntitlementId>, limit: i64) -> Vec<Entitlement>;
            /// Until when heartbeats are known to have been heard, and from when on they count as not heard.
            hearing::find_heartbeat_watch() -> Option<(Timestamp, Timestamp)>;
            /// The times in which no heartbeat could be heard, in order.
            hearing::list_outages() -> Vec<Outage>;
            /// What tells whether a master secret is this database's.
            instance::find_secret_check() -> Option<[u8; 32]>;
            /// The license with this id.
            licenses::find_license(id: LicenseId) -> Option<License>;
            /// The license whose key has this keyed hash.
            licenses::find_license_by_key(lookup: &[u8; 32]) -> Option<License>;
            /// An account's licenses, oldest first.
            licenses::list_licenses_of(account: AccountId) -> Vec<License>;
            /// All licenses by id, after `after`.
            licenses::list_licenses(after: Option<LicenseId>, limit: i64) -> Vec<License>;
            /// A policy's licenses by id, after `after`.
            licenses::list_licenses_under(policy: PolicyId, after: Option<LicenseId>, limit: i64) -> Vec<License>;
            /// How many licenses are under a policy.
            licenses::count_licenses_under(policy: PolicyId) -> i64;
            /// How many licenses have a key that this signing key signed.
            licenses::count_licenses_signed_by(key: SigningKeyId) -> i64;
            /// A license's key, encrypted.
            licenses::get_key_ciphertext(id: LicenseId) -> Vec<u8>;
            /// A license's active machines by id, after `after`.
            machines::list_machines(license: LicenseId, after: Option<MachineId>, limit: i64) -> Vec<Machine>;
            /// A license's active machine with this id.
            machines::find_machine(license: LicenseId, id: MachineId) -> Option<Machine>;
            /// A license's active machine with this fingerprint.
            machines::find_machine_by_fingerprint(license: LicenseId, fingerprint_hash: &[u8; 32]) -> Option<Machine>;
            /// When a license's owner freed machines after `since`, the earliest first.
            machines::list_machine_releases(license: LicenseId, since: Timestamp) -> Vec<Timestamp>;
            /// Licenses with machines whose heartbeat may have stopped, where the policy lets such machines go.
            machines::list_licenses_with_late_machines(now: Timestamp, limit: i64) -> Vec<LicenseId>;
            /// Every signing key, the oldest first.
            signing_keys::list_signing_keys() -> Vec<SigningKeyRow>;
            /// Whether a machine was once active under a license and no longer is.
            machines::was_machine(license: LicenseId, id: MachineId) -> bool;
            /// The open request of a browser.
            logins::find_open_login(browser_hash: &[u8; 32], now: Timestamp) -> Option<LoginRequest>;
            /// The open request that was made on the host with this token.
            logins::find_host_login(token_hash: &[u8; 32], now: Timestamp) -> Option<LoginRequest>;
            /// The session whose cookie has this hash, ended or not.
            sessions::find_session(token_hash: &[u8; 32]) -> Option<SessionRow>;
            /// An account's sessions, the latest used first.
            sessions::list_sessions_of(account: AccountId) -> Vec<SessionRow>;
            /// When a bucket's next token is due, less its tolerance.
            rate_limits::find_bucket(bucket: &str) -> Option<Timestamp>;
        }
    };
}

reads!(Reader);
reads!(Tx);

queries! { Tx:
    /// Adds an account. `false` if the address is taken.
    accounts::insert_account(account: &Account) -> bool;
    /// Changes what to call a person.
    accounts::set_account_name(id: AccountId, name: Option<&str>, now: Timestamp) -> ();
    /// Changes what an account may do.
    accounts::set_account_role(id: AccountId, role: &str, now: Timestamp) -> ();
    /// Bans an account or lifts the ban.
    accounts::set_account_disabled(id: AccountId, disabled_at: Option<Timestamp>, now: Timestamp) -> ();
    /// Appends to the audit log.
    audit::insert_audits(rows: &[AuditRow]) -> ();
    /// Adds a product.
    catalog::insert_product(product: &Product) -> ();
    /// Changes a product's name and key prefix.
    catalog::update_product(product: &Product, now: Timestamp) -> ();
    /// Removes a product that nothing refers to.
    catalog::delete_product(id: ProductId) -> ();
    /// Changes every term of a policy.
    catalog::update_policy(policy: &Policy) -> ();
    /// Removes a policy that no license is under.
    catalog::delete_policy(id: PolicyId) -> ();
    /// Changes an entitlement's name.
    catalog::update_entitlement(entitlement: &Entitlement) -> ();
    /// Removes an entitlement that nothing refers to.
    catalog::delete_entitlement(id: EntitlementId) -> ();
    /// Takes an entitlement from every license of a policy.
    catalog::remove_policy_entitlement(policy: PolicyId, entitlement: EntitlementId) -> ();
    /// Takes an entitlement of its own from a license. `false` if it did not hold it.
    catalog::remove_license_entitlement(license: LicenseId, entitlement: EntitlementId) -> bool;
    /// Adds a policy.
    catalog::insert_policy(policy: &Policy) -> ();
    /// Adds an entitlement.
    catalog::insert_entitlement(entitlement: &Entitlement) -> ();
    /// Gives an entitlement to every license of a policy.
    catalog::add_policy_entitlement(policy: PolicyId, entitlement: EntitlementId) -> ();
    /// Gives an entitlement to one license. `false` if it held it already.
    catalog::add_license_entitlement(license: LicenseId, entitlement: EntitlementId) -> bool;
    /// Notes that heartbeats were heard at `heard_at`, and count as not heard after `deaf_after`.
    hearing::set_heartbeat_watch(heard_at: Timestamp, deaf_after: Timestamp) -> ();
    /// Notes a time in which no heartbeat could be heard.
    hearing::insert_outage(outage: Outage) -> ();
    /// Ends at `now` the outages that are said to end after `limit`.
    hearing::truncate_outages(limit: Timestamp, now: Timestamp) -> ();
    /// Removes outages that ended before `instant`.
    hearing::delete_outages_before(instant: Timestamp) -> u64;
    /// Marks a new database as belonging to a master secret; an existing mark stays.
    instance::insert_instance(secret_check: &[u8; 32], now: Timestamp) -> ();
    /// Keeps other starting processes waiting until the transaction ends.
    instance::lock_instance() -> ();
    /// Adds a license.
    licenses::insert_license(license: &License, key: StoredKey<'_>) -> ();
    /// Adds a license, unless its id or its key is taken; `false` then.
    licenses::insert_license_if_free(license: &License, key: StoredKey<'_>) -> bool;
    /// Writes what a decision may change about a license; it must be locked.
    licenses::update_license(license: &License) -> ();
    /// Gives a license another key; the old one is gone.
    licenses::set_license_key(id: LicenseId, key: StoredKey<'_>, prefix: &str, tail: &str, now: Timestamp) -> ();
    /// Keeps others from changing a license or its machines until the transaction ends. `false` if
    /// there is no such license.
    licenses::lock_license(id: LicenseId) -> bool;
    /// Notes that an app validated a license.
    licenses::set_license_validated(id: LicenseId, now: Timestamp) -> ();
    /// Adds an active machine.
    machines::insert_machine(machine: &Machine, fingerprint_hash: &[u8; 32]) -> ();
    /// Deactivates a machine. `false` if it was not active.
    machines::set_machine_deactivated(id: MachineId, by: MachineEnd, now: Timestamp) -> bool;
    /// Writes a heartbeat, a name or a check-out. `false` if the machine is not active.
    machines::update_machine(machine: &Machine) -> bool;
    /// Notes that an app on a machine spoke to the server.
    machines::set_machine_seen(id: MachineId, now: Timestamp) -> ();
    /// Adds a signing key.
    signing_keys::insert_signing_key(key: &SigningKeyRow) -> ();
    /// Lets a waiting key sign from now on.
    signing_keys::set_signing_key_activated(id: SigningKeyId, now: Timestamp) -> ();
    /// Ends a key's signing; it verifies still.
    signing_keys::set_signing_key_replaced(id: SigningKeyId, now: Timestamp) -> ();
    /// Ends a key's verifying.
    signing_keys::set_signing_key_retired(id: SigningKeyId, now: Timestamp) -> ();
    /// Keeps a key signing until the transaction ends. `false` if it signs no longer, or not yet.
    signing_keys::lock_signer(id: SigningKeyId) -> bool;
    /// Notes until when a file is good that a key signed.
    signing_keys::note_signed_file(id: SigningKeyId, until: Timestamp) -> ();
    /// Adds a request to sign in.
    logins::insert_login_request(new: &NewLoginRequest<'_>) -> ();
    /// Ends the open request of a browser that asks again.
    logins::supersede_login_request(browser_hash: &[u8; 32], now: Timestamp) -> ();
    /// Keeps others from an address's open requests until the transaction ends.
    logins::lock_logins_of(email: &str, now: Timestamp) -> ();
    /// Ends every open request of an address.
    logins::supersede_logins_of(email: &str, now: Timestamp) -> ();
    /// Counts one try at a code; `None` once no try is left or the request is over.
    logins::count_login_try(browser_hash: &[u8; 32], now: Timestamp) -> Option<LoginRequest>;
    /// Uses a request up. `true` for exactly one of any number of callers.
    logins::use_login_request(id: LoginRequestId, now: Timestamp) -> bool;
    /// Removes requests that ended before `instant`.
    logins::delete_login_requests_before(instant: Timestamp) -> u64;
    /// Opens a session.
    sessions::insert_session(new: &NewSession<'_>) -> ();
    /// Notes that a session was used.
    sessions::set_session_seen(id: SessionId, now: Timestamp) -> ();
    /// Ends one of an account's sessions. `false` if it has no such session.
    sessions::delete_session(account: AccountId, id: SessionId) -> bool;
    /// Ends all of an account's sessions.
    sessions::delete_sessions_of(account: AccountId) -> u64;
    /// Removes sessions that ended before `instant`.
    sessions::delete_sessions_before(instant: Timestamp) -> u64;
    /// Queues a mail.
    outbox::insert_mail(mail: &NewMail<'_>) -> ();
    /// Takes the mail that is due longest and keeps it from others until `leased_until`.
    outbox::claim_mail(now: Timestamp, leased_until: Timestamp) -> Option<ClaimedMail>;
    /// Notes that a mail was sent, and erases it.
    outbox::set_mail_sent(id: MailId, now: Timestamp) -> ();
    /// Puts a mail back for another try at `at`.
    outbox::set_mail_retry(id: MailId, at: Timestamp, error: &str) -> ();
    /// Gives a mail up, and erases it.
    outbox::set_mail_failed(id: MailId, now: Timestamp, error: &str) -> ();
    /// Removes mails that were sent or given up before `instant`.
    outbox::delete_mails_before(instant: Timestamp) -> u64;
    /// Takes one token from a bucket; `false` if there is none.
    rate_limits::take_token(bucket: &str, now: Timestamp, interval_us: i64, tolerance_us: i64) -> bool;
    /// Removes buckets that have been full since before `instant`.
    rate_limits::delete_buckets_before(instant: Timestamp) -> u64;
}
