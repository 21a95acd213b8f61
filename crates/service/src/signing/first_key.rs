//! The first signing key of a database, which is there before any use case.

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

/// Why a signing key was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// It is not one of the database's keys.
    #[error("the signing key that is given is not one of this database's keys")]
    OtherKey,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(AdoptError);

/// The signing keys that are stored. A database without any gets its first.
pub(crate) async fn read_keyring(resources: &Resources) -> Result<Arc<Keyring>, Internal> {
    let mut rows = resources.store.read_one().await?.list_signing_keys().await?;
    if rows.is_empty() {
        rows = resources.make_first_key(None).await?;
    }
    Ok(Arc::new(Keyring::unlock(&rows, &resources.vault)?))
}

impl Resources {
    /// Takes over a signing key that was kept elsewhere, if the database has none yet. One that has
    /// keys must know it.
    pub(crate) async fn adopt_signing_key(&self, seed: &[u8; 32]) -> Result<(), AdoptError> {
        let public_key = SigningKey::from_bytes(seed).verifying_key().to_bytes();
        let rows = self.make_first_key(Some(seed)).await?;
        if rows.iter().any(|row| row.public_key == public_key) { Ok(()) } else { Err(AdoptError::OtherKey) }
    }

    /// Makes the first key, or keeps the given one, unless there is one. Returns all there are.
    async fn make_first_key(&self, seed: Option<&[u8; 32]>) -> Result<Vec<SigningKeyRow>, Internal> {
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
        self.record(&mut tx, now, Actor::Host, SigningKeyEvent::Made.of(row.id)).await?;
        tx.commit().await?;
        Ok(vec![row])
    }

    /// A key that signs nothing yet.
    pub(crate) fn new_signing_key(&self, seed: &[u8; 32], now: Timestamp) -> Result<SigningKeyRow, Internal> {
        let id = SigningKeyId::new(now, self.random()?);
        let sealed = self.vault.seal_seed(id, seed, self.random()?);
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
