//! The components and processes of a machine, as pages show them.

use latchkey_licensing::{
    component::{Component, MAX_COMPONENTS},
    ids::MachineId,
    process::Process,
};
use latchkey_store::Conn;

use crate::{error::Internal, service::Service};

/// The most processes that a page shows.
pub const SHOWN_PROCESSES: u32 = 50;

/// The components and processes of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineParts {
    /// All components.
    pub components: Vec<Component>,
    /// The processes, the newest first, at most [`SHOWN_PROCESSES`].
    pub processes: Vec<Process>,
    /// Whether there are other processes.
    pub has_more_processes: bool,
}

impl Service {
    /// Reads the parts of a machine. The number of statements is fixed.
    pub(crate) async fn machine_parts(conn: &mut Conn, machine: MachineId) -> Result<MachineParts, Internal> {
        let most = i64::try_from(MAX_COMPONENTS).unwrap_or(i64::MAX);
        let components = conn.list_components(machine, None, 0, most).await?;
        let mut processes = conn.list_processes(machine, None, 0, i64::from(SHOWN_PROCESSES) + 1).await?;
        let shown = usize::try_from(SHOWN_PROCESSES).unwrap_or(usize::MAX);
        let has_more_processes = processes.len() > shown;
        processes.truncate(shown);
        Ok(MachineParts { components, processes, has_more_processes })
    }
}
