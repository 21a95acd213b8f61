//! Filters for lists of licenses.

use latchkey_licensing::ids::{AccountId, PolicyId};

/// Which licenses to list. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicenseFilter {
    pub account: Option<AccountId>,
    pub policy: Option<PolicyId>,
    /// Text that the owner's address contains or the license key ends with, ignoring case.
    pub text: Option<String>,
}

impl LicenseFilter {
    /// The text as `LIKE` patterns for the address and the key, with wildcards escaped by `\`.
    pub(crate) fn patterns(&self) -> Option<(String, String)> {
        let text = self.text.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
        let escape = |text: String| {
            text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
                if matches!(c, '%' | '_' | '\\') {
                    escaped.push('\\');
                }
                escaped.push(c);
                escaped
            })
        };
        Some((format!("%{}%", escape(text.to_lowercase())), format!("%{}", escape(text.to_uppercase()))))
    }
}
