//! The types and statements that are specific to SQLite.

pub(crate) type Db = sqlx::Sqlite;
pub(crate) type Connection = sqlx::SqliteConnection;

/// Begins a transaction that holds the write lock from the start, so that no other transaction can change what it
/// reads before it writes.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

/// Begins a snapshot, which does not wait for the writer.
pub(crate) const BEGIN_READ: &str = "BEGIN";

/// Nothing to do: the transaction's write lock covers all rows.
pub(crate) const LOCK_LICENSE: Option<&str> = None;

/// Needs no lock: the transaction's write lock covers all rows.
pub(crate) const LOCK_SIGN_IN_REQUESTS: &str = "SELECT id FROM sign_in_requests WHERE email = $1 AND used_at IS NULL AND superseded_at IS NULL AND expires_at > $2 ORDER BY id";

/// Needs no lock: the transaction's write lock covers all rows.
pub(crate) const LOCK_SIGNER: &str = "SELECT id FROM signing_keys WHERE id = $1 AND activated_at IS NOT NULL AND replaced_at IS NULL AND retired_at IS NULL";

/// Needs no lock: the transaction's write lock covers all rows.
pub(crate) const LOCK_INSTANCE: &str = "SELECT id FROM instance";

/// How many statements look up licenses at the same time. They are CPU-bound, so if there were more, each would
/// answer fewer lookups.
pub(crate) const LOOKUPS: usize = 2;

/// Nothing to do: the transaction's write lock covers all rows.
pub(crate) const LOCK_ACCOUNT: Option<&str> = None;

/// Nothing to do: the transaction's write lock covers all rows.
pub(crate) const LOCK_ORDER: Option<&str> = None;

/// Leases the event that has been due longest.
pub(crate) const LEASE_STRIPE_EVENT: &str = "UPDATE stripe_events SET next_attempt_at = $2, attempts = attempts + 1 WHERE id = (SELECT id FROM stripe_events WHERE state = 'waiting' AND next_attempt_at <= $1 ORDER BY next_attempt_at, id LIMIT 1) RETURNING id, kind, is_live, api_version, object_kind, object_id, source, state, attempts, next_attempt_at, last_error, created_at, received_at, done_at";

/// Facts about the database. Its clock is this computer's.
pub(crate) const DATABASE_FACTS: &str = "SELECT (SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size()) AS size_bytes, sqlite_version() AS version, (SELECT MAX(version) FROM _sqlx_migrations) AS migration, CAST(NULL AS INTEGER) AS clock_us";

/// The address of an account, as it is compared and sorted: byte by byte.
pub(crate) const ACCOUNT_EMAIL: &str = "email";

/// The address of an order's buyer, as it is compared.
pub(crate) const ORDER_EMAIL: &str = "LOWER(email)";

/// The recipient of a mail, as it is compared.
pub(crate) const MAIL_RECIPIENT: &str = "recipient";

/// The part of an order's id that its number is made of.
pub(crate) const ORDER_NUMBER: &str = "SUBSTR(id, 12, 5)";

/// The part of a search that finds the provider's events. A condition follows. Its null has the type of the other parts' ids.
pub(crate) const SEARCH_STRIPE_EVENTS: &str = "SELECT 'stripe_event' AS kind, CAST(NULL AS BLOB) AS id, id AS event_id, kind AS title, state AS detail, CAST(NULL AS TEXT) AS owner FROM stripe_events WHERE ";
