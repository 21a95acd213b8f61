//! Licenses that an import stages, and their publication.

use latchkey_licensing::{
    ids::{ImportId, LicenseId, SigningKeyId},
    time::Timestamp,
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::super::{
    batch,
    dialect::{Connection, Db},
};
use crate::{
    error::Result,
    tables::{
        Origin,
        licenses::{
            self,
            imports::{ImportRow, TakenRow},
        },
    },
};

pub(crate) async fn insert_import_rows(conn: &mut Connection, import: ImportId, staged: &[ImportRow]) -> Result<()> {
    for chunk in staged.chunks(batch::ROWS) {
        insert_licenses(&mut *conn, import, chunk).await?;
        insert_entitlements(&mut *conn, import, chunk).await?;
        insert_audits(&mut *conn, import, chunk).await?;
    }
    Ok(())
}

async fn insert_licenses(conn: &mut Connection, import: ImportId, staged: &[ImportRow]) -> Result<()> {
    let sql = "INSERT INTO import_rows (import_id, number, line, account_id, email, role, license_id, product_id, policy_id,
                   key_ciphertext, key_lookup, key_prefix, key_tail, signed_by, is_key_made, suspended_at, revoked_at,
                   expires_at, ends_after_first_use, max_machines, max_cores, max_uses, uses, metadata, last_check_in_at,
                   created_at, updated_at) ";
    let mut query = QueryBuilder::<Db>::new(sql);
    query.push_values(staged, |mut values, row| {
        let license = &row.license;
        let (suspended_at, revoked_at) = licenses::standing_columns(license.standing);
        let (expires_at, ends_after_first_use) = licenses::expiry_columns(license.expiry);
        values
            .push_bind(import.uuid())
            .push_bind(row.number)
            .push_bind(i64::try_from(row.line).unwrap_or(i64::MAX))
            .push_bind(row.account.id.uuid())
            .push_bind(row.account.email.as_str())
            .push_bind(row.account.role.as_str())
            .push_bind(license.id.uuid())
            .push_bind(license.product.uuid())
            .push_bind(license.policy.uuid())
            .push_bind(row.key_ciphertext.as_slice())
            .push_bind(row.key_lookup.as_slice())
            .push_bind(&license.key_prefix)
            .push_bind(&license.key_tail)
            .push_bind(row.signed_by.map(SigningKeyId::uuid))
            .push_bind(row.is_key_generated)
            .push_bind(suspended_at)
            .push_bind(revoked_at)
            .push_bind(expires_at)
            .push_bind(ends_after_first_use)
            .push_bind(license.max_machines.map(i64::from))
            .push_bind(license.max_cores.map(i64::from))
            .push_bind(license.max_uses.map(i64::from))
            .push_bind(i64::from(license.uses))
            .push_bind(&license.metadata)
            .push_bind(license.last_check_in_at.map(Timestamp::unix_micros))
            .push_bind(license.created_at.unix_micros())
            .push_bind(license.updated_at.unix_micros());
    });
    query.build().persistent(false).execute(conn).await?;
    Ok(())
}

async fn insert_entitlements(conn: &mut Connection, import: ImportId, staged: &[ImportRow]) -> Result<()> {
    let granted: Vec<_> =
        staged.iter().flat_map(|row| row.entitlements.iter().map(|entitlement| (row.number, *entitlement))).collect();
    for chunk in granted.chunks(batch::IDS) {
        let sql = "INSERT INTO import_entitlements (import_id, number, entitlement_id) ";
        let mut query = QueryBuilder::<Db>::new(sql);
        query.push_values(chunk, |mut values, (number, entitlement)| {
            values.push_bind(import.uuid()).push_bind(*number).push_bind(entitlement.uuid());
        });
        query.build().persistent(false).execute(&mut *conn).await?;
    }
    Ok(())
}

