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

/// How far "last validated" and "last seen" may lag, which saves writing them for every request.
pub(crate) const SEEN_RESOLUTION: Duration = Duration::from_mins(1);

/// How long bookkeeping is collected before it is written.
pub const WRITE_BEHIND_DELAY: Duration = Duration::from_millis(500);

/// What waits to be written.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) validated: HashMap<LicenseId, Timestamp>,
    pub(crate) machines_seen: HashMap<MachineId, Timestamp>,
    pub(crate) sessions_seen: HashMap<SessionId, Timestamp>,
}

/// The bookkeeping of a process.
#[derive(Debug, Default)]
pub(crate) struct WriteBehind {
    pending: Mutex<Pending>,
    work: Notify,
}

impl WriteBehind {
    pub(crate) fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to write.
    pub(crate) async fn woken(&self) {
        self.work.notified().await;
    }

    /// Says that there is something to write.
    pub(crate) fn wake(&self) {
        self.work.notify_one();
    }

    pub(crate) fn take(&self) -> Pending {
        std::mem::take(&mut *self.pending())
    }

    /// Takes back what could not be written; what came meanwhile is newer.
    pub(crate) fn put_back(&self, failed: Pending) {
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
pub(crate) fn sorted<Id: Copy + Ord>(map: &HashMap<Id, Timestamp>) -> Vec<(Id, Timestamp)> {
    let mut list: Vec<_> = map.iter().map(|(id, at)| (*id, *at)).collect();
    list.sort_unstable_by_key(|(id, _)| *id);
    list
}

/// Whether what is stored is old enough to be written again.
pub(crate) fn is_stale(stored: Timestamp, now: Timestamp) -> bool {
    now.since(stored) >= SEEN_RESOLUTION
}
