//! What operators depend on: recovery, bounded database cost, mail and key rotation.

mod audit_log;
mod database_cost;
mod database_outages;
mod database_roles;
mod disconnects;
#[cfg(unix)]
mod healing;
mod mail_servers;
mod metrics;
mod outbox;
mod signing_keys;
mod starting;
