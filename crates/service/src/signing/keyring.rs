//! Signing keys: one signs, its predecessors verify until they are retired, one may wait to be next.
//!
//! They live in the database, encrypted under the master secret, so that every instance on it signs
//! with the same key and learns of a rotation. The public keys are what apps embed.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use ed25519_dalek::SigningKey;
use latchkey_licensing::{ids::SigningKeyId, public_key::PublicKey, time::Timestamp};
use latchkey_store::{SigningKeyRow, Tx};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};
use zeroize::Zeroizing;

use crate::{
    audit::{actor::Actor, event::SigningKeyEvent},
    error::Internal,
    licenses::decisions::{Admin, AdminError},
    service::Service,
};

/// The resolution of the time in ids.
const ID_STEP: Duration = Duration::from_millis(1);

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

/// The signing key that settings give is none of the database's.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// It is none of the database's keys.
    #[error(
        "the signing key that is given is none of this database's keys: unset it, and see `latchkey keys list`; a database takes a given key only while it has none"
    )]
    OtherKey,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<latchkey_store::StoreError> for AdoptError {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

fn state(row: &SigningKeyRow) -> KeyState {
    match (row.activated_at, row.replaced_at, row.retired_at) {
        (_, _, Some(_)) => KeyState::Retired,
        (None, _, None) => KeyState::Waiting,
        (Some(_), None, None) => KeyState::Signing,
        (Some(_), Some(_), None) => KeyState::Verifying,
    }
}

fn describe(row: &SigningKeyRow) -> Result<SigningKeyInfo, Internal> {
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
        let keyring = Arc::new(self.unlock(&rows)?);
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
        let keyring = Arc::new(self.unlock(&tx.list_signing_keys().await?)?);
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
        let mut row = self.new_key(&seed, now)?;
        row.activated_at = Some(now);
        tx.insert_signing_key(&row).await?;
        self.record(&mut tx, now, Actor::Host, SigningKeyEvent::Made.of(row.id)).await?;
        tx.commit().await?;
        Ok(vec![row])
    }

    fn new_key(&self, seed: &[u8; 32], now: Timestamp) -> Result<SigningKeyRow, Internal> {
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

    fn unlock(&self, rows: &[SigningKeyRow]) -> Result<Keyring, Internal> {
        let active = rows.iter().find(|row| state(row) == KeyState::Signing);
        let (Some(active), Some(first)) = (active, rows.first()) else {
            return Err(Internal::Broken("no key signs"));
        };
        let seed = self.0.vault.open_seed(active.id, &active.seed_ciphertext)?;
        let account = account_of(&first.public_key);
        Ok(Keyring {
            signer: SigningKey::from_bytes(&seed),
            signer_id: active.id,
            account,
            account_text: account.to_string().into(),
            keys: rows.iter().map(describe).collect::<Result<_, _>>()?,
        })
    }
}

impl Admin<'_> {
    /// Every signing key, the oldest first.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyInfo>, AdminError> {
        Ok(self.service.refresh_keyring().await?.keys().to_vec())
    }

    /// Makes a key that waits to be next, so that an app's next version can embed it before it signs.
    /// If one waits already, that one is given back.
    pub async fn prepare_signing_key(&self) -> Result<SigningKeyInfo, AdminError> {
        self.service.refresh_keyring().await?;
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_instance().await?;
        let row = self.waiting_key(&mut tx, now).await?;
        tx.commit().await?;
        self.service.refresh_keyring().await?;
        Ok(describe(&row)?)
    }

    /// Lets the waiting key sign from now on, or a new one if none waits. What the old key signed
    /// stays good until that key is retired.
    pub async fn rotate_signing_key(&self) -> Result<SigningKeyInfo, AdminError> {
        let keyring = self.service.refresh_keyring().await?;
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_instance().await?;
        let mut row = self.waiting_key(&mut tx, now).await?;
        for old in tx.list_signing_keys().await?.iter().filter(|row| state(row) == KeyState::Signing) {
            tx.set_signing_key_replaced(old.id, now).await?;
        }
        tx.set_signing_key_activated(row.id, now).await?;
        row.activated_at = Some(now);
        let event = SigningKeyEvent::Rotated { from: keyring.signer_id() }.of(row.id);
        self.service.record(&mut tx, now, self.actor, event).await?;
        tx.commit().await?;
        self.service.refresh_keyring().await?;
        Ok(describe(&row)?)
    }

    /// Ends what a key has signed. Refused for the key that signs, and, unless `even_if_in_use`, while
    /// files or license keys that it signed are still about.
    pub async fn retire_signing_key(
        &self,
        id: SigningKeyId,
        even_if_in_use: bool,
    ) -> Result<SigningKeyInfo, AdminError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_instance().await?;
        let rows = tx.list_signing_keys().await?;
        let mut row = rows.into_iter().find(|row| row.id == id).ok_or(AdminError::SigningKeyNotFound(id))?;
        match state(&row) {
            KeyState::Signing => return Err(AdminError::SigningKeyActive(id)),
            KeyState::Retired => return Ok(describe(&row)?),
            KeyState::Waiting | KeyState::Verifying => {}
        }
        let licenses = tx.count_licenses_signed_by(id).await?;
        let files_until = row.files_until.filter(|until| *until > now);
        if !even_if_in_use && (licenses > 0 || files_until.is_some()) {
            return Err(AdminError::SigningKeyInUse { id, files_until, licenses });
        }
        tx.set_signing_key_retired(id, now).await?;
        row.retired_at = Some(now);
        self.service.record(&mut tx, now, self.actor, SigningKeyEvent::Retired.of(id)).await?;
        tx.commit().await?;
        self.service.refresh_keyring().await?;
        Ok(describe(&row)?)
    }

    /// The key that waits; made, in this transaction, if none does.
    async fn waiting_key(&self, tx: &mut Tx, now: Timestamp) -> Result<SigningKeyRow, Internal> {
        let rows = tx.list_signing_keys().await?;
        let latest = rows.iter().map(|row| row.created_at).max();
        if let Some(waiting) = rows.into_iter().find(|row| state(row) == KeyState::Waiting) {
            return Ok(waiting);
        }
        let seed = Zeroizing::new(self.service.random()?);
        // Ids are in the order of creation also where the clock was set back: the first key names this
        // instance on the wire.
        let row = self.service.new_key(&seed, latest.map_or(now, |latest| latest.plus(ID_STEP).max(now)))?;
        tx.insert_signing_key(&row).await?;
        self.service.record(tx, now, self.actor, SigningKeyEvent::Made.of(row.id)).await?;
        Ok(row)
    }
}
