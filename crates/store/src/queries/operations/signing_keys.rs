//! Signing keys.

use latchkey_licensing::{ids::SigningKeyId, time::Timestamp};

use super::super::{
    dialect::{self, Connection},
    expect::expect_one,
};
use crate::{
    error::Result,
    tables::operations::signing_keys::{KeyRow, SigningKeyRow},
};

pub(crate) async fn insert_signing_key(conn: &mut Connection, key: &SigningKeyRow) -> Result<()> {
    let sql = "INSERT INTO signing_keys (id, public_key, seed_ciphertext, created_at, activated_at, replaced_at, retired_at, files_until)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(sql)
        .bind(key.id.uuid())
        .bind(key.public_key.as_slice())
        .bind(key.seed_ciphertext.as_slice())
        .bind(key.created_at.unix_micros())
        .bind(key.activated_at.map(Timestamp::unix_micros))
        .bind(key.replaced_at.map(Timestamp::unix_micros))
        .bind(key.retired_at.map(Timestamp::unix_micros))
        .bind(key.files_until.map(Timestamp::unix_micros))
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn list_signing_keys(conn: &mut Connection) -> Result<Vec<SigningKeyRow>> {
    let sql = "SELECT id, public_key, seed_ciphertext, created_at, activated_at, replaced_at, retired_at, files_until
               FROM signing_keys ORDER BY id";
    let rows: Vec<KeyRow> = sqlx::query_as(sql).fetch_all(conn).await?;
    rows.into_iter().map(SigningKeyRow::try_from).collect()
}

pub(crate) async fn set_signing_key_activated(conn: &mut Connection, id: SigningKeyId, now: Timestamp) -> Result<()> {
    let done = sqlx::query("UPDATE signing_keys SET activated_at = $2 WHERE id = $1 AND activated_at IS NULL")
        .bind(id.uuid())
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "signing_keys", id)
}

pub(crate) async fn set_signing_key_replaced(conn: &mut Connection, id: SigningKeyId, now: Timestamp) -> Result<()> {
    let done = sqlx::query("UPDATE signing_keys SET replaced_at = $2 WHERE id = $1 AND replaced_at IS NULL")
        .bind(id.uuid())
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "signing_keys", id)
}

pub(crate) async fn set_signing_key_retired(conn: &mut Connection, id: SigningKeyId, now: Timestamp) -> Result<()> {
    let done = sqlx::query("UPDATE signing_keys SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL")
        .bind(id.uuid())
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "signing_keys", id)
}

pub(crate) async fn lock_signer(conn: &mut Connection, id: SigningKeyId) -> Result<bool> {
    Ok(sqlx::query(dialect::LOCK_SIGNER).bind(id.uuid()).fetch_optional(conn).await?.is_some())
}

/// Skips a row that already has this time or a later one, because every check-out calls this.
pub(crate) async fn extend_signing_key_use(conn: &mut Connection, id: SigningKeyId, until: Timestamp) -> Result<()> {
    sqlx::query("UPDATE signing_keys SET files_until = $2 WHERE id = $1 AND (files_until IS NULL OR files_until < $2)")
        .bind(id.uuid())
        .bind(until.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}
