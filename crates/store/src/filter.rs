//! What lists can be narrowed down to.

use latchkey_licensing::ids::{AccountId, PolicyId};

/// Which licenses to list; the default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicenseFilter {
    /// Those of this account.
    pub account: Option<AccountId>,
    /// Those under this policy.
    pub policy: Option<PolicyId>,
    /// Those whose owner's address contains this text, or whose key ends with it; case does not matter.
    pub text: Option<String>,
}

impl LicenseFilter {
    /// The text as a pattern of `LIKE`, with its own wildcards escaped by `\`.
    pub(crate) fn pattern(&self) -> Option<(String, String)> {
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
