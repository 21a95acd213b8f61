//! Licenses.

pub(crate) mod imports;
pub(crate) mod license_entitlements;
pub(crate) mod license_notices;
pub(crate) mod license_records;

use latchkey_licensing::{
    ids::{AccountId, LicenseId, OrderId, PolicyId, SigningKeyId},
    license::License,
    time::Timestamp,
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    batch,
    dialect::{self, Connection, Db},
    expect::expect_one,
};
use crate::{
    error::Result,
    page::Page,
    tables::licenses::{self, LicenseRow, StoredKey},
};

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, account_id, product_id, policy_id, key_prefix, key_tail, suspended_at, revoked_at, expires_at,
                 ends_after_first_use, max_machines, max_cores, max_uses, uses, metadata, last_validated_at,
                 last_check_in_at, last_check_out_at, created_at, updated_at
             FROM licenses ",
            $condition
        )
    };
}

macro_rules! insert {
    ($conflict:literal) => {
        concat!(
            "INSERT INTO licenses (id, account_id, product_id, policy_id, key_ciphertext, key_lookup, key_prefix,
                 key_tail, signed_by, suspended_at, revoked_at, expires_at, ends_after_first_use, max_machines, max_cores,
                 max_uses, uses, metadata, last_validated_at, last_check_in_at, last_check_out_at, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
             ",
            $conflict
        )
    };
}

pub(crate) async fn insert_license(conn: &mut Connection, license: &License, key: StoredKey<'_>) -> Result<()> {
    insert_with(conn, insert!(""), license, key).await.map(drop)
}

pub(crate) async fn insert_license_if_free(
    conn: &mut Connection,
    license: &License,
    key: StoredKey<'_>,
) -> Result<bool> {
    insert_with(conn, insert!("ON CONFLICT DO NOTHING"), license, key).await
}

