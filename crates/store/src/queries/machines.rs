//! Machines. The rows of deactivated machines remain as history. Queries that return machines skip them.

pub(crate) mod components;
pub(crate) mod heartbeat_watch;
pub(crate) mod outages;
pub(crate) mod processes;

use latchkey_licensing::{
    ids::{AccountId, LicenseId, MachineId},
    machine::Machine,
    policy::HEARTBEAT_DRIFT,
    time::Timestamp,
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    batch,
    dialect::{Connection, Db},
};
use crate::{
    error::Result,
    tables::{
        self, Origin,
        machines::{DeactivatedBy, MachineCount, MachineRow},
    },
};

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, license_id, slot, fingerprint, name, hostname, platform, cores, memory, disk, ip, app_version,
                 metadata, last_heartbeat_at, is_resurrected, last_check_out_at, last_seen_at, created_at, updated_at
             FROM machines ",
            $condition
        )
    };
}

pub(crate) async fn insert_machine(
    conn: &mut Connection,
    machine: &Machine,
    fingerprint_hash: &[u8; 32],
) -> Result<()> {
    let sql =
        "INSERT INTO machines (id, license_id, slot, fingerprint, fingerprint_hash, name, hostname, platform, cores,
                   memory, disk, ip, app_version, metadata, last_heartbeat_at, is_resurrected, last_check_out_at, last_seen_at,
                   created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
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
        .bind(size(machine.facts.memory))
        .bind(size(machine.facts.disk))
        .bind(machine.facts.ip.map(|ip| ip.to_string()))
        .bind(machine.facts.app_version.as_deref())
        .bind(&machine.metadata)
        .bind(machine.last_heartbeat_at.map(Timestamp::unix_micros))
        .bind(machine.is_resurrected)
        .bind(machine.last_check_out_at.map(Timestamp::unix_micros))
        .bind(machine.last_seen_at.unix_micros())
        .bind(machine.created_at.unix_micros())
        .bind(machine.updated_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

/// A size in bytes as it is stored. Larger ones are refused before.
fn size(bytes: Option<u64>) -> Option<i64> {
    bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
}

pub(crate) async fn machine_id_at_position(
    conn: &mut Connection,
    license: LicenseId,
    skipped: i64,
) -> Result<Option<MachineId>> {
    let sql =
        "SELECT id FROM machines WHERE license_id = $1 AND deactivated_at IS NULL ORDER BY id DESC LIMIT 1 OFFSET $2";
    let id: Option<Uuid> = sqlx::query_scalar(sql).bind(license.uuid()).bind(skipped).fetch_optional(conn).await?;
    Ok(id.map(MachineId::from))
}

pub(crate) async fn list_machines(
    conn: &mut Connection,
    license: LicenseId,
    after: Option<MachineId>,
    limit: i64,
) -> Result<Vec<Machine>> {
    let sql = select!("WHERE license_id = $1 AND deactivated_at IS NULL AND id < $2 ORDER BY id DESC LIMIT $3");
    let rows: Vec<MachineRow> = sqlx::query_as(sql)
        .bind(license.uuid())
        .bind(after.map_or(Uuid::max(), MachineId::uuid))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Machine::try_from).collect()
}

pub(crate) async fn find_machine(conn: &mut Connection, license: LicenseId, id: MachineId) -> Result<Option<Machine>> {
    let sql = select!("WHERE license_id = $1 AND id = $2 AND deactivated_at IS NULL");
    let row: Option<MachineRow> = sqlx::query_as(sql).bind(license.uuid()).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Machine::try_from).transpose()
}

pub(crate) async fn find_machine_by_fingerprint(
    conn: &mut Connection,
    license: LicenseId,
    fingerprint_hash: &[u8; 32],
) -> Result<Option<Machine>> {
    let sql = select!("WHERE license_id = $1 AND fingerprint_hash = $2 AND deactivated_at IS NULL");
    let row: Option<MachineRow> =
        sqlx::query_as(sql).bind(license.uuid()).bind(fingerprint_hash.as_slice()).fetch_optional(conn).await?;
    row.map(Machine::try_from).transpose()
}

