//! Storage on SQLite and PostgreSQL: the only place with SQL.
//!
//! Queries are written once, in SQL that both databases accept, and compiled once for each with
//! sqlx's native types; what truly differs lives in the `dialect` modules. A [`Tx`] reads and
//! writes inside one transaction, a [`Reader`] only reads. Nothing here decides anything: rules live
//! in `latchkey-licensing`, use cases in `latchkey-service`.

mod connection;
mod error;
mod postgres;
mod rows;
mod sqlite;

pub use connection::{Reader, Store, Tx};
pub use error::{Result, StoreError};
pub use rows::{
    Account, AuditRow, ClaimedMail, LoginKind, LoginRequest, MAX_SKEW, MachineEnd, NewLoginRequest, NewMail,
    NewSession, Product, Role, SessionRow, SigningKeyRow, StoredKey,
};
