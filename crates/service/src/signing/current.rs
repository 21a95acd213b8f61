//! The signing keys as this process knows them: read on start and again and again, so that a rotation by
//! another process is followed.

use std::sync::{Arc, PoisonError};

use ed25519_dalek::SigningKey;
use latchkey_licensing::{ids::SigningKeyId, time::Timestamp};
use latchkey_store::{SigningKeyRow, Tx};
use zeroize::Zeroizing;

use crate::{
    audit::{actor::Actor, event::SigningKeyEvent},
    error::{Internal, internal_errors},
    service::Service,
    signing::keyring::Keyring,
};

/// The signing key that settings give is none of the database's.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// It is none of the database's keys.
    #[error("the signing key that is given is none of this database's keys")]
    OtherKey,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(AdoptError);

impl Service {
    /// The signing keys, as they were read last. Whoever starts the service reads them first: reading
    /// here, maybe within a transaction, could wait for itself.
    pub fn keyring(&self) -> Result<Arc<Keyring>, Internal> {
        let known = self.0.keyring.read().unwrap_or_else(PoisonError::into_inner).clone();
        known.ok_or(Internal::Broken("the signing keys have not been read"))
    }

    /// Reads the signing keys, on start and again and again, so that a rotation by another process is
    /// followed. Makes the first key in a database that has none.
    pub async fn refresh_keyring(&self) -> Result<Arc<Keyring>, Internal> {
        let mut rows = self.store().read_one().await?.list_signing_keys().await?;
        if rows.is_empty() {
            rows = self.make_first_key(None).await?;
        }
        let keyring = Arc::new(Keyring::unlock(&rows, &self.0.vault)?);
        *self.0.keyring.write().unwrap_or_else(PoisonError::into_inner) = Some(keyring.clone());
        Ok(keyring)
    }

    /// The signing keys for what is signed in this transaction and kept: a key that another process has
    /// replaced meanwhile signs nothing more, and the one that signs is not replaced before the
    /// transaction ends. For a file, it is noted until when it is good.
    pub(crate) async fn signing_keyring(
        &self,
        tx: &mut Tx,
        file_until: Option<Timestamp>,
    ) -> Result<Arc<Keyring>, Internal> {
        let known = self.keyring()?;
        if Self::hold_signer(tx, &known, file_until).await? {
            return Ok(known);
        }
        let keyring = Arc::new(Keyring::unlock(&tx.list_signing_keys().await?, &self.0.vault)?);
        *self.0.keyring.write().unwrap_or_else(PoisonError::into_inner) = Some(keyring.clone());
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
            tx.note_signed_file(keyring.signer_id(), until).await?;
        }
        Ok(tx.lock_signer(keyring.signer_id()).await?)
    }

    /// Takes over a signing key that was kept elsewhere, if the database has none yet. One that has
    /// keys must know it.
    pub async fn adopt_signing_key(&self, seed: &[u8; 32]) -> Result<(), AdoptError> {
        let public_key = SigningKey::from_bytes(seed).verifying_key().to_bytes();
        let rows = self.make_first_key(Some(seed)).await?;
        if rows.iter().any(|row| row.public_key == public_key) { Ok(()) } else { Err(AdoptError::OtherKey) }
    }

    /// Makes the first key, or keeps the given one, unless there is one. Returns all there are.
    async fn make_first_key(&self, seed: Option<&[u8; 32]>) -> Result<Vec<SigningKeyRow>, Internal> {
        let now = self.now();
        let mut tx = self.store().write().await?;
        tx.lock_instance().await?;
        let rows = tx.list_signing_keys().await?;
        if !rows.is_empty() {
            return Ok(rows);
        }
        let seed = match seed {
            Some(seed) => Zeroizing::new(*seed),
            None => Zeroizing::new(self.random()?),
        };
        let mut row = self.new_signing_key(&seed, now)?;
        row.activated_at = Some(now);
        tx.insert_signing_key(&row).await?;
        self.record(&mut tx, now, Actor::Host, SigningKeyEvent::Made.of(row.id)).await?;
        tx.commit().await?;
        Ok(vec![row])
    }

    /// A key that signs nothing yet.
    pub(crate) fn new_signing_key(&self, seed: &[u8; 32], now: Timestamp) -> Result<SigningKeyRow, Internal> {
        let id = SigningKeyId::new(now, self.random()?);
        let sealed = self.0.vault.seal_seed(id, seed, self.random()?);
        Ok(SigningKeyRow {
            id,
            public_key: SigningKey::from_bytes(seed).verifying_key().to_bytes(),
            seed_ciphertext: sealed.ok_or(Internal::Broken("a signing key does not encrypt"))?,
            created_at: now,
            activated_at: None,
            replaced_at: None,
            retired_at: None,
            files_until: None,
        })
    }
}
