//! What is specific to PostgreSQL in queries and transactions.

pub(crate) type Db = sqlx::Postgres;
pub(crate) type Connection = sqlx::PgConnection;

/// Begins a transaction. Rows are locked individually where a decision requires it.
pub(crate) const BEGIN: &str = "BEGIN";

/// Waiting for another transaction's lock longer than this is an error. It is less than the time that
/// clients wait.
pub(crate) const LOCK_TIMEOUT: &str = "SET lock_timeout = '5s'";

pub(crate) const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Locks a license's row until the transaction ends, so that changes to its machines are serialized.
pub(crate) const LOCK_LICENSE: Option<&str> = Some("SELECT id FROM licenses WHERE id = $1 FOR UPDATE");

/// Locks the open sign-in requests of an address, always in the same order.
pub(crate) const LOCK_LOGINS: &str = "SELECT id FROM login_requests WHERE email = $1 AND used_at IS NULL AND superseded_at IS NULL AND expires_at > $2 ORDER BY id FOR UPDATE";

/// Locks the active signing key's row against replacement. A transaction that also writes the row must do
/// so first: if two transactions shared the lock, neither could write.
pub(crate) const LOCK_SIGNER: &str = "SELECT id FROM signing_keys WHERE id = $1 AND activated_at IS NOT NULL AND replaced_at IS NULL AND retired_at IS NULL FOR SHARE";

/// Locks the instance's only row, so that the first start is initialized once.
pub(crate) const LOCK_INSTANCE: &str = "SELECT id FROM instance FOR UPDATE";
