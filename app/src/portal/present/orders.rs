//! Converts orders into what pages show.

use latchkey_licensing::{
    brand::Brand,
    license::Standing,
    money::Money,
    order::{DisputeState, Order, OrderKind, OrderStatus, OrderedLicense as Decided, RefundState, SubscriptionState},
    time::Timestamp,
};
use latchkey_service::{LicenseView, OrderView, StoredPayment};

use crate::{
    checkout::present::items,
    portal::{
        model::orders::{
            OrderDetail, OrderItem, OrderSummary, OrderedLicense, OverdueOrder, PaymentLine, Subscription, Totals,
        },
        present::{license, when},
    },
    routes::PaymentDocument,
    shared::model::{Status, Tone},
};

pub(crate) fn summary(view: &OrderView, now: Timestamp, brand: &Brand) -> OrderSummary {
    let order = &view.order;
    OrderSummary {
        id: order.id,
        number: order.number(),
        placed: when(order.created_at, now),
        items: items(view).join("; "),
        total: order.total().to_string(),
        status: status_in_lists(view, brand),
    }
}

/// The order's status, unless its subscription needs a payment, which matters more.
fn status_in_lists(view: &OrderView, brand: &Brand) -> Status {
    match subscription(view) {
        Some(subscription) if subscription.needs_payment => subscription.status,
        _ => status(&view.order, brand),
    }
}

/// The order, if its subscription needs a payment.
pub(crate) fn overdue(view: &OrderView) -> Option<OverdueOrder> {
    let subscription = subscription(view).filter(|subscription| subscription.needs_payment)?;
    Some(OverdueOrder {
        id: view.order.id,
        items: items(view).join("; "),
        notice: subscription.status.notice.unwrap_or_default(),
    })
}

/// An order as its customer sees it. `licenses` are those of the customer.
pub(crate) fn detail(view: &OrderView, licenses: &[LicenseView], now: Timestamp, brand: &Brand) -> OrderDetail {
    let order = &view.order;
    let upgraded = match order.kind {
        OrderKind::Purchase => None,
        OrderKind::Upgrade(upgrade) => Some(upgrade.license),
    };
    let ids = view.lines.iter().flat_map(|line| &line.licenses).chain(&upgraded);
    let ordered = ids.filter_map(|id| licenses.iter().find(|view| view.license.id == *id)).map(|view| {
        let license = license(view, now, brand);
        OrderedLicense {
            id: license.id,
            name: format!("{}, {}", license.product, license.policy),
            masked_key: license.masked_key,
            status: license.status,
        }
    });
    let lines = view.lines.iter().map(|line| {
        let amount = line.line.unit_minor.saturating_mul(i64::from(line.line.quantity));
        OrderItem {
            name: format!("{}, {}", line.product.name, line.policy.name),
            quantity: line.line.quantity,
            unit: Money::new(line.line.unit_minor, order.currency()).to_string(),
            amount: Money::new(amount, order.currency()).to_string(),
        }
    });
    OrderDetail {
        id: order.id,
        number: order.number(),
        placed: when(order.created_at, now),
        status: status(order, brand),
        is_test: !order.is_live,
        lines: lines.collect(),
        totals: totals(order),
        licenses: ordered.collect(),
        payments: view.payments.iter().map(|payment| payment_line(order, payment, now)).collect(),
        subscription: subscription(view),
        has_payment_settings: order.customer.is_some() && order.delivered_at.is_some(),
        buyer_name: order.buyer_name.clone(),
        buyer_email: order.email.clone(),
        has_receipt: order.status.is_delivered(),
    }
}

fn status(order: &Order, brand: &Brand) -> Status {
    let contact = brand.contact();
    let plain = |word: &str, tone| Status { word: word.to_owned(), tone, notice: None };
    let with = |word: &str, tone, notice: String| Status { word: word.to_owned(), tone, notice: Some(notice) };
    match order.status {
        OrderStatus::Open => plain("Not paid", Tone::Warn),
        OrderStatus::Expired => plain("Expired", Tone::Bad),
        OrderStatus::Pending => with(
            "Payment pending",
            Tone::Warn,
            "Your bank has not confirmed the payment yet, which can take a few days. We will send an e-mail when it arrives."
                .to_owned(),
        ),
        OrderStatus::PaymentFailed => {
            with("Payment failed", Tone::Bad, "The bank refused the payment. Nothing was charged.".to_owned())
        }
        OrderStatus::Held => with(
            "In review",
            Tone::Warn,
            format!("A detail of this order does not match, so a person looks at it. If you have questions, {contact}."),
        ),
        OrderStatus::Paid => plain("Paid", Tone::Good),
        OrderStatus::PartlyRefunded => plain("Partly refunded", Tone::Good),
        OrderStatus::Disputed => with(
            "Disputed",
            Tone::Warn,
            format!("A dispute about the payment is open. Until it is decided, what was bought is suspended. To settle it, {contact}."),
        ),
        OrderStatus::Refunded => {
            with("Refunded", Tone::Bad, "The money went back, so what was bought no longer works.".to_owned())
        }
        OrderStatus::DisputeLost => with(
            "Disputed and refunded",
            Tone::Bad,
            "The bank returned the money after a dispute, so what was bought no longer works.".to_owned(),
        ),
    }
}