pub(crate) async fn set_machine_deactivated(
    conn: &mut Connection,
    id: MachineId,
    by: DeactivatedBy,
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE machines SET deactivated_at = $2, deactivated_by = $3, updated_at = $2
               WHERE id = $1 AND deactivated_at IS NULL";
    let done = sqlx::query(sql).bind(id.uuid()).bind(now.unix_micros()).bind(by.as_str()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn update_machine(conn: &mut Connection, machine: &Machine) -> Result<bool> {
    let sql = "UPDATE machines SET name = $2, last_heartbeat_at = $3, is_resurrected = $4, last_check_out_at = $5,
                   last_seen_at = $6, updated_at = $7
               WHERE id = $1 AND deactivated_at IS NULL";
    let done = sqlx::query(sql)
        .bind(machine.id.uuid())
        .bind(machine.facts.name.as_deref())
        .bind(machine.last_heartbeat_at.map(Timestamp::unix_micros))
        .bind(machine.is_resurrected)
        .bind(machine.last_check_out_at.map(Timestamp::unix_micros))
        .bind(machine.last_seen_at.unix_micros())
        .bind(machine.updated_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn list_deactivations_by_customer(
    conn: &mut Connection,
    license: LicenseId,
    since: Timestamp,
) -> Result<Vec<Timestamp>> {
    let sql = "SELECT deactivated_at FROM machines
               WHERE license_id = $1 AND deactivated_by = 'customer' AND deactivated_at > $2 ORDER BY deactivated_at";
    let times: Vec<i64> =
        sqlx::query_scalar(sql).bind(license.uuid()).bind(since.unix_micros()).fetch_all(conn).await?;
    Ok(times.into_iter().map(Timestamp::from_unix_micros).collect())
}

/// The rules decide which of the machines are dead. The condition on the shortest heartbeat period of all policies
/// that cull machines limits the part of the index that is read.
pub(crate) async fn list_licenses_with_late_machines(
    conn: &mut Connection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<LicenseId>> {
    let sql = "SELECT licenses.id FROM machines
               JOIN licenses ON licenses.id = machines.license_id
               JOIN policies ON policies.id = licenses.policy_id
               WHERE machines.deactivated_at IS NULL AND policies.requires_heartbeat
                 AND policies.heartbeat_cull = 'DEACTIVATE_DEAD'
                 AND machines.last_heartbeat_at < $1 - $2 - policies.heartbeat_us
                 AND machines.last_heartbeat_at < $1 - $2 - (
                     SELECT MIN(heartbeat_us) FROM policies
                     WHERE requires_heartbeat AND heartbeat_cull = 'DEACTIVATE_DEAD'
                 )
               GROUP BY licenses.id ORDER BY MIN(machines.last_heartbeat_at) LIMIT $3";
    let ids: Vec<Uuid> = sqlx::query_scalar(sql)
        .bind(now.unix_micros())
        .bind(tables::micros(HEARTBEAT_DRIFT))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    Ok(ids.into_iter().map(LicenseId::from).collect())
}

pub(crate) async fn was_active_machine(conn: &mut Connection, license: LicenseId, id: MachineId) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM machines WHERE license_id = $1 AND id = $2 AND deactivated_at IS NOT NULL";
    let count: i64 = sqlx::query_scalar(sql).bind(license.uuid()).bind(id.uuid()).fetch_one(conn).await?;
    Ok(count == 1)
}

pub(crate) async fn was_active_fingerprint(
    conn: &mut Connection,
    license: LicenseId,
    fingerprint_hash: &[u8; 32],
) -> Result<bool> {
    let sql = "SELECT id FROM machines
               WHERE license_id = $1 AND fingerprint_hash = $2 AND deactivated_at IS NOT NULL LIMIT 1";
    let id: Option<Uuid> =
        sqlx::query_scalar(sql).bind(license.uuid()).bind(fingerprint_hash.as_slice()).fetch_optional(conn).await?;
    Ok(id.is_some())
}

pub(crate) async fn list_active_machines(conn: &mut Connection, license: LicenseId) -> Result<Vec<Machine>> {
    let sql = select!("WHERE license_id = $1 AND deactivated_at IS NULL ORDER BY slot");
    let rows: Vec<MachineRow> = sqlx::query_as(sql).bind(license.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(Machine::try_from).collect()
}

pub(crate) async fn note_machines_seen(conn: &mut Connection, seen: &[(MachineId, Timestamp)]) -> Result<()> {
    for batch in seen.chunks(batch::ROWS) {
        let mut query = QueryBuilder::<Db>::new("UPDATE machines SET last_seen_at = noted.column2 FROM (");
        query.push_values(batch, |mut row, (id, at)| {
            row.push_bind(id.uuid()).push_bind(at.unix_micros());
        });
        query.push(
            ") AS noted WHERE machines.id = noted.column1 AND machines.deactivated_at IS NULL
               AND machines.last_seen_at < noted.column2",
        );
        query.build().persistent(false).execute(&mut *conn).await?;
    }
    Ok(())
}

pub(crate) async fn count_machines(conn: &mut Connection, licenses: &[LicenseId]) -> Result<Vec<MachineCount>> {
    let mut counts = Vec::new();
    for ids in licenses.chunks(batch::IDS) {
        let sql = "SELECT license_id, COUNT(*), MAX(last_seen_at) FROM machines
                   WHERE deactivated_at IS NULL AND license_id IN ";
        let mut query = QueryBuilder::<Db>::new(sql);
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(" GROUP BY license_id");
        let rows: Vec<(Uuid, i64, i64)> =
            query.build_query_as().persistent(ids.len() == 1).fetch_all(&mut *conn).await?;
        for (license, machines, last_seen_at) in rows {
            counts.push(MachineCount {
                license: license.into(),
                machines: Origin::new("licenses", license).count(machines)?,
                last_seen_at: Some(Timestamp::from_unix_micros(last_seen_at)),
            });
        }
    }
    Ok(counts)
}

pub(crate) async fn list_first_machines(
    conn: &mut Connection,
    licenses: &[LicenseId],
    at_most: i64,
) -> Result<Vec<Machine>> {
    if let [license] = licenses {
        let sql = select!("WHERE license_id = $1 AND deactivated_at IS NULL ORDER BY slot LIMIT $2");
        let rows: Vec<MachineRow> = sqlx::query_as(sql).bind(license.uuid()).bind(at_most).fetch_all(conn).await?;
        return rows.into_iter().map(Machine::try_from).collect();
    }
    let mut machines = Vec::new();
    for ids in licenses.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new(select!(
            "WHERE id IN (SELECT id FROM (
                 SELECT id, ROW_NUMBER() OVER (PARTITION BY license_id ORDER BY slot) AS place FROM machines
                 WHERE deactivated_at IS NULL AND license_id IN "
        ));
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(") AS placed WHERE place <= ").push_bind(at_most).push(") ORDER BY license_id, slot");
        let rows: Vec<MachineRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        for row in rows {
            machines.push(Machine::try_from(row)?);
        }
    }
    Ok(machines)
}

pub(crate) async fn list_machines_of(conn: &mut Connection, licenses: &[LicenseId]) -> Result<Vec<Machine>> {
    let mut machines = Vec::new();
    for ids in licenses.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new(select!("WHERE deactivated_at IS NULL AND license_id IN "));
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(" ORDER BY id");
        let rows: Vec<MachineRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        for row in rows {
            machines.push(Machine::try_from(row)?);
        }
    }
    Ok(machines)
}

pub(crate) async fn list_customer_deactivations_of(
    conn: &mut Connection,
    licenses: &[LicenseId],
    since: Timestamp,
) -> Result<Vec<(LicenseId, Timestamp)>> {
    let mut releases = Vec::new();
    for ids in licenses.chunks(batch::IDS) {
        let sql =
            "SELECT license_id, deactivated_at FROM machines WHERE deactivated_by = 'customer' AND deactivated_at > ";
        let mut query = QueryBuilder::<Db>::new(sql);
        query.push_bind(since.unix_micros()).push(" AND license_id IN ");
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(" ORDER BY deactivated_at");
        let rows: Vec<(Uuid, i64)> = query.build_query_as().persistent(ids.len() == 1).fetch_all(&mut *conn).await?;
        releases.extend(rows.into_iter().map(|(license, at)| (license.into(), Timestamp::from_unix_micros(at))));
    }
    Ok(releases)
}

/// Also those of deactivated machines.
pub(crate) async fn erase_machine_names_of(conn: &mut Connection, account: AccountId, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE machines SET name = NULL, hostname = NULL, ip = NULL, metadata = '{}', updated_at = $2
               WHERE license_id IN (SELECT id FROM licenses WHERE account_id = $1)";
    let done = sqlx::query(sql).bind(account.uuid()).bind(now.unix_micros()).execute(conn).await?;
    Ok(done.rows_affected())
}
