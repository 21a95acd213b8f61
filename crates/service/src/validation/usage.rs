//! Checking in, and counting uses.

use crate::{
    error::Internal,
    validation::{
        facts::{AuthRefusal, LicenseDocument, LicenseFacts},
        key_holder::KeyHolder,
    },
};
use latchkey_store::Tx;

/// Why uses were not counted.
#[derive(Debug, thiserror::Error)]
pub enum UseError {
    /// The counter would pass its limit; it has not moved.
    #[error("all {limit} uses are used up")]
    LimitExceeded {
        /// The limit.
        limit: u32,
    },
    /// The license lost its good standing.
    #[error(transparent)]
    Refused(AuthRefusal),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<latchkey_store::StoreError> for UseError {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl KeyHolder {
    /// Notes that the app checked in, which a policy may ask for every so often.
    pub async fn check_in(&self) -> Result<LicenseDocument, AuthRefusal> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let mut facts = self.lock(&mut tx).await?;
        facts.license.last_check_in_at = Some(now);
        facts.license.updated_at = now;
        Ok(self.write(tx, &facts).await?)
    }

    /// Counts uses, exactly, under any number of callers at once.
    pub async fn increment_uses(&self, by: u32) -> Result<LicenseDocument, UseError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let mut facts = self.lock(&mut tx).await.map_err(UseError::Refused)?;
        let uses = facts.license.uses_after(facts.policy(), by);
        facts.license.uses = uses.map_err(|refusal| UseError::LimitExceeded { limit: refusal.limit })?;
        facts.license.updated_at = now;
        Ok(self.write(tx, &facts).await?)
    }

    /// Writes the license, ends the transaction and gives back the document.
    async fn write(&self, mut tx: Tx, facts: &LicenseFacts) -> Result<LicenseDocument, Internal> {
        tx.update_license(&facts.license).await?;
        let machines = tx.list_active_machines(facts.license.id).await?;
        tx.commit().await?;
        Ok(facts.document(&machines, &self.key, self.service.now()))
    }
}
