//! Every mail with sample data, so that operators can see what customers read.

use std::time::Duration;

use latchkey_licensing::{
    ids::LicenseId,
    license::Expiry,
    license_key::{KEY_RANDOM_BYTES, KeyPrefix, LicenseKey, masked},
    policy::ExpiryStrategy,
    portal_paths,
    time::Timestamp,
};

use crate::{
    error::Internal,
    mail::{
        kind::MailKind,
        letter::{Letterhead, MailContent},
        messages::{
            CustomerMail, MailedLicense,
            keys::{KeyReplacedMail, LicenseIssuedMail, NewComputerMail},
            orders::{MailedOrder, OrderedItem, PaymentFailedMail, PaymentPendingMail, PurchaseMail, RefundedMail},
            sign_in::SignInMail,
            standing::{ReinstatedMail, RevokedMail, SuspendedMail},
            term::{EndsSoonMail, Reminder, RenewalFailedMail, RenewalPayment, RenewedMail},
        },
        reasons::{RefundEffect, ReinstatementReason, ReplacedBy, RevocationReason, SuspensionReason},
    },
    service::Options,
};

/// A rendered mail with sample data.
#[derive(Clone, Debug)]
pub struct MailPreview {
    /// The subject line.
    pub subject: String,
    /// The plain text body.
    pub text: String,
    /// The HTML body.
    pub html: String,
}

/// Why a mail cannot be previewed.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The mail has no text for this reason.
    #[error("there is no reason `{wanted}`: {}", if known.is_empty() { "this mail has only one text".to_owned() } else { format!("the mail has {}", known.join(", ")) })]
    UnknownReason {
        /// The word that was given.
        wanted: String,
        /// The words for which the mail has texts.
        known: Vec<&'static str>,
    },
    /// The mail cannot be rendered.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl MailKind {
    /// The reasons for which a mail of this kind has different texts. Empty if it has only one text.
    pub fn reasons(self) -> Vec<&'static str> {
        match self {
            Self::Refunded => RefundEffect::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::Suspended => SuspensionReason::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::Reinstated => ReinstatementReason::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::Revoked => RevocationReason::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::KeyReplaced => ReplacedBy::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::Purchase
            | Self::LicenseIssued
            | Self::PaymentPending
            | Self::PaymentFailed
            | Self::Renewed
            | Self::EndsIn14Days
            | Self::EndsIn3Days
            | Self::RenewalFailed
            | Self::NewComputer
            | Self::SignIn => Vec::new(),
        }
    }
}

impl Options {
    /// A mail of this kind with sample data and, if it has several texts, the one for this reason or else the first.
    pub fn preview_mail(&self, kind: MailKind, reason: Option<&str>) -> Result<MailPreview, PreviewError> {
        let known = kind.reasons();
        if let Some(wanted) = reason.filter(|wanted| !known.contains(wanted)) {
            return Err(PreviewError::UnknownReason { wanted: wanted.to_owned(), known });
        }
        let content = sample(kind, reason, &self.letterhead())?;
        Ok(MailPreview { subject: content.subject.clone(), text: content.text.clone(), html: content.html.clone() })
    }
}

/// The reason with this word or, without a word, the first.
fn named<R: Copy>(all: &[R], word: Option<&str>, as_str: fn(R) -> &'static str) -> Result<R, Internal> {
    let found = all.iter().copied().find(|reason| word.is_none_or(|word| as_str(*reason) == word));
    found.ok_or(Internal::Invariant("a mail has no text for a reason"))
}

