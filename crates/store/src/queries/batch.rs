//! Lists of ids in statements.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::dialect;

/// How many ids a statement names at most; SQLite takes 32766 values, PostgreSQL 65535.
pub(super) const IDS: usize = 10_000;

/// Adds `($1, $2, …)`. There must be at least one id.
pub(super) fn push_ids(query: &mut QueryBuilder<dialect::Db>, ids: impl Iterator<Item = Uuid>) {
    query.push("(");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    query.push(")");
}
