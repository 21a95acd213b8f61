//! Migrations: a database of an earlier version keeps its data, and one of a later version is refused.

use std::collections::BTreeMap;

use latchkey_licensing::{hex, time::Timestamp};
use latchkey_store::{Store, StoreError};
use latchkey_testkit::{Backend, TestDatabase};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection, migrate::Migrator};

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The version that the test's database starts from.
const OLD: i64 = 3;

/// The tables that later versions rename: the old and the new name.
const RENAMED_TABLES: &[(&str, &str)] = &[("hearing", "heartbeat_watch"), ("login_requests", "sign_in_requests")];

/// The columns that later versions rename: the old table, the old and the new name.
const RENAMED_COLUMNS: &[(&str, &str, &str)] = &[
    ("hearing", "heard_at", "seen_at"),
    ("hearing", "deaf_after", "stale_after"),
    ("rate_limits", "tat", "next_allowed_at"),
    ("policies", "customer_rotates_key", "customer_replaces_key"),
];

/// Rows for every table of the old version. `#n` stands for an id, `@n` for a hash or a public key, and `%` for other
/// bytes.
const ROWS: &[&str] = &[
    "instance VALUES (1, @1, 10)",
    "accounts VALUES (#1, 'ada@example.com', 'Ada', 'customer', NULL, 11, 12)",
    "accounts VALUES (#2, 'admin@example.com', NULL, 'admin', 13, 14, 15)",
    "products VALUES (#3, 'chartgpt', 'ChartGPT', 'CGPT', 16, 17)",
    "entitlements VALUES (#4, 'EXPORT', 'Export', 18, 19)",
    "policies (id, product_id, code, name, duration_us, max_machines, is_floating, is_strict, expiry_strategy,
         overage_strategy, requires_heartbeat, heartbeat_us, heartbeat_cull, created_at, updated_at, expiry_basis,
         renewal_basis, max_cores, max_uses, heartbeat_resurrection, check_in_us, key_scheme, offline_file_us,
         swap_count, swap_window_us, customer_rotates_key)
     VALUES (#5, #3, 'lifetime', 'Lifetime', 20, 2, TRUE, FALSE, 'MAINTAIN_ACCESS', 'ALLOW_2X', TRUE, 60000000,
         'KEEP_DEAD', 21, 22, 'FROM_FIRST_VALIDATION', 'FROM_NOW', 8, 9, 'ALWAYS_REVIVE', 3600000000, 'ED25519_SIGN',
         3600000001, 6, 7, FALSE)",
    "policy_entitlements VALUES (#5, #4)",
    "signing_keys VALUES (#6, @2, %, 23, 24, 25, 26, 27)",
    "signing_keys VALUES (#7, @3, %, 28, 29, NULL, NULL, NULL)",
    "licenses (id, account_id, product_id, policy_id, key_ciphertext, key_lookup, key_prefix, key_tail, suspended_at,
         revoked_at, expires_at, max_machines, last_validated_at, created_at, updated_at, max_cores, max_uses, uses,
         metadata, last_check_in_at, last_check_out_at, ends_after_first_use, signed_by)
     VALUES (#8, #1, #3, #5, %, @4, 'CGPT', '7F3K', 30, NULL, 31, 3, 32, 33, 34, 4, 5, 1, '{\"order\":\"7\"}', 35, 36,
         FALSE, #6)",
    "licenses (id, account_id, product_id, policy_id, key_ciphertext, key_lookup, key_prefix, key_tail, revoked_at,
         created_at, updated_at, ends_after_first_use)
     VALUES (#9, #1, #3, #5, %, @5, 'CGPT', '8F4L', 37, 38, 39, TRUE)",
    "license_entitlements VALUES (#8, #4)",
    "machines (id, license_id, slot, fingerprint, fingerprint_hash, name, hostname, platform, cores, app_version, metadata,
         last_heartbeat_at, last_seen_at, created_at, updated_at, deactivated_at, deactivated_by, is_resurrected,
         last_check_out_at)
     VALUES (#10, #8, 1, 'fp', @6, 'Desk', 'ada-pc', 'linux', 8, '1.2', '{}', 40, 41, 42, 43, NULL, NULL, TRUE, 44)",
    "machines (id, license_id, slot, fingerprint, fingerprint_hash, metadata, last_seen_at, created_at, updated_at,
         deactivated_at, deactivated_by)
     VALUES (#11, #8, 1, 'fp', @6, '{}', 45, 46, 47, 48, 'customer')",
    "login_requests VALUES (#12, 'browser', #1, 'ada@example.com', @7, @8, @9, '/portal', 2, 49, 50, NULL, 51)",
    "login_requests VALUES (#13, 'host', #2, 'admin@example.com', @10, NULL, NULL, NULL, 0, 52, 53, 54, NULL)",
    "sessions VALUES (#14, @11, #1, 2, 'Firefox on Windows', '192.0.2.0/24', 55, 56, 57)",
    "outbox VALUES (#15, 'sign_in', 'ada@example.com', %, 1, 58, 59, NULL, NULL, 'timed out', 60)",
    "outbox VALUES (#16, 'sign_in', 'ada@example.com', NULL, 2, 61, 62, 63, NULL, NULL, 64)",
    "audit_log VALUES (#17, 65, 'admin', 'x', 'license.issued', 'license', 'y', '{\"a\":1}')",
    "rate_limits VALUES ('login:network:192.0.2.1', 66)",
    "rate_limits VALUES ('api:key:1', 67)",
    "outages VALUES (68, 69)",
    "hearing VALUES (1, 70, 71)",
];

