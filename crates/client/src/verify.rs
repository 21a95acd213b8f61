//! Verification offline: is this file the vendor's, for this product, this license and this machine?
//!
//! Nothing in a file chooses a key or causes a request: the keys are those that the app embeds, and a
//! file that none of them signed is refused (LC-08).

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

/// What an app trusts: the vendor's public keys, and its own product.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Vec<PublicKey>,
    product: ProductId,
    longest_file: Duration,
}

/// The longest time that a file counts, unless the app says otherwise. Who holds the key may ask the server
/// for a file of 68 years, which would outlast a refund.
pub const LONGEST_FILE: Duration = Duration::from_hours(366 * 24);

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
    /// Its time is over.
    #[error("the time of this file is over")]
    Over,
    /// The license has ended.
    #[error("the license has ended")]
    LicenseOver,
    /// The license was suspended when the file was made.
    #[error("the license is suspended")]
    Suspended,
    /// It was made before this computer was freed or the license refused, or before the file at hand.
    #[error("this file is out of date: fetch a new one")]
    OutOfDate,
    /// A license file, which names no computer, where the app takes machine files alone.
    #[error("this file names no computer: fetch the file for this computer")]
    NamesNoMachine,
}

impl Verifier {
    /// Trusts what any of `keys` signed for `product`. Several keys let an app go through a rotation:
    /// ship the next one before it signs, drop the old one after it is retired.
    pub fn new(keys: Vec<PublicKey>, product: ProductId) -> Self {
        Self { keys, product, longest_file: LONGEST_FILE }
    }

    /// Lets files count for `longest` after they were issued, whatever they say, instead of for
    /// [`LONGEST_FILE`].
    #[must_use]
    pub fn with_longest_file(self, longest: Duration) -> Self {
        Self { longest_file: longest, ..self }
    }

    /// The keys that are trusted.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The product that is asked for.
    pub fn product(&self) -> ProductId {
        self.product
    }

    /// Verifies a license file, plain or encrypted with `key`: it is good at `now`, and so is its license.
    /// It names no computer: whoever has it and the key may use it anywhere.
    pub fn license_file(&self, text: &str, key: &LicenseKey, now: Timestamp) -> Result<FileClaims, VerifyError> {
        self.judge(self.open_license_file(text, key, now)?, now)
    }

    /// Verifies a machine file: it is for this machine and good at `now`, and so is its license.
    pub fn machine_file(
        &self,
        text: &str,
        key: &LicenseKey,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<FileClaims, VerifyError> {
        self.judge(self.open_machine_file(text, key, fingerprint, now)?, now)
    }

    /// Opens a license file as [`Self::license_file`] does, and leaves to the caller whether its time or
    /// its license is over, and for how long it counts: what a grace period needs.
    pub fn open_license_file(&self, text: &str, key: &LicenseKey, now: Timestamp) -> Result<FileClaims, VerifyError> {
        self.file(FileKind::License, text, &FileSecret::of_license(key), key, now)
    }

    /// Opens a machine file as [`Self::machine_file`] does, and leaves to the caller whether its time or
    /// its license is over, and for how long it counts: what a grace period needs.
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

    /// Whether what a file says holds now.
    fn judge(&self, claims: FileClaims, now: Timestamp) -> Result<FileClaims, VerifyError> {
        let claims = claims.for_at_most(self.longest_file);
        if claims.license.is_suspended {
            Err(VerifyError::Suspended)
        } else if claims.is_license_over(now) {
            Err(VerifyError::LicenseOver)
        } else if claims.is_over(now) {
            Err(VerifyError::Over)
        } else {
            Ok(claims)
        }
    }
}
