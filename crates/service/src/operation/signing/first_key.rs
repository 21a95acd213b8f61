//! The first signing key of a database, which exists before any use case runs.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use latchkey_licensing::{ids::SigningKeyId, time::Timestamp};
use latchkey_store::SigningKeyRow;
use zeroize::Zeroizing;

use crate::{
    audit::{actor::Actor, event::SigningKeyEvent},
    error::{Internal, internal_errors},
    service::{keyring::Keyring, resources::Resources},
};

/// Why a given signing key was not adopted.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The database has signing keys and it is not one of them.
    #[error("the given signing key is not one of this database's keys")]
    OtherKey,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(AdoptError);

/// Reads the stored signing keys. Creates the first one if there are none.
pub(crate) async fn read_keyring(resources: &Resources) -> Result<Arc<Keyring>, Internal> {
    let mut rows = resources.store.read_without_snapshot().await?.list_signing_keys().await?;
    if rows.is_empty() {
        rows = resources.create_first_key(None).await?;
    }
    Ok(Arc::new(Keyring::unlock(&rows, &resources.vault)?))
}

impl Resources {
    /// Stores a given signing key as the first one. If the database has signing keys already, it must be one of them.
    pub(crate) async fn adopt_signing_key(&self, seed: &[u8; 32]) -> Result<(), AdoptError> {
        let public_key = SigningKey::from_bytes(seed).verifying_key().to_bytes();
        let rows = self.create_first_key(Some(seed)).await?;
        if rows.iter().any(|row| row.public_key == public_key) { Ok(()) } else { Err(AdoptError::OtherKey) }
    }

    /// Creates the first key, from `seed` if given, unless there is one already. Returns all keys.
    async fn create_first_key(&self, seed: Option<&[u8; 32]>) -> Result<Vec<SigningKeyRow>, Internal> {
        let now = self.now();
        let mut tx = self.store.write().await?;
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
        self.record(&mut tx, now, Actor::Host, SigningKeyEvent::Created.of(row.id)).await?;
        tx.commit().await?;
        Ok(vec![row])
    }

    /// A new key that does not sign yet.
    pub(crate) fn new_signing_key(&self, seed: &[u8; 32], now: Timestamp) -> Result<SigningKeyRow, Internal> {
        let id = SigningKeyId::new(now, self.random()?);
        let sealed = self.vault.seal_seed(id, seed, self.random()?);
        Ok(SigningKeyRow {
            id,
            public_key: SigningKey::from_bytes(seed).verifying_key().to_bytes(),
            seed_ciphertext: sealed.ok_or(Internal::Invariant("a signing key does not encrypt"))?,
            created_at: now,
            activated_at: None,
            replaced_at: None,
            retired_at: None,
            files_until: None,
        })
    }
}
