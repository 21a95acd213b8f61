//! See `latchkey_fuzz::file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| latchkey_fuzz::file(data));
