//! The instance's identity.

use latchkey_licensing::time::Timestamp;

use super::super::dialect::{self, Connection};
use crate::{error::Result, tables::Origin};

pub(crate) async fn insert_instance(conn: &mut Connection, secret_check: &[u8; 32], now: Timestamp) -> Result<()> {
    sqlx::query("INSERT INTO instance (id, secret_check, created_at) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING")
        .bind(secret_check.as_slice())
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn find_secret_check(conn: &mut Connection) -> Result<Option<[u8; 32]>> {
    let check: Option<Vec<u8>> = sqlx::query_scalar("SELECT secret_check FROM instance").fetch_optional(conn).await?;
    check.map(|check| Origin::only("instance").bytes32(&check)).transpose()
}

pub(crate) async fn lock_instance(conn: &mut Connection) -> Result<()> {
    sqlx::query(dialect::LOCK_INSTANCE).fetch_all(conn).await?;
    Ok(())
}

/// The value must change, because SQLite does not write a page whose bytes stay the same.
pub(crate) async fn touch_instance(conn: &mut Connection) -> Result<()> {
    sqlx::query("UPDATE instance SET write_checks = write_checks + 1").execute(conn).await?;
    Ok(())
}
