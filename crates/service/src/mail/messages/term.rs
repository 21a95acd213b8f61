//! Mails about how long a license lasts: its renewal and its end.

use std::time::Duration;

use latchkey_licensing::{policy::ExpiryStrategy, time::Timestamp};

use crate::mail::{
    kind::MailKind,
    letter::{Letter, Letterhead},
    messages::{CustomerMail, MailedLicense, about},
};

/// The payment for a renewal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RenewalPayment<'a> {
    /// The amount as text.
    pub(crate) total: &'a str,
    pub(crate) receipt_url: Option<&'a str>,
}

/// A license was renewed.
#[derive(Debug)]
pub(crate) struct RenewedMail<'a> {
    pub(crate) license: MailedLicense<'a>,
    pub(crate) until: Timestamp,
    /// `None` if nothing was paid.
    pub(crate) payment: Option<RenewalPayment<'a>>,
}

impl CustomerMail for RenewedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let product = self.license.product;
        let until = self.until.human_date();
        let mut facts = self.license.facts();
        facts.push(("Valid until", self.until.human()));
        facts.extend(self.payment.map(|payment| ("Paid", payment.total.to_owned())));
        about(MailKind::Renewed, &self.license, format!("Your {product} license was renewed"), letterhead)
            .paragraph(format!("Your {product} license was renewed. It is valid until {until}."))
            .facts(facts)
            .link("Show the receipt", self.payment.and_then(|payment| payment.receipt_url))
            .action(
                "You do not need to do anything: your key and your computers stay the same.",
                "Show the license",
                self.license.page(letterhead),
            )
    }
}

/// How long before its end the owner of a license is reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reminder {
    In14Days,
    In3Days,
}

impl Reminder {
    /// The later one comes first: if both are due, only it is sent.
    pub(crate) const ALL: [Self; 2] = [Self::In3Days, Self::In14Days];

    pub(crate) const fn kind(self) -> MailKind {
        match self {
            Self::In14Days => MailKind::EndsIn14Days,
            Self::In3Days => MailKind::EndsIn3Days,
        }
    }

    pub(crate) const fn lead(self) -> Duration {
        match self {
            Self::In14Days => Duration::from_hours(14 * 24),
            Self::In3Days => Duration::from_hours(3 * 24),
        }
    }

    /// The lead of the next reminder, from which on this one is too late.
    pub(crate) const fn next_lead(self) -> Duration {
        match self {
            Self::In14Days => Self::In3Days.lead(),
            Self::In3Days => Duration::ZERO,
        }
    }
}

/// A license ends soon. The mail names the date rather than the number of days, so that it is also right if it is
/// delivered or read later.
#[derive(Debug)]
pub(crate) struct EndsSoonMail<'a> {
    pub(crate) reminder: Reminder,
    pub(crate) license: MailedLicense<'a>,
    pub(crate) ends_at: Timestamp,
    /// What the license allows after its end.
    pub(crate) expiry_strategy: ExpiryStrategy,
}

impl CustomerMail for EndsSoonMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let product = self.license.product;
        let date = self.ends_at.human_date();
        let after = match self.expiry_strategy {
            ExpiryStrategy::RestrictAccess | ExpiryStrategy::RevokeAccess => {
                "After that, the app no longer accepts it."
            }
            ExpiryStrategy::MaintainAccess => {
                "After that, you can keep using the versions that you have, but not newer ones."
            }
            ExpiryStrategy::AllowAccess => "After that, you can keep using the app.",
        };
        let mut facts = self.license.facts();
        facts.push(("Ends", self.ends_at.human()));
        let subject = format!("Your {product} license ends on {date}");
        about(self.reminder.kind(), &self.license, subject, letterhead)
            .paragraph(format!("Your {product} license ends on {date}. {after}"))
            .facts(facts)
            .action(
                format!(
                    "To renew it, please {}. If it is renewed, your key and your computers stay the same.",
                    letterhead.brand.contact()
                ),
                "Show the license",
                self.license.page(letterhead),
            )
    }
}

/// The payment for a renewal failed.
#[derive(Debug)]
pub(crate) struct RenewalFailedMail<'a> {
    pub(crate) license: MailedLicense<'a>,
    /// The amount that was not paid, as text.
    pub(crate) total: &'a str,
    /// The page on which the payment can be made. `None` if the reader does not pay for the license.
    pub(crate) fix_url: Option<&'a str>,
    /// Until when the license can be used without the payment. `None` if that is not limited.
    pub(crate) usable_until: Option<Timestamp>,
}

impl CustomerMail for RenewalFailedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let product = self.license.product;
        let mut facts = self.license.facts();
        facts.push(("Amount due", self.total.to_owned()));
        let until = match self.usable_until {
            Some(at) => {
                facts.push(("Usable until", at.human()));
                format!(" You can use it until {}.", at.human_date())
            }
            None => String::new(),
        };
        let subject = format!("Your {product} license could not be renewed");
        let letter = about(MailKind::RenewalFailed, &self.license, subject, letterhead)
            .paragraph(format!(
                "The payment of {} for the renewal of your {product} license failed.{until}",
                self.total
            ))
            .facts(facts);
        match self.fix_url {
            Some(url) => letter.action(
                "To keep the license, check your payment method or pay with another one:",
                "Complete the payment",
                url,
            ),
            None => letter.paragraph(format!(
                "The license was bought by somebody else, who can complete the payment. If you have questions, please {}.",
                letterhead.brand.contact()
            )),
        }
    }
}
