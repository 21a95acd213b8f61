//! Encryption at rest and keyed hashes, with keys that are derived from the master secret.
//!
//! Each purpose has its own key (HKDF-SHA-256, RFC 5869), so that a ciphertext or hash made for one purpose cannot be
//! used for another. Without the master secret, a database reveals no license key, sign-in code or mail.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use latchkey_licensing::{
    ids::{LicenseId, MailId, SignInRequestId, SigningKeyId},
    license_key::LicenseKey,
};
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 12;

/// The length of a master secret in bytes.
pub const MASTER_SECRET_BYTES: usize = 32;

/// Stored data could not be decrypted: it is damaged, or was written under another master secret.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("stored data does not decrypt: it is damaged, or another master secret wrote it")]
pub struct Undecryptable;

/// The keys derived from the master secret.
pub struct Vault {
    keys_at_rest: Aes256Gcm,
    mail_at_rest: Aes256Gcm,
    seeds_at_rest: Aes256Gcm,
    cursors: Aes256Gcm,
    key_lookup: SecretBox<[u8; 64]>,
    sign_in_code: SecretBox<[u8; 64]>,
    cookie_signing: SecretBox<[u8; 64]>,
    audit_chain: SecretBox<[u8; 64]>,
    build_links: SecretBox<[u8; 64]>,
    known_browsers: SecretBox<[u8; 64]>,
    check: [u8; 32],
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// Derives all keys from the master secret.
    pub fn new(master_secret: &[u8; MASTER_SECRET_BYTES]) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(b"latchkey/v1"), master_secret);
        let cipher = |purpose: &str| {
            let key = Zeroizing::new(derive::<32>(&hkdf, purpose));
            Aes256Gcm::new((&*key).into())
        };
        Self {
            keys_at_rest: cipher("license keys at rest"),
            mail_at_rest: cipher("mail at rest"),
            seeds_at_rest: cipher("signing keys at rest"),
            cursors: cipher("cursors of lists"),
            key_lookup: SecretBox::new(Box::new(derive(&hkdf, "license key lookup"))),
            sign_in_code: SecretBox::new(Box::new(derive(&hkdf, "login code"))),
            cookie_signing: SecretBox::new(Box::new(derive(&hkdf, "cookie signing"))),
            audit_chain: SecretBox::new(Box::new(derive(&hkdf, "audit chain"))),
            build_links: SecretBox::new(Box::new(derive(&hkdf, "links to builds"))),
            known_browsers: SecretBox::new(Box::new(derive(&hkdf, "known browsers"))),
            check: derive(&hkdf, "secret check"),
        }
    }

    /// Encrypts a license key for storage, bound to its license.
    pub fn seal_key(&self, license: LicenseId, key: &LicenseKey, nonce: [u8; NONCE_BYTES]) -> Option<Vec<u8>> {
        seal(&self.keys_at_rest, license.uuid().as_bytes(), key.expose().as_bytes(), nonce)
    }

    /// Decrypts a license key.
    pub fn open_key(&self, license: LicenseId, sealed: &[u8]) -> Result<LicenseKey, Undecryptable> {
        let text = open(&self.keys_at_rest, license.uuid().as_bytes(), sealed)?;
        let text = std::str::from_utf8(&text).map_err(|_| Undecryptable)?;
        LicenseKey::parse(text).map_err(|_| Undecryptable)
    }

    /// Encrypts a mail for the outbox, bound to its row.
    pub fn seal_mail(&self, mail: MailId, content: &[u8], nonce: [u8; NONCE_BYTES]) -> Option<Vec<u8>> {
        seal(&self.mail_at_rest, mail.uuid().as_bytes(), content, nonce)
    }

    /// Decrypts a mail.
    pub fn open_mail(&self, mail: MailId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
        open(&self.mail_at_rest, mail.uuid().as_bytes(), sealed)
    }

    /// Encrypts the private part of a signing key, bound to its row.
    pub fn seal_seed(&self, key: SigningKeyId, seed: &[u8; 32], nonce: [u8; NONCE_BYTES]) -> Option<Vec<u8>> {
        seal(&self.seeds_at_rest, key.uuid().as_bytes(), seed, nonce)
    }

    /// Decrypts the private part of a signing key.
    pub fn open_seed(&self, key: SigningKeyId, sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, Undecryptable> {
        let seed = open(&self.seeds_at_rest, key.uuid().as_bytes(), sealed)?;
        seed.as_slice().try_into().map(Zeroizing::new).map_err(|_| Undecryptable)
    }

    /// Encrypts a place in a list, bound to the list.
    pub fn seal_cursor(&self, list: &str, content: &[u8], nonce: [u8; NONCE_BYTES]) -> Option<Vec<u8>> {
        seal(&self.cursors, list.as_bytes(), content, nonce)
    }

    /// Decrypts a place in a list.
    pub fn open_cursor(&self, list: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
        open(&self.cursors, list.as_bytes(), sealed)
    }

    /// The keyed hash by which a license key is found.
    pub fn key_lookup(&self, key: &str) -> [u8; 32] {
        keyed_hash(self.key_lookup.expose_secret(), &[key.as_bytes()])
    }

    /// The authentication code of an entry of the audit log's chain. Without the master secret, a database gives nobody
    /// the means to forge one.
    pub(crate) fn audit_mac(&self, entry: &[u8]) -> [u8; 32] {
        keyed_hash(self.audit_chain.expose_secret(), &[entry])
    }

    /// The authentication code of a link to the file of a build, which is valid until then. A version and a file name contain
    /// no zero byte.
    pub(crate) fn build_link(&self, until: [u8; 8], version: &str, file: &str) -> [u8; 32] {
        keyed_hash(self.build_links.expose_secret(), &[&until, version.as_bytes(), &[0], file.as_bytes()])
    }

    /// The keyed hash of a browser's id and an address that it signed in to, for one use. An id and an address contain no zero
    /// byte.
    pub(crate) fn known_browser(&self, usage: &[u8], id: &str, email: &str) -> [u8; 32] {
        keyed_hash(self.known_browsers.expose_secret(), &[usage, &[0], id.as_bytes(), &[0], email.as_bytes()])
    }

    /// The keyed hash of a sign-in code. Codes are so short that they could be guessed from an unkeyed hash.
    pub fn sign_in_code(&self, request: SignInRequestId, code: &str) -> [u8; 32] {
        keyed_hash(self.sign_in_code.expose_secret(), &[request.uuid().as_bytes(), code.as_bytes()])
    }

    /// The value by which a database recognizes this master secret. It does not reveal the secret.
    pub fn check(&self) -> &[u8; 32] {
        &self.check
    }

    /// The key that signs cookies.
    pub fn cookie_signing(&self) -> &[u8; 64] {
        self.cookie_signing.expose_secret()
    }
}