async fn insert_with(conn: &mut Connection, sql: &'static str, license: &License, key: StoredKey<'_>) -> Result<bool> {
    let (suspended_at, revoked_at) = licenses::standing_columns(license.standing);
    let (expires_at, ends_after_first_use) = licenses::expiry_columns(license.expiry);
    let done = sqlx::query(sql)
        .bind(license.id.uuid())
        .bind(license.account.uuid())
        .bind(license.product.uuid())
        .bind(license.policy.uuid())
        .bind(key.ciphertext)
        .bind(key.lookup.as_slice())
        .bind(&license.key_prefix)
        .bind(&license.key_tail)
        .bind(key.signed_by.map(SigningKeyId::uuid))
        .bind(suspended_at)
        .bind(revoked_at)
        .bind(expires_at)
        .bind(ends_after_first_use)
        .bind(license.max_machines.map(i64::from))
        .bind(license.max_cores.map(i64::from))
        .bind(license.max_uses.map(i64::from))
        .bind(i64::from(license.uses))
        .bind(&license.metadata)
        .bind(license.last_validated_at.map(Timestamp::unix_micros))
        .bind(license.last_check_in_at.map(Timestamp::unix_micros))
        .bind(license.last_check_out_at.map(Timestamp::unix_micros))
        .bind(license.created_at.unix_micros())
        .bind(license.updated_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Other statements write the key and the time of the last validation.
pub(crate) async fn update_license(conn: &mut Connection, license: &License) -> Result<()> {
    let (suspended_at, revoked_at) = licenses::standing_columns(license.standing);
    let (expires_at, ends_after_first_use) = licenses::expiry_columns(license.expiry);
    let sql =
        "UPDATE licenses SET account_id = $2, product_id = $3, policy_id = $4, suspended_at = $5, revoked_at = $6,
                   expires_at = $7, ends_after_first_use = $8, max_machines = $9, max_cores = $10, max_uses = $11, uses = $12,
                   metadata = $13, last_check_in_at = $14, last_check_out_at = $15, updated_at = $16
               WHERE id = $1";
    let done = sqlx::query(sql)
        .bind(license.id.uuid())
        .bind(license.account.uuid())
        .bind(license.product.uuid())
        .bind(license.policy.uuid())
        .bind(suspended_at)
        .bind(revoked_at)
        .bind(expires_at)
        .bind(ends_after_first_use)
        .bind(license.max_machines.map(i64::from))
        .bind(license.max_cores.map(i64::from))
        .bind(license.max_uses.map(i64::from))
        .bind(i64::from(license.uses))
        .bind(&license.metadata)
        .bind(license.last_check_in_at.map(Timestamp::unix_micros))
        .bind(license.last_check_out_at.map(Timestamp::unix_micros))
        .bind(license.updated_at.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "licenses", license.id)
}

pub(crate) async fn set_license_key(
    conn: &mut Connection,
    id: LicenseId,
    key: StoredKey<'_>,
    prefix: &str,
    tail: &str,
    now: Timestamp,
) -> Result<()> {
    let sql =
        "UPDATE licenses SET key_ciphertext = $2, key_lookup = $3, signed_by = $4, key_prefix = $5, key_tail = $6,
                   updated_at = $7
               WHERE id = $1";
    let done = sqlx::query(sql)
        .bind(id.uuid())
        .bind(key.ciphertext)
        .bind(key.lookup.as_slice())
        .bind(key.signed_by.map(SigningKeyId::uuid))
        .bind(prefix)
        .bind(tail)
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    expect_one(done.rows_affected(), "licenses", id)
}

pub(crate) async fn lock_license(conn: &mut Connection, id: LicenseId) -> Result<()> {
    if let Some(sql) = dialect::LOCK_LICENSE {
        sqlx::query(sql).bind(id.uuid()).execute(conn).await?;
    }
    Ok(())
}

pub(crate) async fn find_license(conn: &mut Connection, id: LicenseId) -> Result<Option<License>> {
    let row: Option<LicenseRow> = sqlx::query_as(select!("WHERE id = $1")).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(License::try_from).transpose()
}

pub(crate) async fn list_licenses_of(conn: &mut Connection, account: AccountId) -> Result<Vec<License>> {
    let rows: Vec<LicenseRow> =
        sqlx::query_as(select!("WHERE account_id = $1 ORDER BY id")).bind(account.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(License::try_from).collect()
}

pub(crate) async fn list_licenses_of_order(conn: &mut Connection, order: OrderId) -> Result<Vec<License>> {
    let sql = select!("WHERE id IN (SELECT license_id FROM order_licenses WHERE order_id = $1) ORDER BY id");
    let rows: Vec<LicenseRow> = sqlx::query_as(sql).bind(order.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(License::try_from).collect()
}

pub(crate) async fn list_licenses(conn: &mut Connection, after: Option<LicenseId>, limit: i64) -> Result<Vec<License>> {
    let rows: Vec<LicenseRow> = sqlx::query_as(select!("WHERE id > $1 ORDER BY id LIMIT $2"))
        .bind(after.map_or(Uuid::nil(), LicenseId::uuid))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(License::try_from).collect()
}

pub(crate) async fn list_licenses_page_of(
    conn: &mut Connection,
    account: AccountId,
    key_end: &str,
    after: Option<LicenseId>,
    now: Timestamp,
    limit: u32,
) -> Result<Page<License, LicenseId>> {
    let mut query = QueryBuilder::<Db>::new(select!("WHERE account_id = "));
    query.push_bind(account.uuid());
    if let Some(after) = after {
        query.push(" AND (");
        push_is_past(&mut query, now);
        query.push(", id) > (COALESCE((SELECT ");
        push_is_past(&mut query, now);
        query.push(" FROM licenses AS earlier WHERE earlier.id = ").push_bind(after.uuid());
        query.push(" AND earlier.account_id = ").push_bind(account.uuid());
        query.push("), 0), ").push_bind(after.uuid()).push(")");
    }
    if let Some(end) = key_end_pattern(key_end) {
        query.push(r" AND UPPER(key_tail) LIKE ").push_bind(end).push(r" ESCAPE '\'");
    }
    query.push(" ORDER BY ");
    push_is_past(&mut query, now);
    query.push(", id LIMIT ").push_bind(Page::<License, LicenseId>::rows(limit));
    let rows: Vec<LicenseRow> = query.build_query_as().fetch_all(conn).await?;
    let licenses = rows.into_iter().map(License::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::new(licenses, limit, |license| license.id))
}

/// Whether a license is revoked or expired, as 1 or 0.
fn push_is_past(query: &mut QueryBuilder<Db>, now: Timestamp) {
    query.push("CASE WHEN revoked_at IS NOT NULL OR expires_at <= ").push_bind(now.unix_micros());
    query.push(" THEN 1 ELSE 0 END");
}

/// How many letters of a key are stored as they are.
const KEY_TAIL: usize = 4;

/// The end of a key as a pattern for what is stored of it. Of a longer text, its end decides.
fn key_end_pattern(text: &str) -> Option<String> {
    let letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let end = letters.get(letters.len().saturating_sub(KEY_TAIL)..).filter(|end| !end.is_empty())?;
    let mut pattern = "%".to_owned();
    for letter in end.iter().flat_map(|letter| letter.to_uppercase()) {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    Some(pattern)
}

pub(crate) async fn list_licenses_under(
    conn: &mut Connection,
    policy: PolicyId,
    after: Option<LicenseId>,
    limit: i64,
) -> Result<Vec<License>> {
    let rows: Vec<LicenseRow> = sqlx::query_as(select!("WHERE policy_id = $1 AND id > $2 ORDER BY id LIMIT $3"))
        .bind(policy.uuid())
        .bind(after.map_or(Uuid::nil(), LicenseId::uuid))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(License::try_from).collect()
}

pub(crate) async fn count_licenses_under(conn: &mut Connection, policy: PolicyId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM licenses WHERE policy_id = $1";
    Ok(sqlx::query_scalar(sql).bind(policy.uuid()).fetch_one(conn).await?)
}

pub(crate) async fn count_licenses_by_policy(conn: &mut Connection) -> Result<Vec<(PolicyId, i64)>> {
    let sql = "SELECT policy_id, COUNT(*) FROM licenses GROUP BY policy_id";
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(sql).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(policy, count)| (policy.into(), count)).collect())
}

pub(crate) async fn count_licenses_signed_by(conn: &mut Connection, key: SigningKeyId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM licenses WHERE signed_by = $1";
    Ok(sqlx::query_scalar(sql).bind(key.uuid()).fetch_one(conn).await?)
}

pub(crate) async fn get_key_ciphertext(conn: &mut Connection, id: LicenseId) -> Result<Vec<u8>> {
    Ok(sqlx::query_scalar("SELECT key_ciphertext FROM licenses WHERE id = $1").bind(id.uuid()).fetch_one(conn).await?)
}

pub(crate) async fn note_licenses_validated(conn: &mut Connection, validated: &[(LicenseId, Timestamp)]) -> Result<()> {
    for batch in validated.chunks(batch::ROWS) {
        let mut query = QueryBuilder::<Db>::new("UPDATE licenses SET last_validated_at = noted.column2 FROM (");
        query.push_values(batch, |mut row, (id, at)| {
            row.push_bind(id.uuid()).push_bind(at.unix_micros());
        });
        query.push(
            ") AS noted WHERE licenses.id = noted.column1
               AND (licenses.last_validated_at IS NULL OR licenses.last_validated_at < noted.column2)",
        );
        query.build().persistent(false).execute(&mut *conn).await?;
    }
    Ok(())
}

pub(crate) async fn list_key_ciphertexts(
    conn: &mut Connection,
    licenses: &[LicenseId],
) -> Result<Vec<(LicenseId, Vec<u8>)>> {
    let mut keys = Vec::new();
    for ids in licenses.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new("SELECT id, key_ciphertext FROM licenses WHERE id IN ");
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        let rows: Vec<(Uuid, Vec<u8>)> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        keys.extend(rows.into_iter().map(|(license, key)| (license.into(), key)));
    }
    Ok(keys)
}

pub(crate) async fn erase_license_metadata_of(
    conn: &mut Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE licenses SET metadata = '{}', updated_at = $2 WHERE account_id = $1";
    let done = sqlx::query(sql).bind(account.uuid()).bind(now.unix_micros()).execute(conn).await?;
    Ok(done.rows_affected())
}
