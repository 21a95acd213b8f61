//! What answers a dispute about an order: that the buyer received what was paid for, and used it. Addresses of computers are
//! only known without their host part.

use latchkey_licensing::{license_key, money::Money, time::Timestamp};
use latchkey_service::{
    AccountDetails, AccountEvent, AuditEvent, EntryBody, LicenseDetails, MailState, OrderDetails, Timeline,
};

use crate::{
    admin::{
        model::{
            lists::LinkTo,
            object_view::{EvidenceView, Notice},
        },
        present::{
            objects::order::{dispute_status, open_disputes},
            words,
        },
    },
    routes::AdminPage,
    shared::model::Tone,
};

/// What is known about an order, its buyer and its licenses.
pub(crate) struct Known<'a> {
    pub(crate) order: &'a OrderDetails,
    pub(crate) account: Option<(&'a AccountDetails, &'a Timeline)>,
    pub(crate) licenses: &'a [LicenseDetails],
}

pub(crate) fn page(known: &Known<'_>) -> EvidenceView {
    let order = &known.order.view.order;
    let due = open_disputes(&known.order.view).filter_map(|dispute| dispute.due_at).min();
    let notice = match due {
        Some(at) => Notice {
            tone: Tone::Bad,
            text: format!("Submit it at Stripe until {}. Stripe accepts one answer.", at.human()),
            link: None,
        },
        None => {
            Notice { tone: Tone::Good, text: "No dispute about this order waits for an answer.".to_owned(), link: None }
        }
    };
    let parts: Vec<(String, String)> = [
        ("Order and payments", purchase(known.order)),
        ("Customer", customer(known)),
        ("Delivery and use", delivery(known)),
        ("Mails", mails(known)),
    ]
    .into_iter()
    .map(|(title, lines)| (title.to_owned(), lines.join("\n")))
    .collect();
    let whole: Vec<String> = parts.iter().map(|(title, lines)| format!("{title}\n{lines}")).collect();
    EvidenceView {
        record: LinkTo::new(format!("Order {}", order.number()), AdminPage::Order(order.id).path()),
        notice,
        text: whole.join("\n\n"),
        parts,
    }
}

fn purchase(details: &OrderDetails) -> Vec<String> {
    let (view, order) = (&details.view, &details.view.order);
    let money = |minor| Money::new(minor, order.currency());
    let mut lines = vec![
        format!("Order {} was placed on {}.", order.number(), order.created_at.human()),
        format!("Total: {}, of which tax: {}.", order.total(), money(order.tax_minor)),
    ];
    lines.extend(view.lines.iter().map(|line| {
        format!(
            "{} x {}, {}, {} each",
            line.line.quantity,
            line.product.name,
            line.policy.name,
            money(line.line.unit_minor)
        )
    }));
    for payment in &view.payments {
        let at = payment.paid_at.human();
        lines.push(format!("Payment {} of {} on {at}.", payment.id, money(payment.paid_minor)));
        lines.extend(payment.refunds.iter().map(|refund| {
            format!("Refund {} of {} on {}.", refund.id, money(refund.amount_minor), refund.created_at.human())
        }));
        lines.extend(payment.disputes.iter().map(|dispute| {
            let state = dispute_status(dispute.state).word.to_lowercase();
            let reason = dispute.reason.replace('_', " ");
            format!("Dispute {} of {} ({state}), reason: {reason}.", dispute.id, money(dispute.amount_minor))
        }));
    }
    lines
}

fn customer(known: &Known<'_>) -> Vec<String> {
    let order = &known.order.view.order;
    let mut lines = Vec::new();
    if let Some(email) = &order.email {
        lines.push(format!("E-mail address entered at the checkout: {email}"));
    }
    if let Some(name) = &order.buyer_name {
        lines.push(format!("Name entered at the checkout: {name}"));
    }
    let Some((details, timeline)) = known.account else {
        lines.push("The order has not been delivered to an account.".to_owned());
        return lines;
    };
    let account = &details.account;
    lines.push(format!("Account {} since {}", account.email, account.created_at.human()));
    let sign_ins = timeline.entries.iter().filter_map(|entry| match &entry.body {
        EntryBody::Event(event) => match &event.event {
            AuditEvent::Account(_, AccountEvent::SignedIn { agent, network, .. }) => {
                Some(format!("Signed in on {} with {agent} from the network {network}", entry.at.human()))
            }
            _ => None,
        },
        EntryBody::Mail(_) | EntryBody::Note(_) => None,
    });
    lines.extend(sign_ins.take(20));
    lines
}

fn delivery(known: &Known<'_>) -> Vec<String> {
    let order = &known.order.view.order;
    let mut lines = Vec::new();
    let at = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), Timestamp::human);
    lines.push(format!("Delivered electronically: {}.", at(order.delivered_at)));
    for details in known.licenses {
        let license = &details.view.license;
        let key = license_key::masked(&license.key_prefix, &license.key_tail);
        lines.push(format!(
            "License {key} ({}), issued on {}, last validated by the app: {}.",
            license.id,
            license.created_at.human(),
            at(license.last_validated_at)
        ));
        lines.extend(details.machines.items.iter().map(|listed| {
            let machine = &listed.machine;
            let platform = machine.facts.platform.as_deref().unwrap_or("unknown platform");
            format!(
                "  Activated on the computer {} ({platform}) on {}, last used on {}.",
                machine.label(),
                machine.created_at.human(),
                machine.last_seen_at.human()
            )
        }));
    }
    lines
}

fn mails(known: &Known<'_>) -> Vec<String> {
    let Some((details, _)) = known.account else {
        return vec!["None".to_owned()];
    };
    let sent = details.mails.items.iter().filter(|mail| mail.state == MailState::Sent);
    let lines: Vec<String> = sent
        .map(|mail| {
            let at = mail.done_at.unwrap_or(mail.created_at).human();
            format!("{} sent to {} on {at}", words::mail_kind(&mail.kind), mail.recipient)
        })
        .collect();
    if lines.is_empty() { vec!["None is kept. Mails are listed for some weeks.".to_owned()] } else { lines }
}
