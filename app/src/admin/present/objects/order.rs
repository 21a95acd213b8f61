//! An order's page.

use latchkey_licensing::time::Timestamp;
use latchkey_licensing::{
    money::Money,
    order::{DisputeState, HoldReason, Order, OrderKind, OrderStatus, PaymentStanding, RefundState},
};
use latchkey_service::{OrderDetails, OrderView, StoredDispute, StoredPayment};
use serde_json::json;

use super::{Around, Inspected, Needs, copied, dangerous, fact, link, table, text, text_or_none};
use crate::{
    admin::{
        model::{
            lists::{Cell, LinkTo, Row},
            object_view::{Notice, ObjectView, Section},
            objects::{ActLink, Fact, ObjectHead, Related},
        },
        present::words,
    },
    routes::{AdminPage, OrderActName, ProviderId},
    shared::model::{Status, Tone},
};

pub(crate) fn page(details: &OrderDetails, around: &Around<'_>) -> ObjectView {
    let order = &details.view.order;
    let page = AdminPage::Order(order.id);
    ObjectView {
        head: ObjectHead {
            kind: "Order".to_owned(),
            list: LinkTo::new("Orders", AdminPage::Orders.path()),
            title: format!("Order {}", order.number()),
            id: order.id.to_string(),
            status: Some(words::order_status(order.status)),
            acts: acts(details, around),
            tabs: around.tabs(&page),
        },
        toast: None,
        notices: notices(details),
        content: around.content(
            &page,
            facts(details, around),
            sections(&details.view, around),
            inspected(&details.view),
        ),
        related: related(details),
    }
}

/// The payments that can still be refunded. The provider does not refund what is disputed.
pub(crate) fn refundable(view: &OrderView) -> i64 {
    let kept = |payment: &&StoredPayment| {
        payment.paid_minor > 0 && payment.facts().standing() <= PaymentStanding::PartlyRefunded
    };
    view.payments.iter().filter(kept).map(|payment| payment.paid_minor - payment.facts().refunded_minor()).sum()
}

/// Why an act is not possible.
pub(crate) fn obstacle(act: OrderActName, view: &OrderView) -> Option<String> {
    let order = &view.order;
    match act {
        OrderActName::Release if order.status != OrderStatus::Held => Some("It is not held.".to_owned()),
        OrderActName::Refund if view.payments.iter().all(|payment| payment.paid_minor == 0) => {
            Some("Nothing was paid.".to_owned())
        }
        OrderActName::Refund if refundable(view) == 0 => {
            Some("Everything was refunded, or the payment is disputed.".to_owned())
        }
        OrderActName::Evidence if view.payments.is_empty() => Some("Nothing was paid.".to_owned()),
        OrderActName::Release | OrderActName::Refund | OrderActName::Evidence | OrderActName::Note => None,
    }
}

fn acts(details: &OrderDetails, around: &Around<'_>) -> Vec<ActLink> {
    let view = &details.view;
    let act =
        |label, act, needs| around.act(label, &AdminPage::OrderAct(view.order.id, act), needs, obstacle(act, view));
    let mut acts = Vec::new();
    if view.order.status == OrderStatus::Held {
        acts.push(act("Release", OrderActName::Release, Needs::Admin));
    }
    acts.push(act("Evidence for a dispute", OrderActName::Evidence, Needs::Support));
    acts.push(act("Add a note", OrderActName::Note, Needs::Support));
    acts.push(dangerous(act("Refund", OrderActName::Refund, Needs::Admin)));
    acts
}

/// Why an order is held, and what to do about it.
pub(crate) fn hold_words(reason: HoldReason) -> (&'static str, &'static str) {
    match reason {
        HoldReason::WrongLiveMode => (
            "the checkout was in another mode (live or test) than this server",
            "Do not release it. Check the Stripe keys in the settings.",
        ),
        HoldReason::WrongMode => (
            "the checkout is one-time and the order a subscription, or the reverse",
            "Compare it with the checkout at Stripe. Release it if the buyer got the right terms, else refund it.",
        ),
        HoldReason::WrongCurrency => (
            "the checkout was in another currency",
            "Compare it with the checkout at Stripe. Release it if the amount is right, else refund it.",
        ),
        HoldReason::WrongLines => (
            "the checkout was about other prices or quantities",
            "Compare it with the checkout at Stripe. Release it if the buyer paid for what was ordered, else refund it.",
        ),
        HoldReason::WrongAmount => (
            "the amount is not what the order costs",
            "Compare it with the checkout at Stripe. Release it if the amount is acceptable, else refund it.",
        ),
        HoldReason::WrongOrder => {
            ("the checkout names another order", "Do not release it before the other order is looked at.")
        }
        HoldReason::WrongCustomer => (
            "another customer paid than the one who ordered",
            "Ask both. Release it to deliver to the one who ordered, else refund it.",
        ),
        HoldReason::NoAddress => (
            "the checkout has no usable e-mail address",
            "Find the buyer's address at Stripe and release the order to it, or refund it.",
        ),
        HoldReason::AccountDisabled => {
            ("the buyer's account is disabled", "Refund it, or enable the account and release it.")
        }
        HoldReason::NotUpgradable => (
            "the license to upgrade has changed since the checkout was opened",
            "Look at the license. Release it if the upgrade still makes sense, else refund it.",
        ),
    }
}