async fn insert_audits(conn: &mut Connection, import: ImportId, staged: &[ImportRow]) -> Result<()> {
    let sql = "INSERT INTO import_audits (import_id, number, made_account_id, id, at, actor_kind, actor_id, verb,
                   subject_kind, subject_id, detail) ";
    let mut query = QueryBuilder::<Db>::new(sql);
    let audits = staged.iter().flat_map(|row| {
        [(row.number, None, &row.license_audit), (row.number, Some(row.account.id.uuid()), &row.account_audit)]
    });
    query.push_values(audits, |mut values, (number, made_account, audit)| {
        values
            .push_bind(import.uuid())
            .push_bind(number)
            .push_bind(made_account)
            .push_bind(audit.id.uuid())
            .push_bind(audit.at.unix_micros())
            .push_bind(&audit.actor_kind)
            .push_bind(audit.actor_id.as_deref())
            .push_bind(&audit.verb)
            .push_bind(&audit.subject_kind)
            .push_bind(&audit.subject_id)
            .push_bind(&audit.detail);
    });
    query.build().persistent(false).execute(conn).await?;
    Ok(())
}

pub(crate) async fn list_taken_ids(
    conn: &mut Connection,
    import: ImportId,
    licenses: &[LicenseId],
) -> Result<Vec<LicenseId>> {
    let mut taken = Vec::new();
    for ids in licenses.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new("SELECT id FROM licenses WHERE id IN ");
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(" UNION SELECT license_id FROM import_rows WHERE import_id = ").push_bind(import.uuid());
        query.push(" AND license_id IN ");
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        let found: Vec<Uuid> = query.build_query_scalar().persistent(false).fetch_all(&mut *conn).await?;
        taken.extend(found.into_iter().map(LicenseId::from));
    }
    Ok(taken)
}

pub(crate) async fn count_repeated_rows(conn: &mut Connection, import: ImportId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM import_rows WHERE import_id = $1 AND is_key_made AND EXISTS (
                   SELECT 1 FROM accounts JOIN licenses ON licenses.account_id = accounts.id
                   WHERE accounts.email = import_rows.email AND licenses.policy_id = import_rows.policy_id)";
    Ok(sqlx::query_scalar(sql).bind(import.uuid()).fetch_one(conn).await?)
}

pub(crate) async fn list_taken_keys(
    conn: &mut Connection,
    import: ImportId,
    lookups: &[[u8; 32]],
) -> Result<Vec<[u8; 32]>> {
    let mut taken = Vec::new();
    for lookups in lookups.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new("SELECT key_lookup FROM licenses WHERE key_lookup IN ");
        push_lookups(&mut query, lookups);
        query.push(" UNION SELECT key_lookup FROM import_rows WHERE import_id = ").push_bind(import.uuid());
        query.push(" AND key_lookup IN ");
        push_lookups(&mut query, lookups);
        let found: Vec<Vec<u8>> = query.build_query_scalar().persistent(false).fetch_all(&mut *conn).await?;
        for lookup in found {
            taken.push(Origin::new("licenses", "by its key").bytes32(&lookup)?);
        }
    }
    Ok(taken)
}

fn push_lookups(query: &mut QueryBuilder<Db>, lookups: &[[u8; 32]]) {
    query.push("(");
    let mut list = query.separated(", ");
    for lookup in lookups {
        list.push_bind(lookup.to_vec());
    }
    query.push(")");
}

pub(crate) async fn list_taken_rows(conn: &mut Connection, import: ImportId) -> Result<Vec<TakenRow>> {
    let sql = "SELECT number, line, license_id, EXISTS (SELECT 1 FROM licenses WHERE id = import_rows.license_id)
               FROM import_rows
               WHERE import_id = $1
                 AND (EXISTS (SELECT 1 FROM licenses WHERE id = import_rows.license_id)
                      OR EXISTS (SELECT 1 FROM licenses WHERE key_lookup = import_rows.key_lookup))
               ORDER BY number";
    let rows: Vec<(i64, i64, Uuid, bool)> = sqlx::query_as(sql).bind(import.uuid()).fetch_all(conn).await?;
    let row = |(number, line, license, is_id_taken): (i64, i64, Uuid, bool)| TakenRow {
        number,
        line: u64::try_from(line).unwrap_or_default(),
        license: license.into(),
        is_id_taken,
    };
    Ok(rows.into_iter().map(row).collect())
}

