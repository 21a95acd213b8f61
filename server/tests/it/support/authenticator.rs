//! A software authenticator with one passkey (ES256). It can also make the mistakes that servers must refuse.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// How a response differs from a correct one.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flaw of its own")]
pub(crate) struct Flaws {
    pub(crate) origin: Option<&'static str>,
    pub(crate) relying_party: Option<&'static str>,
    pub(crate) challenge: Option<&'static str>,
    pub(crate) kind: Option<&'static str>,
    pub(crate) is_in_other_frame: bool,
    pub(crate) top_origin: Option<&'static str>,
    pub(crate) is_user_unverified: bool,
    pub(crate) is_user_absent: bool,
    /// The counter in this response, instead of the next one.
    pub(crate) counter: Option<u32>,
    pub(crate) is_signature_damaged: bool,
    /// Signed by the key of another authenticator.
    pub(crate) has_other_key: bool,
    pub(crate) credential: Option<&'static str>,
}

pub(crate) struct Authenticator {
    key: EcdsaKeyPair,
    id: [u8; 16],
    origin: String,
    counter: u32,
    user: Option<String>,
}

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

impl Authenticator {
    /// An authenticator in a browser at this origin.
    pub(crate) fn new(origin: &str) -> Self {
        let random = SystemRandom::new();
        let mut id = [0; 16];
        ring::rand::SecureRandom::fill(&random, &mut id).expect("random bytes");
        Self { key: new_key(), id, origin: origin.to_owned(), counter: 0, user: None }
    }

    /// Creates the passkey.
    pub(crate) fn create(&mut self, options: &str, flaws: &Flaws) -> String {
        let options: Value = serde_json::from_str(options).expect("JSON");
        self.user = options["user"]["id"].as_str().map(str::to_owned);
        let client = self.client_data("webauthn.create", &options, flaws);
        let mut data = self.authenticator_data(options["rp"]["id"].as_str().expect("an id"), ATTESTED, flaws);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(self.id);
        // COSE: EC2, ES256, P-256, x, y.
        let point = self.key.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..65]);
        // CBOR: {"fmt": "none", "attStmt": {}, "authData": data}
        let mut attestation = vec![0xa3, 0x63];
        attestation.extend(b"fmt");
        attestation.push(0x64);
        attestation.extend(b"none");
        attestation.push(0x67);
        attestation.extend(b"attStmt");
        attestation.push(0xa0);
        attestation.push(0x68);
        attestation.extend(b"authData");
        attestation.extend([0x58, u8::try_from(data.len()).expect("short")]);
        attestation.extend(data);
        let id = URL_SAFE_NO_PAD.encode(self.id);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "attestationObject": URL_SAFE_NO_PAD.encode(attestation),
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
                "transports": ["internal"],
            },
        })
        .to_string()
    }

    /// Uses the passkey.
    pub(crate) fn get(&mut self, options: &str, flaws: &Flaws) -> String {
        let options: Value = serde_json::from_str(options).expect("JSON");
        self.counter += 1;
        let client = self.client_data("webauthn.get", &options, flaws);
        let data = self.authenticator_data(options["rpId"].as_str().expect("an id"), 0, flaws);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(&client));
        let other = new_key();
        let key = if flaws.has_other_key { &other } else { &self.key };
        let mut signature = key.sign(&SystemRandom::new(), &signed).expect("signed").as_ref().to_vec();
        if flaws.is_signature_damaged {
            *signature.last_mut().expect("not empty") ^= 1;
        }
        let id = flaws.credential.map_or_else(|| URL_SAFE_NO_PAD.encode(self.id), str::to_owned);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "authenticatorData": URL_SAFE_NO_PAD.encode(data),
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
                "signature": URL_SAFE_NO_PAD.encode(signature),
                "userHandle": self.user,
            },
        })
        .to_string()
    }

    fn client_data(&self, kind: &str, options: &Value, flaws: &Flaws) -> Vec<u8> {
        let mut data = json!({
            "type": flaws.kind.unwrap_or(kind),
            "challenge": flaws.challenge.unwrap_or(options["challenge"].as_str().expect("a challenge")),
            "origin": flaws.origin.unwrap_or(&self.origin),
            "crossOrigin": flaws.is_in_other_frame,
        });
        if let Some(top) = flaws.top_origin {
            data["topOrigin"] = json!(top);
        }
        data.to_string().into_bytes()
    }

    fn authenticator_data(&self, relying_party: &str, more: u8, flaws: &Flaws) -> Vec<u8> {
        let present = if flaws.is_user_absent { 0 } else { USER_PRESENT };
        let verified = if flaws.is_user_unverified { 0 } else { USER_VERIFIED };
        let mut data = Sha256::digest(flaws.relying_party.unwrap_or(relying_party)).to_vec();
        data.push(present | verified | more);
        data.extend(flaws.counter.unwrap_or(self.counter).to_be_bytes());
        data
    }
}

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).expect("a key")
}
