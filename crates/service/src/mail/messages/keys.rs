//! Mails about license keys and where they are used.

use latchkey_licensing::{license::Expiry, license_key::LicenseKey, time::Timestamp};

use crate::mail::{
    kind::MailKind,
    letter::{Letter, Letterhead},
    messages::{CustomerMail, MailedLicense, about},
    reasons::ReplacedBy,
};

/// An admin issued a license.
#[derive(Debug)]
pub(crate) struct LicenseIssuedMail<'a> {
    pub(crate) license: MailedLicense<'a>,
    pub(crate) key: &'a LicenseKey,
    pub(crate) expiry: Expiry,
}

impl CustomerMail for LicenseIssuedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let MailedLicense { product, .. } = self.license;
        let vendor = &letterhead.brand.name;
        let reason = format!("You get this mail because {vendor} issued a license to this e-mail address.");
        let letter = Letter::new(MailKind::LicenseIssued, format!("Your {product} license"), reason)
            .paragraph(format!("{vendor} has issued a license to you. Here is its key."))
            .keys(self.license.name(), [self.key])
            .paragraph("Enter the key in the app to activate it on your computer. Keep this mail safe: anyone who has the key can use the license.");
        let letter = match self.expiry {
            Expiry::Never => letter,
            Expiry::At(at) => letter.paragraph(format!("The license is valid until {}.", at.human_date())),
            Expiry::AfterFirstUse => {
                letter.paragraph("The license is valid for a limited time, which starts with its first use.")
            }
        };
        letter.action(
            "The portal shows your license and your computers. Sign in with this e-mail address:",
            "Open the portal",
            letterhead.sign_in_page(),
        )
    }
}

/// A license key was replaced. The mail contains the new key, because the one in the earlier mail is invalid.
#[derive(Debug)]
pub(crate) struct KeyReplacedMail<'a> {
    pub(crate) license: MailedLicense<'a>,
    pub(crate) key: &'a LicenseKey,
    pub(crate) by: ReplacedBy,
}

impl CustomerMail for KeyReplacedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let MailedLicense { product, .. } = self.license;
        let who = match self.by {
            ReplacedBy::Owner => "You have".to_owned(),
            ReplacedBy::Vendor => format!("{} has", letterhead.brand.name),
        };
        let subject = format!("The key of your {product} license was replaced");
        let letter = about(MailKind::KeyReplaced, &self.license, subject, letterhead)
            .paragraph(format!(
                "{who} replaced the key of your {product} license. The old key no longer works. This is the new one."
            ))
            .keys(self.license.name(), [self.key])
            .paragraph("Your computers stay activated, but the app there asks for the new key.");
        let letter = match self.by {
            ReplacedBy::Owner => letter.paragraph(format!(
                "If this was not you, someone else can use your account: sign in, choose “Sign out everywhere” on the account page, and {}.",
                letterhead.brand.contact()
            )),
            ReplacedBy::Vendor => letter,
        };
        letter.action(
            "The portal shows the license and its computers.",
            "Show the license",
            self.license.page(letterhead),
        )
    }
}

/// A license was activated on a computer for the first time.
#[derive(Debug)]
pub(crate) struct NewComputerMail<'a> {
    pub(crate) license: MailedLicense<'a>,
    /// The computer's name.
    pub(crate) computer: &'a str,
    pub(crate) at: Timestamp,
}

impl CustomerMail for NewComputerMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let MailedLicense { product, .. } = self.license;
        let mut facts = vec![("Computer", self.computer.to_owned()), ("Activated", self.at.human())];
        facts.extend(self.license.facts());
        let subject = format!("Your {product} license is active on a new computer");
        about(MailKind::NewComputer, &self.license, subject, letterhead)
            .paragraph(format!("Your {product} license was activated on a computer on which it was not active before."))
            .facts(facts)
            .paragraph("If this was you, you do not need to do anything.")
            .action(
                "If not, someone else has your key: free the computer in the portal, and replace the key.",
                "Show the license",
                self.license.page(letterhead),
            )
    }
}
