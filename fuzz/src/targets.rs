//! The fuzz targets (LC-16). The tests of `latchkey-client` run the stored corpus through the same functions,
//! with any compiler.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use ed25519_dalek::{Signer, SigningKey};
use latchkey_client::{
    AirGapRequest, FileKind, Fingerprint, LicenseKey, OfflineTerms, PublicKey, Timestamp, Verifier, access,
    record::Record,
};
use latchkey_licensing::{
    certificate::{self, FileEncoding, FileSecret},
    claims, signed_key,
};
use latchkey_wire::request;

const NOW: Timestamp = Timestamp::from_unix_micros(1_795_435_200_000_000);
const KEY: &str = "CGPT-3333-3333-3333-3333-3333-3333-333X";
const PRODUCT: &str = "01a20846-fe00-7000-8000-000000000004";

/// The vendor of the published vectors. Its signing key is known, so that fuzzing reaches the code behind the
/// signature check.
struct Vendor {
    signer: SigningKey,
    verifier: Verifier,
    key: LicenseKey,
    fingerprint: Fingerprint,
}

impl Vendor {
    fn new() -> Option<Self> {
        let signer = SigningKey::from_bytes(&[1; 32]);
        let verifier = Verifier::new(vec![PublicKey::from(&signer.verifying_key())], PRODUCT.parse().ok()?);
        Some(Self { signer, verifier, key: LicenseKey::parse(KEY).ok()?, fingerprint: Fingerprint::parse("fp")? })
    }

    fn secret(&self, kind: FileKind) -> FileSecret {
        match kind {
            FileKind::License => FileSecret::of_license(&self.key),
            FileKind::Machine => FileSecret::of_machine(&self.key, &self.fingerprint),
        }
    }

    /// Opens a file in every way that an app can.
    fn open(&self, text: &str) {
        let Self { verifier, key, fingerprint, .. } = self;
        let license = verifier.open_license_file(text, key, NOW);
        let machine = verifier.open_machine_file(text, key, fingerprint, NOW);
        for claims in [&license, &machine].into_iter().flatten() {
            assert_eq!(claims.license.product, verifier.product());
            assert!(claims.issued_at < claims.expires_at);
        }
        assert!(license.is_err() || machine.is_err(), "a file has one kind");
        let record = Record { key: Some(KEY.to_owned()), file: Some(text.to_owned()), ..Record::default() };
        let _ = access::decide(&record, verifier, fingerprint, NOW, &OfflineTerms::default()).to_string();
    }
}

/// Unsigned input: arbitrary text as a file, and arbitrary bytes as a dataset.
pub fn file(data: &[u8]) {
    let Some(vendor) = Vendor::new() else { return };
    for kind in [FileKind::License, FileKind::Machine] {
        let _ = claims::read(kind, data, NOW);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = certificate::kind_of(text);
        vendor.open(text);
    }
}

/// Input signed by the vendor's key: as a dataset, as the encoded text of a file, and as the payload of a signed
/// license key.
pub fn signed(data: &[u8]) {
    let Some(vendor) = Vendor::new() else { return };
    for kind in [FileKind::License, FileKind::Machine] {
        let secret = vendor.secret(kind);
        for sealing in [FileEncoding::Plain, FileEncoding::Encrypted { secret: &secret, iv: [7; 12] }] {
            if let Ok(text) = certificate::seal(kind, data, sealing, &vendor.signer) {
                let opened = certificate::open(kind, &text, vendor.verifier.keys(), Some(&secret));
                assert_eq!(
                    opened.ok().as_deref().map(Vec::as_slice),
                    Some(data),
                    "a sealed dataset is recovered unchanged"
                );
                vendor.open(&text);
            }
        }
        let Ok(enc) = std::str::from_utf8(data) else { continue };
        let word = kind.as_str();
        let sig = STANDARD.encode(vendor.signer.sign(format!("{word}/{enc}").as_bytes()).to_bytes());
        for alg in ["base64+ed25519", "aes-256-gcm+ed25519"] {
            let envelope = STANDARD.encode(serde_json::json!({ "enc": enc, "sig": sig, "alg": alg }).to_string());
            let name = word.to_uppercase();
            vendor.open(&format!("-----BEGIN {name} FILE-----\n{envelope}\n-----END {name} FILE-----\n"));
        }
    }
    let payload = format!("key/{}", URL_SAFE.encode(data));
    let signature = URL_SAFE.encode(vendor.signer.sign(payload.as_bytes()).to_bytes());
    let _ = vendor.verifier.signed_key(&format!("{payload}.{signature}"));
}

/// License keys, signed keys, public keys, air-gap requests and records.
pub fn key(text: &str) {
    let Some(vendor) = Vendor::new() else { return };
    if let Ok(key) = LicenseKey::parse(text) {
        // The parsed key is in canonical form.
        assert_eq!(LicenseKey::parse(key.expose()).as_ref(), Ok(&key));
        let _ = (key.prefix(), key.tail(), key.scheme());
    }
    let _ = signed_key::verify(text, vendor.verifier.keys());
    let _ = PublicKey::from_hex(text);
    if let Ok(request) = AirGapRequest::parse(text) {
        assert_eq!(AirGapRequest::parse(&request.to_text()).as_ref(), Ok(&request));
    }
    if let Ok(record) = Record::read(Some(text)) {
        let found = access::decide(&record, &vendor.verifier, &vendor.fingerprint, NOW, &OfflineTerms::default());
        assert!(found.rights().is_none() || record.file.is_some(), "only a file grants access");
        assert_eq!(Record::read(Some(&record.to_text())).as_ref(), Ok(&record));
    }
}

/// Request bodies of `/v1`.
pub fn body(data: &[u8]) {
    if let Ok(body) = serde_json::from_slice::<request::Validate>(data)
        && let Some(scope) = body.meta.0.scope
    {
        let _ = serde_json::from_value::<request::Scope>(serde_json::Value::Object(scope));
    }
    let _ = serde_json::from_slice::<request::Activate>(data);
    let _ = serde_json::from_slice::<request::IncrementUsage>(data);
    let _ = serde_json::from_slice::<request::CheckOut>(data);
}
