//! All queries, compiled once for each database. `super::dialect` says which.

use std::fmt::Display;

use super::dialect;
use crate::{error::Result, tables::Origin};

/// Fails unless exactly one row was changed.
fn expect_one(rows: u64, table: &'static str, id: impl Display) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Origin::new(table, id).corrupt("a change of the row hit no row")) }
}

/// Refuses to be without a row that other rows refer to.
fn expect_row<T>(row: Option<T>, table: &'static str, id: impl Display) -> Result<T> {
    row.ok_or_else(|| Origin::new(table, id).corrupt("the row is referred to and missing"))
}

type Conn = <dialect::Db as sqlx::Database>::Connection;

/// How many rows one statement of a batch changes: databases limit a statement's parameters.
const BATCH: usize = 500;

pub(crate) mod accounts;
mod batch;
mod catalog;
pub(crate) mod licenses;
pub(crate) mod machines;
mod operations;

pub(crate) use accounts::{login_requests, sessions};
pub(crate) use catalog::{catalog_version, entitlements, policies, policy_entitlements, products};
pub(crate) use licenses::{imports, license_entitlements, license_records};
pub(crate) use machines::{heartbeat_watch, outages};
pub(crate) use operations::{audit_log, instance, outbox, rate_limits, signing_keys};
