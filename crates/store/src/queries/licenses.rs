//! Licenses.

use latchkey_licensing::{
    ids::{AccountId, LicenseId},
    license::{License, Standing},
    time::Timestamp,
};

use super::{Conn, dialect};
use crate::{
    error::Result,
    rows::{self, LicenseRow, NewLicense},
};

pub(crate) async fn insert_license(conn: &mut Conn, new: &NewLicense<'_>) -> Result<()> {
    let license = new.license;
    let (suspended_at, revoked_at) = rows::standing_columns(license.standing);
    let sql =
        "INSERT INTO licenses (id, account_id, product_id, policy_id, key_ciphertext, key_lookup, key_prefix, key_tail,
                   suspended_at, revoked_at, expires_at, max_machines, last_validated_at, created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    sqlx::query(sql)
        .bind(license.id.uuid())
        .bind(license.account.uuid())
        .bind(license.product.uuid())
        .bind(license.policy.uuid())
        .bind(new.key_ciphertext)
        .bind(new.key_lookup.as_slice())
        .bind(&license.key_prefix)
        .bind(&license.key_tail)
        .bind(suspended_at)
        .bind(revoked_at)
        .bind(license.expires_at.map(Timestamp::unix_micros))
        .bind(license.max_machines.map(i64::from))
        .bind(license.last_validated_at.map(Timestamp::unix_micros))
        .bind(license.created_at.unix_micros())
        .bind(license.updated_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

/// Keeps others from changing the license or its machines until the transaction ends.
pub(crate) async fn lock_license(conn: &mut Conn, id: LicenseId) -> Result<bool> {
    let found = sqlx::query(dialect::LOCK_LICENSE).bind(id.uuid()).fetch_optional(conn).await?;
    Ok(found.is_some())
}

pub(crate) async fn find_license(conn: &mut Conn, id: LicenseId) -> Result<Option<License>> {
    let sql =
        "SELECT id, account_id, product_id, policy_id, key_prefix, key_tail, suspended_at, revoked_at, expires_at,
                   max_machines, last_validated_at, created_at, updated_at
               FROM licenses WHERE id = $1";
    let row: Option<LicenseRow> = sqlx::query_as(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(rows::license).transpose()
}

pub(crate) async fn find_license_by_key(conn: &mut Conn, lookup: &[u8; 32]) -> Result<Option<License>> {
    let sql =
        "SELECT id, account_id, product_id, policy_id, key_prefix, key_tail, suspended_at, revoked_at, expires_at,
                   max_machines, last_validated_at, created_at, updated_at
               FROM licenses WHERE key_lookup = $1";
    let row: Option<LicenseRow> = sqlx::query_as(sql).bind(lookup.as_slice()).fetch_optional(conn).await?;
    row.map(rows::license).transpose()
}

pub(crate) async fn list_licenses_of(conn: &mut Conn, account: AccountId) -> Result<Vec<License>> {
    let sql =
        "SELECT id, account_id, product_id, policy_id, key_prefix, key_tail, suspended_at, revoked_at, expires_at,
                   max_machines, last_validated_at, created_at, updated_at
               FROM licenses WHERE account_id = $1 ORDER BY id";
    let rows: Vec<LicenseRow> = sqlx::query_as(sql).bind(account.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(rows::license).collect()
}

pub(crate) async fn get_key_ciphertext(conn: &mut Conn, id: LicenseId) -> Result<Vec<u8>> {
    Ok(sqlx::query_scalar("SELECT key_ciphertext FROM licenses WHERE id = $1").bind(id.uuid()).fetch_one(conn).await?)
}

pub(crate) async fn set_license_standing(
    conn: &mut Conn,
    id: LicenseId,
    standing: Standing,
    now: Timestamp,
) -> Result<()> {
    let (suspended_at, revoked_at) = rows::standing_columns(standing);
    sqlx::query("UPDATE licenses SET suspended_at = $2, revoked_at = $3, updated_at = $4 WHERE id = $1")
        .bind(id.uuid())
        .bind(suspended_at)
        .bind(revoked_at)
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn set_license_validated(conn: &mut Conn, id: LicenseId, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE licenses SET last_validated_at = $2 WHERE id = $1")
        .bind(id.uuid())
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}
