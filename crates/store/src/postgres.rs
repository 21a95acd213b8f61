//! PostgreSQL: the queries compiled for it, and what it does its own way.

pub(crate) mod dialect {
    pub(crate) type Db = sqlx::Postgres;

    /// Begins a transaction; rows are locked one by one where a decision needs it.
    pub(crate) const BEGIN: &str = "BEGIN";

    /// Locks a license's row until the transaction ends, so that changes to its machines queue up.
    pub(crate) const LOCK_LICENSE: &str = "SELECT id FROM licenses WHERE id = $1 FOR UPDATE";

    /// Locks an address's open sign-in requests, always in the same order.
    pub(crate) const LOCK_LOGINS: &str = "SELECT id FROM login_requests WHERE email = $1 AND used_at IS NULL AND superseded_at IS NULL AND expires_at > $2 ORDER BY id FOR UPDATE";

    /// Locks the row of the key that signs against being replaced. Whoever also writes the row does so
    /// first: of two that share it, none could any more.
    pub(crate) const LOCK_SIGNER: &str = "SELECT id FROM signing_keys WHERE id = $1 AND activated_at IS NOT NULL AND replaced_at IS NULL AND retired_at IS NULL FOR SHARE";

    /// Locks the one row of the instance, so that a first start happens once.
    pub(crate) const LOCK_INSTANCE: &str = "SELECT id FROM instance FOR UPDATE";
}

#[path = "queries/all.rs"]
#[expect(clippy::duplicate_mod, reason = "one SQL text is compiled once for each database")]
pub(crate) mod queries;
