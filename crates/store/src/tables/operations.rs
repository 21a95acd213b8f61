//! What the service itself needs: the audit log, mail, rate limits, signing keys and its identity.

pub(crate) mod audit_log;
pub(crate) mod outbox;
pub(crate) mod rate_limits;
pub(crate) mod signing_keys;
