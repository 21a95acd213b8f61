//! Mails about an order and its payment.
//!
//! Amounts are given as text, such as `€49.00`, as they are shown on pages.

use latchkey_licensing::license_key::LicenseKey;

use crate::mail::{
    kind::MailKind,
    letter::{Letter, Letterhead},
    messages::{CustomerMail, MailedLicense, license_name},
    reasons::{RefundEffect, UpgradeReason},
};

/// The most keys in a mail. Mail programs cut off mails of more than about 100 KB.
const MAX_KEYS: usize = 100;

/// What an order is about, in all mails about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MailedOrder<'a> {
    /// The number by which people refer to the order.
    pub(crate) number: &'a str,
    pub(crate) total: &'a str,
    /// What was ordered.
    pub(crate) items: &'a [OrderedItem<'a>],
}

/// One line of an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrderedItem<'a> {
    /// The product's name.
    pub(crate) product: &'a str,
    /// The policy's name.
    pub(crate) policy: &'a str,
    /// The number of licenses.
    pub(crate) quantity: u32,
}

impl OrderedItem<'_> {
    fn text(&self) -> String {
        let name = license_name(self.product, self.policy);
        if self.quantity == 1 { name } else { format!("{name} ({} licenses)", self.quantity) }
    }
}

impl MailedOrder<'_> {
    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("Order", self.number.to_owned())];
        facts.extend(self.items.iter().map(|item| ("License", item.text())));
        facts.push(("Total", self.total.to_owned()));
        facts
    }
}

fn buyer(letterhead: &Letterhead<'_>) -> String {
    format!("You get this mail because you ordered from {} with this e-mail address.", letterhead.brand.name)
}

/// An order was paid.
#[derive(Debug)]
pub(crate) struct PurchaseMail<'a> {
    pub(crate) order: MailedOrder<'a>,
    /// The keys of the issued licenses, by line of the order.
    pub(crate) keys: &'a [Vec<LicenseKey>],
    pub(crate) download_url: Option<&'a str>,
    pub(crate) receipt_url: Option<&'a str>,
}

impl CustomerMail for PurchaseMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let count: usize = self.keys.iter().map(Vec::len).sum();
        let first = self.order.items.first().map_or("", |item| item.product);
        let is_one_product = self.order.items.iter().all(|item| item.product == first);
        let (subject, ready, enter) = match (count, is_one_product) {
            (1, _) => (
                format!("Your {first} license"),
                "Your payment has arrived. Here is your license key.",
                "Enter the key",
            ),
            (_, true) => (
                format!("Your {first} licenses"),
                "Your payment has arrived. Here are your license keys.",
                "Enter one of the keys",
            ),
            (_, false) => (
                format!("Your licenses from {}", letterhead.brand.name),
                "Your payment has arrived. Here are your license keys.",
                "Enter one of the keys",
            ),
        };
        let mut letter = Letter::new(MailKind::Purchase, subject, buyer(letterhead)).paragraph(ready);
        let mut room = MAX_KEYS;
        for (item, keys) in self.order.items.iter().zip(self.keys) {
            if room == 0 {
                break;
            }
            letter = letter.keys(item.text(), keys.iter().take(room));
            room = room.saturating_sub(keys.len());
        }
        if count > MAX_KEYS {
            letter = letter.paragraph(format!("These are the first {MAX_KEYS} keys. The portal shows all {count}."));
        }
        letter
            .paragraph(format!("{enter} in the app to activate it on your computer. Keep this mail safe: anyone who has a key can use its license."))
            .link("Download the app", self.download_url)
            .action(
                "The portal shows your licenses, your computers and your orders. Sign in with this e-mail address:",
                "Open the portal",
                letterhead.sign_in_page(),
            )
            .facts([("Order", self.order.number.to_owned()), ("Total", self.order.total.to_owned())])
            .link("Show the receipt", self.receipt_url)
    }
}

/// The upgrade of a license was paid, or applies again.
#[derive(Debug)]
pub(crate) struct UpgradedMail<'a> {
    pub(crate) order: MailedOrder<'a>,
    /// The license, with its new policy.
    pub(crate) license: MailedLicense<'a>,
    pub(crate) reason: UpgradeReason,
    pub(crate) receipt_url: Option<&'a str>,
}

impl CustomerMail for UpgradedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let product = self.license.product;
        let (subject, what) = match self.reason {
            UpgradeReason::Paid => (
                format!("Your {product} license is upgraded"),
                format!("Your payment has arrived, and your {product} license is upgraded."),
            ),
            UpgradeReason::PaymentKept => (
                format!("Your {product} license is upgraded again"),
                format!(
                    "The payment for the upgrade of your {product} license is settled, so the upgrade applies again."
                ),
            ),
        };
        Letter::new(MailKind::Upgraded, subject, buyer(letterhead))
            .paragraph(what)
            .facts(self.license.facts())
            .action(
                "There is nothing to do: your key and your computers stay the same. If the app does not show the upgrade, start it again.",
                "Show the license",
                self.license.page(letterhead),
            )
            .facts([("Order", self.order.number.to_owned()), ("Total", self.order.total.to_owned())])
            .link("Show the receipt", self.receipt_url)
    }
}

/// A dispute about the payment of an upgrade turned it back.
#[derive(Debug)]
pub(crate) struct UpgradeReversedMail<'a> {
    /// The license, with the policy that it has without the upgrade.
    pub(crate) license: MailedLicense<'a>,
}

