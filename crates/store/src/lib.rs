//! Storage on SQLite and PostgreSQL: the only place with SQL.
//!
//! Queries are written once, in SQL that both databases accept, and compiled once for each with
//! sqlx's native types; what truly differs lives in the `dialect` modules. A [`Reader`] reads a snapshot,
//! a [`Tx`] reads and writes inside one transaction; both share the reading methods of [`Conn`]. Nothing
//! here decides anything: rules live in `latchkey-licensing`, use cases in `latchkey-service`.

mod connection;
mod error;
mod license_lookups;
mod methods;
mod page;
mod postgres;
mod sqlite;
mod sqlx_errors;
mod stats;
mod store;
mod tables;

pub use connection::{Conn, Reader, Tx};
pub use error::{Constraint, DatabaseError, Result, StoreError};
pub use page::Page;
pub use stats::{Counters, DURATION_BOUNDS_US, QueryStats};
pub use store::Store;
pub use tables::{
    accounts::{
        login_requests::{LoginKind, LoginRequest, NewLoginRequest},
        sessions::{NewSession, SessionRow},
    },
    licenses::{
        StoredKey,
        filter::LicenseFilter,
        imports::{ImportRow, TakenRow},
        license_records::{KeyLookup, KnownLicense, LicenseRecord},
    },
    machines::{DeactivatedBy, MachineCount},
    operations::{
        audit_log::AuditRow,
        outbox::{ClaimedMail, NewMail},
        rate_limits::{BucketDebit, MAX_SKEW},
        signing_keys::SigningKeyRow,
    },
};
