//! Processes on machines.

use latchkey_licensing::{ids::MachineId, process::Process, time::Timestamp};
use uuid::Uuid;

/// The processes of a machine, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessCount {
    pub machine: MachineId,
    /// Those whose last heartbeat is not too old.
    pub alive: u32,
    /// The others, which may have died.
    pub late: u32,
}

#[derive(sqlx::FromRow)]
pub(crate) struct ProcessRow {
    id: Uuid,
    license_id: Uuid,
    machine_id: Uuid,
    pid: String,
    metadata: String,
    last_heartbeat_at: i64,
    created_at: i64,
}

impl From<ProcessRow> for Process {
    fn from(row: ProcessRow) -> Self {
        Self {
            id: row.id.into(),
            license: row.license_id.into(),
            machine: row.machine_id.into(),
            pid: row.pid,
            metadata: row.metadata,
            last_heartbeat_at: Timestamp::from_unix_micros(row.last_heartbeat_at),
            created_at: Timestamp::from_unix_micros(row.created_at),
        }
    }
}
