//! What a new database starts with: the mark of its master secret. It has no products yet.

use crate::{
    error::{Internal, internal_errors},
    service::resources::Resources,
};

/// Why a database cannot be used with this master secret.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// It was made with another one, so no license key in it could be read.
    #[error("this database was made with another master secret: give the one it was made with, or another database")]
    OtherSecret,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(ClaimError);

impl Resources {
    /// Marks a new database as belonging to this master secret, or checks that it does.
    pub(crate) async fn claim_database(&self) -> Result<(), ClaimError> {
        let check = *self.vault.check();
        // Mostly it is marked already: then nobody waits for who writes.
        let known = self.store.read_one().await?.find_secret_check().await?;
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
