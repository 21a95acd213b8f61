//! Noting and writing the bookkeeping that no request waits for.

use latchkey_licensing::{
    ids::{LicenseId, MachineId, SessionId},
    time::Timestamp,
};

use crate::{
    error::Internal,
    service::{Service, write_behind::sorted},
};

impl Service {
    /// Notes that a license was validated and that some of its machines were seen.
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
    pub async fn wait_for_bookkeeping(&self) {
        self.0.write_behind.woken().await;
    }

    /// Writes the collected bookkeeping in one transaction. If that fails, it is kept for the next attempt.
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
                // Otherwise the worker would wait for the next note before it tries again.
                self.0.write_behind.wake();
                Err(error.into())
            }
        }
    }
}
