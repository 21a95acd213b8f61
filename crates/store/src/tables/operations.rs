//! What operating the service needs: the audit log, mail, rate limits and signing keys.

pub(crate) mod audit_chain;
pub(crate) mod audit_log;
pub(crate) mod diagnostics;
pub(crate) mod outbox;
pub(crate) mod rate_limits;
pub(crate) mod signing_keys;
