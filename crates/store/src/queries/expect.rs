//! Checks of what a statement did or found.

use std::fmt::Display;

use crate::{error::Result, tables::Origin};

/// Fails unless exactly one row was changed.
pub(super) fn expect_one(rows: u64, table: &'static str, id: impl Display) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Origin::new(table, id).corrupt("a change did not find the row")) }
}

/// Fails if the row, to which other rows refer, does not exist.
pub(super) fn expect_row<T>(row: Option<T>, table: &'static str, id: impl Display) -> Result<T> {
    row.ok_or_else(|| Origin::new(table, id).corrupt("the row is referred to, but missing"))
}
