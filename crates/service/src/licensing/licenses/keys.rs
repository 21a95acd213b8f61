//! Creating license keys, and encrypting them so that a stolen database reveals none.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{LicenseId, SigningKeyId},
    license::{Expiry, KeyHint},
    license_key::{self, LicenseKey},
    policy::{KeyScheme, Policy},
    product::Product,
    signed_key::{self, KeyClaims},
};
use latchkey_store::{StoredKey, Tx};

use crate::{
    audit::{actor::Cause, event::LicenseEvent},
    error::Internal,
    identity::actors::{Admin, Fresh, Support},
    licensing::{
        licenses::view::{IssuedLicense, LicenseError},
        validation::facts::LicenseFacts,
    },
    mail::{
        messages::{
            MailedLicense,
            keys::{KeyReplacedMail, LicenseIssuedMail},
        },
        notify::Notify,
        reasons::ReplacedBy,
    },
    service::Service,
};

/// A license key with the values that are stored for it.
pub(crate) struct NewKey {
    pub(crate) key: LicenseKey,
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) lookup: [u8; 32],
    pub(crate) signed_by: Option<SigningKeyId>,
}

impl NewKey {
    /// The parts of the key that are shown.
    pub(crate) fn hint(&self) -> KeyHint<'_> {
        KeyHint { prefix: self.key.prefix(), tail: self.key.tail() }
    }

    /// The values to store.
    pub(crate) fn stored(&self) -> StoredKey<'_> {
        StoredKey { ciphertext: &self.ciphertext, lookup: &self.lookup, signed_by: self.signed_by }
    }
}

impl Service {
    /// Creates a key for a license by its policy's scheme.
    pub(crate) async fn new_license_key(
        &self,
        tx: &mut Tx,
        id: LicenseId,
        policy: &Policy,
        product: &Product,
        expiry: Expiry,
    ) -> Result<NewKey, Internal> {
        match policy.key_scheme {
            KeyScheme::Random => self.seal_license_key(id, LicenseKey::new(&product.key_prefix, &self.random()?), None),
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
                let key = key.ok_or(Internal::Invariant("a signed key does not serialize"))?;
                self.seal_license_key(id, key, Some(keyring.signer_id()))
            }
        }
    }

    /// Replaces the key of a license, which must be locked. Returns the new key and the recipient of the mail.
    pub(crate) async fn replace_key(
        &self,
        tx: &mut Tx,
        facts: &LicenseFacts,
        by_whom: impl Into<Cause<'_>> + Send,
        by: ReplacedBy,
        notify: Notify,
    ) -> Result<(LicenseKey, Option<EmailAddress>), Internal> {
        let now = self.now();
        let license = &facts.license;
        let new = self.new_license_key(tx, license.id, facts.policy(), facts.product(), license.expiry).await?;
        tx.set_license_key(license.id, new.stored(), new.key.prefix(), new.key.tail(), now).await?;
        self.record(tx, now, by_whom, LicenseEvent::KeyReplaced.of(license.id)).await?;
        let mailed_to = match notify {
            Notify::Customer => {
                let masked_key = license_key::masked(new.key.prefix(), new.key.tail());
                let license = MailedLicense { masked_key, ..MailedLicense::of(facts) };
                self.mail_customer(tx, &facts.owner, &KeyReplacedMail { license, key: &new.key, by }, None).await?
            }
            Notify::Nobody => None,
        };
        Ok((new.key, mailed_to))
    }

    /// Mails the key of a license, which must be locked, to its owner. Returns the recipient. If the account is banned, nothing
    /// is written.
    pub(crate) async fn mail_key(
        &self,
        tx: &mut Tx,
        facts: &LicenseFacts,
        by: Cause<'_>,
    ) -> Result<Option<EmailAddress>, Internal> {
        let id = facts.license.id;
        let sealed = tx.get_key_ciphertext(id).await?;
        let key = self.0.vault.open_key(id, &sealed)?;
        let mail = LicenseIssuedMail { license: MailedLicense::of(facts), key: &key, expiry: facts.license.expiry };
        let mailed_to = self.mail_customer(tx, &facts.owner, &mail, None).await?;
        if mailed_to.is_some() {
            self.record(tx, self.now(), by, LicenseEvent::KeyMailed.of(id)).await?;
        }
        Ok(mailed_to)
    }

    /// Encrypts a key for storage.
    pub(crate) fn seal_license_key(
        &self,
        id: LicenseId,
        key: LicenseKey,
        signed_by: Option<SigningKeyId>,
    ) -> Result<NewKey, Internal> {
        let sealed = self.0.vault.seal_key(id, &key, self.random()?);
        let ciphertext = sealed.ok_or(Internal::Invariant("a key does not encrypt"))?;
        Ok(NewKey { lookup: self.0.vault.key_lookup(key.expose()), key, ciphertext, signed_by })
    }
}

impl Support<'_> {
    /// Mails the key to the license's owner again. Returns the recipient. `None` if the account is banned.
    pub async fn mail_license_key(&self, id: LicenseId) -> Result<Option<EmailAddress>, LicenseError> {
        let mut tx = self.service.store().write().await?;
        let facts = self.service.lock_license(&mut tx, id).await?.ok_or(LicenseError::NotFound(id))?;
        let mailed_to = self.service.mail_key(&mut tx, &facts, self.cause()).await?;
        if mailed_to.is_some() {
            tx.commit().await?;
            self.service.wake_mail_worker();
        }
        Ok(mailed_to)
    }
}

impl Admin<'_> {
    /// Shows a license's key, which the audit log records.
    pub async fn show_license_key(&self, id: LicenseId, _fresh: &Fresh) -> Result<LicenseKey, LicenseError> {
        let mut tx = self.service.store().write().await?;
        if tx.find_license(id).await?.is_none() {
            return Err(LicenseError::NotFound(id));
        }
        let sealed = tx.get_key_ciphertext(id).await?;
        let key = self.service.0.vault.open_key(id, &sealed)?;
        self.service.record(&mut tx, self.service.now(), self.cause(), LicenseEvent::KeyShown.of(id)).await?;
        tx.commit().await?;
        Ok(key)
    }

    /// Replaces a license's key. The old one is rejected from then on.
    pub async fn replace_license_key(&self, id: LicenseId, notify: Notify) -> Result<IssuedLicense, LicenseError> {
        let mut tx = self.service.store().write().await?;
        let facts = self.service.lock_license(&mut tx, id).await?.ok_or(LicenseError::NotFound(id))?;
        if !self.knows(facts.license.updated_at) {
            return Err(LicenseError::Changed);
        }
        let (_, mailed_to) =
            self.service.replace_key(&mut tx, &facts, self.cause(), ReplacedBy::Vendor, notify).await?;
        tx.commit().await?;
        self.service.wake_mail_worker();
        Ok(IssuedLicense { mailed_to, ..self.reload_license(id).await? })
    }
}
