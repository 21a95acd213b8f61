//! The check of `Stripe-Signature` (<https://docs.stripe.com/webhooks#verify-manually>).
//!
//! The signature covers the bytes of the body as they were sent, so nothing may parse the body before it is checked.

mod secret;

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use latchkey_licensing::{hex, time::Timestamp};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

pub use secret::{MAX_SECRETS, WeakSecret, WebhookSecret, WebhookSecrets};

/// How far the time of a signature may be from the current time, in both directions.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// The most signatures in a header. While a secret is rotated there are two.
const MAX_SIGNATURES: usize = 16;

/// Why a webhook is refused. The sender does not learn which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefusal {
    /// There is no header.
    #[error("there is no Stripe-Signature header")]
    Missing,
    /// There is more than one header.
    #[error("there is more than one Stripe-Signature header")]
    Repeated,
    /// The header is not a list of `scheme=value`, or a value has the wrong form.
    #[error("the Stripe-Signature header is malformed")]
    Malformed,
    /// The header has no `v1` signature.
    #[error("the Stripe-Signature header has no v1 signature")]
    Unsigned,
    /// The header has too many signatures.
    #[error("the Stripe-Signature header has too many signatures")]
    TooMany,
    /// The signature was made too long ago, or too far in the future.
    #[error("the signature was made at another time: check the clock")]
    OtherTime,
    /// No signature was made with one of the secrets.
    #[error("the signature was made with another secret")]
    OtherSecret,
}

/// Checks the values of all `Stripe-Signature` headers of a request.
///
/// The time that it takes does not depend on which signature or secret matches.
pub fn verify<'a>(
    headers: impl IntoIterator<Item = &'a [u8]>,
    body: &[u8],
    secrets: &WebhookSecrets,
    now: Timestamp,
) -> Result<(), SignatureRefusal> {
    let mut headers = headers.into_iter();
    let header = headers.next().ok_or(SignatureRefusal::Missing)?;
    if headers.next().is_some() {
        return Err(SignatureRefusal::Repeated);
    }
    let header = Header::parse(header)?;
    let distance = header.seconds.abs_diff(now.unix_micros().div_euclid(1_000_000));
    if distance > TOLERANCE.as_secs() {
        return Err(SignatureRefusal::OtherTime);
    }
    let mut matches = Choice::from(0);
    for secret in secrets.iter() {
        let expected = sign(secret, header.time, body)?;
        for signature in &header.signatures {
            matches |= signature.as_slice().ct_eq(&expected);
        }
    }
    if bool::from(matches) { Ok(()) } else { Err(SignatureRefusal::OtherSecret) }
}

fn sign(secret: &WebhookSecret, time: &str, body: &[u8]) -> Result<[u8; 32], SignatureRefusal> {
    // HMAC accepts keys of any length.
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).map_err(|_| SignatureRefusal::OtherSecret)?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    Ok(mac.finalize().into_bytes().into())
}

struct Header<'a> {
    /// The time as written, which is what was signed.
    time: &'a str,
    seconds: i64,
    signatures: Vec<[u8; 32]>,
}

impl<'a> Header<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, SignatureRefusal> {
        let text = str::from_utf8(bytes).map_err(|_| SignatureRefusal::Malformed)?;
        let mut time = None;
        let mut signatures = Vec::new();
        for part in text.split(',') {
            let (scheme, value) = part.split_once('=').ok_or(SignatureRefusal::Malformed)?;
            match scheme {
                "t" if time.is_some() => return Err(SignatureRefusal::Malformed),
                "t" => time = Some(value),
                "v1" if signatures.len() == MAX_SIGNATURES => return Err(SignatureRefusal::TooMany),
                "v1" => signatures.push(read_signature(value).ok_or(SignatureRefusal::Malformed)?),
                // Other schemes exist, such as the `v0` of test events, and prove nothing.
                _ => {}
            }
        }
        let time = time.ok_or(SignatureRefusal::Malformed)?;
        let seconds = read_seconds(time).ok_or(SignatureRefusal::Malformed)?;
        if signatures.is_empty() {
            return Err(SignatureRefusal::Unsigned);
        }
        Ok(Self { time, seconds, signatures })
    }
}

/// `parse` alone would also accept a sign.
fn read_seconds(text: &str) -> Option<i64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn read_signature(text: &str) -> Option<[u8; 32]> {
    let is_lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_lower.then(|| hex::decode(text)).flatten()
}

#[cfg(test)]
mod tests;
