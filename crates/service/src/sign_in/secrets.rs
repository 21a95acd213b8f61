//! The secrets of signing in: made here, shown once, kept as hashes.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_licensing::alphabet;
use zeroize::Zeroizing;

use crate::vault::plain_hash;

/// How many letters a sign-in code has: 40 bits.
pub(crate) const CODE_LETTERS: usize = 8;

/// What ties a request to the browser that made it: 256 bits in a cookie.
#[derive(Clone)]
pub struct BrowserSecret(Zeroizing<String>);

/// What opens a signed-in session: the 128 bits of a session cookie.
#[derive(Clone)]
pub struct SessionToken(Zeroizing<[u8; 16]>);

/// A sign-in link that was made on the host.
#[derive(Clone)]
pub struct HostLink {
    /// The link.
    pub url: Zeroizing<String>,
    /// How long it works, in minutes.
    pub minutes: u64,
}

macro_rules! hidden {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

hidden! { BrowserSecret SessionToken HostLink LinkToken LoginCode }

impl BrowserSecret {
    pub(crate) fn new(random: [u8; 32]) -> Self {
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(random)))
    }

    /// Reads a cookie's value. `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        is_token(text).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The cookie's value.
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

    /// Its bytes.
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        plain_hash(self.0.as_slice())
    }
}

/// The secret part of a link in a mail or on the host's console: 256 bits.
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

/// The code that stands in a mail for typing.
pub(crate) struct LoginCode(Zeroizing<String>);

impl LoginCode {
    pub(crate) fn new(random: [u8; CODE_LETTERS]) -> Self {
        Self(Zeroizing::new(random.iter().map(|byte| alphabet::letter(*byte)).collect()))
    }

    /// Reads a code as people type it: any case, spaces and dashes anywhere.
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

    /// `ABCD-EFGH`.
    pub(crate) fn spelled(&self) -> String {
        let (left, right) = self.0.split_at(CODE_LETTERS / 2);
        format!("{left}-{right}")
    }
}

/// Whether a text is 32 bytes in unpadded URL-safe base 64.
fn is_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_typed() {
        let code = LoginCode::new([0, 1, 31, 8, 20, 3, 4, 5]);
        assert_eq!(code.spelled().len(), 9);
        for typed in [
            code.spelled(),
            code.spelled().to_lowercase(),
            format!(" {} ", code.expose()),
            code.spelled().replace('0', "o"),
        ] {
            assert_eq!(LoginCode::parse(&typed).map(|read| read.expose().to_owned()).as_deref(), Some(code.expose()));
        }
        for bad in ["", "ABC", "ABCDEFGHJ", "UUUUUUUU", "ABCD-EFG!"] {
            assert!(LoginCode::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn tokens_show_nothing() {
        let token = LinkToken::new([5; 32]);
        assert!(LinkToken::parse(token.expose()).is_some());
        assert!(LinkToken::parse("short").is_none());
        assert_eq!(format!("{token:?}"), "LinkToken(..)");
    }
}
