//! Check-ins and the usage counter.

use crate::{
    error::Internal,
    licensing::validation::{
        facts::{AuthRefusal, LicenseDocument, LicenseFacts},
        key_holder::KeyHolder,
    },
};
use latchkey_store::Tx;

/// Why uses were not counted.
#[derive(Debug, thiserror::Error)]
pub enum UseError {
    /// The counter would exceed its limit. It is unchanged.
    #[error("all {limit} uses are used up")]
    LimitExceeded {
        /// The limit.
        limit: u32,
    },
    /// The license may not be used any more.
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
    /// Records a check-in of the app.
    pub async fn check_in(&self) -> Result<LicenseDocument, AuthRefusal> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let mut facts = self.lock(&mut tx).await?;
        facts.license.last_check_in_at = Some(now);
        facts.license.updated_at = now;
        Ok(self.write(tx, &facts).await?)
    }

    /// Adds `by` to the usage counter. The count is exact under concurrency.
    pub async fn increment_uses(&self, by: u32) -> Result<LicenseDocument, UseError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let mut facts = self.lock(&mut tx).await.map_err(UseError::Refused)?;
        let uses = facts.license.uses_after(facts.policy(), by);
        facts.license.uses = uses.map_err(|refusal| UseError::LimitExceeded { limit: refusal.limit })?;
        facts.license.updated_at = now;
        Ok(self.write(tx, &facts).await?)
    }

    /// Writes the license, commits and returns the document.
    async fn write(&self, mut tx: Tx, facts: &LicenseFacts) -> Result<LicenseDocument, Internal> {
        tx.update_license(&facts.license).await?;
        let machines = tx.list_active_machines(facts.license.id).await?;
        tx.commit().await?;
        Ok(facts.document(&machines, &self.key, self.service.now()))
    }
}
