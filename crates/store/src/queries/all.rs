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
pub(crate) mod audit_log;
pub(crate) mod catalog_version;
pub(crate) mod entitlements;
pub(crate) mod heartbeat_watch;
mod ids;
pub(crate) mod imports;
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
