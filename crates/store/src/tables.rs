//! The rows of the tables, and their conversion to domain types. A row that violates an invariant is an error
//! that names the row.

pub(crate) mod accounts;
pub(crate) mod billing;
pub(crate) mod catalog;
pub(crate) mod licenses;
pub(crate) mod lists;
pub(crate) mod machines;
pub(crate) mod operations;
pub(crate) mod support;

use std::{fmt::Display, time::Duration};

use latchkey_licensing::{email::EmailAddress, money::Currency};

use crate::error::{Result, StoreError};

/// The row from which a value was read, for the error if the value is invalid.
#[derive(Clone, Copy)]
pub(crate) struct Origin<I> {
    table: &'static str,
    id: I,
}

impl Origin<i64> {
    /// The row of a table that has only one row.
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
        u32::try_from(number).map_err(|_| self.corrupt(format!("{number} is out of range")))
    }

    pub(crate) fn email(&self, text: &str) -> Result<EmailAddress> {
        EmailAddress::parse(text).map_err(|_| self.corrupt("an e-mail address is invalid"))
    }

    pub(crate) fn currency(&self, code: &str) -> Result<Currency> {
        code.parse().map_err(|_| self.corrupt("a currency is invalid"))
    }

    pub(crate) fn bytes32(&self, bytes: &[u8]) -> Result<[u8; 32]> {
        bytes.try_into().map_err(|_| self.corrupt("a value is not 32 bytes long"))
    }
}

/// The stored form of a duration, in microseconds.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
