//! Statements about many rows: databases limit the parameters of a statement, SQLite to 32,766 and PostgreSQL to
//! 65,535.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::dialect::Db;

/// The most rows that one statement writes.
pub(super) const ROWS: usize = 500;

/// The most ids that one statement names.
pub(super) const IDS: usize = 10_000;

/// Adds `($1, $2, …)`. There must be at least one id.
pub(super) fn push_ids(query: &mut QueryBuilder<Db>, ids: impl Iterator<Item = Uuid>) {
    query.push("(");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    query.push(")");
}
