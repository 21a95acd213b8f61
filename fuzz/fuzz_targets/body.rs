//! See `latchkey_fuzz::body`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| latchkey_fuzz::body(data));
