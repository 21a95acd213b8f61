//! Bookkeeping that no request waits for: when licenses were last validated, when machines and sessions were last
//! seen, and which rate-limit tokens were spent. It is collected in memory and written in batches. A process that is
//! killed loses the last half second of it; an orderly shutdown loses nothing.

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

/// The resolution of "last validated" and "last seen", so that they need not be written for every request.
pub(crate) const SEEN_RESOLUTION: Duration = Duration::from_mins(1);

/// How long bookkeeping is collected before it is written, which delays no request.
pub const WRITE_BEHIND_DELAY: Duration = Duration::from_millis(500);

/// Bookkeeping that is not written yet.
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

    /// Waits until there is bookkeeping to write.
    pub(crate) async fn woken(&self) {
        self.work.notified().await;
    }

    /// Reports that there is bookkeeping to write.
    pub(crate) fn wake(&self) {
        self.work.notify_one();
    }

    pub(crate) fn take(&self) -> Pending {
        std::mem::take(&mut *self.pending())
    }

    /// Takes back what could not be written. Entries that were added in the meantime are newer and stay.
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

/// Sorted by id, so that adjacent rows are written together and all processes lock rows in the same order.
pub(crate) fn sorted<Id: Copy + Ord>(map: &HashMap<Id, Timestamp>) -> Vec<(Id, Timestamp)> {
    let mut list: Vec<_> = map.iter().map(|(id, at)| (*id, *at)).collect();
    list.sort_unstable_by_key(|(id, _)| *id);
    list
}

/// Whether a stored instant is old enough to be updated.
pub(crate) fn is_stale(stored: Timestamp, now: Timestamp) -> bool {
    now.since(stored) >= SEEN_RESOLUTION
}
