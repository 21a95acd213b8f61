//! What operating the service needs: the audit log, mail, rate limits, signing keys and the instance.

pub(crate) mod audit_chain;
pub(crate) mod audit_log;
pub(crate) mod diagnostics;
pub(crate) mod instance;
pub(crate) mod outbox;
pub(crate) mod rate_limits;
pub(crate) mod signing_keys;
