//! Mails about changes of an account's e-mail address.

use latchkey_licensing::time::Timestamp;

use crate::mail::{
    kind::MailKind,
    letter::{Letter, Letterhead},
    messages::CustomerMail,
    reasons::{EmailChangeRequest, EmailChanged},
};

/// A person asked to change the address of an account.
pub(crate) struct EmailChangeMail<'a> {
    pub(crate) to: EmailChangeRequest,
    pub(crate) link: String,
    pub(crate) new_email: &'a str,
    pub(crate) agent: &'a str,
    pub(crate) network: String,
    pub(crate) at: Timestamp,
    pub(crate) minutes: u64,
}

impl CustomerMail for EmailChangeMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let name = &letterhead.brand.name;
        let new = |subject: String, reason: &str| Letter::new(MailKind::EmailChange, subject, reason.to_owned());
        let asked = format!("Asked for by {}, from {}, on {}.", self.agent, self.network, self.at.human());
        let both = format!(
            "The address is changed once both addresses have confirmed it, within {} minutes. Opening the page changes nothing.",
            self.minutes
        );
        match self.to {
            EmailChangeRequest::Current => new(
                format!("Confirm the new e-mail address of your {name} account"),
                &format!("You get this mail because this is the e-mail address of your {name} account."),
            )
            .heading("Confirm the new e-mail address")
            .paragraph("Someone who is signed in to your account asked to change its e-mail address.")
            .facts([("New address", self.new_email.to_owned())])
            .action("Confirm or cancel the change on this page:", "Open the change", &self.link)
            .paragraph(both)
            .note(asked)
            .note("If you did not ask for this, cancel the change on that page, then sign in and sign out all browsers on your account page."),
            EmailChangeRequest::New => new(
                format!("Confirm your e-mail address for {name}"),
                &format!("You get this mail because someone entered this e-mail address for their {name} account."),
            )
            .heading("Confirm your e-mail address")
            .paragraph(format!("Someone asked to use this e-mail address for their {name} account."))
            .action("Confirm that it is yours on this page:", "Open the change", &self.link)
            .paragraph(both)
            .note(asked)
            .note("If you did not ask for this, do nothing: the address is not used without you."),
            EmailChangeRequest::Taken => new(
                format!("This e-mail address already has a {name} account"),
                &format!("You get this mail because someone entered this e-mail address for another {name} account."),
            )
            .heading("You already have an account")
            .paragraph(
                "Someone asked to use this e-mail address for another account. It is the address of your account, so nothing was changed.",
            )
            .action("If it was you, sign in with this address:", "Sign in", letterhead.sign_in_page())
            .note(asked)
            .note("If it was not you, do nothing."),
        }
    }
}

/// The address of an account was changed. The same mail goes to both addresses.
pub(crate) struct EmailChangedMail<'a> {
    pub(crate) why: EmailChanged,
    pub(crate) old_email: &'a str,
    pub(crate) new_email: &'a str,
    pub(crate) at: Timestamp,
}

impl CustomerMail for EmailChangedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let name = &letterhead.brand.name;
        let reason = format!("You get this mail because the e-mail address of your {name} account changed.");
        let who = match self.why {
            EmailChanged::ByOwner => "Both addresses have confirmed the change.".to_owned(),
            EmailChanged::ByVendor => format!("{name} changed it."),
        };
        Letter::new(MailKind::EmailChanged, format!("The e-mail address of your {name} account was changed"), reason)
            .heading("Your e-mail address was changed")
            .paragraph(format!("{who} From now on, you sign in with the new address and get mail there."))
            .facts([
                ("Old address", self.old_email.to_owned()),
                ("New address", self.new_email.to_owned()),
                ("When", self.at.human()),
            ])
            .paragraph(format!("If this is not what you wanted, please {} at once.", letterhead.brand.contact()))
            .action("Sign in with the new address:", "Sign in", letterhead.sign_in_page())
    }
}
