//! A vendor that signs files for tests.

use std::time::Duration;

use ed25519_dalek::SigningKey;
use latchkey_client::{Fingerprint, LicenseId, LicenseKey, ProductId, PublicKey, Timestamp, Verifier};
use latchkey_licensing::{
    certificate::{FileEncoding, FileKind, FileSecret, seal},
    ids::PolicyId,
    license_key::{KEY_RANDOM_BYTES, KeyPrefix},
    signed_key::{KeyClaims, issue},
};
use serde_json::{Value, json};

/// A vendor with a product and a license, and the key of a second vendor.
pub(crate) struct Vendor {
    pub(crate) signer: SigningKey,
    pub(crate) other_signer: SigningKey,
    pub(crate) product: ProductId,
    pub(crate) other_product: ProductId,
    pub(crate) key: LicenseKey,
    pub(crate) other_key: LicenseKey,
    pub(crate) now: Timestamp,
}

/// The properties of a file to create.
pub(crate) struct FileSpec {
    pub(crate) ttl: Duration,
    pub(crate) license_end: Option<Timestamp>,
    pub(crate) strategy: &'static str,
    pub(crate) is_plain: bool,
    pub(crate) by_other_vendor: bool,
    pub(crate) is_suspended: bool,
}

impl Default for FileSpec {
    fn default() -> Self {
        Self {
            ttl: Duration::from_hours(30 * 24),
            license_end: None,
            strategy: "MAINTAIN_ACCESS",
            is_plain: false,
            by_other_vendor: false,
            is_suspended: false,
        }
    }
}

pub(crate) const LICENSE: &str = "01a20846-fe00-7000-8000-000000000001";
pub(crate) const OTHER_LICENSE: &str = "01a20846-fe00-7000-8000-000000000002";
pub(crate) const MACHINE: &str = "01a20846-fe00-7000-8000-000000000003";
pub(crate) const PRODUCT: &str = "01a20846-fe00-7000-8000-000000000004";
pub(crate) const OTHER_PRODUCT: &str = "01a20846-fe00-7000-8000-000000000005";
pub(crate) const POLICY: &str = "01a20846-fe00-7000-8000-000000000006";
pub(crate) const ENTITLEMENT: &str = "01a20846-fe00-7000-8000-000000000007";

fn new_key(seed: u8) -> LicenseKey {
    LicenseKey::new(&KeyPrefix::parse("CGPT").expect("a prefix"), &[seed; KEY_RANDOM_BYTES])
}

impl Vendor {
    pub(crate) fn new() -> Self {
        Self {
            signer: SigningKey::from_bytes(&[1; 32]),
            other_signer: SigningKey::from_bytes(&[2; 32]),
            product: PRODUCT.parse().expect("an id"),
            other_product: OTHER_PRODUCT.parse().expect("an id"),
            key: new_key(3),
            other_key: new_key(4),
            now: Timestamp::parse_rfc3339("2026-11-23T12:00:00Z").expect("a time"),
        }
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        PublicKey::from(&self.signer.verifying_key())
    }

    pub(crate) fn other_public_key(&self) -> PublicKey {
        PublicKey::from(&self.other_signer.verifying_key())
    }

    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::new(vec![self.public_key()], self.product)
    }

    pub(crate) fn license_resource(&self, spec: &FileSpec) -> Value {
        json!({
            "id": LICENSE, "type": "licenses",
            "attributes": {
                "key": self.key.expose(), "suspended": spec.is_suspended, "status": "ACTIVE",
                "expiry": spec.license_end.map(Timestamp::rfc3339), "expiryStrategy": spec.strategy,
            },
            "relationships": {
                "product": { "data": { "type": "products", "id": PRODUCT } },
                "policy": { "data": { "type": "policies", "id": POLICY } },
            },
        })
    }

    pub(crate) fn machine_resource() -> Value {
        json!({
            "id": MACHINE, "type": "machines", "attributes": { "fingerprint": "fp", "name": "Office PC" },
            "relationships": { "license": { "data": { "type": "licenses", "id": LICENSE } } },
        })
    }

    pub(crate) fn meta(&self, spec: &FileSpec) -> Value {
        json!({
            "issued": self.now.rfc3339(), "expiry": self.now.plus(spec.ttl).rfc3339(), "ttl": spec.ttl.as_secs(),
        })
    }

    pub(crate) fn entitlement() -> Value {
        json!({
            "id": ENTITLEMENT, "type": "entitlements", "attributes": { "name": "Pro", "code": "PRO" }, "relationships": {},
        })
    }

    pub(crate) fn machine_dataset(&self, spec: &FileSpec) -> Value {
        json!({
            "data": Self::machine_resource(),
            "included": [self.license_resource(spec), Self::entitlement()],
            "meta": self.meta(spec),
        })
    }

    pub(crate) fn license_dataset(&self, spec: &FileSpec) -> Value {
        json!({ "data": self.license_resource(spec), "included": [Self::entitlement()], "meta": self.meta(spec) })
    }

    pub(crate) fn machine_file(&self, spec: &FileSpec) -> String {
        let fingerprint = Fingerprint::parse("fp").expect("a fingerprint");
        let secret = FileSecret::of_machine(&self.key, &fingerprint);
        let sealing =
            if spec.is_plain { FileEncoding::Plain } else { FileEncoding::Encrypted { secret: &secret, iv: [7; 12] } };
        let signer = if spec.by_other_vendor { &self.other_signer } else { &self.signer };
        let dataset = self.machine_dataset(spec).to_string();
        seal(FileKind::Machine, dataset.as_bytes(), sealing, signer).expect("fits")
    }

    /// An unencrypted license file.
    pub(crate) fn plain_license_file(&self) -> String {
        let dataset = self.license_dataset(&FileSpec::default()).to_string();
        seal(FileKind::License, dataset.as_bytes(), FileEncoding::Plain, &self.signer).expect("fits")
    }

    /// A license file encrypted with a key.
    pub(crate) fn license_file_for(&self, key: &LicenseKey) -> String {
        let secret = FileSecret::of_license(key);
        let mut dataset = self.license_dataset(&FileSpec::default());
        dataset["data"]["attributes"]["key"] = json!(key.expose());
        let dataset = dataset.to_string();
        seal(
            FileKind::License,
            dataset.as_bytes(),
            FileEncoding::Encrypted { secret: &secret, iv: [7; 12] },
            &self.signer,
        )
        .expect("fits")
    }

    /// A signed key for the vendor's license or for another one.
    pub(crate) fn signed_key(&self, is_ours: bool) -> LicenseKey {
        let license: LicenseId = if is_ours { LICENSE } else { OTHER_LICENSE }.parse().expect("an id");
        let policy: PolicyId = POLICY.parse().expect("an id");
        let claims = KeyClaims { license, product: self.product, policy, issued_at: self.now, expires_at: None };
        issue(&claims, &self.signer).expect("issued")
    }
}
