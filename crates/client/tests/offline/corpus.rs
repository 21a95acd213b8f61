//! LC-16: every input that fuzzing kept, through the same functions, with any compiler.

use std::{fs, path::PathBuf};

use latchkey_client::{AirGapRequest, FileKind, LicenseKey, PublicKey};
use latchkey_licensing::{certificate, claims, signed_key};
use latchkey_wire::request;

use crate::vendor::Vendor;

fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let inputs: Vec<Vec<u8>> = fs::read_dir(folder)
        .expect("the corpus is there")
        .map(|entry| fs::read(entry.expect("an entry").path()).expect("an input"))
        .collect();
    assert!(inputs.len() >= 5, "{target}");
    inputs
}

#[test]
fn lc_16_files() {
    let vendor = Vendor::new();
    for input in inputs("file") {
        for kind in [FileKind::License, FileKind::Machine] {
            if let Ok(text) = std::str::from_utf8(&input) {
                let _ = certificate::open(kind, text, &[vendor.public_key()], None);
            }
            let _ = claims::read(kind, &input, vendor.now);
        }
    }
}

#[test]
fn lc_16_keys() {
    for input in inputs("key") {
        let Ok(text) = std::str::from_utf8(&input) else { continue };
        if let Ok(key) = LicenseKey::parse(text) {
            assert_eq!(LicenseKey::parse(key.expose()).as_ref(), Ok(&key));
        }
        let _ = signed_key::verify(text, &[Vendor::new().public_key()]);
        let _ = PublicKey::from_hex(text);
        if let Ok(found) = AirGapRequest::parse(text) {
            assert_eq!(AirGapRequest::parse(&found.to_text()).as_ref(), Ok(&found));
        }
    }
}

#[test]
fn lc_16_bodies() {
    for input in inputs("body") {
        let _ = serde_json::from_slice::<request::Validate>(&input);
        let _ = serde_json::from_slice::<request::Activate>(&input);
        let _ = serde_json::from_slice::<request::IncrementUsage>(&input);
        let _ = serde_json::from_slice::<request::CheckOut>(&input);
    }
}
