//! Signing keys: one signs, its predecessors verify until they are retired, one may wait to be next.
//!
//! They live in the database, encrypted under the master secret, so that every instance on it signs
//! with the same key and learns of a rotation. The public keys are what apps embed.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use latchkey_licensing::{ids::SigningKeyId, public_key::PublicKey, time::Timestamp};
use latchkey_store::SigningKeyRow;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use crate::{error::Internal, vault::Vault};

/// What a signing key is good for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It signs nothing yet: apps that are to know it in advance can embed it.
    Waiting,
    /// It signs.
    Signing,
    /// It signs no longer; what it signed is good.
    Verifying,
    /// What it signed is good no longer.
    Retired,
}

impl KeyState {
    /// The state in a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Signing => "signing",
            Self::Verifying => "verifying",
            Self::Retired => "retired",
        }
    }
}

/// A signing key, without its private part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyInfo {
    /// Its id.
    pub id: SigningKeyId,
    /// What apps embed.
    pub public_key: PublicKey,
    /// What it is good for.
    pub state: KeyState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When it stopped verifying.
    pub retired_at: Option<Timestamp>,
    /// Until when files that it signed are good, to the day.
    pub files_until: Option<Timestamp>,
}

/// The key that signs, and what is known of the others.
pub struct Keyring {
    signer: SigningKey,
    signer_id: SigningKeyId,
    account: Uuid,
    account_text: Arc<str>,
    keys: Vec<SigningKeyInfo>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Keyring {
    /// Decrypts the key that signs, and describes the others.
    pub(crate) fn unlock(rows: &[SigningKeyRow], vault: &Vault) -> Result<Self, Internal> {
        let active = rows.iter().find(|row| state(row) == KeyState::Signing);
        let (Some(active), Some(first)) = (active, rows.first()) else {
            return Err(Internal::Broken("no key signs"));
        };
        let seed = vault.open_seed(active.id, &active.seed_ciphertext)?;
        let account = account_of(&first.public_key);
        Ok(Self {
            signer: SigningKey::from_bytes(&seed),
            signer_id: active.id,
            account,
            account_text: account.to_string().into(),
            keys: rows.iter().map(describe).collect::<Result<_, _>>()?,
        })
    }

    /// The key that signs.
    pub fn signer(&self) -> &SigningKey {
        &self.signer
    }

    /// The id of the key that signs.
    pub fn signer_id(&self) -> SigningKeyId {
        self.signer_id
    }

    /// The id by which this instance goes on the wire: derived from its first key, so that all
    /// instances on one database share it and no rotation changes it.
    pub fn account(&self) -> Uuid {
        self.account
    }

    /// The same as text, as every answer carries it.
    pub fn account_text(&self) -> &Arc<str> {
        &self.account_text
    }

    /// Every key, the oldest first.
    pub fn keys(&self) -> &[SigningKeyInfo] {
        &self.keys
    }

    /// The keys under which files and keys are good now.
    pub fn verifying(&self) -> Vec<PublicKey> {
        let good = |key: &&SigningKeyInfo| matches!(key.state, KeyState::Signing | KeyState::Verifying);
        self.keys.iter().filter(good).map(|key| key.public_key).collect()
    }
}

/// What a stored key is good for.
pub(crate) fn state(row: &SigningKeyRow) -> KeyState {
    match (row.activated_at, row.replaced_at, row.retired_at) {
        (_, _, Some(_)) => KeyState::Retired,
        (None, _, None) => KeyState::Waiting,
        (Some(_), None, None) => KeyState::Signing,
        (Some(_), Some(_), None) => KeyState::Verifying,
    }
}

/// A stored key, without its private part.
pub(crate) fn describe(row: &SigningKeyRow) -> Result<SigningKeyInfo, Internal> {
    Ok(SigningKeyInfo {
        id: row.id,
        public_key: PublicKey::from_bytes(&row.public_key)
            .map_err(|_| Internal::Broken("a stored public key is none"))?,
        state: state(row),
        created_at: row.created_at,
        activated_at: row.activated_at,
        retired_at: row.retired_at,
        files_until: row.files_until,
    })
}

/// The id on the wire of an instance whose first key this is.
fn account_of(public_key: &[u8; 32]) -> Uuid {
    let hash: [u8; 32] = Sha256::digest(public_key).into();
    let half = hash.first_chunk::<16>().copied().unwrap_or_default();
    Builder::from_custom_bytes(half).into_uuid()
}
