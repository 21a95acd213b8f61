//! Stripe's webhook signature: HMAC-SHA256 over the time, a dot and the raw body.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The value of `Stripe-Signature` for a body, signed at `at` (seconds since 1970).
pub fn sign(body: &[u8], secret: &str, at: i64) -> String {
    sign_with_all(body, &[secret], at)
}

/// As while a secret is being replaced: one `v1` for each secret.
pub fn sign_with_all(body: &[u8], secrets: &[&str], at: i64) -> String {
    let mut header = format!("t={at}");
    for secret in secrets {
        write!(header, ",v1={}", v1(body, secret, at)).expect("writing to a string cannot fail");
    }
    header
}

fn v1(body: &[u8], secret: &str, at: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(at.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    let mut hex = String::new();
    for byte in mac.finalize().into_bytes() {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
    }
    hex
}
