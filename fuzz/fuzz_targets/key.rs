//! See `latchkey_fuzz::key`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| latchkey_fuzz::key(text));
