//! Everything that Stripe knows about a checkout, read at once.

mod payments;

use latchkey_licensing::money::{Currency, Money};
use latchkey_service::ports::payments::{
    CheckoutLine, CheckoutSnapshot, KnownPayments, OrderSnapshot, PaymentSnapshot, SubscriptionSnapshot,
};
use latchkey_stripe::{
    metadata,
    objects::{CheckoutSession, Expandable, Invoice, LineItem, PaymentIntent, Subscription},
};

use super::{
    api::{Api, CallError},
    since_query,
};

pub(super) async fn of(
    api: &Api,
    checkout: &str,
    known: Option<&KnownPayments>,
) -> Result<Option<OrderSnapshot>, CallError> {
    let session: CheckoutSession = api.object(&["checkout", "sessions", checkout]).await?;
    // Sessions of the mode `setup` only store cards.
    if session.mode == "setup" {
        return Ok(None);
    }
    // Only the payments of a subscription become more and more.
    let known = known.filter(|_| session.subscription.is_some());
    read(api, session, known).await.map(Some)
}

/// What became of the checkout after it was submitted.
#[derive(Default)]
struct Aftermath {
    payment: Option<PaymentIntent>,
    subscription: Option<Subscription>,
    payments: Vec<PaymentSnapshot>,
    unpaid: Option<Money>,
}

async fn read(api: &Api, session: CheckoutSession, known: Option<&KnownPayments>) -> Result<OrderSnapshot, CallError> {
    let lines = async {
        match known {
            Some(_) => Ok(Vec::new()),
            None => api.list::<LineItem>(&["checkout", "sessions", &session.id, "line_items"], &[]).await,
        }
    };
    let (lines, aftermath) = futures_util::try_join!(lines, aftermath(api, &session, known))?;
    let Aftermath { payment, subscription, mut payments, unpaid } = aftermath;
    payments.sort_by(|a, b| (a.paid_at, &a.id).cmp(&(b.paid_at, &b.id)));
    let subscription_snapshot = subscription.as_ref().map(|it| subscription_snapshot(it, unpaid)).transpose()?;
    Ok(OrderSnapshot {
        order: session.metadata.get(metadata::ORDER).and_then(|id| id.parse().ok()),
        checkout: checkout_snapshot(session, lines, payment.as_ref(), subscription.as_ref())?,
        payments,
        has_all_payments: known.is_none(),
        subscription: subscription_snapshot,
    })
}

async fn aftermath(
    api: &Api,
    session: &CheckoutSession,
    known: Option<&KnownPayments>,
) -> Result<Aftermath, CallError> {
    if let Some(subscription) = &session.subscription {
        let id = subscription.id();
        let path = ["subscriptions", id];
        let (subscription, mut invoices) =
            futures_util::try_join!(api.object::<Subscription>(&path), invoices(api, id, known))?;
        let unpaid = unpaid(&invoices);
        invoices.retain(|invoice| known.is_none_or(|known| known.must_read(&invoice.id)));
        return Ok(Aftermath {
            subscription: Some(subscription),
            unpaid,
            payments: payments::of_invoices(api, invoices).await?,
            payment: None,
        });
    }
    let Some(intent) = session.payment_intent.as_ref().map(Expandable::id) else { return Ok(Aftermath::default()) };
    let path = ["payment_intents", intent];
    let (intent, happened) = futures_util::try_join!(
        api.expanded::<PaymentIntent>(&path, "latest_charge"),
        payments::happened_to(api, intent),
    )?;
    let invoice = session.invoice.as_ref().map(|invoice| invoice.id().to_owned());
    let paid = intent.is_paid().then(|| payments::of_intent(&intent, happened, invoice));
    Ok(Aftermath { payments: paid.into_iter().collect(), payment: Some(intent), ..Aftermath::default() })
}

/// The invoices of a subscription, or those that may be new or have changed.
async fn invoices(api: &Api, subscription: &str, known: Option<&KnownPayments>) -> Result<Vec<Invoice>, CallError> {
    let mut filter = vec![("subscription", subscription.to_owned()), ("expand[]", "data.payments".to_owned())];
    filter.extend(known.map(|known| since_query(known.since)).into_iter().flatten());
    let mut invoices = api.list::<Invoice>(&["invoices"], &filter).await?;
    for id in known.iter().flat_map(|known| &known.changed) {
        if !invoices.iter().any(|invoice| invoice.id == *id) {
            invoices.push(api.expanded(&["invoices", id], "payments").await?);
        }
    }
    Ok(invoices)
}

/// What the newest invoice that the customer can still pay asks for.
fn unpaid(invoices: &[Invoice]) -> Option<Money> {
    let open = invoices.iter().filter(|invoice| invoice.is_unpaid()).max_by_key(|invoice| invoice.created)?;
    Some(Money::new(open.amount_remaining, open.currency))
}

fn subscription_snapshot(
    subscription: &Subscription,
    unpaid: Option<Money>,
) -> Result<SubscriptionSnapshot, CallError> {
    Ok(SubscriptionSnapshot {
        id: subscription.id.clone(),
        state: subscription.state().ok_or_else(|| CallError::unreadable("a subscription has an unknown status"))?,
        is_canceled_at_period_end: subscription.ends_with_period(),
        unpaid,
    })
}

fn checkout_snapshot(
    session: CheckoutSession,
    lines: Vec<LineItem>,
    payment: Option<&PaymentIntent>,
    subscription: Option<&Subscription>,
) -> Result<CheckoutSnapshot, CallError> {
    let state = session.state(payment, subscription);
    let money = |minor: Option<i64>, currency: Option<Currency>| {
        let amount = minor.zip(currency).map(|(minor, currency)| Money::new(minor, currency));
        amount.ok_or_else(|| CallError::unreadable("a checkout session has no amount"))
    };
    let (discount_minor, tax_minor) =
        session.total_details.as_ref().map_or((0, 0), |total| (total.amount_discount, total.amount_tax));
    let details = session.customer_details.as_ref();
    Ok(CheckoutSnapshot {
        state: state.ok_or_else(|| CallError::unreadable("a checkout session has an unknown status"))?,
        is_live: session.livemode,
        is_subscription: session.mode == "subscription",
        subtotal: money(session.amount_subtotal, session.currency)?,
        total: money(session.amount_total, session.currency)?,
        discount_minor,
        tax_minor,
        email: details.and_then(|details| details.email.clone()),
        name: details.and_then(|details| details.name.clone()),
        customer: session.customer.as_ref().map(|customer| customer.id().to_owned()),
        reference: session.client_reference_id,
        lines: lines.into_iter().map(checkout_line).collect(),
        created_at: session.created,
        id: session.id,
    })
}

/// A line without a price or quantity was not made by this program. It equals no line of an order.
fn checkout_line(line: LineItem) -> CheckoutLine {
    CheckoutLine {
        price: line.price.as_ref().map(|price| price.id().to_owned()).unwrap_or_default(),
        quantity: line.quantity.map_or(0, |quantity| u32::try_from(quantity).unwrap_or(u32::MAX)),
        subtotal_minor: line.amount_subtotal,
        currency: line.currency,
    }
}
