//! Machines. Only active ones are ever returned; a deactivated one is history.

use latchkey_licensing::{
    ids::{LicenseId, MachineId},
    machine::Machine,
    time::Timestamp,
};
use uuid::Uuid;

use super::Conn;
use crate::{
    error::Result,
    rows::{self, MachineEnd, MachineRow},
};

pub(crate) async fn insert_machine(conn: &mut Conn, machine: &Machine, fingerprint_hash: &[u8; 32]) -> Result<()> {
    let sql =
        "INSERT INTO machines (id, license_id, slot, fingerprint, fingerprint_hash, name, hostname, platform, cores,
                   app_version, metadata, last_heartbeat_at, last_seen_at, created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    sqlx::query(sql)
        .bind(machine.id.uuid())
        .bind(machine.license.uuid())
        .bind(i64::from(machine.slot))
        .bind(machine.fingerprint.as_str())
        .bind(fingerprint_hash.as_slice())
        .bind(machine.facts.name.as_deref())
        .bind(machine.facts.hostname.as_deref())
        .bind(machine.facts.platform.as_deref())
        .bind(machine.facts.cores.map(i64::from))
        .bind(machine.facts.app_version.as_deref())
        .bind(&machine.metadata)
        .bind(machine.last_heartbeat_at.map(Timestamp::unix_micros))
        .bind(machine.last_seen_at.unix_micros())
        .bind(machine.created_at.unix_micros())
        .bind(machine.updated_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

/// The license's active machines by id, after `after`.
pub(crate) async fn list_machines(
    conn: &mut Conn,
    license: LicenseId,
    after: Option<MachineId>,
    limit: i64,
) -> Result<Vec<Machine>> {
    let sql = "SELECT id, license_id, slot, fingerprint, name, hostname, platform, cores, app_version, metadata,
                   last_heartbeat_at, last_seen_at, created_at, updated_at
               FROM machines WHERE license_id = $1 AND deactivated_at IS NULL AND id > $2 ORDER BY id LIMIT $3";
    let rows: Vec<MachineRow> = sqlx::query_as(sql)
        .bind(license.uuid())
        .bind(after.map_or(Uuid::nil(), MachineId::uuid))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(rows::machine).collect()
}

pub(crate) async fn find_machine(conn: &mut Conn, license: LicenseId, id: MachineId) -> Result<Option<Machine>> {
    let sql = "SELECT id, license_id, slot, fingerprint, name, hostname, platform, cores, app_version, metadata,
                   last_heartbeat_at, last_seen_at, created_at, updated_at
               FROM machines WHERE license_id = $1 AND id = $2 AND deactivated_at IS NULL";
    let row: Option<MachineRow> = sqlx::query_as(sql).bind(license.uuid()).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(rows::machine).transpose()
}

pub(crate) async fn find_machine_by_fingerprint(
    conn: &mut Conn,
    license: LicenseId,
    fingerprint_hash: &[u8; 32],
) -> Result<Option<Machine>> {
    let sql = "SELECT id, license_id, slot, fingerprint, name, hostname, platform, cores, app_version, metadata,
                   last_heartbeat_at, last_seen_at, created_at, updated_at
               FROM machines WHERE license_id = $1 AND fingerprint_hash = $2 AND deactivated_at IS NULL";
    let row: Option<MachineRow> =
        sqlx::query_as(sql).bind(license.uuid()).bind(fingerprint_hash.as_slice()).fetch_optional(conn).await?;
    row.map(rows::machine).transpose()
}

/// Deactivates a machine. `false` if it was not active.
pub(crate) async fn set_machine_deactivated(
    conn: &mut Conn,
    id: MachineId,
    by: MachineEnd,
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE machines SET deactivated_at = $2, deactivated_by = $3, updated_at = $2
               WHERE id = $1 AND deactivated_at IS NULL";
    let done = sqlx::query(sql).bind(id.uuid()).bind(now.unix_micros()).bind(by.as_str()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn set_machine_heartbeat(conn: &mut Conn, id: MachineId, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE machines SET last_heartbeat_at = $2, last_seen_at = $2, updated_at = $2
               WHERE id = $1 AND deactivated_at IS NULL";
    let done = sqlx::query(sql).bind(id.uuid()).bind(now.unix_micros()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn set_machine_seen(conn: &mut Conn, id: MachineId, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE machines SET last_seen_at = $2 WHERE id = $1 AND deactivated_at IS NULL")
        .bind(id.uuid())
        .bind(now.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether this machine was once active under this license and no longer is.
pub(crate) async fn was_machine(conn: &mut Conn, license: LicenseId, id: MachineId) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM machines WHERE license_id = $1 AND id = $2 AND deactivated_at IS NOT NULL";
    let count: i64 = sqlx::query_scalar(sql).bind(license.uuid()).bind(id.uuid()).fetch_one(conn).await?;
    Ok(count == 1)
}
