//! When the workers of this process last ran, and when they last failed.

use std::sync::{Mutex, PoisonError};

use latchkey_licensing::time::Timestamp;

use crate::{error::Internal, service::Service};

macro_rules! workers {
    ($($(#[$doc:meta])* $worker:ident = $title:literal;)+) => {
        /// A background task.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Worker { $($(#[$doc])* $worker,)+ }

        impl Worker {
            /// All workers.
            pub const ALL: &[Self] = &[$(Self::$worker),+];

            /// The name shown to operators.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$worker => $title),+ }
            }
        }
    };
}

workers! {
    /// Sends mails.
    Mail = "Mail";
    /// Handles the payment provider's events.
    Events = "Stripe events";
    /// Compares the payment provider's events with those that were received.
    Reconciliation = "Comparison with Stripe";
    /// Writes when something was last seen.
    Bookkeeping = "Bookkeeping";
    /// Culls dead machines.
    Culling = "Dead machines";
    /// Culls dead processes.
    ProcessCulling = "Dead processes";
    /// Deletes expired rows.
    ExpiredRows = "Expired rows";
    /// Reminds customers of licenses that end soon.
    Reminders = "Reminders";
    /// Records that heartbeats can be received.
    HeartbeatWatch = "Heartbeat watch";
    /// Reads the signing keys.
    SigningKeys = "Signing keys";
    /// Appends rows of the audit log to its chain.
    AuditLog = "Audit log";
}

/// Why a worker failed. The text of the error is in the log only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerFailure {
    /// The database was not available.
    Database,
    /// Something else.
    Other,
}

/// When a worker ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerState {
    /// The worker.
    pub worker: Worker,
    /// When it last ended a round. `None` if it has not in this process.
    pub ran_at: Option<Timestamp>,
    /// When and why it last failed.
    pub failed: Option<(Timestamp, WorkerFailure)>,
}

/// What all workers of this process did last.
#[derive(Debug, Default)]
pub(crate) struct WorkerLog(Mutex<Vec<WorkerState>>);

impl WorkerLog {
    pub(crate) fn states(&self) -> Vec<WorkerState> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = |worker: &Worker| {
            let known = known.iter().find(|state| state.worker == *worker).copied();
            known.unwrap_or(WorkerState { worker: *worker, ran_at: None, failed: None })
        };
        Worker::ALL.iter().map(state).collect()
    }

    fn note(&self, worker: Worker, at: Timestamp, failure: Option<WorkerFailure>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = failure.map(|failure| (at, failure));
        match known.iter_mut().find(|state| state.worker == worker) {
            Some(state) => {
                state.ran_at = Some(at);
                state.failed = failed.or(state.failed);
            }
            None => known.push(WorkerState { worker, ran_at: Some(at), failed }),
        }
    }
}

impl Service {
    /// Notes that a worker ended a round, and how.
    pub fn note_round(&self, worker: Worker, failure: Option<WorkerFailure>) {
        self.0.workers.note(worker, self.now(), failure);
    }
}

impl From<&Internal> for WorkerFailure {
    fn from(error: &Internal) -> Self {
        if error.is_unavailable() { Self::Database } else { Self::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_remembered_after_later_rounds() {
        let log = WorkerLog::default();
        let at = Timestamp::from_unix_micros;
        log.note(Worker::Mail, at(1), Some(WorkerFailure::Database));
        log.note(Worker::Mail, at(2), None);
        let states = log.states();
        let state = |worker| states.iter().find(|state| state.worker == worker).copied();
        let wanted =
            WorkerState { worker: Worker::Mail, ran_at: Some(at(2)), failed: Some((at(1), WorkerFailure::Database)) };
        assert_eq!(state(Worker::Mail), Some(wanted));
        assert_eq!(
            state(Worker::Reminders),
            Some(WorkerState { worker: Worker::Reminders, ran_at: None, failed: None })
        );
        assert_eq!(states.len(), Worker::ALL.len());
    }
}