/// All rows of the old version's tables, each as the text of its columns, by table.
type Content = BTreeMap<String, Vec<Vec<Option<String>>>>;

enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Database {
    async fn connect(backend: Backend, url: &str) -> Self {
        match backend {
            Backend::Sqlite => Self::Sqlite(SqliteConnection::connect(url).await.expect("connected")),
            Backend::Postgres => Self::Postgres(PgConnection::connect(url).await.expect("connected")),
        }
    }

    async fn migrate_to(&mut self, version: i64) {
        match self {
            Self::Sqlite(conn) => SQLITE.run_to(version, conn).await.expect("migrated"),
            Self::Postgres(conn) => POSTGRES.run_to(version, conn).await.expect("migrated"),
        }
    }

    /// Inserts one of [`ROWS`].
    async fn insert(&mut self, row: &str) {
        let mut sql = "INSERT INTO ".to_owned();
        let mut rest = row.chars().peekable();
        while let Some(c) = rest.next() {
            let mut number = String::new();
            while matches!(c, '#' | '@') && rest.peek().is_some_and(char::is_ascii_digit) {
                number.extend(rest.next());
            }
            if number.is_empty() && c != '%' {
                sql.push(c);
                continue;
            }
            let (id, bytes) = (format!("{number:0>32}"), format!("{number:0>64}"));
            let literal = match (c, &*self) {
                ('#', Self::Sqlite(_)) => format!("x'{id}'"),
                ('#', Self::Postgres(_)) => format!("'{id}'"),
                ('@', Self::Sqlite(_)) => format!("x'{bytes}'"),
                ('@', Self::Postgres(_)) => format!(r"'\x{bytes}'"),
                (_, Self::Sqlite(_)) => "x'00ff'".to_owned(),
                (_, Self::Postgres(_)) => r"'\x00ff'".to_owned(),
            };
            sql.push_str(&literal);
        }
        match self {
            Self::Sqlite(conn) => conn.execute(AssertSqlSafe(sql)).await.map(drop),
            Self::Postgres(conn) => conn.execute(AssertSqlSafe(sql)).await.map(drop),
        }
        .expect("inserted");
    }

    /// The columns of all tables.
    async fn columns(&mut self) -> Vec<(String, String)> {
        match self {
            Self::Sqlite(conn) => {
                let sql = "SELECT tables.name, columns.name
                           FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
                           WHERE tables.type = 'table' AND tables.name <> '_sqlx_migrations'
                           ORDER BY tables.name, columns.cid";
                sqlx::query_as(sql).fetch_all(conn).await
            }
            Self::Postgres(conn) => {
                let sql = "SELECT table_name::text, column_name::text FROM information_schema.columns
                           WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'
                           ORDER BY table_name, ordinal_position";
                sqlx::query_as(sql).fetch_all(conn).await
            }
        }
        .expect("read")
    }

    /// A column of all rows, in the order of the table's first column.
    async fn values(&mut self, table: &str, column: &str, first: &str) -> Vec<Option<String>> {
        match self {
            Self::Sqlite(conn) => {
                let sql = format!("SELECT quote({column}) FROM {table} ORDER BY {first}");
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(conn).await
            }
            Self::Postgres(conn) => {
                let sql = format!("SELECT {column}::text FROM {table} ORDER BY {first}");
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(conn).await
            }
        }
        .expect("read")
    }

    /// Reads these columns, whose tables and names `rename` maps to those of the database.
    async fn content(&mut self, columns: &[(String, String)], is_renamed: bool) -> Content {
        let mut content = Content::new();
        for (table, column) in columns {
            let first = columns.iter().find(|(other, _)| other == table).map_or("", |(_, first)| first);
            let (table_name, column_name, first_name) = if is_renamed {
                (new_table(table), new_column(table, column), new_column(table, first))
            } else {
                (table.as_str(), column.as_str(), first)
            };
            let values = self.values(table_name, column_name, first_name).await;
            let rows = content.entry(table.clone()).or_insert_with(|| vec![Vec::new(); values.len()]);
            assert_eq!(rows.len(), values.len(), "rows of {table}");
            for (row, value) in rows.iter_mut().zip(values) {
                row.push(value);
            }
        }
        content
    }
}