fn notices(details: &OrderDetails) -> Vec<Notice> {
    let order = &details.view.order;
    let mut notices = Vec::new();
    let act = |label: &str, act| Some(LinkTo::new(label, AdminPage::OrderAct(order.id, act).path()));
    if order.status == OrderStatus::Held
        && let Some(reason) = order.hold
    {
        let (why, remedy) = hold_words(reason);
        notices.push(Notice {
            tone: Tone::Bad,
            text: format!("The order is held because {why}. {remedy}"),
            link: act("Release it", OrderActName::Release),
        });
    }
    for dispute in open_disputes(&details.view) {
        let due = dispute.due_at.map_or_else(String::new, |at| format!(" Answer at Stripe until {}.", at.human()));
        notices.push(Notice {
            tone: Tone::Bad,
            text: format!(
                "A dispute about {} is open. The buyer's reason: {}.{due}",
                Money::new(dispute.amount_minor, order.currency()),
                dispute.reason.replace('_', " ")
            ),
            link: act("Collect evidence", OrderActName::Evidence),
        });
    }
    if order.has_fraud_warning {
        notices.push(Notice {
            tone: Tone::Warn,
            text: "The card's network suspects fraud. A refund now can prevent a dispute.".to_owned(),
            link: act("Refund it", OrderActName::Refund),
        });
    }
    if !order.is_live {
        let text = "This order was made in Stripe's test mode. No real money was paid.".to_owned();
        notices.push(Notice { tone: Tone::Warn, text, link: None });
    }
    notices
}

/// Disputes that can still be answered.
pub(crate) fn open_disputes(view: &OrderView) -> impl Iterator<Item = &StoredDispute> {
    let is_open = |state| matches!(state, DisputeState::Open | DisputeState::Inquiry);
    view.payments.iter().flat_map(|payment| &payment.disputes).filter(move |dispute| is_open(dispute.state))
}

fn facts(details: &OrderDetails, around: &Around<'_>) -> Vec<Fact> {
    let order = &details.view.order;
    let money = |minor: i64| Cell::Number(Money::new(minor, order.currency()).to_string());
    let nonzero = |minor: i64| if minor == 0 { Cell::Empty } else { money(minor) };
    let account = details.account.as_ref();
    let account = account.map_or(Cell::Empty, |account| link(account.email.as_str(), &AdminPage::Customer(account.id)));
    let mut facts = vec![
        fact("Customer", account),
        fact("Buyer's address at Stripe", text_or_none(order.email.as_deref())),
        fact("Buyer's name at Stripe", text_or_none(order.buyer_name.as_deref())),
        fact("Total", Cell::Number(order.total().to_string())),
        fact("Tax", nonzero(order.tax_minor)),
        fact("Discount", nonzero(order.discount_minor)),
        fact("Paid", nonzero(order.paid_minor)),
        fact("Refunded", nonzero(order.refunded_minor)),
        fact("Placed", around.time(order.created_at)),
        fact("Paid at", order.paid_at.map_or(Cell::Empty, |at| around.time(at))),
        fact("Delivered", order.delivered_at.map_or(Cell::Empty, |at| around.time(at))),
    ];
    if let Some(at) = order.released_at {
        facts.push(fact("Released", around.time(at)));
    }
    if let OrderKind::Upgrade(upgrade) = order.kind {
        facts.push(fact("Upgrades", link("The license", &AdminPage::License(upgrade.license))));
    }
    if let Some(subscription) = &order.subscription {
        let ends = if subscription.is_canceled_at_period_end { ", ends with its period" } else { "" };
        let state = subscription.state.as_str().replace('_', " ");
        facts.push(fact("Subscription", text(format!("{state}{ends}"))));
        facts.push(fact("Stripe subscription", copied(Some(&subscription.id), "Stripe subscription id")));
    }
    facts.push(fact("Stripe checkout", copied(order.checkout.as_deref(), "Stripe checkout id")));
    facts.push(fact("Stripe customer", copied(order.customer.as_deref(), "Stripe customer id")));
    facts
}

