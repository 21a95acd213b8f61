//! Pages of lists. Each is one statement: an inner one finds the rows of the page with an index, and an outer one adds what
//! is shown with them.

mod accounts;
mod audit_log;
mod keyset;
mod licenses;
mod machines;
mod orders;
mod outbox;
mod stripe_events;

pub(crate) use accounts::{count_accounts_by, list_accounts_by};
pub(crate) use audit_log::{count_audits_by, list_audits_by};
pub(crate) use licenses::{count_licenses_by, list_license_ids_by, list_licenses_by};
pub(crate) use machines::{count_machines_by, find_listed_machine, list_machines_by};
pub(crate) use orders::{count_orders_by, list_orders_by};
pub(crate) use outbox::{count_mails_by, find_listed_mail, list_mails_by};
pub(crate) use stripe_events::{count_stripe_events_by, list_stripe_events_by};

use latchkey_licensing::time::Timestamp;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    batch,
    dialect::{self, Connection, Db},
};
use crate::{
    error::Result,
    tables::lists::{TimeRange, name_key, prefix_range},
};

/// Adds the condition that a column is in a range of time.
fn push_range(query: &mut QueryBuilder<Db>, column: &str, range: TimeRange) {
    if let Some(from) = range.from {
        query.push(format_args!(" AND {column} >= ")).push_bind(from.unix_micros());
    }
    if let Some(until) = range.until {
        query.push(format_args!(" AND {column} < ")).push_bind(until.unix_micros());
    }
}

/// The same for a table whose ids are made at that time, so that its rows are found by their ids.
fn push_range_of_ids(query: &mut QueryBuilder<Db>, column: &str, range: TimeRange, id_at: impl Fn(Timestamp) -> Uuid) {
    push_range(query, column, range);
    if let Some(from) = range.from {
        query.push(" AND id >= ").push_bind(id_at(from));
    }
    if let Some(until) = range.until {
        // Ids are made of milliseconds, so the last one may have begun.
        query.push(" AND id <= ").push_bind(id_at(until.plus(std::time::Duration::from_millis(1))));
    }
}

/// Adds the condition that a row is one of these.
fn push_chosen(query: &mut QueryBuilder<Db>, ids: impl ExactSizeIterator<Item = Uuid>) {
    if ids.len() == 0 {
        query.push(" AND FALSE");
    } else {
        query.push(" AND id IN ");
        batch::push_ids(query, ids);
    }
}

/// Adds the condition that a text begins with a prefix.
pub(super) fn push_prefix(query: &mut QueryBuilder<Db>, column: &str, prefix: &str) {
    let (from, until) = prefix_range(prefix);
    query.push(format_args!("{column} >= ")).push_bind(from);
    query.push(format_args!(" AND {column} < ")).push_bind(until);
}

/// Adds a subquery of the ids of accounts whose address or name begins with a text.
fn push_accounts_by_text(query: &mut QueryBuilder<Db>, text: &str) {
    let text = name_key(Some(text));
    query.push("SELECT id FROM accounts WHERE ");
    push_prefix(query, dialect::ACCOUNT_EMAIL, &text);
    query.push(" UNION SELECT id FROM accounts WHERE ");
    push_prefix(query, "name_key", &text);
}

/// Adds the condition that an account's address or name begins with a text. The table must be `accounts`.
fn push_account_text(query: &mut QueryBuilder<Db>, text: &str) {
    let text = name_key(Some(text));
    query.push("(");
    push_prefix(query, dialect::ACCOUNT_EMAIL, &text);
    query.push(" OR ");
    push_prefix(query, "name_key", &text);
    query.push(")");
}

/// How a condition about another table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Membership {
    /// The other table's rows are found first. For few rows.
    Set,
    /// The other table's row is looked up for each row. For many rows.
    Probe,
}

impl Membership {
    fn of(shape: keyset::Shape) -> Self {
        if shape == keyset::Shape::Walked { Self::Probe } else { Self::Set }
    }
}

/// Counts the rows of a query, at most `at_most`.
async fn count(conn: &mut Connection, mut query: QueryBuilder<Db>, at_most: u32) -> Result<u32> {
    query.push(" LIMIT ").push_bind(i64::from(at_most)).push(") AS counted");
    let count: i64 = query.build_query_scalar().persistent(false).fetch_one(conn).await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}
