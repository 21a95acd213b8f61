//! E-mail addresses: exactly one mailbox, in one normal form.
//!
//! The normal form is all lower case, with the domain in IDNA ASCII. Display names, lists, comments,
//! quoted local parts and anything outside printable ASCII in the local part are rejected, because each
//! can smuggle in a second recipient or a header.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::AccountId;

/// The longest address that SMTP can carry, in bytes (RFC 5321, section 4.5.3.1.3, without the brackets).
pub const MAX_BYTES: usize = 254;

/// The domain of the pseudonyms of deleted accounts.
const PSEUDONYMS: &str = "deleted.invalid";

/// One mailbox in normal form, so equal values mean the same mailbox.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// The text is not exactly one mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address: give one address such as ada@example.com")]
pub struct InvalidEmail;

impl EmailAddress {
    /// Parses and normalizes an address. Surrounding spaces and tabs are ignored.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim_matches([' ', '\t']);
        if text.len() > MAX_BYTES {
            return Err(InvalidEmail);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let local_fits = (1..=64).contains(&local.len())
            && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext));
        // IDNA maps some characters that only look like a dot or a slash, so the checks below run on the
        // ASCII result.
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| InvalidEmail)?;
        let domain_fits = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(is_label);
        let address = format!("{}@{domain}", local.to_ascii_lowercase());
        if !local_fits || !domain_fits || address.len() > MAX_BYTES {
            return Err(InvalidEmail);
        }
        Ok(Self(address))
    }

    /// What a deleted account has in place of its address. There is no such mailbox (RFC 2606).
    pub fn pseudonym(account: AccountId) -> Self {
        Self(format!("deleted-{}@{PSEUDONYMS}", account.uuid().simple()))
    }

    /// Whether it is the pseudonym of a deleted account.
    pub fn is_pseudonym(&self) -> bool {
        self.0.rsplit_once('@').is_some_and(|(_, domain)| domain == PSEUDONYMS)
    }

    /// The address in normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Characters of an atom (RFC 5322, section 3.2.3).
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Addresses are personal data, so `Debug`, which logs use, hides them.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_normal_form() {
        for (typed, normal) in [
            ("ada@example.com", "ada@example.com"),
            ("  Ada.Lovelace+nt@Example.COM ", "ada.lovelace+nt@example.com"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
            ("ada@EXAMPLE.co.uk", "ada@example.co.uk"),
        ] {
            assert_eq!(EmailAddress::parse(typed).map(String::from), Ok(normal.to_owned()), "{typed}");
        }
    }

    /// ML-12: forms that have smuggled in recipients or headers in other systems.
    #[test]
    fn ml_12_bad_addresses_are_rejected() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long = format!("a@{}.com", "b.".repeat(130));
        let bad = [
            "",
            " ",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "ada@@example.com",
            "ada@example.com,eve@example.com",
            "ada@example.com;eve@example.com",
            "ada@example.com eve@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com\n",
            "ada\r@example.com",
            "ada@exam\0ple.com",
            "\0",
            "Ada <ada@example.com>",
            "<ada@example.com>",
            "\"ada\"@example.com",
            "\"a b\"@example.com",
            "ada(comment)@example.com",
            "ada@[127.0.0.1]",
            "ada@[IPv6:::1]",
            ".ada@example.com",
            "ada.@example.com",
            "a..b@example.com",
            "ada@-example.com",
            "ada@example-.com",
            "ada@example..com",
            "ada@.example.com",
            "ada@example.com.",
            "ada@exa_mple.com",
            "ada@exam ple.com",
            "ad\u{202e}a@example.com",
            "ada@exam\u{202e}ple.com",
            "ada\u{7f}@example.com",
            "ada\u{200b}@example.com",
            "адa@example.com",
            "ada@example.com\u{0085}",
            "ada@ex\u{ff0f}ample.com",
            "mailto:ada@example.com",
            "ada@example.com?subject=x",
            &long_local,
            &long,
        ];
        assert!(bad.len() >= 40);
        for text in bad {
            assert_eq!(EmailAddress::parse(text), Err(InvalidEmail), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn accepted_addresses_are_plain_and_stable(text in "\\PC{0,40}@\\PC{0,40}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert!(address.as_str().bytes().all(|b| b.is_ascii_graphic() && !b",;<>\"()[]:\\".contains(&b)));
                prop_assert_eq!(address.as_str().matches('@').count(), 1);
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address));
            }
        }
    }
}