impl CustomerMail for UpgradeReversedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let product = self.license.product;
        let policy = license_name(product, self.license.policy);
        let subject = format!("The upgrade of your {product} license was turned back");
        Letter::new(MailKind::UpgradeReversed, subject, buyer(letterhead))
            .paragraph(format!(
                "The payment for the upgrade was disputed with the bank, so the upgrade does not apply. Your license is: {policy}."
            ))
            .facts(self.license.facts())
            .action(
                "Your key and your computers are kept. The upgrade applies again if the dispute is withdrawn. If you did not mean to dispute the payment, ask your bank to withdraw the dispute.",
                "Show the license",
                self.license.page(letterhead),
            )
    }
}

/// An order was paid, and a person looks at it before it is delivered.
#[derive(Debug)]
pub(crate) struct OrderHeldMail<'a> {
    pub(crate) order: MailedOrder<'a>,
    /// The page that shows the order.
    pub(crate) order_url: Option<&'a str>,
}

impl CustomerMail for OrderHeldMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let brand = letterhead.brand;
        Letter::new(MailKind::OrderHeld, "We are checking your order", buyer(letterhead))
            .paragraph(format!(
                "Your payment to {} has arrived. A detail of the order does not match, so a person is looking at it.",
                brand.name
            ))
            .paragraph(format!(
                "You do not need to do anything. You get another mail as soon as the order is checked. If you have questions, please {}.",
                brand.contact()
            ))
            .facts(self.order.facts())
            .link("Show the order", self.order_url)
    }
}

/// An order was placed with a payment that takes days.
#[derive(Debug)]
pub(crate) struct PaymentPendingMail<'a> {
    pub(crate) order: MailedOrder<'a>,
    /// The page that shows the order.
    pub(crate) order_url: Option<&'a str>,
}

impl CustomerMail for PaymentPendingMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        Letter::new(MailKind::PaymentPending, "We are waiting for your payment", buyer(letterhead))
            .paragraph(format!(
                "{} has received your order. The payment method that you chose can take several days until the payment is confirmed.",
                letterhead.brand.name
            ))
            .paragraph(format!(
                "You do not need to do anything. You get a mail with your license {} as soon as the payment arrives.",
                if self.order.items.iter().map(|item| item.quantity).sum::<u32>() == 1 { "key" } else { "keys" }
            ))
            .facts(self.order.facts())
            .link("Show the order", self.order_url)
    }
}

/// The payment of an order failed.
#[derive(Debug)]
pub(crate) struct PaymentFailedMail<'a> {
    pub(crate) order: MailedOrder<'a>,
    /// The page on which the order can be placed again.
    pub(crate) retry_url: Option<&'a str>,
}

impl CustomerMail for PaymentFailedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let letter = Letter::new(MailKind::PaymentFailed, "Your payment did not go through", buyer(letterhead))
            .paragraph("The payment for your order failed, so no license was issued. The order is closed.")
            .facts(self.order.facts());
        let lead = "To get the license, order again. A different payment method may help.";
        match self.retry_url {
            Some(url) => letter.action(lead, "Order again", url),
            None => letter.paragraph(lead),
        }
    }
}

/// A payment was returned.
#[derive(Debug)]
pub(crate) struct RefundedMail<'a> {
    pub(crate) order: MailedOrder<'a>,
    /// The amount that was returned.
    pub(crate) amount: &'a str,
    pub(crate) effect: RefundEffect,
    pub(crate) receipt_url: Option<&'a str>,
}

impl CustomerMail for RefundedMail<'_> {
    fn letter(&self, letterhead: &Letterhead<'_>) -> Letter<'_> {
        let Letterhead { brand, .. } = letterhead;
        let quantity: u32 = self.order.items.iter().map(|item| item.quantity).sum();
        let (license, its) = if quantity == 1 { ("license", "its key") } else { ("licenses", "their keys") };
        let effect = match (self.effect, quantity) {
            (RefundEffect::Revoked, 1) => {
                format!("The {license} of this order is revoked: {its} can no longer be used.")
            }
            (RefundEffect::Revoked, _) => {
                format!("The {license} of this order are revoked: {its} can no longer be used.")
            }
            (RefundEffect::Suspended, 1) => format!("The {license} of this order is suspended: {its} cannot be used."),
            (RefundEffect::Suspended, _) => format!("The {license} of this order are suspended: {its} cannot be used."),
            (RefundEffect::TurnedBack, _) => {
                "Your license is what it was before the upgrade. Its key and your computers stay the same.".to_owned()
            }
            (RefundEffect::NotDelivered, _) => "No license was issued for this order.".to_owned(),
            (RefundEffect::Unchanged, 1) => format!("The {license} of this order stays valid."),
            (RefundEffect::Unchanged, _) => format!("The {license} of this order stay valid."),
        };
        let mut facts = vec![("Refund", self.amount.to_owned())];
        facts.extend(self.order.facts());
        Letter::new(MailKind::Refunded, format!("Your refund from {}", brand.name), buyer(letterhead))
            .paragraph(format!(
                "{} has refunded {} to the payment method that you paid with. Banks can take up to 10 days to show it.",
                brand.name, self.amount
            ))
            .paragraph(effect)
            .facts(facts)
            .link("Show the receipt", self.receipt_url)
            .paragraph(format!("If you did not expect this refund, please {}.", brand.contact()))
    }
}
