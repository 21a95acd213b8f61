//! SQLite: the queries compiled for it, and what it does its own way.

pub(crate) mod dialect {
    pub(crate) type Db = sqlx::Sqlite;

    /// Begins a transaction that holds the write lock from its start, so that what it reads cannot
    /// change before it writes.
    pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

    /// Locks nothing more: the transaction's write lock covers every row.
    pub(crate) const LOCK_LICENSE: &str = "SELECT id FROM licenses WHERE id = $1";

    /// Locks nothing more: the transaction's write lock covers every row.
    pub(crate) const LOCK_LOGINS: &str = "SELECT id FROM login_requests WHERE email = $1 AND used_at IS NULL AND superseded_at IS NULL AND expires_at > $2 ORDER BY id";

    /// Locks nothing more: the transaction's write lock covers every row.
    pub(crate) const LOCK_SIGNER: &str = "SELECT id FROM signing_keys WHERE id = $1 AND activated_at IS NOT NULL AND replaced_at IS NULL AND retired_at IS NULL";

    /// Reads the one row of the instance, so that a first start happens once.
    pub(crate) const LOCK_INSTANCE: &str = "SELECT id FROM instance";
}

#[path = "queries/all.rs"]
pub(crate) mod queries;
