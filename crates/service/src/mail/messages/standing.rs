//! Mails about suspended, reinstated and revoked licenses.

use latchkey_licensing::time::Timestamp;

use crate::mail::{
    kind::MailKind,
    letter::{Letter, Letterhead},
    messages::{CustomerMail, MailedLicense, about},
    reasons::{ReinstatementReason, RevocationReason, SuspensionReason},
};

/// A license was suspended.
#[derive(Debug)]
pub(crate) struct SuspendedMail<'a> {
    pub(crate) license: MailedLicense<'a>,
    pub(crate) reason: SuspensionReason,
    pub(crate) at: Timestamp,
}

impl CustomerMail for SuspendedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let (vendor, product) = (&letterhead.brand.name, self.license.product);
        let contact = letterhead.brand.contact();
        let what = format!("Your {product} license is suspended, and the app does not accept it.");
        let (why, way_out) = match self.reason {
            SuspensionReason::ByVendor => (
                format!("{vendor} suspended it."),
                format!("To find out why and how it can be used again, please {contact}."),
            ),
            SuspensionReason::Dispute => (
                "The reason is that the payment for it was disputed with the bank.".to_owned(),
                "It can be used again when the dispute is settled. If you did not mean to dispute the payment, ask your bank to withdraw the dispute.".to_owned(),
            ),
            SuspensionReason::PaymentOverdue => (
                "The reason is that the payment for its renewal is overdue.".to_owned(),
                "It can be used again as soon as the payment arrives. You can pay in the portal.".to_owned(),
            ),
        };
        let mut facts = self.license.facts();
        facts.push(("Suspended", self.at.human()));
        about(MailKind::Suspended, &self.license, format!("Your {product} license is suspended"), letterhead)
            .paragraph(format!("{what} {why}"))
            .facts(facts)
            .action(
                format!("{way_out} Your key and your computers are kept."),
                "Show the license",
                self.license.page(letterhead),
            )
    }
}

/// A suspended license was reinstated.
#[derive(Debug)]
pub(crate) struct ReinstatedMail<'a> {
    pub(crate) license: MailedLicense<'a>,
    pub(crate) reason: ReinstatementReason,
}

impl CustomerMail for ReinstatedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let (vendor, product) = (&letterhead.brand.name, self.license.product);
        let why = match self.reason {
            ReinstatementReason::ByVendor => format!("{vendor} reinstated it."),
            ReinstatementReason::DisputeSettled => "The dispute about its payment is settled.".to_owned(),
            ReinstatementReason::Paid => "The overdue payment has arrived.".to_owned(),
            ReinstatementReason::RefundFailed => {
                "The refund of its payment failed, so the payment counts again.".to_owned()
            }
        };
        about(MailKind::Reinstated, &self.license, format!("Your {product} license can be used again"), letterhead)
            .paragraph(format!("Your {product} license can be used again. {why}"))
            .facts(self.license.facts())
            .action(
                "Your key and your computers are the same as before. If the app still rejects the license, connect the computer to the internet and start the app again.",
                "Show the license",
                self.license.page(letterhead),
            )
    }
}

/// A license was revoked.
#[derive(Debug)]
pub(crate) struct RevokedMail<'a> {
    pub(crate) license: MailedLicense<'a>,
    pub(crate) reason: RevocationReason,
    pub(crate) at: Timestamp,
}

impl CustomerMail for RevokedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let (vendor, product) = (&letterhead.brand.name, self.license.product);
        let why = match self.reason {
            RevocationReason::ByVendor => format!("{vendor} revoked it."),
            RevocationReason::Refund => "The reason is that its payment was refunded.".to_owned(),
            RevocationReason::DisputeLost => {
                "The reason is that its payment was disputed with the bank and returned.".to_owned()
            }
        };
        let mut facts = self.license.facts();
        facts.push(("Revoked", self.at.human()));
        about(MailKind::Revoked, &self.license, format!("Your {product} license was revoked"), letterhead)
            .paragraph(format!(
                "Your {product} license was revoked, which is permanent: its key can no longer be used. {why}"
            ))
            .facts(facts)
            .action(
                format!("If you think that this is a mistake, please {}.", letterhead.brand.contact()),
                "Show the license",
                self.license.page(letterhead),
            )
    }
}
