//! The mail with which people sign in.

use latchkey_licensing::time::Timestamp;

use crate::mail::{
    kind::MailKind,
    letter::{Letter, Letterhead},
};

/// A person asked to sign in.
pub(crate) struct SignInMail<'a> {
    pub(crate) link: String,
    pub(crate) code: String,
    pub(crate) agent: &'a str,
    pub(crate) network: String,
    pub(crate) at: Timestamp,
    pub(crate) minutes: u64,
}

impl SignInMail<'_> {
    pub(crate) fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let name = &letterhead.brand.name;
        let reason = format!("You get this mail because someone asked to sign in to {name} with this e-mail address.");
        // The code is not in the subject, which may be shown on a locked screen.
        Letter::new(MailKind::SignIn, format!("Your sign-in link for {name}"), reason)
            .heading(format!("Sign in to {name}"))
            .action("Open this link in the browser where you asked for it:", "Sign in", &self.link)
            .code("Or type this code there:", &self.code)
            .paragraph(format!("Link and code work once, for at most {} minutes.", self.minutes))
            .note(format!("Asked for by {}, from {}, on {}.", self.agent, self.network, self.at.human()))
            .note("If you did not ask for this, do nothing: nobody can sign in without this mail.")
    }
}