fn sample(kind: MailKind, reason: Option<&str>, letterhead: &Letterhead<'_>) -> Result<MailContent, Internal> {
    let at = Timestamp::from_unix_micros(1_790_000_000_000_000);
    let prefix = KeyPrefix::parse("EXAMPLE").ok_or(Internal::Invariant("the prefix of the samples is invalid"))?;
    let keys: Vec<LicenseKey> = [1, 2, 3].map(|seed| LicenseKey::new(&prefix, &[seed; KEY_RANDOM_BYTES])).into();
    let [key, ..] = keys.as_slice() else {
        return Err(Internal::Invariant("there is no sample of a key"));
    };
    let license = MailedLicense {
        id: LicenseId::new(at, [7; 10]),
        product: "Example App",
        policy: "One year",
        masked_key: masked(key.prefix(), key.tail()),
    };
    let items = [
        OrderedItem { product: "Example App", policy: "One year", quantity: 1 },
        OrderedItem { product: "Example Server", policy: "Team", quantity: 2 },
    ];
    let order = MailedOrder { number: "1042", total: "€187.00", items: &items };
    let by_line = [keys.get(..1).unwrap_or_default().to_vec(), keys.get(1..).unwrap_or_default().to_vec()];
    let url = Some("https://www.example.com/");
    let ends_at = |days: u64| at.plus(Duration::from_hours(24 * days));
    let ends_soon = |reminder, days| EndsSoonMail {
        reminder,
        license: license.clone(),
        ends_at: ends_at(days),
        expiry_strategy: ExpiryStrategy::RestrictAccess,
    };
    let mail: Box<dyn CustomerMail + '_> = match kind {
        MailKind::Purchase => Box::new(PurchaseMail { order, keys: &by_line, download_url: url, receipt_url: url }),
        MailKind::LicenseIssued => Box::new(LicenseIssuedMail { license, key, expiry: Expiry::At(ends_at(365)) }),
        MailKind::PaymentPending => Box::new(PaymentPendingMail { order, order_url: url }),
        MailKind::PaymentFailed => Box::new(PaymentFailedMail { order, retry_url: url }),
        MailKind::Renewed => Box::new(RenewedMail {
            license,
            until: ends_at(365),
            payment: Some(RenewalPayment { total: "€49.00", receipt_url: url }),
        }),
        MailKind::EndsIn14Days => Box::new(ends_soon(Reminder::In14Days, 14)),
        MailKind::EndsIn3Days => Box::new(ends_soon(Reminder::In3Days, 3)),
        MailKind::RenewalFailed => Box::new(RenewalFailedMail {
            license,
            total: "€49.00",
            fix_url: "https://www.example.com/pay",
            usable_until: Some(ends_at(14)),
        }),
        MailKind::Refunded => {
            let effect = named(RefundEffect::ALL, reason, RefundEffect::as_str)?;
            Box::new(RefundedMail { order, amount: "€187.00", effect, receipt_url: url })
        }
        MailKind::Suspended => {
            let reason = named(SuspensionReason::ALL, reason, SuspensionReason::as_str)?;
            Box::new(SuspendedMail { license, reason, at })
        }
        MailKind::Reinstated => {
            let reason = named(ReinstatementReason::ALL, reason, ReinstatementReason::as_str)?;
            Box::new(ReinstatedMail { license, reason })
        }
        MailKind::Revoked => {
            let reason = named(RevocationReason::ALL, reason, RevocationReason::as_str)?;
            Box::new(RevokedMail { license, reason, at })
        }
        MailKind::KeyReplaced => {
            let by = named(ReplacedBy::ALL, reason, ReplacedBy::as_str)?;
            Box::new(KeyReplacedMail { license, key, by })
        }
        MailKind::NewComputer => Box::new(NewComputerMail { license, computer: "Office PC", at }),
        MailKind::SignIn => {
            let mail = SignInMail {
                link: format!("{}{}", letterhead.portal_url, portal_paths::sign_in_link("EXAMPLE")),
                code: "ABCD-EFGH".to_owned(),
                agent: "Firefox on Windows",
                network: "192.0.2.0/24".to_owned(),
                at,
                minutes: 10,
            };
            return mail.letter(letterhead).render(letterhead);
        }
    };
    mail.letter(letterhead).render(letterhead)
}