fn new_table(table: &str) -> &str {
    RENAMED_TABLES.iter().find(|(old, _)| *old == table).map_or(table, |(_, new)| new)
}

fn new_column<'a>(table: &str, column: &'a str) -> &'a str {
    RENAMED_COLUMNS.iter().find(|(of, old, _)| *of == table && *old == column).map_or(column, |(_, _, new)| new)
}

async fn check_that_data_is_kept(backend: Backend) {
    let database = TestDatabase::create_empty(backend).await;
    let mut old = Database::connect(backend, database.url()).await;
    old.migrate_to(OLD).await;
    for row in ROWS {
        old.insert(row).await;
    }
    let columns = old.columns().await;
    let before = old.content(&columns, false).await;
    assert_eq!(before.len(), 17, "{:?}", before.keys());
    for (table, rows) in &before {
        assert!(!rows.is_empty(), "{table} is empty: give it a row");
    }
    drop(old);

    let store: &Store = database.store();
    store.migrate().await.expect("migrated");
    let mut new = Database::connect(backend, database.url()).await;
    let after = new.content(&columns, true).await;
    for (table, rows) in &before {
        assert_eq!(after.get(table), Some(rows), "{table}");
    }

    // The store finds the data under the new names.
    let mut reader = store.read().await.expect("a reader");
    let watch = (Timestamp::from_unix_micros(70), Timestamp::from_unix_micros(71));
    assert_eq!(reader.find_heartbeat_watch().await.expect("read"), Some(watch));
    let bucket = reader.find_bucket("api:key:1").await.expect("read");
    assert_eq!(bucket, Some(Timestamp::from_unix_micros(67)));
    assert_eq!(reader.find_secret_check().await.expect("read").map(|check| check[31]), Some(1));
    drop(reader);
    store.check_writer().await.expect("it accepts writes");
}

#[tokio::test]
async fn a_filled_database_of_version_3_keeps_its_data_on_sqlite() {
    check_that_data_is_kept(Backend::Sqlite).await;
}

#[tokio::test]
async fn a_filled_database_of_version_3_keeps_its_data_on_postgres() {
    check_that_data_is_kept(Backend::Postgres).await;
}

