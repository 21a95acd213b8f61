//! Filters for lists of licenses.

use latchkey_licensing::ids::{AccountId, PolicyId};

/// Which licenses to list. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicenseFilter {
    pub account: Option<AccountId>,
    pub policy: Option<PolicyId>,
    /// Text that the owner's address contains or the license key ends with, ignoring case.
    pub text: Option<String>,
    /// Text that the license key ends with, ignoring case and what separates groups.
    pub key_end: Option<String>,
}

impl LicenseFilter {
    /// The text as `LIKE` patterns for the address and the key, with wildcards escaped by `\`.
    pub(crate) fn patterns(&self) -> Option<(String, String)> {
        let text = self.text.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
        Some((format!("%{}%", escape(text.to_lowercase())), format!("%{}", escape(text.to_uppercase()))))
    }

    /// The end of the key as a `LIKE` pattern for what is stored of it. Of a longer text, its end decides.
    pub(crate) fn key_end_pattern(&self) -> Option<String> {
        let letters: String = self.key_end.as_deref()?.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let start = letters.chars().count().saturating_sub(KEY_TAIL);
        let end: String = letters.chars().skip(start).collect();
        (!end.is_empty()).then(|| format!("%{}", escape(end.to_uppercase())))
    }
}

/// How many letters of a key are stored as they are.
const KEY_TAIL: usize = 4;

fn escape(text: String) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
        escaped
    })
}
