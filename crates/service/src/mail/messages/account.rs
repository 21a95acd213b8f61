//! Mails about the security of an account.

use latchkey_licensing::{portal_paths, time::Timestamp};

use crate::{
    audit::event::SignInMeans,
    mail::{
        kind::MailKind,
        letter::{Letter, Letterhead},
        messages::CustomerMail,
        reasons::{GivenRole, PasskeyChange},
    },
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

/// An account was used in a browser that had not been seen before.
pub(crate) struct NewBrowserMail<'a> {
    pub(crate) agent: &'a str,
    pub(crate) network: &'a str,
    pub(crate) means: SignInMeans,
    pub(crate) at: Timestamp,
}

impl CustomerMail for NewBrowserMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let name = &letterhead.brand.name;
        let means = match self.means {
            SignInMeans::Link => "A link from a mail to this address",
            SignInMeans::Code => "A code from a mail to this address",
            SignInMeans::HostLink => "A link that was created on the server",
            SignInMeans::Passkey => "A passkey",
        };
        let reason = format!("You get this mail because someone signed in to your {name} account.");
        Letter::new(MailKind::NewBrowser, format!("New sign-in to your {name} account"), reason)
            .heading("New sign-in to your account")
            .paragraph(
                "Someone signed in to your account in a browser, or from a network, in which it was not used before.",
            )
            .facts([
                ("Browser", self.agent.to_owned()),
                ("Network", self.network.to_owned()),
                ("When", self.at.human()),
                ("With", means.to_owned()),
            ])
            .paragraph("If this was you, you do not need to do anything.")
            .action(
                format!(
                    "If it was not you, sign out all browsers on your account page, and {}:",
                    letterhead.brand.contact()
                ),
                "Your account",
                format!("{}{}", letterhead.portal_url, portal_paths::ACCOUNT),
            )
    }
}

/// A person became a support agent or an admin.
pub(crate) struct RoleGivenMail {
    pub(crate) role: GivenRole,
    pub(crate) at: Timestamp,
}

impl CustomerMail for RoleGivenMail {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let name = &letterhead.brand.name;
        let (role, meaning) = match self.role {
            GivenRole::Support => ("a support agent", "You can see the data of all customers and help them."),
            GivenRole::Admin => (
                "an admin",
                "You can see and change everything: customers, licenses, orders, the catalog and other accounts.",
            ),
        };
        let reason = format!("You get this mail because the role of your {name} account changed.");
        Letter::new(MailKind::RoleGiven, format!("You are now {role} of {name}"), reason)
            .paragraph(meaning)
            .facts([("When", self.at.human())])
            .action(
                "You need a passkey for that. The person who gave you the role has a link with which you create it. After that, sign in here:",
                "Sign in",
                letterhead.sign_in_page(),
            )
            .note(format!("If you did not expect this, please {}.", letterhead.brand.contact()))
    }
}

/// An account was deleted. It is the last mail that its owner gets.
pub(crate) struct AccountDeletedMail {
    /// The number of licenses that became anonymous.
    pub(crate) licenses: usize,
    /// The number of orders that were kept.
    pub(crate) orders: usize,
    pub(crate) at: Timestamp,
}

impl CustomerMail for AccountDeletedMail {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let name = &letterhead.brand.name;
        let letter = Letter::new(
            MailKind::AccountDeleted,
            format!("Your {name} account was deleted"),
            format!("You get this mail because your {name} account was deleted. It is the last one about it."),
        )
        .paragraph(
            "Your address, your name, your sessions and the mails to you were erased. You can no longer sign in.",
        );
        let letter = match self.licenses {
            0 => letter,
            _ => letter.paragraph(
                "Your licenses no longer belong to a person. The app keeps working with their keys, but nobody can look up, replace or move them: keep the keys.",
            ),
        };
        let letter = match self.orders {
            0 => letter,
            _ => letter.paragraph(
                "Your orders are kept without your address for as long as tax law requires. They contain what was bought and paid, and the name on the receipt.",
            ),
        };
        letter.facts([("When", self.at.human())]).action(
            format!(
                "If you did not ask for this, please {} at once. You can open a new account at any time:",
                letterhead.brand.contact()
            ),
            "Sign in",
            letterhead.sign_in_page(),
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