/// Rows of version 14 for what version 15 fills: `$` stands for the bytes of the text in the next single quotes.
const BEFORE_FLAGS: &[&str] = &[
    "accounts (id, email, role, created_at, updated_at) VALUES (#1, 'ada@example.com', 'customer', 1, 1)",
    "accounts (id, email, role, created_at, updated_at) VALUES (#2, 'eve@example.com', 'customer', 1, 1)",
    "products VALUES (#3, 'draw', 'Draw', 'DRAW', 1, 1)",
    "policies (id, product_id, code, name, is_floating, is_strict, expiry_strategy, overage_strategy, requires_heartbeat,
         heartbeat_us, heartbeat_cull, created_at, updated_at)
     VALUES (#4, #3, 'draw', 'Draw', TRUE, TRUE, 'RESTRICT_ACCESS', 'NO_OVERAGE', FALSE, 60000000, 'KEEP_DEAD', 1, 1)",
    "licenses (id, account_id, product_id, policy_id, key_ciphertext, key_lookup, key_prefix, key_tail, created_at, updated_at)
     VALUES (#5, #1, #3, #4, %, @5, 'DRAW', '7F3K', 1, 1)",
    "licenses (id, account_id, product_id, policy_id, key_ciphertext, key_lookup, key_prefix, key_tail, created_at, updated_at)
     VALUES (#6, #1, #3, #4, %, @6, 'DRAW', '7F3L', 1, 1)",
    "machines (id, license_id, slot, fingerprint, fingerprint_hash, metadata, last_seen_at, created_at, updated_at)
     VALUES (#7, #5, 1, 'fp', @7, '{}', 1, 1, 1)",
    "machines (id, license_id, slot, fingerprint, fingerprint_hash, metadata, last_seen_at, created_at, updated_at,
         deactivated_at, deactivated_by)
     VALUES (#8, #6, 1, 'fp', @8, '{}', 1, 1, 1, 2, 'app')",
    "email_changes VALUES (#9, #1, 'old@example.com', 'ada@example.com', @9, @10, 1, 1, 1, 2, 1, NULL)",
    "email_changes VALUES (#10, #1, 'shared@example.com', 'old@example.com', @11, @12, 1, 1, 1, 2, 1, NULL)",
    "email_changes VALUES (#11, #2, 'shared@example.com', 'eve@example.com', @13, @14, 1, 1, 1, 2, 1, NULL)",
    "outbox (id, kind, recipient, attempts, next_attempt_at, expires_at, created_at, sent_at) VALUES (#12, 'x', 'ada@example.com', 0, 1, 1, 1, 1)",
    "outbox (id, kind, recipient, attempts, next_attempt_at, expires_at, created_at, sent_at) VALUES (#13, 'x', 'old@example.com', 0, 1, 1, 1, 1)",
    "outbox (id, kind, recipient, attempts, next_attempt_at, expires_at, created_at, sent_at) VALUES (#14, 'x', 'shared@example.com', 0, 1, 1, 1, 1)",
    "outbox (id, kind, recipient, attempts, next_attempt_at, expires_at, created_at, sent_at) VALUES (#15, 'x', 'nobody@example.com', 0, 1, 1, 1, 1)",
    "orders (id, kind, browser_hash, upgrade_after_use, is_upgrade_applied, is_live, is_subscription, currency, subtotal_minor,
         tax_minor, discount_minor, paid_minor, refunded_minor, status, has_fraud_warning, stripe_customer,
         cancels_at_period_end, version, created_at, updated_at)
     VALUES (#16, 'purchase', @16, FALSE, FALSE, FALSE, FALSE, 'USD', 1, 0, 0, 0, 0, 'open', FALSE, 'cus_1', FALSE, 1, 1, 1)",
    "stripe_events (id, kind, is_live, body, source, state, attempts, next_attempt_at, created_at, received_at, done_at)
     VALUES ('evt_1', 'x', FALSE, $'{\"id\":\"evt_1\",\"data\":{\"object\":{\"id\":\"ch_1\",\"customer\":\"cus_1\",\"n\":\"acct_1\"}}}', 'webhook', 'ignored', 0, 1, 1, 1, 1)",
    "stripe_events (id, kind, is_live, body, source, state, attempts, next_attempt_at, created_at, received_at, done_at)
     VALUES ('evt_2', 'x', FALSE, $'{\"customer\":\"cus_1\"', 'webhook', 'not_understood', 0, 1, 1, 1, 1)",
];

async fn check_that_flags_and_owners_are_filled(backend: Backend) {
    let database = TestDatabase::create_empty(backend).await;
    let mut old = Database::connect(backend, database.url()).await;
    old.migrate_to(14).await;
    let bytes = if backend == Backend::Sqlite { "CAST(" } else { "CONVERT_TO(" };
    for row in BEFORE_FLAGS {
        let row = match row.split_once('$') {
            Some((before, after)) => {
                let (text, rest) = after[1..].split_once('\'').expect("quoted");
                let end = if backend == Backend::Sqlite { " AS BLOB)" } else { ", 'UTF8')" };
                format!("{before}{bytes}'{text}'{end}{rest}")
            }
            None => (*row).to_owned(),
        };
        old.insert(&row).await;
    }
    drop(old);
    database.store().migrate().await.expect("migrated");
    let mut new = Database::connect(backend, database.url()).await;
    let is_true = |value: &Option<String>| matches!(value.as_deref(), Some("1" | "true"));
    let flags: Vec<bool> = new.values("licenses", "has_machines", "id").await.iter().map(is_true).collect();
    assert_eq!(flags, [true, false]);
    let flags: Vec<bool> = new.values("accounts", "has_licenses", "id").await.iter().map(is_true).collect();
    assert_eq!(flags, [true, false]);
    let owners = new.values("outbox", "account_id", "id").await;
    let owner_is_ada = |owner: &Option<String>| owner.as_ref().is_some_and(|id| id.contains('1'));
    assert_eq!(owners.iter().map(owner_is_ada).collect::<Vec<_>>(), [true, true, false, false], "{owners:?}");
    let named = new.values("stripe_event_objects", "object_id", "event_id, object_id").await;
    let named: Vec<&str> = named.iter().flatten().map(|id| id.trim_matches('\'')).collect();
    assert_eq!(named, ["ch_1", "cus_1", "cus_1"]);
}

#[tokio::test]
async fn version_15_fills_what_it_adds_on_sqlite() {
    check_that_flags_and_owners_are_filled(Backend::Sqlite).await;
}

#[tokio::test]
async fn version_15_fills_what_it_adds_on_postgres() {
    check_that_flags_and_owners_are_filled(Backend::Postgres).await;
}

/// A database that was migrated by a newer program is refused and left unchanged.
#[tokio::test]
async fn a_newer_schema_is_refused() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let mut connection = SqliteConnection::connect(database.url()).await.expect("connected");
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)";
    connection.execute(newer).await.expect("inserted");
    let error = Store::open(database.url(), 1).await.expect("opens").migrate().await.expect_err("refused");
    assert!(matches!(error, StoreError::NewerSchema(9999)));
    assert!(error.to_string().contains("newer"), "{error}");
}

/// A database records the checksums of its migrations and is refused if they differ. So a migration is never edited, not
/// even its comments.
#[test]
fn migrations_are_not_edited() {
    let checksums = |migrator: &Migrator| -> Vec<_> {
        migrator.iter().map(|migration| hex::encode(&migration.checksum[..8])).collect()
    };
    let (sqlite, postgres) = (checksums(&SQLITE), checksums(&POSTGRES));
    assert_eq!(sqlite[..CHECKSUMS.len()], CHECKSUMS.map(|(sqlite, _)| sqlite));
    assert_eq!(postgres[..CHECKSUMS.len()], CHECKSUMS.map(|(_, postgres)| postgres));
    assert_eq!((sqlite.len(), postgres.len()), (CHECKSUMS.len(), CHECKSUMS.len()), "add the new migration's checksums");
}

/// The first 8 bytes of each migration's checksum, for SQLite and PostgreSQL.
const CHECKSUMS: [(&str, &str); 20] = [
    ("d009960ad17228bf", "9d4f78ce186d264f"),
    ("8e94c85b4a0113ec", "b05e94cce3cefa2b"),
    ("07102ebb675d5093", "0d180e4db970178f"),
    ("ad9de5ecc6bd88bc", "e3d8a67739012167"),
    ("7b72ca2cc99c7ed0", "296e264c91718b07"),
    ("cc99ba2c2b1df684", "21261f5efe5fa263"),
    ("724b7a59b6f77897", "ebca4d4ceb4876ad"),
    ("907ffda90bd988bb", "e408453b54a9b935"),
    ("a453b8cf5dcceb92", "11c0abe632d08185"),
    ("50b83f7de9d95c45", "f4f540d76468093d"),
    ("8522f961845d7e9d", "caaef2abb79a09bc"),
    ("3c1075d2a215bd3b", "8edcac128d4bba01"),
    ("fee461b38f3b0839", "63e4d96bb9963e35"),
    ("c6e177da30d4f1a7", "59a66f9e470975da"),
    ("24e70a8a9035b11c", "20f36b87daf43920"),
    ("78b4853967575db7", "78b4853967575db7"),
    ("0fe3f092d099dcf7", "bfcd3dff43a0b791"),
    ("019ceed9bfee4e47", "8a1c4601195bee0b"),
    ("582230058cce17e3", "bedd060a4a819b09"),
    ("cd131811103663f2", "fa8c0ab87e054016"),
];
