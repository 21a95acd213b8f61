//! License records, each read by one statement.

use latchkey_licensing::{ids::LicenseId, machine::Machine, time::Timestamp};
use sqlx::FromRow;

use super::super::dialect::{Connection, Db};
use crate::{
    error::Result,
    tables::licenses::license_records::{JoinedMachineRow, LicenseRecord, LicenseRecordRow},
};

/// Selects license records. `$2` names a rate-limit bucket.
macro_rules! select {
    ($machine_columns:literal, $machines:literal, $condition:literal) => {
        concat!(
            "SELECT licenses.id, licenses.account_id, licenses.product_id, licenses.policy_id, licenses.key_prefix,
                 licenses.key_tail, licenses.suspended_at, licenses.revoked_at, licenses.expires_at,
                 licenses.ends_after_first_use, licenses.max_machines, licenses.max_cores, licenses.max_uses, licenses.uses,
                 licenses.metadata, licenses.last_validated_at, licenses.last_check_in_at, licenses.last_check_out_at,
                 licenses.created_at, licenses.updated_at, licenses.key_lookup,
                 accounts.email AS owner_email, accounts.name AS owner_name, accounts.role AS owner_role,
                 accounts.disabled_at AS owner_disabled_at, accounts.created_at AS owner_created_at,
                 (SELECT COUNT(*) FROM license_entitlements WHERE license_entitlements.license_id = licenses.id)
                     AS own_entitlements,
                 (SELECT version FROM catalog_version) AS catalog_version,
                 (SELECT next_allowed_at FROM rate_limits WHERE bucket = $2) AS next_allowed_at",
            $machine_columns,
            " FROM licenses JOIN accounts ON accounts.id = licenses.account_id ",
            $machines,
            $condition
        )
    };
}

/// Selects license records with one row for each active machine.
macro_rules! select_with_machines {
    ($condition:literal) => {
        select!(
            ", machines.id AS machine_id, machines.slot AS machine_slot, machines.fingerprint AS machine_fingerprint,
               machines.name AS machine_name, machines.hostname AS machine_hostname,
               machines.platform AS machine_platform, machines.cores AS machine_cores,
               machines.app_version AS machine_app_version, machines.metadata AS machine_metadata,
               machines.last_heartbeat_at AS machine_last_heartbeat_at,
               machines.is_resurrected AS machine_is_resurrected,
               machines.last_check_out_at AS machine_last_check_out_at,
               machines.last_seen_at AS machine_last_seen_at, machines.created_at AS machine_created_at,
               machines.updated_at AS machine_updated_at",
            "LEFT JOIN machines ON machines.license_id = licenses.id AND machines.deactivated_at IS NULL ",
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

pub(crate) async fn find_license_record_by_key(
    conn: &mut Connection,
    lookup: &[u8; 32],
    bucket: &str,
) -> Result<Option<(LicenseRecord, Option<Timestamp>)>> {
    let sql = select!("", "", "WHERE licenses.key_lookup = $1");
    let row = sqlx::query(sql).bind(lookup.as_slice()).bind(bucket).fetch_optional(conn).await?;
    row.as_ref().map(read).transpose()
}

pub(crate) async fn find_license_record_with_machines_by_key(
    conn: &mut Connection,
    lookup: &[u8; 32],
    bucket: &str,
) -> Result<Option<(LicenseRecord, Option<Timestamp>, Vec<Machine>)>> {
    let sql = select_with_machines!("WHERE licenses.key_lookup = $1 ORDER BY machines.slot");
    read_with_machines(&sqlx::query(sql).bind(lookup.as_slice()).bind(bucket).fetch_all(conn).await?)
}

pub(crate) async fn find_license_record(conn: &mut Connection, id: LicenseId) -> Result<Option<LicenseRecord>> {
    let sql = select!("", "", "WHERE licenses.id = $1");
    let row = sqlx::query(sql).bind(id.uuid()).bind("").fetch_optional(conn).await?;
    Ok(row.as_ref().map(read).transpose()?.map(|(record, _)| record))
}

pub(crate) async fn find_license_record_with_machines(
    conn: &mut Connection,
    id: LicenseId,
) -> Result<Option<(LicenseRecord, Vec<Machine>)>> {
    let sql = select_with_machines!("WHERE licenses.id = $1 ORDER BY machines.slot");
    let found = read_with_machines(&sqlx::query(sql).bind(id.uuid()).bind("").fetch_all(conn).await?)?;
    Ok(found.map(|(record, _, machines)| (record, machines)))
}
