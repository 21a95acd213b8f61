//! License records, each read by one statement.

use std::sync::LazyLock;

use latchkey_licensing::{ids::LicenseId, machine::Machine, time::Timestamp};
use sqlx::{FromRow, QueryBuilder, Row as _};

use super::super::{
    batch,
    dialect::{Connection, Db},
};
use crate::{
    error::Result,
    tables::Origin,
    tables::licenses::license_records::{
        JoinedMachineRow, KeyLookup, KnownLicense, LicenseRecord, LicenseRecordRow, MAX_LOOKUPS,
    },
};

/// Selects license records with one row for each active machine.
///
/// `$wanted` is what the licenses are joined to, `$number` the number of a lookup, `$bucket` the rate-limit bucket to
/// read and `$machines` the condition under which machines are read.
macro_rules! select {
    ($number:literal, $bucket:literal, $wanted:literal, $machines:literal, $condition:literal) => {
        concat!(
            "SELECT licenses.id, licenses.account_id, licenses.product_id, licenses.policy_id, licenses.key_prefix,
                 licenses.key_tail, licenses.suspended_at, licenses.revoked_at, licenses.expires_at,
                 licenses.ends_after_first_use, licenses.max_machines, licenses.max_cores, licenses.max_uses, licenses.uses,
                 licenses.metadata, licenses.last_validated_at, licenses.last_check_in_at, licenses.last_check_out_at,
                 licenses.created_at, licenses.updated_at, licenses.key_lookup,
                 accounts.email AS owner_email, accounts.name AS owner_name, accounts.role AS owner_role,
                 accounts.disabled_at AS owner_disabled_at, accounts.created_at AS owner_created_at,
                 (SELECT COUNT(*) FROM license_entitlements WHERE license_entitlements.license_id = licenses.id)
                     AS individual_entitlements,
                 (SELECT version FROM catalog_version) AS catalog_version,
                 CASE WHEN ", $bucket, " <> '' THEN
                     (SELECT next_allowed_at FROM rate_limits WHERE rate_limits.bucket = ", $bucket, ")
                 END AS next_allowed_at,
                 machines.id AS machine_id, machines.slot AS machine_slot,
                 machines.fingerprint AS machine_fingerprint, machines.name AS machine_name,
                 machines.hostname AS machine_hostname, machines.platform AS machine_platform,
                 machines.cores AS machine_cores, machines.memory AS machine_memory, machines.disk AS machine_disk,
                 machines.ip AS machine_ip, machines.app_version AS machine_app_version,
                 machines.metadata AS machine_metadata, machines.last_heartbeat_at AS machine_last_heartbeat_at,
                 machines.is_resurrected AS machine_is_resurrected,
                 machines.last_check_out_at AS machine_last_check_out_at,
                 machines.last_seen_at AS machine_last_seen_at, machines.created_at AS machine_created_at,
                 machines.updated_at AS machine_updated_at, ", $number, " AS number
             FROM ", $wanted, " licenses JOIN accounts ON accounts.id = licenses.account_id
                 LEFT JOIN machines ON ", $machines, " machines.license_id = licenses.id
                     AND machines.deactivated_at IS NULL ",
            $condition
        )
    };
}

type Row = <Db as sqlx::Database>::Row;

/// A record and the stored value of its bucket.
fn read(row: &Row) -> Result<(LicenseRecord, Option<Timestamp>)> {
    let row = LicenseRecordRow::from_row(row)?;
    let stored = row.next_allowed_at.map(Timestamp::from_unix_micros);
    Ok((row.try_into()?, stored))
}

/// A record, the stored value of its bucket, and the license's machines.
type RecordWithMachines = (LicenseRecord, Option<Timestamp>, Vec<Machine>);

fn read_with_machines(rows: &[Row]) -> Result<Option<RecordWithMachines>> {
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let (record, stored) = read(first)?;
    let mut machines = Vec::with_capacity(rows.len());
    for row in rows {
        machines.extend(JoinedMachineRow::from_row(row)?.of_license(record.license.id)?);
    }
    Ok(Some((record, stored, machines)))
}

