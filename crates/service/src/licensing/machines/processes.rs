//! Processes: runs of an app, each of which holds a lease for as long as its heartbeats arrive.
//!
//! The limit is exact because a process is spawned, ended and culled only under the lock of its license. A heartbeat
//! takes no lock: it is one statement, which changes the row only while the process is alive.
//!
//! Neither writes to the audit log. An app spawns a process each time that it starts, so its rows would be most of the
//! log and of a license's history, where nobody would find what was decided about the license. Like a heartbeat, a
//! process says only that an app runs, and the machine's activation, which is in the log, is what allowed it to.

use latchkey_licensing::{
    ids::{LicenseId, MachineId, ProcessId},
    policy::Policy,
    process::{self, Process, ProcessCensus, SpawnRefusal},
    time::Timestamp,
};
use latchkey_store::{Conn, Page, Tx};

use crate::{
    error::{Internal, internal_errors},
    licensing::{
        machines::key_holder::HeartbeatError,
        validation::{
            facts::{AuthRefusal, LicenseFacts, ProcessDocument},
            key_holder::{KeyHolder, PageStart},
        },
    },
    service::{Service, write_behind::is_stale},
};

/// The most licenses with late processes that are checked in one round.
const CULL_BATCH: i64 = 500;

/// A process to spawn.
#[derive(Clone, Debug)]
pub struct NewProcess {
    /// The id or fingerprint of the machine on which it runs.
    pub machine: String,
    /// The text by which the app identifies it.
    pub pid: String,
    /// Data that the app attached: a JSON object as text.
    pub metadata: String,
}

/// Why a process was not spawned.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The license is not active on this machine.
    #[error("there is no such machine")]
    NoMachine,
    /// A process with this pid runs on the machine.
    #[error("the pid is taken")]
    PidTaken,
    /// As many processes run as the license allows.
    #[error("all {limit} processes are in use")]
    Limit {
        /// The limit that applies, including overage.
        limit: u32,
    },
    /// The license became unusable after its key was checked.
    #[error(transparent)]
    Refused(AuthRefusal),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(SpawnError);

impl From<SpawnRefusal> for SpawnError {
    fn from(refusal: SpawnRefusal) -> Self {
        match refusal {
            SpawnRefusal::PidTaken => Self::PidTaken,
            SpawnRefusal::Limit { limit } => Self::Limit { limit },
        }
    }
}

impl KeyHolder {
    /// Spawns a process, within the license's limits. Its first heartbeat is now.
    pub async fn spawn_process(&self, new: NewProcess) -> Result<ProcessDocument, SpawnError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let facts = self.lock(&mut tx).await.map_err(SpawnError::Refused)?;
        let machine = self.find_machine(&mut tx, &new.machine).await?.ok_or(SpawnError::NoMachine)?;
        self.service.check_place(&mut tx, &facts, machine.id, &new.pid, now).await?;
        let process = Process {
            id: ProcessId::new(now, self.service.random()?),
            license: machine.license,
            machine: machine.id,
            pid: new.pid,
            metadata: new.metadata,
            last_heartbeat_at: now,
            created_at: now,
        };
        tx.insert_process(&process).await?;
        tx.commit().await?;
        if is_stale(machine.last_seen_at, now) {
            self.service.note_validation(None, [machine.id], now);
        }
        let alive_since = facts.policy().processes.alive_since(&[], now);
        Ok(facts.process_document(process, alive_since))
    }

    /// A process on an active machine. `None` if the license has none with this id.
    pub async fn process(&self, id: &str) -> Result<Option<ProcessDocument>, Internal> {
        let Ok(id) = id.parse() else {
            return Ok(None);
        };
        let mut reader = self.service.store().read().await?;
        let Some(found) = reader.find_process(self.license_id(), id).await? else {
            return Ok(None);
        };
        let now = self.service.now();
        let since = Service::alive_since(&mut reader, self.facts.policy(), std::slice::from_ref(&found), now).await?;
        Ok(Some(self.facts.process_document(found, since)))
    }

    /// A page of the processes on the machine with this id or fingerprint, the newest first. `None` if there is no such
    /// machine.
    pub async fn processes(
        &self,
        machine: &str,
        start: PageStart<ProcessId>,
        limit: u32,
    ) -> Result<Option<Page<ProcessDocument, ProcessId>>, Internal> {
        let mut reader = self.service.store().read().await?;
        let Some(machine) = self.find_machine(&mut reader, machine).await? else {
            return Ok(None);
        };
        let (before, skipped) = start.before();
        let rows = Page::<Process, ProcessId>::rows(limit);
        let processes = reader.list_processes(machine.id, before, skipped, rows).await?;
        let now = self.service.now();
        let since = Service::alive_since(&mut reader, self.facts.policy(), &processes, now).await?;
        let page = Page::new(processes, limit, |process| process.id);
        Ok(Some(page.map(|process| self.facts.process_document(process, since))))
    }

    /// Records a heartbeat of a process.
    pub async fn ping_process(&self, id: &str) -> Result<ProcessDocument, HeartbeatError> {
        let id: ProcessId = id.parse().map_err(|_| HeartbeatError::NotFound)?;
        let (license, policy, now) = (self.license_id(), self.facts.policy(), self.service.now());
        let mut tx = self.service.store().write().await?;
        let mut alive_since = policy.processes.alive_since(&[], now);
        let mut beaten = tx.set_process_heartbeat(license, id, alive_since, now).await?;
        if beaten.is_none() {
            // There is none, or it seems dead. An outage may have kept its heartbeats from arriving.
            let late = tx.find_process(license, id).await?.ok_or(HeartbeatError::NotFound)?;
            alive_since = policy.processes.alive_since(&Service::all_outages(&mut tx, now).await?, now);
            if late.last_heartbeat_at < alive_since {
                return Err(HeartbeatError::Dead);
            }
            beaten = tx.set_process_heartbeat(license, id, alive_since, now).await?;
        }
        let process = beaten.ok_or(HeartbeatError::NotFound)?;
        tx.commit().await?;
        self.service.note_validation(None, [process.machine], now);
        Ok(self.facts.process_document(process, alive_since))
    }

    /// Ends a process. Returns `false` if there is none.
    pub async fn end_process(&self, id: &str) -> Result<bool, Internal> {
        let Ok(id) = id.parse() else {
            return Ok(false);
        };
        let mut tx = self.service.store().write().await?;
        tx.lock_license(self.license_id()).await?;
        let is_done = tx.delete_process(self.license_id(), id).await?;
        tx.commit().await?;
        Ok(is_done)
    }
}