/// The SHA-256 hash of a secret. Only for secrets with at least 128 random bits, which do not need a keyed hash, and
/// for texts that are not secret.
pub fn plain_hash(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn derive<const N: usize>(hkdf: &Hkdf<Sha256>, purpose: &str) -> [u8; N] {
    let mut key = [0; N];
    // HKDF fails only for more than 255 hash lengths, or 8160 bytes.
    let derived = hkdf.expand(purpose.as_bytes(), &mut key);
    debug_assert!(derived.is_ok());
    key
}

fn keyed_hash(key: &[u8; 64], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new(key.into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn seal(cipher: &Aes256Gcm, bound_to: &[u8], text: &[u8], nonce: [u8; NONCE_BYTES]) -> Option<Vec<u8>> {
    let sealed = cipher.encrypt(&Nonce::from(nonce), Payload { msg: text, aad: bound_to }).ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

fn open(cipher: &Aes256Gcm, bound_to: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Undecryptable)?;
    let text = cipher.decrypt(&Nonce::from(*nonce), Payload { msg: text, aad: bound_to }).map_err(|_| Undecryptable)?;
    Ok(Zeroizing::new(text))
}

#[cfg(test)]
mod tests {
    use latchkey_licensing::{license_key::KEY_RANDOM_BYTES, license_key::KeyPrefix, time::Timestamp};

    use super::*;

    fn license(seed: u8) -> LicenseId {
        LicenseId::new(Timestamp::from_unix_micros(0), [seed; 10])
    }

    fn key() -> LicenseKey {
        LicenseKey::new(&KeyPrefix::parse("CGPT").expect("valid"), &[9; KEY_RANDOM_BYTES])
    }

    /// LC-12: a key decrypts only with the same master secret and for the same license.
    #[test]
    fn lc_12_keys_are_sealed_to_secret_and_license() {
        let vault = Vault::new(&[1; 32]);
        let sealed = vault.seal_key(license(1), &key(), [7; 12]).expect("seals");
        assert_eq!(vault.open_key(license(1), &sealed).ok(), Some(key()));
        assert!(!sealed.windows(8).any(|part| key().expose().as_bytes().windows(8).any(|clear| clear == part)));
        assert!(vault.open_key(license(2), &sealed).is_err());
        assert!(Vault::new(&[2; 32]).open_key(license(1), &sealed).is_err());
        let mut damaged = sealed.clone();
        damaged[20] ^= 1;
        assert!(vault.open_key(license(1), &damaged).is_err());
        assert!(vault.open_key(license(1), b"short").is_err());
    }

    /// LC-09: a signing key decrypts only with the same master secret and for the same row.
    #[test]
    fn lc_09_signing_keys_are_sealed() {
        let vault = Vault::new(&[1; 32]);
        let id = |seed| SigningKeyId::new(Timestamp::from_unix_micros(0), [seed; 10]);
        let sealed = vault.seal_seed(id(1), &[9; 32], [7; 12]).expect("seals");
        assert_eq!(vault.open_seed(id(1), &sealed).map(|seed| *seed).ok(), Some([9; 32]));
        assert!(!sealed.windows(4).any(|part| part == [9; 4]));
        assert!(vault.open_seed(id(2), &sealed).is_err());
        assert!(Vault::new(&[2; 32]).open_seed(id(1), &sealed).is_err());
    }

    #[test]
    fn wh_20_cursors_are_bound_to_their_list() {
        let vault = Vault::new(&[1; 32]);
        let sealed = vault.seal_cursor("licenses/newest", b"place", [7; 12]).expect("seals");
        assert_eq!(
            vault.open_cursor("licenses/newest", &sealed).map(|place| place.to_vec()).ok(),
            Some(b"place".to_vec())
        );
        assert!(vault.open_cursor("licenses/oldest", &sealed).is_err());
        assert!(Vault::new(&[2; 32]).open_cursor("licenses/newest", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(vault.open_cursor("licenses/newest", &damaged).is_err(), "byte {at}");
        }
    }

    #[test]
    fn hashes_depend_on_the_secret() {
        let (one, two) = (Vault::new(&[1; 32]), Vault::new(&[2; 32]));
        assert_eq!(one.key_lookup(key().expose()), one.key_lookup(key().expose()));
        assert_ne!(one.key_lookup(key().expose()), two.key_lookup(key().expose()));
        assert_eq!(format!("{one:?}"), "Vault(..)");
    }
}
