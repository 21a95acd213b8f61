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
    audit::event::SignInMeans,
    error::Internal,
    mail::{
        kind::MailKind,
        letter::{Letterhead, MailContent},
        messages::{
            CustomerMail, MailedLicense,
            account::{AccountDeletedMail, NewBrowserMail, PasskeyChangedMail, RoleGivenMail, TestMail},
            email_change::{EmailChangeMail, EmailChangedMail},
            keys::{KeyReplacedMail, LicenseIssuedMail, NewComputerMail},
            orders::{
                MailedOrder, OrderHeldMail, OrderedItem, PaymentFailedMail, PaymentPendingMail, PurchaseMail,
                RefundedMail, UpgradeReversedMail, UpgradedMail,
            },
            sign_in::SignInMail,
            standing::{ReinstatedMail, RevokedMail, SuspendedMail},
            term::{EndsSoonMail, Reminder, RenewalFailedMail, RenewalPayment, RenewedMail},
        },
        reasons::{
            EmailChangeRequest, EmailChanged, GivenRole, PasskeyChange, RefundEffect, ReinstatementReason, ReplacedBy,
            RevocationReason, SuspensionReason, UpgradeReason,
        },
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
            Self::Upgraded => UpgradeReason::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::Refunded => RefundEffect::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::Suspended => SuspensionReason::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::Reinstated => ReinstatementReason::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::Revoked => RevocationReason::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::KeyReplaced => ReplacedBy::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::RoleGiven => GivenRole::ALL.iter().map(|role| role.as_str()).collect(),
            Self::EmailChange => EmailChangeRequest::ALL.iter().map(|request| request.as_str()).collect(),
            Self::EmailChanged => EmailChanged::ALL.iter().map(|reason| reason.as_str()).collect(),
            Self::PasskeyChanged => PasskeyChange::ALL.iter().map(|change| change.as_str()).collect(),
            Self::Purchase
            | Self::UpgradeReversed
            | Self::LicenseIssued
            | Self::PaymentPending
            | Self::OrderHeld
            | Self::PaymentFailed
            | Self::Renewed
            | Self::EndsIn14Days
            | Self::EndsIn3Days
            | Self::RenewalFailed
            | Self::NewComputer
            | Self::NewBrowser
            | Self::AccountDeleted
            | Self::Test
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
        MailKind::Upgraded => {
            let reason = named(UpgradeReason::ALL, reason, UpgradeReason::as_str)?;
            Box::new(UpgradedMail { order, license, reason, receipt_url: url })
        }
        MailKind::UpgradeReversed => Box::new(UpgradeReversedMail { license }),
        MailKind::LicenseIssued => Box::new(LicenseIssuedMail { license, key, expiry: Expiry::At(ends_at(365)) }),
        MailKind::PaymentPending => Box::new(PaymentPendingMail { order, order_url: url }),
        MailKind::OrderHeld => Box::new(OrderHeldMail { order, order_url: url }),
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
            fix_url: Some("https://www.example.com/pay"),
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
        MailKind::PasskeyChanged
        | MailKind::NewBrowser
        | MailKind::RoleGiven
        | MailKind::EmailChange
        | MailKind::EmailChanged
        | MailKind::AccountDeleted => account_sample(kind, reason, letterhead, at)?,
        MailKind::Test => Box::new(TestMail { at }),
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

/// A mail about an account.
fn account_sample(
    kind: MailKind,
    reason: Option<&str>,
    letterhead: &Letterhead<'_>,
    at: Timestamp,
) -> Result<Box<dyn CustomerMail>, Internal> {
    Ok(match kind {
        MailKind::PasskeyChanged => {
            let change = named(PasskeyChange::ALL, reason, PasskeyChange::as_str)?;
            Box::new(PasskeyChangedMail { change, name: "Work laptop", at })
        }
        MailKind::NewBrowser => Box::new(NewBrowserMail {
            agent: "Firefox on Windows",
            network: "192.0.2.0/24",
            means: SignInMeans::Link,
            at,
        }),
        MailKind::RoleGiven => {
            let role = named(GivenRole::ALL, reason, GivenRole::as_str)?;
            Box::new(RoleGivenMail { role, at })
        }
        MailKind::EmailChange => Box::new(EmailChangeMail {
            to: named(EmailChangeRequest::ALL, reason, EmailChangeRequest::as_str)?,
            link: format!("{}{}", letterhead.portal_url, portal_paths::email_change("EXAMPLE")),
            new_email: "ada@example.org",
            agent: "Firefox on Windows",
            network: "192.0.2.0/24".to_owned(),
            at,
            minutes: 60,
        }),
        MailKind::EmailChanged => {
            let why = named(EmailChanged::ALL, reason, EmailChanged::as_str)?;
            Box::new(EmailChangedMail { why, old_email: "ada@example.com", new_email: "ada@example.org", at })
        }
        MailKind::AccountDeleted => Box::new(AccountDeletedMail { licenses: 2, orders: 3, at }),
        _ => return Err(Internal::Invariant("the mail is not about an account")),
    })
}

#[cfg(test)]
mod tests {
    use latchkey_licensing::brand::{Brand, Support};

    use super::*;
    use crate::{
        mail::colors::MailColors,
        operation::rate_limit::limits::{ApiLimits, RateLimit},
    };

    fn options(brand: Brand) -> Options {
        let limit = RateLimit { burst: 1, per_minute: 1 };
        Options {
            portal_url: "https://portal.example".to_owned(),
            admin_url: "https://portal.example".to_owned(),
            pages_url: "https://portal.example".to_owned(),
            allow_signup: false,
            hourly_mail_budget: 1,
            new_computer_notice: false,
            brand,
            mail_colors: MailColors::default(),
            api_limits: ApiLimits { per_key: limit, per_network: limit },
            billing: crate::billing::BillingOptions::default(),
        }
    }

    fn acme() -> Brand {
        Brand {
            name: "Acme Draw".to_owned(),
            legal_name: Some("Acme Sons".to_owned()),
            address: None,
            tax_id: None,
            support: Support::parse("help@acme.example"),
        }
    }

    /// Every text of every kind.
    fn all(options: &Options) -> Vec<(String, MailPreview)> {
        let mut all = Vec::new();
        for kind in MailKind::ALL {
            let reasons = kind.reasons();
            let reasons = if reasons.is_empty() { vec![None] } else { reasons.into_iter().map(Some).collect() };
            for reason in reasons {
                let mail = options.preview_mail(*kind, reason).expect("renders");
                all.push((format!("{} {}", kind.as_str(), reason.unwrap_or_default()), mail));
            }
        }
        all
    }

    /// What a reader sees of an HTML body: the words, and the targets of links.
    fn words_of_html(html: &str) -> Vec<String> {
        let (_, body) = html.split_once("<body").expect("a body");
        // The preheader repeats a paragraph.
        let (_, body) = body.split_once("</div>").expect("a preheader");
        let mut words = String::new();
        for (at, piece) in body.split('<').enumerate() {
            let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
            if let Some((_, rest)) = tag.split_once("href=\"")
                && let Some((url, _)) = rest.split_once('"')
                && !url.starts_with("mailto:")
            {
                words.extend([" ", url, " "]);
            }
            words.push(' ');
            words.push_str(if at == 0 { "" } else { text });
        }
        let words = words.replace("&#38;", "&").replace("&#60;", "<").replace("&#62;", ">").replace("&#39;", "'");
        words.split_whitespace().map(|word| word.trim_end_matches([':', '.']).to_owned()).collect()
    }

    #[test]
    fn both_bodies_of_every_mail_have_the_same_content() {
        for (name, mail) in all(&options(acme())) {
            let html = words_of_html(&mail.html);
            let text: Vec<String> =
                mail.text.split_whitespace().map(|word| word.trim_end_matches([':', '.']).to_owned()).collect();
            for word in &text {
                assert!(html.contains(word), "{name}: {word} is missing in the HTML: {}", mail.html);
            }
            // The HTML additionally has the vendor's name above the card, and labels of buttons.
            let labels = ["Acme", "Draw", "Open", "Show", "Sign", "in", "again", "Order", "Complete", "the", "Your"];
            for word in &html {
                let is_label = labels.contains(&word.as_str());
                let is_there = text.contains(word) || is_label || mail.html.contains(&format!("{word}</a>"));
                assert!(is_there, "{name}: {word} is missing in the text: {}", mail.text);
            }
        }
    }

    #[test]
    fn every_mail_says_why_it_comes_and_how_to_get_help() {
        for (name, mail) in all(&options(acme())) {
            for body in [&mail.text, &mail.html] {
                assert!(body.contains("You get this mail because"), "{name}: {body}");
                assert!(body.contains("help@acme.example") && body.contains("Acme Sons"), "{name}: {body}");
                assert!(body.contains("https://"), "{name} has no way out: {body}");
            }
            assert!(mail.html.contains("<meta name=\"color-scheme\" content=\"light dark\">"), "{name}");
            assert!(mail.html.len() < 20_000, "{name} has {} bytes", mail.html.len());
            let text = format!("{} {}", mail.subject, mail.text);
            assert!(!text.to_lowercase().contains("machine"), "{name}: customers read \"computer\": {text}");
        }
    }

    #[test]
    fn no_subject_contains_a_key_or_a_code() {
        for (name, mail) in all(&options(acme())) {
            assert!(!mail.subject.contains("EXAMPLE-") && !mail.subject.contains("ABCD"), "{name}: {}", mail.subject);
            assert!(!mail.subject.is_empty() && mail.subject.len() < 78, "{name}: {}", mail.subject);
        }
    }

    #[test]
    fn the_text_depends_on_the_reason() {
        let mut seen = std::collections::BTreeMap::new();
        for (name, mail) in all(&options(acme())) {
            assert_eq!(seen.insert(mail.text.clone(), name.clone()), None, "{name} has the text of another mail");
        }
    }

    #[test]
    fn html_is_escaped_and_lines_cannot_be_added() {
        let brand = Brand {
            name: "<b>Acme</b> & \"Sons\"\r\nBcc: eve@example.com".to_owned(),
            legal_name: None,
            address: None,
            tax_id: None,
            support: Some(Support::Page("https://acme.example/?a=\"><script>".to_owned())),
        };
        for (name, mail) in all(&options(brand)) {
            assert!(!mail.html.contains("<b>Acme") && !mail.html.contains("<script>"), "{name}: {}", mail.html);
            assert!(!mail.subject.contains(['\r', '\n']), "{name}: {}", mail.subject);
        }
        let letterhead_options = options(acme());
        let letterhead = letterhead_options.letterhead();
        let at = Timestamp::from_unix_micros(0);
        let license = MailedLicense {
            id: LicenseId::new(at, [7; 10]),
            product: "App",
            policy: "Solo",
            masked_key: masked("APP", "7F3K"),
        };
        let computer = "PC\n\nYour account is blocked: https://evil.example <script>alert(1)</script>";
        let mail = NewComputerMail { license, computer, at };
        let content = mail.letter(&letterhead).render(&letterhead).expect("renders");
        assert!(!content.html.contains("<script>"), "{}", content.html);
        assert!(!content.text.lines().any(|line| line.starts_with("Your account")), "{}", content.text);
    }

    /// A large order fits into a mail, and says where the other keys are.
    #[test]
    fn a_purchase_shows_the_first_hundred_keys() {
        let options = options(acme());
        let letterhead = options.letterhead();
        let prefix = KeyPrefix::parse("APP").expect("a prefix");
        let keys: Vec<LicenseKey> = (0..120).map(|seed| LicenseKey::new(&prefix, &[seed; KEY_RANDOM_BYTES])).collect();
        let by_line = [keys.get(..70).expect("keys").to_vec(), keys.get(70..).expect("keys").to_vec()];
        let items = [
            OrderedItem { product: "App", policy: "Solo", quantity: 70 },
            OrderedItem { product: "App", policy: "Team", quantity: 50 },
        ];
        let order = MailedOrder { number: "7", total: "€1.00", items: &items };
        let mail = PurchaseMail { order, keys: &by_line, download_url: None, receipt_url: None };
        let content = mail.letter(&letterhead).render(&letterhead).expect("renders");
        let shown = |body: &str| keys.iter().filter(|key| body.contains(key.expose())).count();
        // The seeds repeat after 32, because five bits of each byte are used.
        assert_eq!(content.text.matches("APP-").count(), 100);
        assert!(shown(&content.html) > 0 && content.html.len() < 100_000, "{} bytes", content.html.len());
        assert!(content.text.contains("The portal shows all 120"), "{}", content.text);
        assert_eq!(content.subject, "Your App licenses");
    }

    #[test]
    fn kinds_and_reasons_are_known_by_their_words() {
        for kind in MailKind::ALL {
            assert_eq!(MailKind::parse(kind.as_str()), Some(*kind));
            assert!(!kind.title().is_empty());
        }
        let error = options(acme()).preview_mail(MailKind::Revoked, Some("mood")).expect_err("unknown");
        assert_eq!(error.to_string(), "there is no reason `mood`: the mail has vendor, refund, dispute_lost");
        let error = options(acme()).preview_mail(MailKind::Purchase, Some("mood")).expect_err("unknown");
        assert!(error.to_string().contains("only one text"), "{error}");
    }
}
