//! What every use case needs: the database, the clock, randomness and the vault. They are available before the
//! database is claimed and has a signing key.

use std::sync::Arc;

use latchkey_licensing::{ids::AuditId, time::Timestamp};
use latchkey_store::{AuditRow, Store, Tx};

use crate::{
    audit::{actor::Cause, event::AuditEvent, log},
    error::Internal,
    operation::vault::Vault,
    ports::{Clock, Entropy},
};

/// What every use case needs.
#[derive(Debug)]
pub(crate) struct Resources {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) vault: Vault,
}

impl Resources {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Internal> {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes an event to the audit log.
    pub(crate) async fn record(
        &self,
        tx: &mut Tx,
        now: Timestamp,
        by: impl Into<Cause<'_>> + Send,
        event: AuditEvent,
    ) -> Result<(), Internal> {
        let row = self.audit_row(now, by, &event)?;
        Ok(tx.insert_audits(&[row]).await?)
    }

    /// The audit log's row for an event, for writing many at once.
    pub(crate) fn audit_row<'a>(
        &self,
        now: Timestamp,
        by: impl Into<Cause<'a>>,
        event: &AuditEvent,
    ) -> Result<AuditRow, Internal> {
        Ok(log::audit_row(AuditId::new(now, self.random()?), now, by.into(), event))
    }
}
