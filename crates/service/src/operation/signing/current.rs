//! The signing keys that this process holds in memory.

use std::sync::{Arc, PoisonError};

use latchkey_licensing::time::Timestamp;
use latchkey_store::Tx;

use crate::{
    error::Internal,
    operation::signing::first_key,
    service::{Service, keyring::Keyring},
};

impl Service {
    /// The signing keys in memory.
    pub fn keyring(&self) -> Arc<Keyring> {
        self.0.keyring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the signing keys from the database, to follow a rotation by another process.
    pub async fn refresh_keyring(&self) -> Result<Arc<Keyring>, Internal> {
        let keyring = first_key::read_keyring(&self.0.resources).await?;
        self.keep_keyring(&keyring);
        Ok(keyring)
    }

    fn keep_keyring(&self, keyring: &Arc<Keyring>) {
        *self.0.keyring.write().unwrap_or_else(PoisonError::into_inner) = keyring.clone();
    }

    /// The signing keys for signatures that outlive this transaction. The key that signs is not replaced before the
    /// transaction ends, and a key that another process has replaced is not used. `file_until` is the expiry of the
    /// file to sign, which is recorded with the key.
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
            Err(Internal::Invariant("the signing key was replaced twice within one transaction"))
        }
    }

    /// Records the file's expiry and locks the key that signs. Returns `false` if it does not sign any more.
    ///
    /// The record, which writes the key's row, comes before the shared lock. In the other order, two transactions that
    /// share the lock would each wait for the other before writing.
    async fn hold_signer(tx: &mut Tx, keyring: &Keyring, file_until: Option<Timestamp>) -> Result<bool, Internal> {
        if let Some(until) = file_until {
            tx.extend_signing_key_use(keyring.signer_id(), until).await?;
        }
        Ok(tx.lock_signer(keyring.signer_id()).await?)
    }
}
