//! Saved views of lists.

use latchkey_licensing::ids::{AccountId, SavedViewId};

use super::super::dialect::Connection;
use crate::{
    error::Result,
    tables::support::saved_views::{SavedViewColumns, SavedViewRow},
};

pub(crate) async fn insert_saved_view(conn: &mut Connection, view: &SavedViewRow) -> Result<bool> {
    let sql = "INSERT INTO saved_views (id, account_id, list, name, query, created_at) VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (account_id, list, name) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(view.id.uuid())
        .bind(view.account.uuid())
        .bind(&view.list)
        .bind(&view.name)
        .bind(&view.query)
        .bind(view.created_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn list_saved_views_of(conn: &mut Connection, account: AccountId) -> Result<Vec<SavedViewRow>> {
    let sql = "SELECT id, account_id, list, name, query, created_at FROM saved_views WHERE account_id = $1
               ORDER BY list, name";
    let rows: Vec<SavedViewColumns> = sqlx::query_as(sql).bind(account.uuid()).fetch_all(conn).await?;
    Ok(rows.into_iter().map(SavedViewRow::from).collect())
}

pub(crate) async fn delete_saved_view(
    conn: &mut Connection,
    account: AccountId,
    id: SavedViewId,
) -> Result<Option<SavedViewRow>> {
    let sql = "DELETE FROM saved_views WHERE account_id = $1 AND id = $2
               RETURNING id, account_id, list, name, query, created_at";
    let row: Option<SavedViewColumns> =
        sqlx::query_as(sql).bind(account.uuid()).bind(id.uuid()).fetch_optional(conn).await?;
    Ok(row.map(SavedViewRow::from))
}

pub(crate) async fn delete_saved_views_of(conn: &mut Connection, account: AccountId) -> Result<u64> {
    let sql = "DELETE FROM saved_views WHERE account_id = $1";
    Ok(sqlx::query(sql).bind(account.uuid()).execute(conn).await?.rows_affected())
}
