//! Saved views of lists.

use latchkey_licensing::{
    ids::{AccountId, SavedViewId},
    time::Timestamp,
};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedViewRow {
    pub id: SavedViewId,
    pub account: AccountId,
    /// The name of the list.
    pub list: String,
    pub name: String,
    /// The filters and the order, as a query string.
    pub query: String,
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
pub(crate) struct SavedViewColumns {
    id: Uuid,
    account_id: Uuid,
    list: String,
    name: String,
    query: String,
    created_at: i64,
}

impl From<SavedViewColumns> for SavedViewRow {
    fn from(row: SavedViewColumns) -> Self {
        Self {
            id: row.id.into(),
            account: row.account_id.into(),
            list: row.list,
            name: row.name,
            query: row.query,
            created_at: Timestamp::from_unix_micros(row.created_at),
        }
    }
}
