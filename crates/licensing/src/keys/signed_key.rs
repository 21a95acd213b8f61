//! Signed license keys: `key/` + base64url(claims) + `.` + base64url(signature), both padded.
//!
//! The Ed25519 signature covers the text before the dot, including `key/`, so that a license or machine
//! file cannot be passed off as a key. The claims are ids, the time of issue and the expiry at that time,
//! and contain no personal data. A signed key is still a bearer credential. Offline it proves which
//! license it was issued for; later renewals and suspensions do not change it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use ed25519_dalek::{Signer, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ids::{LicenseId, PolicyId, ProductId},
    keys::{
        license_key::{self, LicenseKey},
        public_key::PublicKey,
    },
    time::Timestamp,
};

/// The claims of a signed key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyClaims {
    /// The license that the key was issued for.
    pub license: LicenseId,
    /// The license's product.
    pub product: ProductId,
    /// The license's policy when the key was issued.
    pub policy: PolicyId,
    /// When the key was issued.
    pub issued_at: Timestamp,
    /// The license's expiry when the key was issued. `None` if it never expires or its duration had not
    /// started.
    pub expires_at: Option<Timestamp>,
}

/// Why a signed key does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignedKeyError {
    /// It does not have the form of a signed key.
    #[error("not a signed license key")]
    Form,
    /// Its signature is by none of the given public keys.
    #[error("the key's signature is not the vendor's")]
    Signature,
    /// The signature is valid but the claims are not those of a license key.
    #[error("the key does not name a license")]
    Claims,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    license: Named,
    product: Named,
    policy: Named,
    issued: String,
    expiry: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    id: String,
}

impl Named {
    fn of(id: impl ToString) -> Self {
        Self { id: id.to_string() }
    }

    fn read<I: std::str::FromStr>(&self) -> Result<I, SignedKeyError> {
        self.id.parse().map_err(|_| SignedKeyError::Claims)
    }
}

/// Issues a signed key. `None` only if serialization fails, which cannot happen with these claims.
pub fn issue(claims: &KeyClaims, signer: &SigningKey) -> Option<LicenseKey> {
    let payload = Payload {
        license: Named::of(claims.license),
        product: Named::of(claims.product),
        policy: Named::of(claims.policy),
        issued: claims.issued_at.rfc3339(),
        expiry: claims.expires_at.map(Timestamp::rfc3339),
    };
    let payload = serde_json::to_vec(&payload).ok()?;
    Some(LicenseKey::from_signed(sign(&payload, signer)))
}

fn sign(payload: &[u8], signer: &SigningKey) -> String {
    let signed = format!("{}{}", license_key::SIGNED_PREFIX, URL_SAFE.encode(payload));
    let signature = signer.sign(signed.as_bytes()).to_bytes();
    format!("{signed}.{}", URL_SAFE.encode(signature))
}

/// Verifies a signed key with the vendor's public keys and returns its claims.
pub fn verify(text: &str, keys: &[PublicKey]) -> Result<KeyClaims, SignedKeyError> {
    let payload = verify_signature(text, keys)?;
    let shape: Value = serde_json::from_slice(&payload).map_err(|_| SignedKeyError::Claims)?;
    // serde would also accept an array of the fields in order.
    if !["license", "product", "policy"].iter().all(|name| shape.get(name).is_some_and(Value::is_object)) {
        return Err(SignedKeyError::Claims);
    }
    let payload: Payload = serde_json::from_slice(&payload).map_err(|_| SignedKeyError::Claims)?;
    let instant = |text: &str| Timestamp::parse_rfc3339(text).ok_or(SignedKeyError::Claims);
    Ok(KeyClaims {
        license: payload.license.read()?,
        product: payload.product.read()?,
        policy: payload.policy.read()?,
        issued_at: instant(&payload.issued)?,
        expires_at: payload.expiry.as_deref().map(instant).transpose()?,
    })
}