fn sections(view: &OrderView, around: &Around<'_>) -> Vec<Section> {
    let order = &view.order;
    let mut sections = vec![lines(view), licenses(view), payments(view, around)];
    let refunds: Vec<Row> = view.payments.iter().flat_map(|payment| refunds(order, payment, around)).collect();
    if !refunds.is_empty() {
        sections.push(table("Refunds", &["Refund", "Status", "Amount", "When"], refunds, ""));
    }
    let disputes: Vec<Row> = view.payments.iter().flat_map(|payment| disputes(order, payment, around)).collect();
    if !disputes.is_empty() {
        let columns = ["Dispute", "Status", "Amount", "Reason", "Answer until", "Opened"];
        sections.push(table("Disputes", &columns, disputes, ""));
    }
    sections
}

fn lines(view: &OrderView) -> Section {
    let currency = view.order.currency();
    let rows = view.lines.iter().map(|line| {
        let amount = line.line.unit_minor.saturating_mul(i64::from(line.line.quantity));
        Row {
            id: line.line.number.to_string(),
            href: String::new(),
            cells: vec![
                Cell::Text(format!("{}, {}", line.product.name, line.policy.name)),
                Cell::Code(line.line.price_code.clone()),
                Cell::Number(line.line.quantity.to_string()),
                Cell::Number(Money::new(line.line.unit_minor, currency).to_string()),
                Cell::Number(Money::new(amount, currency).to_string()),
            ],
        }
    });
    table("Lines", &["What", "Price", "Quantity", "Each", "Amount"], rows.collect(), "The order has no lines.")
}

fn licenses(view: &OrderView) -> Section {
    let ids = view.lines.iter().flat_map(|line| line.licenses.iter().map(move |id| (line, *id)));
    let rows = ids.map(|(line, id)| Row {
        id: id.to_string(),
        href: AdminPage::License(id).path(),
        cells: vec![Cell::Code(id.to_string()), Cell::Text(format!("{}, {}", line.product.name, line.policy.name))],
    });
    let nothing = "No license has been issued for it.";
    table("Licenses", &["License", "What"], rows.collect(), nothing)
}

fn payments(view: &OrderView, around: &Around<'_>) -> Section {
    let currency = view.order.currency();
    let rows = view.payments.iter().map(|payment| Row {
        id: payment.id.clone(),
        href: String::new(),
        cells: vec![
            copied(Some(&payment.id), "Stripe payment id"),
            Cell::Number(Money::new(payment.paid_minor, currency).to_string()),
            copied(payment.invoice.as_deref(), "Stripe invoice id"),
            payment.period_ends_at.map_or(Cell::Empty, |at| around.time(at)),
            around.time(payment.paid_at),
        ],
    });
    let columns = ["Payment", "Amount", "Invoice", "Pays until", "When"];
    table("Payments", &columns, rows.collect(), "Nothing has been paid.")
}

fn refunds<'a>(order: &'a Order, payment: &'a StoredPayment, around: &'a Around<'_>) -> impl Iterator<Item = Row> + 'a {
    payment.refunds.iter().map(|refund| {
        let (word, tone) = match refund.state {
            RefundState::Succeeded => ("Done", Tone::Good),
            RefundState::Pending => ("On its way", Tone::Warn),
            RefundState::RequiresAction => ("Waits for the buyer", Tone::Warn),
            RefundState::Failed => ("Failed", Tone::Bad),
            RefundState::Canceled => ("Canceled", Tone::Warn),
        };
        Row {
            id: refund.id.clone(),
            href: String::new(),
            cells: vec![
                copied(Some(&refund.id), "Stripe refund id"),
                Cell::Status(Status { word: word.to_owned(), tone, notice: None }),
                Cell::Number(Money::new(refund.amount_minor, order.currency()).to_string()),
                around.time(refund.created_at),
            ],
        }
    })
}

