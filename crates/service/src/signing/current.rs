//! The signing keys as this process knows them.

use std::sync::{Arc, PoisonError};

use latchkey_licensing::time::Timestamp;
use latchkey_store::Tx;

use crate::{
    error::Internal,
    service::{Service, keyring::Keyring},
    signing::first_key,
};

impl Service {
    /// The signing keys, as they were read last.
    pub fn keyring(&self) -> Arc<Keyring> {
        self.0.keyring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the signing keys again, so that a rotation by another process is followed.
    pub async fn refresh_keyring(&self) -> Result<Arc<Keyring>, Internal> {
        let keyring = first_key::read_keyring(&self.0.resources).await?;
        self.keep_keyring(&keyring);
        Ok(keyring)
    }

    fn keep_keyring(&self, keyring: &Arc<Keyring>) {
        *self.0.keyring.write().unwrap_or_else(PoisonError::into_inner) = keyring.clone();
    }

    /// The signing keys for what is signed in this transaction and kept: a key that another process has
    /// replaced meanwhile signs nothing more, and the one that signs is not replaced before the
    /// transaction ends. For a file, it is noted until when it is good.
    pub(crate) async fn signing_keyring(
        &self,
        tx: &mut Tx,
        file_until: Option<Timestamp>,
    ) -> Result<Arc<Keyring>, Internal> {
        let known = self.keyring();
        if Self::hold_signer(tx, &known, file_until).await? {
            return Ok(known);
        }
        let keyring = Arc::new(Keyring::unlock(&tx.list_signing_keys().await?, &self.0.vault)?);
        self.keep_keyring(&keyring);
        if Self::hold_signer(tx, &keyring, file_until).await? {
            Ok(keyring)
        } else {
            Err(Internal::Broken("the signing key was replaced twice within one transaction"))
        }
    }

    /// First the note, which writes the key's row, then the lock, which shares it: the other way round, two
    /// transactions that share it would wait for each other to write.
    async fn hold_signer(tx: &mut Tx, keyring: &Keyring, file_until: Option<Timestamp>) -> Result<bool, Internal> {
        if let Some(until) = file_until {
            tx.extend_signing_key_use(keyring.signer_id(), until).await?;
        }
        Ok(tx.lock_signer(keyring.signer_id()).await?)
    }
}
