//! The secrets of signing in. They are created here, shown once and stored only as hashes.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_licensing::alphabet;
use zeroize::Zeroizing;

use crate::operation::vault::plain_hash;

/// The number of letters of a sign-in code, which has 40 random bits.
pub(crate) const CODE_LETTERS: usize = 8;

/// The cookie that ties a request to sign in to the browser that made it: 256 random bits.
#[derive(Clone)]
pub struct BrowserSecret(Zeroizing<String>);

/// The session cookie of a signed-in browser: 128 random bits.
#[derive(Clone)]
pub struct SessionToken(Zeroizing<[u8; 16]>);

/// A sign-in link that was created on the host.
#[derive(Clone)]
pub struct HostLink {
    /// The link, which contains the secret.
    pub url: Zeroizing<String>,
    /// How long the link can be used, in minutes.
    pub minutes: u64,
}

macro_rules! redacted_debug {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

redacted_debug! { BrowserSecret SessionToken HostLink LinkToken SignInCode }

impl BrowserSecret {
    pub(crate) fn new(random: [u8; 32]) -> Self {
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(random)))
    }

    /// Parses the cookie's value. `None` if it does not have the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        is_token(text).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The cookie's value. It is a secret.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        plain_hash(self.0.as_bytes())
    }
}

impl SessionToken {
    /// The token with these bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes of the token. They are a secret.
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        plain_hash(self.0.as_slice())
    }
}

/// The secret in a sign-in link, mailed or created on the host: 256 random bits.
pub(crate) struct LinkToken(Zeroizing<String>);

impl LinkToken {
    pub(crate) fn new(random: [u8; 32]) -> Self {
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(random)))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        is_token(text).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        plain_hash(self.0.as_bytes())
    }
}

/// The code in a sign-in mail, which people type.
pub(crate) struct SignInCode(Zeroizing<String>);

impl SignInCode {
    pub(crate) fn new(random: [u8; CODE_LETTERS]) -> Self {
        Self(Zeroizing::new(random.iter().map(|byte| alphabet::letter(*byte)).collect()))
    }

    /// Parses a code as people type it: in any case, with spaces and dashes anywhere.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let values: Option<Vec<u8>> =
            text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').map(alphabet::value).collect();
        let values: [u8; CODE_LETTERS] = values?.try_into().ok()?;
        Some(Self::new(values))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The code as it is shown: `ABCD-EFGH`.
    pub(crate) fn spelled(&self) -> String {
        let (left, right) = self.0.split_at(CODE_LETTERS / 2);
        format!("{left}-{right}")
    }
}

/// Whether a text has the form of 32 bytes in unpadded base64url.
pub(crate) fn is_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_typed() {
        let code = SignInCode::new([0, 1, 31, 8, 20, 3, 4, 5]);
        assert_eq!(code.spelled().len(), 9);
        for typed in [
            code.spelled(),
            code.spelled().to_lowercase(),
            format!(" {} ", code.expose()),
            code.spelled().replace('0', "o"),
        ] {
            assert_eq!(SignInCode::parse(&typed).map(|read| read.expose().to_owned()).as_deref(), Some(code.expose()));
        }
        for bad in ["", "ABC", "ABCDEFGHJ", "UUUUUUUU", "ABCD-EFG!"] {
            assert!(SignInCode::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn debug_output_hides_tokens() {
        let token = LinkToken::new([5; 32]);
        assert!(LinkToken::parse(token.expose()).is_some());
        assert!(LinkToken::parse("short").is_none());
        assert_eq!(format!("{token:?}"), "LinkToken(..)");
    }
}
