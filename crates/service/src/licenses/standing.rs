//! Suspending, reinstating and revoking licenses.

use latchkey_licensing::{ids::LicenseId, license::Standing, time::Timestamp};

use crate::{
    actors::Admin,
    audit::event::LicenseEvent,
    error::{Internal, internal_errors},
    licenses::view::IssuedLicense,
};

/// Why a license's standing was not changed.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    /// There is no license with this id.
    #[error("there is no license with the id {0}")]
    NotFound(LicenseId),
    /// The license is revoked, which is permanent.
    #[error("license {0} is revoked, and a revoked license stays revoked")]
    Revoked(LicenseId),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(StandingError);

impl Admin<'_> {
    /// Suspends a license. If it is suspended already, nothing changes.
    pub async fn suspend_license(&self, id: LicenseId) -> Result<IssuedLicense, StandingError> {
        self.set_standing(id, LicenseEvent::Suspended, |standing, now| match standing {
            Standing::Good => Ok(Some(Standing::Suspended(now))),
            Standing::Suspended(_) => Ok(None),
            Standing::Revoked(_) => Err(StandingError::Revoked(id)),
        })
        .await
    }

    /// Reinstates a suspended license. If it is in good standing already, nothing changes.
    pub async fn reinstate_license(&self, id: LicenseId) -> Result<IssuedLicense, StandingError> {
        self.set_standing(id, LicenseEvent::Reinstated, |standing, _| match standing {
            Standing::Suspended(_) => Ok(Some(Standing::Good)),
            Standing::Good => Ok(None),
            Standing::Revoked(_) => Err(StandingError::Revoked(id)),
        })
        .await
    }

    /// Revokes a license permanently. If it is revoked already, nothing changes.
    pub async fn revoke_license(&self, id: LicenseId) -> Result<IssuedLicense, StandingError> {
        self.set_standing(id, LicenseEvent::Revoked, |standing, now| match standing {
            Standing::Good | Standing::Suspended(_) => Ok(Some(Standing::Revoked(now))),
            Standing::Revoked(_) => Ok(None),
        })
        .await
    }

    async fn set_standing(
        &self,
        id: LicenseId,
        event: LicenseEvent,
        decide: impl FnOnce(Standing, Timestamp) -> Result<Option<Standing>, StandingError> + Send,
    ) -> Result<IssuedLicense, StandingError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_license(id).await?;
        let mut license = tx.find_license(id).await?.ok_or(StandingError::NotFound(id))?;
        if let Some(standing) = decide(license.standing, now)? {
            license.standing = standing;
            license.updated_at = now;
            tx.update_license(&license).await?;
            self.service.record(&mut tx, now, self.actor, event.of(id)).await?;
        }
        tx.commit().await?;
        Ok(self.reload_license(id).await?)
    }
}
