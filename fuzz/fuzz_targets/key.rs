//! License keys, signed keys, public keys, and requests of computers without a network.
#![no_main]

use latchkey_licensing::{air_gap::AirGapRequest, key::LicenseKey, public_key::PublicKey, signed_key};
use libfuzzer_sys::fuzz_target;

const KEY: &str = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";

fuzz_target!(|text: &str| {
    if let Ok(key) = LicenseKey::parse(text) {
        // What was read has one spelling.
        assert_eq!(LicenseKey::parse(key.expose()).as_ref(), Ok(&key));
        let _ = (key.prefix(), key.tail(), key.scheme());
    }
    let keys: Vec<PublicKey> = PublicKey::from_hex(KEY).into_iter().collect();
    let _ = signed_key::verify(text, &keys);
    let _ = PublicKey::from_hex(text);
    if let Ok(request) = AirGapRequest::parse(text) {
        assert_eq!(AirGapRequest::parse(&request.to_text()).as_ref(), Ok(&request));
    }
});
