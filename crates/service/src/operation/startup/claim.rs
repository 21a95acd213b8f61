//! Claiming a database for a master secret, which cannot be changed afterwards.

use crate::{
    error::{Internal, internal_errors},
    service::resources::Resources,
};

/// Why a database was not claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// It was created with another master secret, so nothing encrypted in it could be decrypted.
    #[error("this database was created with another master secret: use that one, or another database")]
    OtherSecret,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(ClaimError);

impl Resources {
    /// Claims a new database for the vault's master secret, or checks that it was claimed for it.
    pub(crate) async fn claim_database(&self) -> Result<(), ClaimError> {
        let check = *self.vault.check();
        // Usually it is claimed already, and the check does not wait for the write lock.
        let known = self.store.read_without_snapshot().await?.find_secret_check().await?;
        if let Some(known) = known {
            return if known == check { Ok(()) } else { Err(ClaimError::OtherSecret) };
        }
        let mut tx = self.store.write().await?;
        tx.insert_instance(&check, self.now()).await?;
        let found = tx.find_secret_check().await?;
        tx.commit().await?;
        if found == Some(check) { Ok(()) } else { Err(ClaimError::OtherSecret) }
    }
}
