//! Bookkeeping that no request waits for: when licenses were last validated, machines and sessions last seen,
//! and which rate-limit tokens were spent. It is collected in memory and written in batches. A process that is
//! killed loses what it collected in the last half second; an orderly stop loses nothing.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use latchkey_licensing::{
    ids::{LicenseId, MachineId, SessionId},
    time::Timestamp,
};
use tokio::sync::Notify;

use crate::{error::Internal, service::Service};

/// How far "last validated" and "last seen" may lag, which saves writing them for every request.
pub(crate) const SEEN_RESOLUTION: Duration = Duration::from_mins(1);

/// How long bookkeeping is collected before it is written.
pub const WRITE_BEHIND_DELAY: Duration = Duration::from_millis(500);

/// What waits to be written.
#[derive(Debug, Default)]
struct Pending {
    validated: HashMap<LicenseId, Timestamp>,
    machines_seen: HashMap<MachineId, Timestamp>,
    sessions_seen: HashMap<SessionId, Timestamp>,
}

/// The bookkeeping of a process.
#[derive(Debug, Default)]
pub(crate) struct WriteBehind {
    pending: Mutex<Pending>,
    work: Notify,
}

impl WriteBehind {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that there is something to write.
    pub(crate) fn wake(&self) {
        self.work.notify_one();
    }

    fn take(&self) -> Pending {
        std::mem::take(&mut *self.pending())
    }

    /// Takes back what could not be written; what came meanwhile is newer.
    fn put_back(&self, failed: Pending) {
        let mut pending = self.pending();
        for (id, at) in failed.validated {
            pending.validated.entry(id).or_insert(at);
        }
        for (id, at) in failed.machines_seen {
            pending.machines_seen.entry(id).or_insert(at);
        }
        for (id, at) in failed.sessions_seen {
            pending.sessions_seen.entry(id).or_insert(at);
        }
    }
}

/// By id, so that neighbors in the table are written together, and all processes in one order.
fn sorted<Id: Copy + Ord>(map: &HashMap<Id, Timestamp>) -> Vec<(Id, Timestamp)> {
    let mut list: Vec<_> = map.iter().map(|(id, at)| (*id, *at)).collect();
    list.sort_unstable_by_key(|(id, _)| *id);
    list
}

/// Whether what is stored is old enough to be written again.
pub(crate) fn is_stale(stored: Timestamp, now: Timestamp) -> bool {
    now.since(stored) >= SEEN_RESOLUTION
}

impl Service {
    /// Notes that a license was validated and that machines of it were named.
    pub(crate) fn note_validation(
        &self,
        license: Option<LicenseId>,
        machines: impl IntoIterator<Item = MachineId>,
        now: Timestamp,
    ) {
        let mut pending = self.0.write_behind.pending();
        pending.validated.extend(license.map(|id| (id, now)));
        pending.machines_seen.extend(machines.into_iter().map(|id| (id, now)));
        let is_empty = pending.validated.is_empty() && pending.machines_seen.is_empty();
        drop(pending);
        if !is_empty {
            self.0.write_behind.wake();
        }
    }

    /// Notes that a session was used.
    pub(crate) fn note_session_seen(&self, session: SessionId, now: Timestamp) {
        self.0.write_behind.pending().sessions_seen.insert(session, now);
        self.0.write_behind.wake();
    }

    /// Waits until there is bookkeeping to write.
    pub async fn bookkeeping(&self) {
        self.0.write_behind.work.notified().await;
    }

    /// Writes all bookkeeping that was collected, in one transaction. What cannot be written is kept for the
    /// next time.
    pub async fn write_bookkeeping(&self) -> Result<(), Internal> {
        let pending = self.0.write_behind.take();
        let debts = self.0.leases.begin_writing(self.now());
        let (validated, machines, sessions) =
            (sorted(&pending.validated), sorted(&pending.machines_seen), sorted(&pending.sessions_seen));
        if validated.is_empty() && machines.is_empty() && sessions.is_empty() && debts.debits.is_empty() {
            return Ok(());
        }
        let written = async {
            let mut tx = self.store().write().await?;
            tx.note_licenses_validated(&validated).await?;
            tx.note_machines_seen(&machines).await?;
            tx.note_sessions_seen(&sessions).await?;
            tx.debit_buckets(&debts.debits).await?;
            tx.commit().await
        };
        match written.await {
            Ok(()) => {
                self.0.leases.written(debts);
                Ok(())
            }
            Err(error) => {
                self.0.write_behind.put_back(pending);
                // Somebody has to come back for it.
                self.0.write_behind.wake();
                Err(error.into())
            }
        }
    }
}