fn totals(order: &Order) -> Totals {
    let money = |minor: i64| Money::new(minor, order.currency()).to_string();
    let nonzero = |minor: i64| (minor != 0).then(|| money(minor));
    let total = order.total().minor;
    Totals {
        subtotal: money(order.subtotal.minor),
        discount: nonzero(order.discount_minor.saturating_neg()),
        tax: nonzero(order.tax_minor),
        includes_tax: order.subtotal.minor.saturating_sub(order.discount_minor) == total,
        total: money(total),
        refunded: nonzero(order.refunded_minor.saturating_neg()),
    }
}

fn payment_line(order: &Order, payment: &StoredPayment, now: Timestamp) -> PaymentLine {
    let money = |minor: i64| Money::new(minor, order.currency()).to_string();
    // If nothing was due, there is only an invoice.
    let has_receipt = payment.paid_minor > 0;
    let documents = [
        (PaymentDocument::Receipt, "Receipt at Stripe", has_receipt),
        (PaymentDocument::Invoice, "Invoice at Stripe", payment.invoice.is_some()),
        (PaymentDocument::InvoicePdf, "Invoice as PDF", payment.invoice.is_some()),
    ];
    let documents = documents.into_iter().filter(|(.., exists)| *exists);
    let refunds = payment.refunds.iter().filter_map(|refund| {
        let amount = money(refund.amount_minor);
        let text = match refund.state {
            RefundState::Succeeded => format!("{amount} refunded"),
            RefundState::Pending => format!("{amount} refunded; the money is on its way"),
            RefundState::RequiresAction => format!("A refund of {amount} waits for you: see the e-mail from Stripe"),
            RefundState::Failed => format!("A refund of {amount} failed: the bank returned it"),
            RefundState::Canceled => return None,
        };
        Some((text, when(refund.created_at, now)))
    });
    let disputes = payment.disputes.iter().filter_map(|dispute| {
        let amount = money(dispute.amount_minor);
        let text = match dispute.state {
            DisputeState::Open => format!("Dispute about {amount} opened"),
            DisputeState::Lost => format!("Dispute about {amount}: the bank returned the money"),
            DisputeState::Won => format!("Dispute about {amount}: the payment stands"),
            DisputeState::Inquiry | DisputeState::InquiryClosed | DisputeState::Prevented => return None,
        };
        Some((text, when(dispute.created_at, now)))
    });
    PaymentLine {
        amount: money(payment.paid_minor),
        when: when(payment.paid_at, now),
        documents: documents
            .map(|(document, words, _)| (words.to_owned(), document.path(order.id, &payment.id)))
            .collect(),
        events: refunds.chain(disputes).collect(),
    }
}

fn subscription(view: &OrderView) -> Option<Subscription> {
    let order = &view.order;
    let state = order.subscription_state().filter(|_| order.is_subscription && order.status.is_delivered())?;
    let kept = view.payments.iter().filter(|payment| payment.facts().refunded_minor() < payment.paid_minor.max(1));
    let until = kept.filter_map(|payment| payment.period_ends_at).max();
    let until = until.or(order.expires_at).map_or_else(String::new, |at| format!(" on {}", at.human_date()));
    let needs_payment = matches!(state, SubscriptionState::PastDue | SubscriptionState::Incomplete);
    let (word, tone, notice) = match state {
        SubscriptionState::Ended => ("Ended", Tone::Bad, None),
        _ if order.subscription.as_ref().is_some_and(|subscription| subscription.is_canceled_at_period_end) => {
            ("Canceled", Tone::Warn, Some(format!("It ends{until}.")))
        }
        SubscriptionState::Active => ("Active", Tone::Good, Some(format!("It renews{until}."))),
        SubscriptionState::Trialing => ("Trial", Tone::Good, Some(format!("It renews{until}."))),
        SubscriptionState::PastDue => (
            "Payment overdue",
            Tone::Bad,
            Some("The last renewal could not be paid. Change the payment details to keep the license.".to_owned()),
        ),
        SubscriptionState::Incomplete => (
            "Payment incomplete",
            Tone::Bad,
            Some("The first payment is not complete. Change the payment details to complete it.".to_owned()),
        ),
        SubscriptionState::Paused => (
            "Paused",
            Tone::Warn,
            Some(format!("It does not renew until it is resumed. It is paid until{}.", until.replacen(" on", "", 1))),
        ),
    };
    Some(Subscription { status: Status { word: word.to_owned(), tone, notice }, needs_payment })
}

/// Why a license is suspended or revoked, and the way out, if its order is the reason.
pub(crate) fn notice_of_license(
    license: &LicenseView,
    order: &Order,
    decided: &Decided,
    brand: &Brand,
) -> Option<String> {
    // An admin's decision needs no explanation by the payment.
    if decided.decision != Standing::Good || decided.payments == Standing::Good {
        return None;
    }
    let contact = brand.contact();
    let number = order.number();
    match (license.license.standing, order.status) {
        (Standing::Suspended(at), OrderStatus::Disputed) => Some(format!(
            "This license has been suspended since {}, because a dispute about the payment of order {number} is open. If you opened it by mistake, withdraw it at your bank, or {contact}.",
            at.human_date()
        )),
        (Standing::Revoked(at), OrderStatus::Refunded) => Some(format!(
            "This license was revoked on {}, because order {number} was refunded. To use it again, buy a new one. If you have questions, {contact}.",
            at.human_date()
        )),
        (Standing::Revoked(at), OrderStatus::DisputeLost) => Some(format!(
            "This license was revoked on {}, because the payment of order {number} was returned after a dispute. If you have questions, {contact}.",
            at.human_date()
        )),
        _ => None,
    }
}
