//! Processes on active machines.
//!
//! Rows are inserted and deleted only under the lock of their license, so that a limit of processes is exact. A
//! heartbeat needs no lock: it changes one row, and only if the row is still there and not too old.

use latchkey_licensing::{
    ids::{AccountId, LicenseId, MachineId, ProcessId},
    policy::HEARTBEAT_DRIFT,
    process::{Process, ProcessCensus},
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
        self, Origin,
        machines::processes::{ProcessCount, ProcessRow},
    },
};

macro_rules! columns {
    () => {
        "id, license_id, machine_id, pid, metadata, last_heartbeat_at, created_at"
    };
}

macro_rules! select {
    ($condition:literal) => {
        concat!("SELECT ", columns!(), " FROM processes ", $condition)
    };
}

pub(crate) async fn insert_process(conn: &mut Connection, process: &Process) -> Result<()> {
    let sql = concat!("INSERT INTO processes (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7)");
    sqlx::query(sql)
        .bind(process.id.uuid())
        .bind(process.license.uuid())
        .bind(process.machine.uuid())
        .bind(&process.pid)
        .bind(&process.metadata)
        .bind(process.last_heartbeat_at.unix_micros())
        .bind(process.created_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn find_process(conn: &mut Connection, license: LicenseId, id: ProcessId) -> Result<Option<Process>> {
    let sql = select!("WHERE license_id = $1 AND id = $2");
    let row: Option<ProcessRow> = sqlx::query_as(sql).bind(license.uuid()).bind(id.uuid()).fetch_optional(conn).await?;
    Ok(row.map(Process::from))
}

pub(crate) async fn has_process(conn: &mut Connection, license: LicenseId, id: ProcessId) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM processes WHERE license_id = $1 AND id = $2";
    let count: i64 = sqlx::query_scalar(sql).bind(license.uuid()).bind(id.uuid()).fetch_one(conn).await?;
    Ok(count == 1)
}

pub(crate) async fn list_processes(
    conn: &mut Connection,
    machine: MachineId,
    before: Option<ProcessId>,
    skipped: i64,
    limit: i64,
) -> Result<Vec<Process>> {
    let sql = select!("WHERE machine_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3 OFFSET $4");
    let rows: Vec<ProcessRow> = sqlx::query_as(sql)
        .bind(machine.uuid())
        .bind(before.map_or(Uuid::max(), ProcessId::uuid))
        .bind(limit)
        .bind(skipped)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(Process::from).collect())
}

pub(crate) async fn list_processes_of(conn: &mut Connection, machines: &[MachineId]) -> Result<Vec<Process>> {
    let mut processes = Vec::new();
    for ids in machines.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new(select!("WHERE machine_id IN "));
        batch::push_ids(&mut query, ids.iter().map(|id| id.uuid()));
        query.push(" ORDER BY id");
        let rows: Vec<ProcessRow> = query.build_query_as().persistent(false).fetch_all(&mut *conn).await?;
        processes.extend(rows.into_iter().map(Process::from));
    }
    Ok(processes)
}

pub(crate) async fn count_processes(
    conn: &mut Connection,
    license: LicenseId,
    alive_since: Timestamp,
) -> Result<Vec<ProcessCount>> {
    let sql = "SELECT machine_id, COUNT(*), COUNT(CASE WHEN last_heartbeat_at < $2 THEN 1 END)
               FROM processes WHERE license_id = $1 GROUP BY machine_id";
    let rows: Vec<(Uuid, i64, i64)> =
        sqlx::query_as(sql).bind(license.uuid()).bind(alive_since.unix_micros()).fetch_all(conn).await?;
    rows.into_iter()
        .map(|(machine, all, late)| {
            let origin = Origin::new("machines", machine);
            Ok(ProcessCount { machine: machine.into(), alive: origin.count(all - late)?, late: origin.count(late)? })
        })
        .collect()
}

