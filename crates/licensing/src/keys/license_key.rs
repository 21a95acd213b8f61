//! License keys: `CGPT-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX` or, if the policy says so, a signed key,
//! `key/….…`.
//!
//! The prefix identifies the product, 27 letters carry 135 random bits, and the 28th is a check letter
//! over the prefix and the random letters, so that an app can report a typing error without asking the
//! server. A key is a bearer credential: it never appears in `Debug` output, and its memory is cleared.
//! [`crate::keys::signed_key`] makes and verifies signed keys.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use zeroize::Zeroizing;

use crate::{keys::alphabet, pasted, rules::policy::KeyScheme};

const RANDOM_LETTERS: usize = 27;
const GROUP: usize = 4;

/// The prefix of every signed key.
pub const SIGNED_PREFIX: &str = "key/";

/// The longest signed key that is accepted, in bytes.
pub const MAX_SIGNED_BYTES: usize = 4096;

/// The number of random bytes needed for a key: one for each letter, of which five bits are used.
pub const KEY_RANDOM_BYTES: usize = RANDOM_LETTERS;

/// A license key in its canonical spelling.
#[derive(Clone, PartialEq, Eq)]
pub struct LicenseKey(Zeroizing<String>);

/// Why a text is not a license key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither `PREFIX-` and 28 letters of the alphabet nor a signed key.
    #[error("not of the form PREFIX and seven groups of four letters or digits")]
    Shape,
    /// The check letter does not match, so the key was mistyped.
    #[error("there is a typing error in the key")]
    Check,
}

/// The prefix of a product's keys: two to eight ASCII capitals or digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPrefix(String);

impl KeyPrefix {
    /// Parses a prefix. `None` unless it is two to eight ASCII capitals or digits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (2..=8).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    /// The prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LicenseKey {
    /// Creates a key from random bytes.
    pub fn new(prefix: &KeyPrefix, random: &[u8; KEY_RANDOM_BYTES]) -> Self {
        let mut values = Zeroizing::new(random.map(|byte| byte & 31).to_vec());
        let check = check_letter(prefix.as_str(), &values);
        values.push(check);
        Self(spell(prefix.as_str(), &values))
    }

    /// A signed key, spelled as it was signed.
    pub(crate) fn from_signed(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// How the key was generated.
    pub fn scheme(&self) -> KeyScheme {
        if self.0.starts_with(SIGNED_PREFIX) { KeyScheme::Ed25519Sign } else { KeyScheme::Random }
    }

    /// Parses a key as people type and paste it: in any case, with any or no dashes and spaces, with I and L for 1 and
    /// O for 0, and with what [`pasted::compact`] removes. The prefix must be exact. A signed key may lack its padding; only
    /// its form is checked, not the signature.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.len() > 2 * MAX_SIGNED_BYTES {
            return Err(KeyError::Shape);
        }
        let text = Zeroizing::new(pasted::compact(text));
        if let Some(rest) = text.strip_prefix(SIGNED_PREFIX) {
            let (payload, signature) = rest.split_once('.').ok_or(KeyError::Shape)?;
            let text = format!("{SIGNED_PREFIX}{}.{}", padded(payload), padded(signature));
            return signed_parts(&text).is_some().then(|| Self::from_signed(text)).ok_or(KeyError::Shape);
        }
        let letters = Zeroizing::new(text.replace('-', ""));
        if !letters.is_ascii() {
            return Err(KeyError::Shape);
        }
        let start = letters.len().checked_sub(RANDOM_LETTERS + 1).ok_or(KeyError::Shape)?;
        let (prefix, rest) = letters.split_at_checked(start).ok_or(KeyError::Shape)?;
        let prefix = KeyPrefix::parse(&prefix.to_ascii_uppercase()).ok_or(KeyError::Shape)?;
        let values: Option<Vec<u8>> = rest.chars().map(alphabet::value).collect();
        let values = Zeroizing::new(values.ok_or(KeyError::Shape)?);
        let Some((check, random)) = values.split_last() else {
            return Err(KeyError::Shape);
        };
        if check_letter(prefix.as_str(), random) != *check {
            return Err(KeyError::Check);
        }
        Ok(Self(spell(prefix.as_str(), &values)))
    }

    /// The key as text. It is a bearer credential: keep it out of logs and URLs.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The part before the first separator: the product's prefix, or `key` for a signed key.
    pub fn prefix(&self) -> &str {
        self.0.split(['-', '/']).next().unwrap_or_default()
    }

    /// The last four letters, shown in lists: 15 random bits and the check letter or, for a signed key,
    /// part of the signature.
    pub fn tail(&self) -> &str {
        match self.scheme() {
            KeyScheme::Random => self.0.rsplit('-').next().unwrap_or_default(),
            KeyScheme::Ed25519Sign => {
                let letters = self.0.trim_end_matches('=');
                letters.get(letters.len().saturating_sub(4)..).unwrap_or_default()
            }
        }
    }
}

