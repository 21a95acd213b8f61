//! Making license keys, and keeping them so that a stolen database yields none.

use latchkey_licensing::{
    ids::{LicenseId, SigningKeyId},
    license::{Expiry, KeyHint},
    license_key::LicenseKey,
    policy::{KeyScheme, Policy},
    product::Product,
    signed_key::{self, KeyClaims},
};
use latchkey_store::{StoredKey, Tx};

use crate::{
    actors::Admin,
    audit::{actor::Actor, event::LicenseEvent},
    error::Internal,
    licenses::view::{IssuedLicense, LicenseError},
    service::Service,
    validation::facts::LicenseFacts,
};

/// A new key, in clear and as it is kept.
pub(crate) struct NewKey {
    pub(crate) text: LicenseKey,
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) lookup: [u8; 32],
    pub(crate) signed_by: Option<SigningKeyId>,
}

impl NewKey {
    /// What is shown of it.
    pub(crate) fn hint(&self) -> KeyHint<'_> {
        KeyHint { prefix: self.text.prefix(), tail: self.text.tail() }
    }

    pub(crate) fn kept(&self) -> StoredKey<'_> {
        StoredKey { ciphertext: &self.ciphertext, lookup: &self.lookup, signed_by: self.signed_by }
    }
}

impl Service {
    /// Makes a key for a license, by its policy's scheme.
    pub(crate) async fn new_license_key(
        &self,
        tx: &mut Tx,
        id: LicenseId,
        policy: &Policy,
        product: &Product,
        expiry: Expiry,
    ) -> Result<NewKey, Internal> {
        match policy.key_scheme {
            KeyScheme::Random => self.keep_key(id, LicenseKey::new(&product.key_prefix, &self.random()?), None),
            KeyScheme::Ed25519Sign => {
                let keyring = self.signing_keyring(tx, None).await?;
                let claims = KeyClaims {
                    license: id,
                    product: product.id,
                    policy: policy.id,
                    issued_at: self.now(),
                    expires_at: expiry.at(),
                };
                let key = signed_key::issue(&claims, keyring.signer());
                let key = key.ok_or(Internal::Broken("a signed key does not serialize"))?;
                self.keep_key(id, key, Some(keyring.signer_id()))
            }
        }
    }

    /// Gives a license that is locked another key.
    pub(crate) async fn replace_key(
        &self,
        tx: &mut Tx,
        facts: &LicenseFacts,
        actor: Actor,
    ) -> Result<LicenseKey, Internal> {
        let now = self.now();
        let license = &facts.license;
        let key = self.new_license_key(tx, license.id, facts.policy(), facts.product(), license.expiry).await?;
        tx.set_license_key(license.id, key.kept(), key.text.prefix(), key.text.tail(), now).await?;
        self.record(tx, now, actor, LicenseEvent::KeyReplaced.of(license.id)).await?;
        Ok(key.text)
    }

    /// Seals a key for storage.
    pub(crate) fn keep_key(
        &self,
        id: LicenseId,
        text: LicenseKey,
        signed_by: Option<SigningKeyId>,
    ) -> Result<NewKey, Internal> {
        let sealed = self.0.vault.seal_key(id, &text, self.random()?);
        let ciphertext = sealed.ok_or(Internal::Broken("a key does not encrypt"))?;
        Ok(NewKey { lookup: self.0.vault.key_lookup(text.expose()), text, ciphertext, signed_by })
    }
}

impl Admin<'_> {
    /// Replaces a license's key: the old one opens nothing from now on.
    pub async fn rotate_license_key(&self, id: LicenseId) -> Result<IssuedLicense, LicenseError> {
        let mut tx = self.service.store().write().await?;
        let facts = self.service.lock_license(&mut tx, id).await?.ok_or(LicenseError::NotFound(id))?;
        self.service.replace_key(&mut tx, &facts, self.actor).await?;
        tx.commit().await?;
        Ok(self.written_license(id).await?)
    }
}