pub(crate) async fn count_process_places(
    conn: &mut Connection,
    license: LicenseId,
    machine: MachineId,
    pid: &str,
) -> Result<ProcessCensus> {
    let sql = "SELECT COUNT(*), COUNT(CASE WHEN machine_id = $2 THEN 1 END),
                   COUNT(CASE WHEN machine_id = $2 AND pid = $3 THEN 1 END)
               FROM processes WHERE license_id = $1";
    let (of_license, of_machine, with_pid): (i64, i64, i64) =
        sqlx::query_as(sql).bind(license.uuid()).bind(machine.uuid()).bind(pid).fetch_one(conn).await?;
    let origin = Origin::new("licenses", license);
    Ok(ProcessCensus {
        of_machine: origin.count(of_machine)?,
        of_license: origin.count(of_license)?,
        is_pid_taken: with_pid > 0,
    })
}

pub(crate) async fn set_process_heartbeat(
    conn: &mut Connection,
    license: LicenseId,
    id: ProcessId,
    alive_since: Timestamp,
    now: Timestamp,
) -> Result<Option<Process>> {
    let sql = concat!(
        "UPDATE processes
         SET last_heartbeat_at = CASE WHEN last_heartbeat_at < $4 THEN $4 ELSE last_heartbeat_at END
         WHERE id = $2 AND license_id = $1 AND last_heartbeat_at >= $3 RETURNING ",
        columns!()
    );
    let row: Option<ProcessRow> = sqlx::query_as(sql)
        .bind(license.uuid())
        .bind(id.uuid())
        .bind(alive_since.unix_micros())
        .bind(now.unix_micros())
        .fetch_optional(conn)
        .await?;
    Ok(row.map(Process::from))
}

/// The rules decide which of the processes are dead. The condition on the shortest window of all policies limits the
/// part of the index that is read.
pub(crate) async fn list_licenses_with_late_processes(
    conn: &mut Connection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<LicenseId>> {
    let sql = "SELECT licenses.id FROM processes
               JOIN licenses ON licenses.id = processes.license_id
               JOIN policies ON policies.id = licenses.policy_id
               WHERE processes.last_heartbeat_at < $1 - $2 - policies.process_us
                 AND processes.last_heartbeat_at < $1 - $2 - (SELECT MIN(process_us) FROM policies)
               GROUP BY licenses.id ORDER BY MIN(processes.last_heartbeat_at) LIMIT $3";
    let ids: Vec<Uuid> = sqlx::query_scalar(sql)
        .bind(now.unix_micros())
        .bind(tables::micros(HEARTBEAT_DRIFT))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    Ok(ids.into_iter().map(LicenseId::from).collect())
}

pub(crate) async fn delete_dead_processes(
    conn: &mut Connection,
    license: LicenseId,
    alive_since: Timestamp,
) -> Result<Vec<(MachineId, String)>> {
    let sql = "DELETE FROM processes WHERE license_id = $1 AND last_heartbeat_at < $2 RETURNING machine_id, pid";
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as(sql).bind(license.uuid()).bind(alive_since.unix_micros()).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(machine, pid)| (machine.into(), pid)).collect())
}

pub(crate) async fn delete_process(conn: &mut Connection, license: LicenseId, id: ProcessId) -> Result<bool> {
    let sql = "DELETE FROM processes WHERE license_id = $1 AND id = $2";
    Ok(sqlx::query(sql).bind(license.uuid()).bind(id.uuid()).execute(conn).await?.rows_affected() == 1)
}

pub(crate) async fn delete_processes_on(conn: &mut Connection, machine: MachineId) -> Result<u64> {
    let done = sqlx::query("DELETE FROM processes WHERE machine_id = $1").bind(machine.uuid()).execute(conn).await?;
    Ok(done.rows_affected())
}

pub(crate) async fn erase_process_metadata_of(conn: &mut Connection, account: AccountId) -> Result<u64> {
    let sql = "UPDATE processes SET metadata = '{}'
               WHERE license_id IN (SELECT id FROM licenses WHERE account_id = $1)";
    Ok(sqlx::query(sql).bind(account.uuid()).execute(conn).await?.rows_affected())
}