impl fmt::Debug for LicenseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LicenseKey(..)")
    }
}

/// Base64 with its padding, which mail programs and people leave out.
fn padded(text: &str) -> String {
    let text = text.trim_end_matches('=');
    format!("{text}{}", "=".repeat(text.len().next_multiple_of(4) - text.len()))
}

/// Splits a signed key into the signed text, the payload and the signature, without verifying the
/// signature.
pub(crate) fn signed_parts(text: &str) -> Option<(&str, Vec<u8>, Vec<u8>)> {
    if text.len() > MAX_SIGNED_BYTES {
        return None;
    }
    let (signed, signature) = text.split_once('.')?;
    let payload = URL_SAFE.decode(signed.strip_prefix(SIGNED_PREFIX)?).ok()?;
    let signature = URL_SAFE.decode(signature).ok()?;
    (signature.len() == 64 && !payload.is_empty()).then_some((signed, payload, signature))
}

/// A key in the masked form shown in lists: `CGPT-••••-••••-7F3K`.
pub fn masked(prefix: &str, tail: &str) -> String {
    format!("{prefix}-••••-••••-{tail}")
}

fn check_letter(prefix: &str, random: &[u8]) -> u8 {
    // The prefix is folded into one value, so that a key with another product's prefix fails the check
    // and the input stays within the 31 letters that the check can cover.
    let fold = prefix.bytes().fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) & 31;
    let mut values = Zeroizing::new(Vec::with_capacity(RANDOM_LETTERS + 1));
    values.push(fold);
    values.extend_from_slice(random);
    alphabet::check(&values)
}

fn spell(prefix: &str, values: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + values.len() + values.len() / GROUP));
    text.push_str(prefix);
    for group in values.chunks(GROUP) {
        text.push('-');
        text.extend(group.iter().map(|value| alphabet::letter(*value)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prefix() -> KeyPrefix {
        KeyPrefix::parse("CGPT").expect("valid")
    }

    #[test]
    fn shape() {
        let key = LicenseKey::new(&prefix(), &[0xff; KEY_RANDOM_BYTES]);
        assert_eq!(key.expose().len(), 4 + 7 * 5);
        assert!(key.expose().starts_with("CGPT-ZZZZ-"));
        assert_eq!(key.tail().len(), 4);
        assert_eq!(format!("{key:?}"), "LicenseKey(..)");
        assert_eq!(masked("CGPT", key.tail()).matches('•').count(), 8);
    }

    #[test]
    fn bad_shapes() {
        for bad in [
            "",
            "CGPT",
            "CGPT-",
            "CGPT-1234",
            "cgpt",
            "😀-1234",
            &"A".repeat(500),
            "key/e30=.e30=",
            "key/",
            "key/.",
            "key/e30=",
        ] {
            assert_eq!(LicenseKey::parse(bad), Err(KeyError::Shape), "{bad}");
        }
    }

    #[test]
    fn another_products_prefix_fails_the_check() {
        let key = LicenseKey::new(&prefix(), &[3; KEY_RANDOM_BYTES]);
        let moved = key.expose().replacen("CGPT", "CGPX", 1);
        assert_eq!(LicenseKey::parse(&moved), Err(KeyError::Check));
    }

    proptest! {
        #[test]
        fn parses_however_it_is_typed(random: [u8; KEY_RANDOM_BYTES]) {
            let key = LicenseKey::new(&prefix(), &random);
            let text = key.expose();
            for typed in [
                text.to_owned(),
                text.to_lowercase(),
                text.replace('-', " "),
                text.replace('-', ""),
                text.replace('1', "l").replace('0', "o"),
                text.replace('-', "\u{2013}"),
                text.replace('-', "\u{2011}\u{200b}"),
                format!("\u{201c}{text}\u{201d}.\n"),
                text.replacen('-', "-\r\n", 3),
            ] {
                prop_assert_eq!(LicenseKey::parse(&typed), Ok(key.clone()));
            }
        }

        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = LicenseKey::parse(&text);
        }
    }
}
