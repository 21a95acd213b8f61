//! Mails about the security of an account.

use latchkey_licensing::{portal_paths, time::Timestamp};

use crate::mail::{
    kind::MailKind,
    letter::{Letter, Letterhead},
    messages::CustomerMail,
    reasons::PasskeyChange,
};

/// A passkey was added or removed.
pub(crate) struct PasskeyChangedMail<'a> {
    pub(crate) change: PasskeyChange,
    /// The passkey's name. Its owner chose it, so it is shown as a fact and not in a sentence.
    pub(crate) name: &'a str,
    pub(crate) at: Timestamp,
}

impl CustomerMail for PasskeyChangedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let name = &letterhead.brand.name;
        let (subject, heading, meaning) = match self.change {
            PasskeyChange::Added => (
                format!("A passkey was added to your {name} account"),
                "A passkey was added",
                "It can be used to sign in to your account.",
            ),
            PasskeyChange::Removed => (
                format!("A passkey was removed from your {name} account"),
                "A passkey was removed",
                "It can no longer be used to sign in to your account.",
            ),
        };
        let reason = format!("You get this mail because the passkeys of your {name} account changed.");
        Letter::new(MailKind::PasskeyChanged, subject, reason)
            .heading(heading)
            .paragraph(meaning)
            .facts([("Passkey", self.name.to_owned()), ("When", self.at.human())])
            .action(
                "If you did not do this, sign in and sign out all browsers on your account page:",
                "Your account",
                format!("{}{}", letterhead.portal_url, portal_paths::ACCOUNT),
            )
    }
}

/// An admin tests whether mails arrive.
pub(crate) struct TestMail {
    pub(crate) at: Timestamp,
}

impl CustomerMail for TestMail {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let name = &letterhead.brand.name;
        let reason = format!("You get this mail because you asked for it on the admin portal of {name}.");
        Letter::new(MailKind::Test, format!("Test mail from {name}"), reason)
            .paragraph("This mail arrived, so the license server can send mail to this address.")
            .facts([("Requested", self.at.human())])
            .action("Sign in here:", "Sign in", letterhead.sign_in_page())
    }
}