fn disputes<'a>(
    order: &'a Order,
    payment: &'a StoredPayment,
    around: &'a Around<'_>,
) -> impl Iterator<Item = Row> + 'a {
    payment.disputes.iter().map(|dispute| Row {
        id: dispute.id.clone(),
        href: String::new(),
        cells: vec![
            copied(Some(&dispute.id), "Stripe dispute id"),
            Cell::Status(dispute_status(dispute.state)),
            Cell::Number(Money::new(dispute.amount_minor, order.currency()).to_string()),
            Cell::Text(dispute.reason.replace('_', " ")),
            dispute.due_at.map_or(Cell::Empty, |at| around.time(at)),
            around.time(dispute.created_at),
        ],
    })
}

pub(crate) fn dispute_status(state: DisputeState) -> Status {
    let (word, tone) = match state {
        DisputeState::Open => ("Open", Tone::Bad),
        DisputeState::Inquiry => ("Inquiry", Tone::Warn),
        DisputeState::Won => ("Won", Tone::Good),
        DisputeState::Lost => ("Lost", Tone::Bad),
        DisputeState::InquiryClosed => ("Inquiry closed", Tone::Good),
        DisputeState::Prevented => ("Prevented", Tone::Good),
    };
    Status { word: word.to_owned(), tone, notice: None }
}

fn related(details: &OrderDetails) -> Vec<Related> {
    let event_link =
        |id: &str, kind: &str| id.parse::<ProviderId>().ok().map(|id| LinkTo::new(kind, AdminPage::Event(id).path()));
    let account = details.account.as_ref();
    let checkout = details.view.order.checkout.as_deref();
    let events = details.events.items.iter().take(10).filter_map(|event| event_link(&event.id, &event.kind));
    vec![
        Related {
            title: "Customer".to_owned(),
            links: account
                .map(|account| LinkTo::new(account.email.as_str(), AdminPage::Customer(account.id).path()))
                .into_iter()
                .collect(),
            all: None,
        },
        Related {
            title: "Events about its checkout".to_owned(),
            links: events.collect(),
            all: checkout
                .filter(|_| details.events.has_more)
                .map(|id| LinkTo::new("All events", super::filtered(&AdminPage::Events, "object", id))),
        },
    ]
}

fn inspected(view: &OrderView) -> Inspected {
    let order = &view.order;
    let lines: Vec<_> = view
        .lines
        .iter()
        .map(|line| {
            json!({
                "number": line.line.number,
                "price": line.line.price_code,
                "stripe_price": line.line.stripe_price,
                "policy": line.policy.code,
                "quantity": line.line.quantity,
                "unit_minor": line.line.unit_minor,
                "licenses": line.licenses.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        })
        .collect();
    let payments: Vec<_> = view
        .payments
        .iter()
        .map(|payment| {
            json!({
                "id": payment.id,
                "paid_minor": payment.paid_minor,
                "paid_at": payment.paid_at.rfc3339(),
                "invoice": payment.invoice,
                "refunds": payment.refunds.iter().map(|refund| json!({
                    "id": refund.id, "amount_minor": refund.amount_minor, "state": refund.state.as_str(),
                })).collect::<Vec<_>>(),
                "disputes": payment.disputes.iter().map(|dispute| json!({
                    "id": dispute.id, "amount_minor": dispute.amount_minor, "state": dispute.state.as_str(),
                    "reason": dispute.reason, "due_at": dispute.due_at.map(Timestamp::rfc3339),
                })).collect::<Vec<_>>(),
            })
        })
        .collect();
    let json = json!({
        "id": order.id.to_string(),
        "number": order.number(),
        "status": order.status.as_str(),
        "hold": order.hold.map(HoldReason::as_str),
        "is_live": order.is_live,
        "account": order.account.map(|id| id.to_string()),
        "currency": order.currency().as_str(),
        "total_minor": order.total().minor,
        "tax_minor": order.tax_minor,
        "discount_minor": order.discount_minor,
        "paid_minor": order.paid_minor,
        "refunded_minor": order.refunded_minor,
        "checkout": order.checkout,
        "customer": order.customer,
        "subscription": order.subscription.as_ref().map(|subscription| json!({
            "id": subscription.id, "state": subscription.state.as_str(),
        })),
        "lines": lines,
        "payments": payments,
        "created_at": order.created_at.rfc3339(),
        "updated_at": order.updated_at.rfc3339(),
        "paid_at": order.paid_at.map(Timestamp::rfc3339),
        "delivered_at": order.delivered_at.map(Timestamp::rfc3339),
    });
    Inspected { json, calls: vec![("On the host".to_owned(), format!("latchkey order show {} --json", order.id))] }
}
