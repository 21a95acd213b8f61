//! The catalog's version.

use super::super::dialect::Connection;
use crate::error::Result;

pub(crate) async fn catalog_version(conn: &mut Connection) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT version FROM catalog_version").fetch_one(conn).await?)
}
