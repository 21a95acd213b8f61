//! Browsers that prove with a cookie that they signed in to an address before. What strangers ask for an address does not
//! count against them (ML-09).
//!
//! The cookie contains a random id, and for each address an authentication code of the id and the address. So it says nothing
//! about the addresses, and nothing is stored.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_licensing::email::EmailAddress;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{identity::sign_in::secrets::is_token, operation::vault::Vault};

/// The most addresses that one browser is known for. The one that was used least recently is dropped.
const MAX_MARKS: usize = 4;

/// The length of an authentication code in the cookie, in bytes.
const MARK_BYTES: usize = 16;

/// The cookie of a browser that has signed in before.
#[derive(Clone)]
pub struct KnownBrowser {
    /// 256 bits that nobody can guess.
    id: Zeroizing<String>,
    /// The most recently used address first.
    marks: Vec<[u8; MARK_BYTES]>,
}

impl fmt::Debug for KnownBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownBrowser(..)")
    }
}

impl KnownBrowser {
    /// A browser that is known for no address.
    pub(crate) fn new(id: [u8; 32]) -> Self {
        Self { id: Zeroizing::new(URL_SAFE_NO_PAD.encode(id)), marks: Vec::new() }
    }

    /// Parses the cookie's value. `None` if it does not have the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let id = parts.next().filter(|id| is_token(id))?;
        let marks: Option<Vec<[u8; MARK_BYTES]>> =
            parts.map(|mark| URL_SAFE_NO_PAD.decode(mark).ok()?.try_into().ok()).collect();
        let marks = marks.filter(|marks| marks.len() <= MAX_MARKS)?;
        Some(Self { id: Zeroizing::new(id.to_owned()), marks })
    }

    /// The cookie's value.
    pub fn expose(&self) -> String {
        let mut text = self.id.to_string();
        for mark in &self.marks {
            text.push('.');
            text.push_str(&URL_SAFE_NO_PAD.encode(mark));
        }
        text
    }

    /// The browser's name for one address, if it has signed in to it. The name does not reveal the cookie.
    pub(crate) fn name_for(&self, vault: &Vault, email: &EmailAddress) -> Option<[u8; MARK_BYTES]> {
        let mark = self.mark(vault, email);
        let is_known = self.marks.iter().any(|known| known.ct_eq(&mark).into());
        is_known.then(|| half(&vault.known_browser(b"name", &self.id, email.as_str())))
    }

    /// The same browser, which has now signed in to this address.
    pub(crate) fn knowing(mut self, vault: &Vault, email: &EmailAddress) -> Self {
        let mark = self.mark(vault, email);
        self.marks.retain(|known| !bool::from(known.ct_eq(&mark)));
        self.marks.insert(0, mark);
        self.marks.truncate(MAX_MARKS);
        self
    }

    fn mark(&self, vault: &Vault, email: &EmailAddress) -> [u8; MARK_BYTES] {
        half(&vault.known_browser(b"mark", &self.id, email.as_str()))
    }
}

fn half(hash: &[u8; 32]) -> [u8; MARK_BYTES] {
    hash.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).expect("an address")
    }

    #[test]
    fn a_browser_is_known_for_the_last_addresses_that_it_signed_in_to() {
        let vault = Vault::new(&[1; 32]);
        let mut browser = KnownBrowser::new([7; 32]);
        assert!(browser.name_for(&vault, &address("ada@example.com")).is_none());
        for user in ["ada", "bob", "cleo", "dan", "ada", "eve"] {
            browser = browser.knowing(&vault, &address(&format!("{user}@example.com")));
        }
        let read = KnownBrowser::parse(&browser.expose()).expect("a cookie");
        let known = |user: &str| read.name_for(&vault, &address(&format!("{user}@example.com"))).is_some();
        assert_eq!(["ada", "bob", "cleo", "dan", "eve", "fay"].map(known), [true, false, true, true, true, false]);
        assert!(!browser.expose().contains("example"));
        assert_eq!(format!("{browser:?}"), "KnownBrowser(..)");
    }

    /// Nobody without the master secret can make such a cookie, and one browser's is of no use to another's.
    #[test]
    fn cookies_cannot_be_made_up() {
        let (vault, ada) = (Vault::new(&[1; 32]), address("ada@example.com"));
        let browser = KnownBrowser::new([7; 32]).knowing(&vault, &ada);
        assert!(browser.name_for(&Vault::new(&[2; 32]), &ada).is_none());
        let other = KnownBrowser { id: KnownBrowser::new([8; 32]).id, marks: browser.marks.clone() };
        assert!(other.name_for(&vault, &ada).is_none());
        let mark = URL_SAFE_NO_PAD.encode([0; MARK_BYTES]);
        let id = &*browser.id;
        for bad in [
            String::new(),
            "short".to_owned(),
            format!("{id}."),
            format!("{id}.{mark}x"),
            format!("{id}{}", format!(".{mark}").repeat(5)),
        ] {
            assert!(KnownBrowser::parse(&bad).is_none(), "{bad}");
        }
    }
}
