//! The signing keys: one signs, its predecessors verify until they are retired, and one may wait to be the next.
//!
//! They are stored in the database, encrypted under the master secret, so that all instances on one database sign
//! with the same key and follow a rotation. Apps embed the public keys.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use latchkey_licensing::{ids::SigningKeyId, public_key::PublicKey, time::Timestamp};
use latchkey_store::SigningKeyRow;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use crate::{error::Internal, operation::vault::Vault};

/// The state of a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It does not sign yet. Apps can embed its public key in advance.
    Waiting,
    /// It signs. There is exactly one such key.
    Signing,
    /// It has been replaced, but its signatures are still valid.
    Verifying,
    /// Its signatures are not valid.
    Retired,
}

impl KeyState {
    /// The state as one word, for commands and JSON.
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
    /// The key's id.
    pub id: SigningKeyId,
    /// The public key, which apps embed.
    pub public_key: PublicKey,
    /// Whether it waits, signs, verifies or is retired.
    pub state: KeyState,
    /// When the key was created.
    pub created_at: Timestamp,
    /// When it began to sign. `None` if it has never signed.
    pub activated_at: Option<Timestamp>,
    /// When it was retired. `None` if it has not been.
    pub retired_at: Option<Timestamp>,
    /// When the last file that it signed expires, rounded up to the day. `None` if it has signed none.
    pub files_until: Option<Timestamp>,
}

/// The key that signs, and the public parts of all keys.
pub struct Keyring {
    signer: SigningKey,
    signer_id: SigningKeyId,
    wire_account: Uuid,
    wire_account_text: Arc<str>,
    keys: Vec<SigningKeyInfo>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Keyring {
    /// Decrypts the key that signs, and reads the public parts of all.
    pub(crate) fn unlock(rows: &[SigningKeyRow], vault: &Vault) -> Result<Self, Internal> {
        let active = rows.iter().find(|row| state(row) == KeyState::Signing);
        let (Some(active), Some(first)) = (active, rows.first()) else {
            return Err(Internal::Invariant("no key signs"));
        };
        let seed = vault.open_seed(active.id, &active.seed_ciphertext)?;
        let wire_account = wire_account_of(&first.public_key);
        Ok(Self {
            signer: SigningKey::from_bytes(&seed),
            signer_id: active.id,
            wire_account,
            wire_account_text: wire_account.to_string().into(),
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

    /// The account id of this instance in the wire protocol. It is derived from the first signing key, so that all
    /// instances on one database share it and no rotation changes it.
    pub fn wire_account(&self) -> Uuid {
        self.wire_account
    }

    /// The account id in the wire protocol as text, as in every API response.
    pub fn wire_account_text(&self) -> &Arc<str> {
        &self.wire_account_text
    }

    /// Every key, the oldest first.
    pub fn keys(&self) -> &[SigningKeyInfo] {
        &self.keys
    }

    /// The keys whose signatures are valid.
    pub fn verifying(&self) -> Vec<PublicKey> {
        let verifies = |key: &&SigningKeyInfo| matches!(key.state, KeyState::Signing | KeyState::Verifying);
        self.keys.iter().filter(verifies).map(|key| key.public_key).collect()
    }
}

/// The state of a stored key.
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
            .map_err(|_| Internal::Invariant("a stored public key is invalid"))?,
        state: state(row),
        created_at: row.created_at,
        activated_at: row.activated_at,
        retired_at: row.retired_at,
        files_until: row.files_until,
    })
}

/// The account id in the wire protocol of an instance with this first public key.
fn wire_account_of(public_key: &[u8; 32]) -> Uuid {
    let hash: [u8; 32] = Sha256::digest(public_key).into();
    let half = hash.first_chunk::<16>().copied().unwrap_or_default();
    Builder::from_custom_bytes(half).into_uuid()
}