/// Verifies the signature of a signed key and returns the payload.
pub fn verify_signature(text: &str, keys: &[PublicKey]) -> Result<Vec<u8>, SignedKeyError> {
    let (signed, payload, signature) = license_key::signed_parts(text).ok_or(SignedKeyError::Form)?;
    if !keys.iter().any(|key| key.verifies(signed.as_bytes(), &signature)) {
        return Err(SignedKeyError::Signature);
    }
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T0: Timestamp = Timestamp::from_unix_micros(1_790_000_000_000_000);

    fn claims() -> KeyClaims {
        KeyClaims {
            license: LicenseId::new(T0, [1; 10]),
            product: ProductId::new(T0, [2; 10]),
            policy: PolicyId::new(T0, [3; 10]),
            issued_at: T0,
            expires_at: None,
        }
    }

    fn signer(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn public(seed: u8) -> PublicKey {
        PublicKey::from(&signer(seed).verifying_key())
    }

    /// The protocol's published test vector: seed 00 01 … 1f.
    #[test]
    fn the_published_vector() {
        let seed: Vec<u8> = (0..32).collect();
        let signer = SigningKey::from_bytes(&seed.try_into().expect("32 bytes"));
        let vector = "key/eyJsaWNlbnNlIjp7ImlkIjoibGljXzEifX0=.YNNUM0ZIcWNGrVdrvnKZToXB9HPo6LUbXo1hpKC8oCiepK7KCfvB6_pgHHDlOHJLQ3vqF6zQlxw5jP5UxaWCDg==";
        assert_eq!(sign(br#"{"license":{"id":"lic_1"}}"#, &signer), vector);
        let keys =
            [PublicKey::from_hex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8").expect("a key")];
        assert_eq!(verify_signature(vector, &keys).as_deref(), Ok(br#"{"license":{"id":"lic_1"}}"#.as_slice()));
        assert_eq!(verify(vector, &keys), Err(SignedKeyError::Claims), "that is not a license id of ours");
    }

    #[test]
    fn the_claims_round_trip() {
        for expires_at in [None, Some(T0)] {
            let claims = KeyClaims { expires_at, ..claims() };
            let key = issue(&claims, &signer(1)).expect("issued");
            assert_eq!(verify(key.expose(), &[public(2), public(1)]), Ok(claims));
            assert_eq!(verify(key.expose(), &[public(2)]), Err(SignedKeyError::Signature));
            assert_eq!(verify(key.expose(), &[]), Err(SignedKeyError::Signature));
            assert_eq!(LicenseKey::parse(key.expose()), Ok(key.clone()));
            assert_eq!((key.prefix(), key.tail().len()), ("key", 4));
            assert!((350..700).contains(&key.expose().len()), "{}", key.expose().len());
        }
    }

    /// LC-03 and LC-05, for keys: changes of form or content are rejected.
    #[test]
    fn lc_05_changed_keys_are_rejected() {
        let key = issue(&claims(), &signer(1)).expect("issued");
        let text = key.expose();
        let (signed, signature) = text.split_once('.').expect("a dot");
        let unpadded = text.trim_end_matches('=').to_owned();
        for bad in [
            String::new(),
            "key/".to_owned(),
            "key/.".to_owned(),
            text.replacen("key/", "license/", 1),
            text.replacen("key/", "KEY/", 1),
            text.replacen("key/", "", 1),
            unpadded,
            format!("{text}="),
            format!("{text}."),
            format!("{text}\n"),
            format!("\u{feff}{text}"),
            format!(" {text}"),
            format!("{signed}..{signature}"),
            format!("{signed}.{signed}"),
            text.replace('.', "/"),
            text.replace('_', "/").replace('-', "+"),
            format!("key/{}.{signature}", URL_SAFE.encode(vec![b'x'; 4096])),
            format!("key/{}.{signature}", URL_SAFE.encode(b"{}")),
        ] {
            // A replacement may not have changed anything.
            if bad != text {
                assert!(verify(&bad, &[public(1)]).is_err(), "{bad}");
            }
        }
        for payload in [r"{}", r"null", r#"{"license":{"id":"x"}}"#, r"[]"] {
            assert_eq!(verify(&sign(payload.as_bytes(), &signer(1)), &[public(1)]), Err(SignedKeyError::Claims));
        }
    }

    proptest! {
        #[test]
        fn one_changed_character_is_detected(at: prop::sample::Index, letter in "[A-Za-z0-9_=./-]") {
            let key = issue(&claims(), &signer(1)).expect("issued");
            let mut text = key.expose().to_owned();
            let at = at.index(text.len());
            text.replace_range(at..=at, &letter);
            prop_assume!(text != key.expose());
            prop_assert!(verify(&text, &[public(1)]).is_err());
        }

        #[test]
        fn never_panics(text in "(key/)?\\PC{0,300}") {
            let _ = verify(&text, &[public(1)]);
        }
    }
}
