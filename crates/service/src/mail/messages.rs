//! What the mails say, one type for each kind with the data that it needs.

pub(crate) mod account;
pub(crate) mod email_change;
pub(crate) mod keys;
pub(crate) mod orders;
pub(crate) mod sign_in;
pub(crate) mod standing;
pub(crate) mod term;

use latchkey_licensing::{
    ids::LicenseId, license::License, license_key, policy::Policy, portal_paths, product::Product,
};

use crate::{
    licensing::validation::facts::LicenseFacts,
    mail::{
        kind::MailKind,
        letter::{Letter, Letterhead},
    },
};

/// A mail to a customer.
pub(crate) trait CustomerMail: Sync {
    /// The content of the mail.
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_>;
}

/// The license that a mail is about.
#[derive(Clone, Debug)]
pub(crate) struct MailedLicense<'a> {
    pub(crate) id: LicenseId,
    /// The product's name.
    pub(crate) product: &'a str,
    /// The policy's name.
    pub(crate) policy: &'a str,
    /// The key with most letters hidden.
    pub(crate) masked_key: String,
}

impl<'a> MailedLicense<'a> {
    pub(crate) fn new(license: &License, policy: &'a Policy, product: &'a Product) -> Self {
        Self {
            id: license.id,
            product: &product.name,
            policy: &policy.name,
            masked_key: license_key::masked(&license.key_prefix, &license.key_tail),
        }
    }

    pub(crate) fn of(facts: &'a LicenseFacts) -> Self {
        Self::new(&facts.license, facts.policy(), facts.product())
    }

    fn name(&self) -> String {
        license_name(self.product, self.policy)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("License", self.name()), ("Key", self.masked_key.clone())]
    }

    fn page(&self, letterhead: &Letterhead<'_>) -> String {
        format!("{}{}", letterhead.portal_url, portal_paths::license(self.id))
    }

    /// Why the license's owner receives a mail about it.
    fn reason(&self, letterhead: &Letterhead<'_>) -> String {
        format!(
            "You get this mail because this e-mail address owns a license for {} from {}.",
            self.product, letterhead.brand.name
        )
    }
}

/// The product and the policy, whose name may contain the product's.
fn license_name(product: &str, policy: &str) -> String {
    if policy.contains(product) { policy.to_owned() } else { format!("{product}, {policy}") }
}

/// A letter to the owner of a license.
fn about<'a>(kind: MailKind, license: &MailedLicense<'_>, subject: String, letterhead: &Letterhead<'_>) -> Letter<'a> {
    Letter::new(kind, subject, license.reason(letterhead))
}