impl Service {
    /// Whether a license has this process, dead or alive.
    pub(crate) async fn has_process(&self, license: LicenseId, id: ProcessId) -> Result<bool, Internal> {
        Ok(self.store().read_without_snapshot().await?.has_process(license, id).await?)
    }

    /// Fails if there is no place for another process. Dead ones give up theirs. The license must be locked.
    async fn check_place(
        &self,
        tx: &mut Tx,
        facts: &LicenseFacts,
        machine: MachineId,
        pid: &str,
        now: Timestamp,
    ) -> Result<(), SpawnError> {
        let (license, policy) = (facts.license.id, facts.policy());
        let census = tx.count_process_places(license, machine, pid).await?;
        let Err(refusal) = process::may_spawn(policy, census) else {
            return Ok(());
        };
        let alive_since = policy.processes.alive_since(&Self::all_outages(tx, now).await?, now);
        let gone = tx.delete_dead_processes(license, alive_since).await?;
        if gone.is_empty() {
            return Err(refusal.into());
        }
        let of_machine = gone.iter().filter(|(on, _)| *on == machine).count();
        let census = ProcessCensus {
            of_license: less(census.of_license, gone.len()),
            of_machine: less(census.of_machine, of_machine),
            is_pid_taken: census.is_pid_taken && !gone.iter().any(|(on, dead)| *on == machine && dead == pid),
        };
        Ok(process::may_spawn(policy, census)?)
    }

    /// The earliest last heartbeat with which these processes are alive. Outages are read only if one of them seems
    /// dead, because an outage can only make a process alive again.
    pub(crate) async fn alive_since(
        conn: &mut Conn,
        policy: &Policy,
        processes: &[Process],
        now: Timestamp,
    ) -> Result<Timestamp, Internal> {
        let plain = policy.processes.alive_since(&[], now);
        if processes.iter().all(|process| process.last_heartbeat_at >= plain) {
            return Ok(plain);
        }
        Ok(policy.processes.alive_since(&Self::all_outages(conn, now).await?, now))
    }

    /// How many processes are alive on each machine, if validation needs to know: only under a strict policy with a
    /// limit.
    pub(crate) async fn live_processes(
        conn: &mut Conn,
        facts: &LicenseFacts,
        now: Timestamp,
    ) -> Result<Vec<(MachineId, u32)>, Internal> {
        let (license, policy) = (facts.license.id, facts.policy());
        if !policy.is_strict || process::process_limit_with_overage(policy).is_none() {
            return Ok(Vec::new());
        }
        let mut counts = conn.count_processes(license, policy.processes.alive_since(&[], now)).await?;
        if counts.iter().any(|count| count.late > 0) {
            let outages = Self::all_outages(conn, now).await?;
            counts = conn.count_processes(license, policy.processes.alive_since(&outages, now)).await?;
        }
        Ok(counts.into_iter().map(|count| (count.machine, count.alive)).collect())
    }

    /// One round of upkeep: deletes dead processes. Returns their number.
    pub async fn cull_dead_processes(&self) -> Result<u64, Internal> {
        let now = self.now();
        let licenses = self.store().read().await?.list_licenses_with_late_processes(now, CULL_BATCH).await?;
        let mut gone = 0;
        let mut failure = None;
        for license in licenses {
            // An error with one license must not prevent the others from being checked.
            match self.cull_processes(license, now).await {
                Ok(count) => gone += count,
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(gone), Err)
    }

    /// Deletes the dead processes of one license, in its own transaction, so that no license is locked for long.
    async fn cull_processes(&self, license: LicenseId, now: Timestamp) -> Result<u64, Internal> {
        let mut tx = self.store().write().await?;
        let Some(facts) = self.lock_license(&mut tx, license).await? else {
            return Ok(0);
        };
        let outages = Self::all_outages(&mut tx, now).await?;
        let gone = tx.delete_dead_processes(license, facts.policy().processes.alive_since(&outages, now)).await?;
        tx.commit().await?;
        Ok(gone.len() as u64)
    }
}

fn less(count: u32, gone: usize) -> u32 {
    count.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX))
}