pub(crate) async fn list_import_signers(conn: &mut Connection, import: ImportId) -> Result<Vec<(SigningKeyId, bool)>> {
    let sql = "SELECT DISTINCT signed_by, is_key_made FROM import_rows WHERE import_id = $1 AND signed_by IS NOT NULL";
    let rows: Vec<(Uuid, bool)> = sqlx::query_as(sql).bind(import.uuid()).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(signer, is_key_generated)| (signer.into(), is_key_generated)).collect())
}

pub(crate) async fn publish_import(conn: &mut Connection, import: ImportId) -> Result<u64> {
    let accounts = "INSERT INTO accounts (id, email, role, created_at, updated_at)
                    SELECT account_id, email, role, updated_at, updated_at FROM import_rows
                    WHERE import_id = $1 ORDER BY number
                    ON CONFLICT (email) DO NOTHING";
    sqlx::query(accounts).bind(import.uuid()).execute(&mut *conn).await?;
    let licenses =
        "INSERT INTO licenses (id, account_id, product_id, policy_id, key_ciphertext, key_lookup, key_prefix, key_tail,
             signed_by, suspended_at, revoked_at, expires_at, ends_after_first_use, max_machines, max_cores, max_uses,
             uses, metadata, last_check_in_at, created_at, updated_at)
         SELECT staged.license_id, accounts.id, staged.product_id, staged.policy_id, staged.key_ciphertext,
             staged.key_lookup, staged.key_prefix, staged.key_tail, staged.signed_by, staged.suspended_at,
             staged.revoked_at, staged.expires_at, staged.ends_after_first_use, staged.max_machines, staged.max_cores,
             staged.max_uses, staged.uses, staged.metadata, staged.last_check_in_at, staged.created_at, staged.updated_at
         FROM import_rows AS staged JOIN accounts ON accounts.email = staged.email
         WHERE staged.import_id = $1 ORDER BY staged.number";
    let published = sqlx::query(licenses).bind(import.uuid()).execute(&mut *conn).await?.rows_affected();
    let entitlements = "INSERT INTO license_entitlements (license_id, entitlement_id)
                        SELECT staged.license_id, granted.entitlement_id FROM import_entitlements AS granted
                        JOIN import_rows AS staged ON staged.import_id = granted.import_id AND staged.number = granted.number
                        WHERE granted.import_id = $1";
    sqlx::query(entitlements).bind(import.uuid()).execute(&mut *conn).await?;
    // The audit row of an account is skipped if the address already had one.
    let audits = "INSERT INTO audit_log (id, at, actor_kind, actor_id, verb, subject_kind, subject_id, detail)
                  SELECT id, at, actor_kind, actor_id, verb, subject_kind, subject_id, detail FROM import_audits
                  WHERE import_id = $1
                    AND (made_account_id IS NULL OR EXISTS (SELECT 1 FROM accounts WHERE id = made_account_id))
                  ORDER BY number";
    sqlx::query(audits).bind(import.uuid()).execute(conn).await?;
    Ok(published)
}

/// The foreign keys delete the row's entitlements and audit rows.
pub(crate) async fn delete_import_row(conn: &mut Connection, import: ImportId, number: i64) -> Result<()> {
    let sql = "DELETE FROM import_rows WHERE import_id = $1 AND number = $2";
    sqlx::query(sql).bind(import.uuid()).bind(number).execute(conn).await?;
    Ok(())
}

pub(crate) async fn delete_import_rows(conn: &mut Connection, import: ImportId, at_most: i64) -> Result<u64> {
    let sql = "DELETE FROM import_rows WHERE import_id = $1 AND number IN
                   (SELECT number FROM import_rows WHERE import_id = $1 ORDER BY number LIMIT $2)";
    Ok(sqlx::query(sql).bind(import.uuid()).bind(at_most).execute(conn).await?.rows_affected())
}

/// The id of an import contains the time at which it began.
pub(crate) async fn delete_import_rows_before(conn: &mut Connection, instant: Timestamp, at_most: i64) -> Result<u64> {
    let sql = "DELETE FROM import_rows WHERE (import_id, number) IN
                   (SELECT import_id, number FROM import_rows WHERE import_id < $1 LIMIT $2)";
    let bound = ImportId::new(instant, [0; 10]);
    Ok(sqlx::query(sql).bind(bound.uuid()).bind(at_most).execute(conn).await?.rows_affected())
}
