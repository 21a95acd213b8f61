//! The types and statements that are specific to PostgreSQL.

pub(crate) type Db = sqlx::Postgres;
pub(crate) type Connection = sqlx::PgConnection;

/// Begins a transaction, which locks individual rows where a decision requires it.
pub(crate) const BEGIN: &str = "BEGIN";

/// The same behind a pooler, where a connection keeps no settings. The driver names statements, and other clients may have used
/// the names on this connection before.
pub(crate) const BEGIN_POOLED: &str = "BEGIN; DEALLOCATE ALL; SET LOCAL lock_timeout = '5s'";

/// Begins a transaction that keeps other processes from starting with the database. The number is ours.
pub(crate) const BEGIN_STARTING: &str =
    "BEGIN; SET LOCAL lock_timeout = '120s'; SELECT pg_advisory_xact_lock(6020415280)";

/// Begins a transaction that keeps other processes from migrating behind a pooler. The number is ours.
pub(crate) const BEGIN_MIGRATING: &str = "BEGIN; SELECT pg_advisory_xact_lock(6020415279)";

/// The settings of each connection. Waiting for another transaction's lock for longer than clients wait is an error. With
/// the default `random_page_cost`, for rotating disks, the planner reads all licenses to find a few by their keys.
pub(crate) const SESSION: &str = "SET lock_timeout = '5s'; SET random_page_cost = 1.1";

/// How many statements look up licenses at the same time. They also wait for the network.
pub(crate) const LOOKUPS: usize = 4;

/// Begins a snapshot.
pub(crate) const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The same behind a pooler.
pub(crate) const BEGIN_READ_POOLED: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; DEALLOCATE ALL";

/// Locks a license's row until the transaction ends, so that changes to its machines are serialized.
pub(crate) const LOCK_LICENSE: Option<&str> = Some("SELECT id FROM licenses WHERE id = $1 FOR UPDATE");

/// Locks the open sign-in requests of an address, always in the same order.
pub(crate) const LOCK_SIGN_IN_REQUESTS: &str = "SELECT id FROM sign_in_requests WHERE email = $1 AND used_at IS NULL AND superseded_at IS NULL AND expires_at > $2 ORDER BY id FOR UPDATE";

/// Locks the active signing key's row against replacement. A transaction that also writes the row must write it
/// first: two transactions that share this lock would block each other's writes.
pub(crate) const LOCK_SIGNER: &str = "SELECT id FROM signing_keys WHERE id = $1 AND activated_at IS NOT NULL AND replaced_at IS NULL AND retired_at IS NULL FOR SHARE";

/// Locks the instance's only row, so that only one of several starting processes initializes the database.
pub(crate) const LOCK_INSTANCE: &str = "SELECT id FROM instance FOR UPDATE";

/// Locks an account's row until the transaction ends, so that changes to its passkeys are serialized.
pub(crate) const LOCK_ACCOUNT: Option<&str> = Some("SELECT id FROM accounts WHERE id = $1 FOR UPDATE");

/// Locks an order's row until the transaction ends.
pub(crate) const LOCK_ORDER: Option<&str> = Some("SELECT id FROM orders WHERE id = $1 FOR UPDATE");

/// Leases the event that has been due longest. Workers do not wait for events that others are leasing.
pub(crate) const LEASE_STRIPE_EVENT: &str = "UPDATE stripe_events SET next_attempt_at = $2, attempts = attempts + 1 WHERE id = (SELECT id FROM stripe_events WHERE state = 'waiting' AND next_attempt_at <= $1 ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, kind, is_live, api_version, object_kind, object_id, source, state, attempts, next_attempt_at, last_error, created_at, received_at, done_at";

/// Facts about the database.
pub(crate) const DATABASE_FACTS: &str = "SELECT pg_database_size(current_database()) AS size_bytes, current_setting('server_version') AS version, (SELECT MAX(version) FROM _sqlx_migrations) AS migration, (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS clock_us";

/// The address of an account, as it is compared and sorted: byte by byte.
pub(crate) const ACCOUNT_EMAIL: &str = r#"email COLLATE "C""#;

/// The address of an order's buyer, as it is compared.
pub(crate) const ORDER_EMAIL: &str = r#"LOWER(email) COLLATE "C""#;

/// The recipient of a mail, as it is compared.
pub(crate) const MAIL_RECIPIENT: &str = r#"recipient COLLATE "C""#;

/// The part of an order's id that its number is made of.
pub(crate) const ORDER_NUMBER: &str = "SUBSTRING(UUID_SEND(id) FROM 12 FOR 5)";

/// The part of a search that finds the provider's events. A condition follows. Its null has the type of the other parts' ids.
pub(crate) const SEARCH_STRIPE_EVENTS: &str = "SELECT 'stripe_event' AS kind, CAST(NULL AS UUID) AS id, id AS event_id, kind AS title, state AS detail, CAST(NULL AS TEXT) AS owner FROM stripe_events WHERE ";
