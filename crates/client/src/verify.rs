//! Verification offline: is this file the vendor's, for this product, this license and this machine?
//!
//! Nothing in a file chooses a key or causes a request: the keys are those that the app embeds, and a
//! file that none of them signed is refused (LC-08).

use latchkey_licensing::{
    certificate::{self, FileError, FileKind, FileSecret},
    claims::{self, ClaimsError, FileClaims},
    ids::ProductId,
    key::LicenseKey,
    machine::Fingerprint,
    policy::KeyScheme,
    public_key::PublicKey,
    signed_key::{self, KeyClaims, SignedKeyError},
    time::Timestamp,
};

/// What an app trusts: the vendor's public keys, and its own product.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Vec<PublicKey>,
    product: ProductId,
}

/// Why something is not to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The file is not one of the vendor's.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is the vendor's, and cannot be used.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// The key is not one of the vendor's.
    #[error(transparent)]
    Key(#[from] SignedKeyError),
    /// It is for another product.
    #[error("this is a license for another product")]
    OtherProduct,
    /// It is for another machine.
    #[error("this file is for another computer")]
    OtherMachine,
    /// It is for another license than the key's.
    #[error("this file is for another license")]
    OtherLicense,
}

impl Verifier {
    /// Trusts what any of `keys` signed for `product`. Several keys let an app go through a rotation:
    /// ship the next one before it signs, drop the old one after it is retired.
    pub fn new(keys: Vec<PublicKey>, product: ProductId) -> Self {
        Self { keys, product }
    }

    /// The keys that are trusted.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The product that is asked for.
    pub fn product(&self) -> ProductId {
        self.product
    }

    /// Verifies a license file at `now`, plain or encrypted with `key`. Whether its time is over is for
    /// [`FileClaims::is_over`] to say.
    pub fn license_file(&self, text: &str, key: &LicenseKey, now: Timestamp) -> Result<FileClaims, VerifyError> {
        self.file(FileKind::License, text, &FileSecret::of_license(key), key, now)
    }

    /// Verifies a machine file at `now`: it must be for this machine.
    pub fn machine_file(
        &self,
        text: &str,
        key: &LicenseKey,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<FileClaims, VerifyError> {
        let secret = FileSecret::of_machine(key, fingerprint);
        let claims = self.file(FileKind::Machine, text, &secret, key, now)?;
        let is_ours = claims.machine.as_ref().is_some_and(|machine| machine.fingerprint == *fingerprint);
        if is_ours { Ok(claims) } else { Err(VerifyError::OtherMachine) }
    }

    /// Verifies a signed license key.
    pub fn signed_key(&self, text: &str) -> Result<KeyClaims, VerifyError> {
        let claims = signed_key::verify(text, &self.keys)?;
        if claims.product == self.product { Ok(claims) } else { Err(VerifyError::OtherProduct) }
    }

    fn file(
        &self,
        kind: FileKind,
        text: &str,
        secret: &FileSecret,
        key: &LicenseKey,
        now: Timestamp,
    ) -> Result<FileClaims, VerifyError> {
        let dataset = certificate::open(kind, text, &self.keys, Some(secret))?;
        let claims = claims::read(kind, &dataset, now)?;
        if claims.license.product != self.product {
            return Err(VerifyError::OtherProduct);
        }
        // An encrypted file opens with its own key alone; a plain one tells the key that it is for.
        if claims.license.key.as_deref().is_some_and(|told| told != key.expose()) {
            return Err(VerifyError::OtherLicense);
        }
        // A signed key says which license it is for; a file of another one does not go with it.
        if key.scheme() == KeyScheme::Ed25519Sign && self.signed_key(key.expose())?.license != claims.license.id {
            return Err(VerifyError::OtherLicense);
        }
        Ok(claims)
    }
}
