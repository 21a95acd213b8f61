//! What tables hold, one file a table: its rows as domain types, and the methods of [`Conn`] and [`Tx`]
//! that read and write it. A row that breaks an invariant is an error that names it, never a guess.
//!
//! [`Conn`]: crate::Conn
//! [`Tx`]: crate::Tx

pub(crate) mod accounts;
pub(crate) mod audit_log;
pub(crate) mod catalog_version;
pub(crate) mod entitlements;
pub(crate) mod heartbeat_watch;
pub(crate) mod instance;
pub(crate) mod license_entitlements;
pub(crate) mod license_records;
pub(crate) mod licenses;
pub(crate) mod login_requests;
pub(crate) mod machines;
pub(crate) mod outages;
pub(crate) mod outbox;
pub(crate) mod policies;
pub(crate) mod policy_entitlements;
pub(crate) mod products;
pub(crate) mod rate_limits;
pub(crate) mod sessions;
pub(crate) mod signing_keys;

use std::{fmt::Display, time::Duration};

use latchkey_licensing::email::EmailAddress;

use crate::error::{Result, StoreError};

/// Hands each method to the query of the same name, compiled for the database at hand: those that read
/// become methods of `Conn`, those that write methods of `Tx`.
macro_rules! methods {
    ($table:ident: $(read { $($reads:tt)* })? $(write { $($writes:tt)* })?) => {
        $(impl crate::connection::Conn { methods! { @each $table $($reads)* } })?
        $(impl crate::connection::Tx { methods! { @each $table $($writes)* } })?
    };
    (@each $table:ident $($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),*) -> $out:ty;)*) => {$(
        $(#[$doc])*
        pub async fn $name(&mut self, $($arg: $ty),*) -> crate::error::Result<$out> {
            let conn: &mut crate::connection::Conn = self;
            match conn.link() {
                crate::connection::Link::Sqlite(conn) => crate::sqlite::queries::$table::$name(conn, $($arg),*).await,
                crate::connection::Link::Postgres(conn) => crate::postgres::queries::$table::$name(conn, $($arg),*).await,
            }
        }
    )*};
}
pub(crate) use methods;

/// Where a value was read, for the error if it cannot be one.
#[derive(Clone, Copy)]
pub(crate) struct Origin<I> {
    table: &'static str,
    id: I,
}

impl Origin<i64> {
    /// The row of a table that has one.
    pub(crate) fn only(table: &'static str) -> Self {
        Self { table, id: 1 }
    }
}

impl<I: Display> Origin<I> {
    /// A row of `table`.
    pub(crate) fn new(table: &'static str, id: I) -> Self {
        Self { table, id }
    }

    pub(crate) fn corrupt(&self, why: impl Into<String>) -> StoreError {
        StoreError::Corrupt { table: self.table, id: self.id.to_string(), why: why.into() }
    }

    pub(crate) fn duration(&self, micros: i64) -> Result<Duration> {
        u64::try_from(micros).map(Duration::from_micros).map_err(|_| self.corrupt("a duration is negative"))
    }

    pub(crate) fn count(&self, number: i64) -> Result<u32> {
        u32::try_from(number).map_err(|_| self.corrupt(format!("{number} is not a count")))
    }

    pub(crate) fn email(&self, text: &str) -> Result<EmailAddress> {
        EmailAddress::parse(text).map_err(|_| self.corrupt("an e-mail address is not one"))
    }

    pub(crate) fn hash(&self, bytes: &[u8]) -> Result<[u8; 32]> {
        bytes.try_into().map_err(|_| self.corrupt("a hash is not 32 bytes"))
    }
}

/// A duration as stored.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
