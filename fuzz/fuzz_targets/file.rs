//! LC-16: license files and machine files, and the datasets in them.
#![no_main]

use latchkey_licensing::{
    certificate::{self, FileKind},
    claims,
    public_key::PublicKey,
    time::Timestamp,
};
use libfuzzer_sys::fuzz_target;

const KEY: &str = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";

fuzz_target!(|data: &[u8]| {
    let keys: Vec<PublicKey> = PublicKey::from_hex(KEY).into_iter().collect();
    let now = Timestamp::from_unix_micros(1_795_435_200_000_000);
    for kind in [FileKind::License, FileKind::Machine] {
        if let Ok(text) = std::str::from_utf8(data) {
            let _ = certificate::kind_of(text);
            let _ = certificate::open(kind, text, &keys, None);
        }
        let _ = claims::read(kind, data, now);
    }
});