/// The statements that look up 1, 2, 4, 8, … keys. Unused places in a statement are bound to no key.
static BY_KEYS: LazyLock<Vec<(usize, String)>> = LazyLock::new(|| {
    let sizes = std::iter::successors(Some(1), |size| Some(size * 2)).take_while(|size| *size <= MAX_LOOKUPS);
    sizes.map(|size| (size, by_keys(size))).collect()
});

fn by_keys(size: usize) -> String {
    let rows: Vec<_> = (0..size).map(|n| format!("({n}, ${}, ${}, ${})", 3 * n + 1, 3 * n + 2, 3 * n + 3)).collect();
    // SQLite makes a cross join from left to right, so that it looks up each key in the index.
    let select = select!(
        "wanted.number",
        "wanted.bucket",
        "wanted CROSS JOIN",
        "wanted.with_machines AND",
        "WHERE licenses.key_lookup = wanted.key_lookup ORDER BY wanted.number, machines.slot"
    );
    format!("WITH wanted (number, key_lookup, bucket, with_machines) AS (VALUES {}) {select}", rows.join(", "))
}

pub(crate) async fn find_licenses_by_keys(
    conn: &mut Connection,
    lookups: &[KeyLookup],
) -> Result<Vec<Result<Option<KnownLicense>>>> {
    let enough = BY_KEYS.iter().find(|(size, _)| *size >= lookups.len());
    let (size, sql) = enough.ok_or_else(|| sqlx::Error::Protocol("too many lookups".to_owned()))?;
    let mut query = sqlx::query(sql.as_str());
    for lookup in lookups {
        query = query.bind(Some(lookup.key_lookup.as_slice())).bind(lookup.bucket.as_str()).bind(lookup.with_machines);
    }
    for _ in lookups.len()..*size {
        query = query.bind(None::<&[u8]>).bind("").bind(false);
    }
    let rows = query.fetch_all(conn).await?;
    let mut rows = rows.as_slice();
    let mut found = Vec::with_capacity(lookups.len());
    for (number, lookup) in lookups.iter().enumerate() {
        let mut count = 0;
        for row in rows {
            if usize::try_from(row.try_get::<i32, _>("number")?) != Ok(number) {
                break;
            }
            count += 1;
        }
        let (these, rest) = rows.split_at(count);
        rows = rest;
        // One damaged row must not fail the lookups of others.
        found.push(known_license(these, lookup));
    }
    Ok(found)
}

fn known_license(rows: &[Row], lookup: &KeyLookup) -> Result<Option<KnownLicense>> {
    let Some((record, next_allowed_at, machines)) = read_with_machines(rows)? else {
        return Ok(None);
    };
    if record.key_lookup != lookup.key_lookup {
        return Err(Origin::new("licenses", record.license.id).corrupt("the row has another key than the lookup"));
    }
    Ok(Some(KnownLicense { record, next_allowed_at, machines: lookup.with_machines.then_some(machines) }))
}

pub(crate) async fn find_license_record(conn: &mut Connection, id: LicenseId) -> Result<Option<LicenseRecord>> {
    let sql = select!("0", "''", "", "1 = 0 AND", "WHERE licenses.id = $1");
    let row = sqlx::query(sql).bind(id.uuid()).fetch_optional(conn).await?;
    Ok(row.as_ref().map(read).transpose()?.map(|(record, _)| record))
}

pub(crate) async fn list_license_records(conn: &mut Connection, licenses: &[LicenseId]) -> Result<Vec<LicenseRecord>> {
    let mut records = Vec::with_capacity(licenses.len());
    for ids in licenses.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new(select!("0", "''", "", "1 = 0 AND", "WHERE licenses.id IN "));
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        for row in query.build().persistent(false).fetch_all(&mut *conn).await? {
            records.push(read(&row)?.0);
        }
    }
    Ok(records)
}

pub(crate) async fn find_license_record_with_machines(
    conn: &mut Connection,
    id: LicenseId,
) -> Result<Option<(LicenseRecord, Vec<Machine>)>> {
    let sql = select!("0", "''", "", "", "WHERE licenses.id = $1 ORDER BY machines.slot");
    let found = read_with_machines(&sqlx::query(sql).bind(id.uuid()).fetch_all(conn).await?)?;
    Ok(found.map(|(record, _, machines)| (record, machines)))
}
