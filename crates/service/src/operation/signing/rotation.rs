//! Rotating signing keys: preparing the next one, letting it sign, and retiring its predecessor.

use std::time::Duration;

use latchkey_licensing::{ids::SigningKeyId, time::Timestamp};
use latchkey_store::{SigningKeyRow, Tx};
use zeroize::Zeroizing;

use crate::{
    audit::event::SigningKeyEvent,
    error::{Internal, internal_errors},
    identity::actors::{Admin, Fresh, Support},
    service::keyring::{KeyState, SigningKeyInfo, describe, state},
};

/// The resolution of the timestamp in ids.
const ID_STEP: Duration = Duration::from_millis(1);

/// Why a signing key was not retired.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// There is no signing key with this id.
    #[error("there is no signing key with the id {0}")]
    NotFound(SigningKeyId),
    /// It is the key that signs.
    #[error("key {0} is the current signing key")]
    IsSigning(SigningKeyId),
    /// Files or license keys that it signed are still in use.
    #[error("key {id} is in use")]
    InUse {
        /// The key's id.
        id: SigningKeyId,
        /// When the last file that it signed expires. `None` if all have expired.
        files_until: Option<Timestamp>,
        /// The number of licenses whose key it signed.
        licenses: i64,
    },
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(RetireError);

impl Support<'_> {
    /// Every signing key, the oldest first.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyInfo>, Internal> {
        Ok(self.service.refresh_keyring().await?.keys().to_vec())
    }
}

impl Admin<'_> {
    /// Creates the next signing key, which does not sign yet, so that apps can embed it in advance. Returns the one
    /// that waits already, if there is one.
    pub async fn prepare_signing_key(&self) -> Result<SigningKeyInfo, Internal> {
        self.service.refresh_keyring().await?;
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_instance().await?;
        let row = self.waiting_key(&mut tx, now).await?;
        tx.commit().await?;
        self.service.refresh_keyring().await?;
        describe(&row)
    }

    /// Lets the waiting key sign from now on, or a new one if none is waiting. Signatures of the old key stay valid
    /// until it is retired.
    pub async fn rotate_signing_key(&self, _fresh: &Fresh) -> Result<SigningKeyInfo, Internal> {
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
        describe(&row)
    }

    /// Retires a key, which invalidates everything that it signed. Fails for the key that signs and, unless
    /// `even_if_in_use`, while files or license keys that it signed are still in use.
    pub async fn retire_signing_key(
        &self,
        id: SigningKeyId,
        even_if_in_use: bool,
        _fresh: &Fresh,
    ) -> Result<SigningKeyInfo, RetireError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        tx.lock_instance().await?;
        let rows = tx.list_signing_keys().await?;
        let mut row = rows.into_iter().find(|row| row.id == id).ok_or(RetireError::NotFound(id))?;
        match state(&row) {
            KeyState::Signing => return Err(RetireError::IsSigning(id)),
            KeyState::Retired => return Ok(describe(&row)?),
            KeyState::Waiting | KeyState::Verifying => {}
        }
        let licenses = tx.count_licenses_signed_by(id).await?;
        let files_until = row.files_until.filter(|until| *until > now);
        if !even_if_in_use && (licenses > 0 || files_until.is_some()) {
            return Err(RetireError::InUse { id, files_until, licenses });
        }
        tx.set_signing_key_retired(id, now).await?;
        row.retired_at = Some(now);
        self.service.record(&mut tx, now, self.actor, SigningKeyEvent::Retired.of(id)).await?;
        tx.commit().await?;
        self.service.refresh_keyring().await?;
        Ok(describe(&row)?)
    }

    /// The waiting key. It is created in this transaction if there is none.
    async fn waiting_key(&self, tx: &mut Tx, now: Timestamp) -> Result<SigningKeyRow, Internal> {
        let rows = tx.list_signing_keys().await?;
        let latest = rows.iter().map(|row| row.created_at).max();
        if let Some(waiting) = rows.into_iter().find(|row| state(row) == KeyState::Waiting) {
            return Ok(waiting);
        }
        let seed = Zeroizing::new(self.service.random()?);
        // The wire account id depends on which key is the first by id, so ids must be in the order of creation even
        // if the clock was set back.
        let row = self.service.0.new_signing_key(&seed, latest.map_or(now, |latest| latest.plus(ID_STEP).max(now)))?;
        tx.insert_signing_key(&row).await?;
        self.service.record(tx, now, self.actor, SigningKeyEvent::Created.of(row.id)).await?;
        Ok(row)
    }
}
