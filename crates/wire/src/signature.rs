//! Response signatures.
//!
//! Every response under `/v1` is signed with Ed25519. The signed text is four lines, joined by LF: the
//! request target, the host as the client sees it, the date, and the SHA-256 digest of the body.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use latchkey_licensing::public_key::PublicKey;
use sha2::{Digest as _, Sha256};

/// The lengths of the headers, without the account: each is allocated once.
const SIGNATURE_LENGTH: usize = 192;
const DIGEST_LENGTH: usize = 52;

/// Where the method begins in the signed text.
const METHOD_AT: usize = "(request-target): ".len();

/// The request that a signed response belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The HTTP method, in any case.
    pub method: &'a str,
    /// The path and query exactly as on the request line, including a `?` without a query.
    pub path_and_query: &'a str,
    /// The host of the client's URL, with the port unless it is the scheme's default.
    pub host: &'a str,
}

/// The signature headers of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    /// The value of `Date` and `Keygen-Date`.
    pub date: String,
    /// The value of `Digest` and `Keygen-Digest`.
    pub digest: String,
    /// The value of `Keygen-Signature`.
    pub signature: String,
}

/// Signs a response. `date` is an HTTP date. `account` becomes the `keyid`, which clients do not check.
pub fn sign(key: &SigningKey, account: &str, target: Target<'_>, date: String, body: &[u8]) -> SignedHeaders {
    let digest = digest(body);
    let signature = key.sign(text(target, &date, &digest).as_bytes());
    let mut header = String::with_capacity(SIGNATURE_LENGTH + account.len());
    header.extend(["keyid=\"", account, "\", algorithm=\"ed25519\", signature=\""]);
    STANDARD.encode_string(signature.to_bytes(), &mut header);
    header.push_str("\", headers=\"(request-target) host date digest\"");
    SignedHeaders { date, digest, signature: header }
}

/// Verifies the signature of a response, strictly: small-order and non-canonical points are rejected.
pub fn verify(key: &PublicKey, target: Target<'_>, headers: &SignedHeaders, body: &[u8]) -> bool {
    let Some(signature) = parameter(&headers.signature, "signature").and_then(|text| STANDARD.decode(text).ok()) else {
        return false;
    };
    headers.digest == digest(body) && key.verifies(text(target, &headers.date, &headers.digest).as_bytes(), &signature)
}

fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'))
}

fn digest(body: &[u8]) -> String {
    let mut header = String::with_capacity(DIGEST_LENGTH);
    header.push_str("sha-256=");
    STANDARD.encode_string(Sha256::digest(body), &mut header);
    header
}

fn text(target: Target<'_>, date: &str, digest: &str) -> String {
    let Target { method, path_and_query, host } = target;
    let parts =
        ["(request-target): ", method, " ", path_and_query, "\nhost: ", host, "\ndate: ", date, "\ndigest: ", digest];
    let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    text.extend(parts);
    // The method is signed in lower case.
    if let Some(written) = text.get_mut(METHOD_AT..METHOD_AT + method.len()) {
        written.make_ascii_lowercase();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        let mut seed = [0; 32];
        for (value, byte) in (0..).zip(&mut seed) {
            *byte = value;
        }
        SigningKey::from_bytes(&seed)
    }

    const TARGET: Target<'_> = Target { method: "GET", path_and_query: "/v1/licenses?", host: "localhost:3000" };
    const DATE: &str = "Wed, 09 Jun 2021 16:08:15 GMT";
    const BODY: &[u8] = br#"{"data":null}"#;

    #[test]
    fn the_published_vector() {
        let signed = sign(&key(), "acct", TARGET, DATE.to_owned(), BODY);
        assert_eq!(signed.digest, "sha-256=ul8+pA6V9JvOEZQvN169OILrg3l27aXAy3i5uZyntIU=");
        assert_eq!(
            parameter(&signed.signature, "signature"),
            Some("XdxtrOF09UB35k3ZDz6hj+1H0pNCvZzk61t0KY5QhOPBzJhhMGEATS+wJbKaKU0Lw0KnX6r8f9nWNHLmVcw8BA==")
        );
        assert!(verify(&PublicKey::from(&key().verifying_key()), TARGET, &signed, BODY));
    }

    #[test]
    fn any_change_breaks_it() {
        let public = PublicKey::from(&key().verifying_key());
        let signed = sign(&key(), "acct", TARGET, DATE.to_owned(), BODY);
        assert!(!verify(&public, TARGET, &signed, b"{}"));
        assert!(!verify(&public, Target { path_and_query: "/v1/licenses", ..TARGET }, &signed, BODY));
        assert!(!verify(&public, Target { host: "localhost", ..TARGET }, &signed, BODY));
        assert!(!verify(&public, Target { method: "POST", ..TARGET }, &signed, BODY));
        let late = SignedHeaders { date: "Wed, 09 Jun 2021 16:08:16 GMT".to_owned(), ..signed };
        assert!(!verify(&public, TARGET, &late, BODY));
    }
}
