//! The tables, one per file: their rows as domain types, and the methods of [`Conn`] and [`Tx`] that read and
//! write them. A row that violates an invariant is an error that names the row.
//!
//! [`Conn`]: crate::Conn
//! [`Tx`]: crate::Tx

pub(crate) mod accounts;
pub(crate) mod catalog;
pub(crate) mod licenses;
pub(crate) mod machines;
pub(crate) mod operations;

use std::{fmt::Display, time::Duration};

use latchkey_licensing::email::EmailAddress;

use crate::{
    error::{Result, StoreError},
    stats::QueryStats,
};

/// Forwards each method to the query of the same name, compiled for the database in use. Reading methods
/// become methods of `Conn`, writing ones methods of `Tx`. Each call runs in a span and is timed.
macro_rules! methods {
    (
        $table:ident:
        read { $($(#[$read_doc:meta])* $read:ident($($read_arg:ident: $read_ty:ty),*) -> $read_out:ty;)* }
        write { $($(#[$write_doc:meta])* $write:ident($($write_arg:ident: $write_ty:ty),*) -> $write_out:ty;)* }
    ) => {
        impl crate::store::Conn {$(
            methods! { @method $table $(#[$read_doc])* $read($($read_arg: $read_ty),*) -> $read_out }
        )*}

        impl crate::store::Tx {$(
            methods! { @method $table $(#[$write_doc])* $write($($write_arg: $write_ty),*) -> $write_out }
        )*}

        #[derive(Debug, Default)]
        pub(crate) struct Timings {
            $($read: crate::stats::Histogram,)*
            $($write: crate::stats::Histogram,)*
        }

        impl Timings {
            pub(crate) fn report(&self, into: &mut Vec<crate::stats::QueryStats>) {
                $(into.push(self.$read.report(stringify!($table), stringify!($read)));)*
                $(into.push(self.$write.report(stringify!($table), stringify!($write)));)*
            }
        }
    };
    (@method $table:ident $(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),*) -> $out:ty) => {
        $(#[$doc])*
        pub async fn $name(&mut self, $($arg: $ty),*) -> crate::error::Result<$out> {
            let conn: &mut crate::store::Conn = self;
            let started = conn.start()?;
            let span = tracing::debug_span!(target: "latchkey_store", stringify!($name), table = stringify!($table));
            let query = async {
                match conn.link()? {
                    crate::store::Link::Sqlite(conn) => {
                        crate::sqlite::queries::$table::$name(conn, $($arg),*).await
                    }
                    crate::store::Link::Postgres(conn) => {
                        crate::postgres::queries::$table::$name(conn, $($arg),*).await
                    }
                }
            };
            let result = tracing::Instrument::instrument(query, span).await;
            conn.finish(&result, started, |stats| &stats.timings.$table.$name);
            result
        }
    };
}
pub(crate) use methods;

/// How long the calls of all methods took, by table.
#[derive(Debug, Default)]
pub(crate) struct Timings {
    accounts: accounts::Timings,
    audit_log: operations::audit_log::Timings,
    catalog_version: catalog::catalog_version::Timings,
    entitlements: catalog::entitlements::Timings,
    heartbeat_watch: machines::heartbeat_watch::Timings,
    imports: licenses::imports::Timings,
    instance: operations::instance::Timings,
    license_entitlements: licenses::license_entitlements::Timings,
    license_records: licenses::license_records::Timings,
    licenses: licenses::Timings,
    login_requests: accounts::login_requests::Timings,
    machines: machines::Timings,
    outages: machines::outages::Timings,
    outbox: operations::outbox::Timings,
    policies: catalog::policies::Timings,
    policy_entitlements: catalog::policy_entitlements::Timings,
    products: catalog::products::Timings,
    rate_limits: operations::rate_limits::Timings,
    sessions: accounts::sessions::Timings,
    signing_keys: operations::signing_keys::Timings,
}

impl Timings {
    pub(crate) fn report(&self) -> Vec<QueryStats> {
        let mut report = Vec::new();
        self.accounts.report(&mut report);
        self.audit_log.report(&mut report);
        self.catalog_version.report(&mut report);
        self.entitlements.report(&mut report);
        self.heartbeat_watch.report(&mut report);
        self.imports.report(&mut report);
        self.instance.report(&mut report);
        self.license_entitlements.report(&mut report);
        self.license_records.report(&mut report);
        self.licenses.report(&mut report);
        self.login_requests.report(&mut report);
        self.machines.report(&mut report);
        self.outages.report(&mut report);
        self.outbox.report(&mut report);
        self.policies.report(&mut report);
        self.policy_entitlements.report(&mut report);
        self.products.report(&mut report);
        self.rate_limits.report(&mut report);
        self.sessions.report(&mut report);
        self.signing_keys.report(&mut report);
        report
    }
}

/// Where a value was read from, for the error if the value is invalid.
#[derive(Clone, Copy)]
pub(crate) struct Origin<I> {
    table: &'static str,
    id: I,
}

impl Origin<i64> {
    /// The row of a table that has only one.
    pub(crate) fn only(table: &'static str) -> Self {
        Self { table, id: 1 }
    }
}

impl<I: Display> Origin<I> {
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
        EmailAddress::parse(text).map_err(|_| self.corrupt("an e-mail address is invalid"))
    }

    pub(crate) fn hash(&self, bytes: &[u8]) -> Result<[u8; 32]> {
        bytes.try_into().map_err(|_| self.corrupt("a hash is not 32 bytes"))
    }
}

/// A duration as it is stored, in microseconds.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
