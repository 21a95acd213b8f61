//! Offline verification: is this file signed by the vendor, for this product, this license and this machine?
//!
//! A file cannot choose the key that it is verified with or cause a request. Only the public keys embedded in
//! the app count, and a file that is signed by none of them is rejected (LC-08).

use std::time::Duration;

use latchkey_licensing::{
    certificate::{self, FileError, FileKind, FileSecret},
    claims::{self, ClaimsError, FileClaims},
    ids::ProductId,
    license_key::LicenseKey,
    machine::Fingerprint,
    policy::KeyScheme,
    public_key::PublicKey,
    signed_key::{self, KeyClaims, SignedKeyError},
    time::Timestamp,
};

/// Verifies files and signed keys with the vendor's public keys, for one product.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Vec<PublicKey>,
    product: ProductId,
    max_file_age: Duration,
}

/// How long after its issue a file is accepted by default: 366 days. A key holder can request a file that lasts
/// 68 years, and it would still be valid after a refund.
pub const DEFAULT_MAX_FILE_AGE: Duration = claims::MAX_AGE;

/// Why a file or key is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The file is malformed or not signed by the vendor.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is signed by the vendor but its content is malformed.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// The signed key is malformed or not signed by the vendor.
    #[error(transparent)]
    Key(#[from] SignedKeyError),
    /// The license is for another product.
    #[error("this is a license for another product")]
    WrongProduct,
    /// The machine file is for another machine.
    #[error("this file is for another computer")]
    WrongMachine,
    /// The file is not for the license of the given key.
    #[error("this file is for another license")]
    WrongLicense,
    /// The file has expired.
    #[error("this file has expired")]
    Expired,
    /// The license has expired and its policy does not allow use after that.
    #[error("the license has expired")]
    LicenseExpired,
    /// The license was suspended when the file was issued.
    #[error("the license is suspended")]
    Suspended,
    /// The file is older than the current one, or than the deactivation of this computer or the refusal of the
    /// license.
    #[error("this file is out of date: fetch a new one")]
    OutOfDate,
    /// The file is a license file and the app accepts only machine files.
    #[error("this file is not tied to a computer: get the file for this computer")]
    LicenseFileNotAccepted,
}

impl Verifier {
    /// Creates a verifier that trusts `keys` for `product`. Embed several keys to survive a rotation: ship the
    /// next key before it starts to sign, and remove the old one after it is retired.
    pub fn new(keys: Vec<PublicKey>, product: ProductId) -> Self {
        Self { keys, product, max_file_age: DEFAULT_MAX_FILE_AGE }
    }

    /// Accepts files for `max_age` after their issue instead of [`DEFAULT_MAX_FILE_AGE`].
    #[must_use]
    pub fn with_max_file_age(self, max_age: Duration) -> Self {
        Self { max_file_age: max_age, ..self }
    }

    /// The public keys that are trusted.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The product that licenses must be for.
    pub fn product(&self) -> ProductId {
        self.product
    }

    /// Verifies a license file, plain or encrypted with `key`, and checks that the file and the license are
    /// valid at `now`. A license file is not tied to a computer: with the key it can be used anywhere.
    pub fn license_file(&self, text: &str, key: &LicenseKey, now: Timestamp) -> Result<FileClaims, VerifyError> {
        self.check_validity(self.open_license_file(text, key, now)?, now)
    }

    /// Verifies a machine file, plain or encrypted, and checks that it is for this machine and that the file and
    /// the license are valid at `now`.
    pub fn machine_file(
        &self,
        text: &str,
        key: &LicenseKey,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<FileClaims, VerifyError> {
        self.check_validity(self.open_machine_file(text, key, fingerprint, now)?, now)
    }

    /// Like [`Self::license_file`], but accepts files and licenses that have expired or are suspended, and does
    /// not limit the file's age. Used to implement a grace period.
    pub fn open_license_file(&self, text: &str, key: &LicenseKey, now: Timestamp) -> Result<FileClaims, VerifyError> {
        self.file(FileKind::License, text, &FileSecret::of_license(key), key, now)
    }

    /// Like [`Self::machine_file`], but accepts files and licenses that have expired or are suspended, and does
    /// not limit the file's age. Used to implement a grace period.
    pub fn open_machine_file(
        &self,
        text: &str,
        key: &LicenseKey,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<FileClaims, VerifyError> {
        let secret = FileSecret::of_machine(key, fingerprint);
        let claims = self.file(FileKind::Machine, text, &secret, key, now)?;
        let is_ours = claims.machine.as_ref().is_some_and(|machine| machine.fingerprint == *fingerprint);
        if is_ours { Ok(claims) } else { Err(VerifyError::WrongMachine) }
    }

    /// Verifies a signed license key.
    pub fn signed_key(&self, text: &str) -> Result<KeyClaims, VerifyError> {
        let claims = signed_key::verify(text, &self.keys)?;
        if claims.product == self.product { Ok(claims) } else { Err(VerifyError::WrongProduct) }
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
            return Err(VerifyError::WrongProduct);
        }
        // An encrypted file opens only with its own key, but a plain one opens with any, so the key in it must
        // match.
        if claims.license.key.as_deref().is_some_and(|in_file| in_file != key.expose()) {
            return Err(VerifyError::WrongLicense);
        }
        // A signed key contains its license's id, which must match the file.
        if key.scheme() == KeyScheme::Ed25519Sign && self.signed_key(key.expose())?.license != claims.license.id {
            return Err(VerifyError::WrongLicense);
        }
        Ok(claims)
    }

    /// Checks that the file and its license are valid at `now`.
    fn check_validity(&self, claims: FileClaims, now: Timestamp) -> Result<FileClaims, VerifyError> {
        let claims = claims.with_max_age(self.max_file_age);
        if claims.license.is_suspended {
            Err(VerifyError::Suspended)
        } else if claims.is_license_expired(now) {
            Err(VerifyError::LicenseExpired)
        } else if claims.is_expired(now) {
            Err(VerifyError::Expired)
        } else {
            Ok(claims)
        }
    }
}
