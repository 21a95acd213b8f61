//! Public keys, parsed strictly: only canonical encodings of points for which nobody but the key's owner
//! can make signatures.

use std::fmt;

use ed25519_dalek::{Signature, VerifyingKey};

use crate::hex;

/// An Ed25519 public key (RFC 8032) for verifying signatures.
///
/// Parsing rejects small-order points, which accept forged signatures, mixed-order points, on which
/// verifiers disagree, and non-canonical encodings. Signatures are verified strictly.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// The text or the bytes are not an acceptable public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 public key: give its 64 hex digits")]
pub struct InvalidPublicKey;

impl PublicKey {
    /// Parses the 32 bytes of a key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidPublicKey> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| InvalidPublicKey)?;
        let point = key.to_edwards();
        let is_canonical = point.compress().as_bytes() == bytes;
        let is_sound = is_canonical && !point.is_small_order() && point.is_torsion_free();
        is_sound.then_some(Self(key)).ok_or(InvalidPublicKey)
    }

    /// Parses 64 hex digits in either case.
    pub fn from_hex(text: &str) -> Result<Self, InvalidPublicKey> {
        let bytes = hex::decode(text).ok_or(InvalidPublicKey)?;
        Self::from_bytes(&bytes)
    }

    /// The encoded point, 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The key as 64 lower-case hex digits.
    pub fn hex(&self) -> String {
        hex::encode(self.as_bytes())
    }

    /// Whether `signature` (64 bytes) is a valid signature of `message` by this key.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

impl From<&VerifyingKey> for PublicKey {
    /// Converts without checks: for the public half of a signing key, which is valid by construction.
    fn from(key: &VerifyingKey) -> Self {
        Self(*key)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};
    use proptest::prelude::*;

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ascii"), 16).expect("hex"))
            .collect()
    }

    /// LC-01: the test vectors of RFC 8032, section 7.1 (TEST 1 to 3 and SHA(abc)), and changes of single bits.
    #[test]
    fn lc_01_rfc_8032_vectors() {
        let sha_abc = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        for (seed, public, message, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
            (
                "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
                "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
                sha_abc,
                "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
            ),
        ] {
            let signer = SigningKey::from_bytes(&bytes(seed).try_into().expect("32 bytes"));
            let key = PublicKey::from_hex(public).expect("a key");
            assert_eq!(signer.verifying_key().as_bytes(), key.as_bytes());
            assert_eq!(signer.sign(&bytes(message)).to_bytes().as_slice(), bytes(signature));
            assert!(key.verifies(&bytes(message), &bytes(signature)));
            assert!(!key.verifies(b"another message", &bytes(signature)));
            for at in [0, 31, 32, 63] {
                let mut changed = bytes(signature);
                changed[at] ^= 1;
                assert!(!key.verifies(&bytes(message), &changed), "byte {at}");
            }
        }
    }

    /// LC-02: the eight points of small order, their non-canonical encodings and a point of mixed order
    /// are not accepted as keys.
    #[test]
    fn lc_02_weak_keys_are_rejected() {
        for point in [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            // Not canonical: y is not below the field's prime, or x is 0 with its sign bit set.
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            // Not on the curve at all.
            "0200000000000000000000000000000000000000000000000000000000000000",
            // Not hex, too short, too long.
            "zz00000000000000000000000000000000000000000000000000000000000000",
            "+100000000000000000000000000000000000000000000000000000000000000",
            "01",
            "",
        ] {
            assert_eq!(PublicKey::from_hex(point), Err(InvalidPublicKey), "{point}");
        }
        let sound = SigningKey::from_bytes(&[7; 32]).verifying_key();
        let torsion = VerifyingKey::from_bytes(
            &bytes("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a").try_into().expect("32 bytes"),
        )
        .expect("a point");
        let mixed = (sound.to_edwards() + torsion.to_edwards()).compress();
        assert!(PublicKey::from_bytes(sound.as_bytes()).is_ok());
        assert_eq!(PublicKey::from_bytes(mixed.as_bytes()), Err(InvalidPublicKey));
    }

    /// LC-02: a signature with an unreduced scalar or an R of small order does not verify.
    #[test]
    fn lc_02_malleable_signatures_are_rejected() {
        let signer = SigningKey::from_bytes(&[7; 32]);
        let key = PublicKey::from(&signer.verifying_key());
        let good = signer.sign(b"text").to_bytes();
        assert!(key.verifies(b"text", &good));
        let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut carry = 0u16;
        let mut unreduced = good;
        for (byte, add) in unreduced[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        assert!(!key.verifies(b"text", &unreduced));
        let mut small = [0; 64];
        small[0] = 1;
        assert!(!key.verifies(b"text", &small));
        assert!(!key.verifies(b"text", &good[..63]));
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_round_trips(bytes: [u8; 32], text in "\\PC{0,70}") {
            let _ = PublicKey::from_hex(&text);
            if let Ok(key) = PublicKey::from_bytes(&bytes) {
                prop_assert_eq!(PublicKey::from_hex(&key.hex()), Ok(key));
            }
        }
    }
}
