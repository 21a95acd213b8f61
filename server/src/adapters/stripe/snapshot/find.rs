//! The checkout session that an object belongs to.

use latchkey_service::ports::payments::{ObjectKind, ObjectRef};
use latchkey_stripe::objects::{
    Charge, CheckoutSession, Dispute, EarlyFraudWarning, Expandable, Invoice, InvoicePayment, Refund,
};

use crate::adapters::stripe::api::{Api, CallError};

pub(super) async fn session(api: &Api, object: &ObjectRef) -> Result<Option<CheckoutSession>, CallError> {
    let id = object.id.as_str();
    match object.kind {
        ObjectKind::Checkout => api.object(&["checkout", "sessions", id]).await.map(Some),
        ObjectKind::Payment => of_payment(api, id).await,
        ObjectKind::Charge => of_charge(api, id).await,
        ObjectKind::Refund => {
            let refund: Refund = api.object(&["refunds", id]).await?;
            of_either(api, refund.payment_intent, refund.charge).await
        }
        ObjectKind::Dispute => {
            let dispute: Dispute = api.object(&["disputes", id]).await?;
            of_either(api, dispute.payment_intent, dispute.charge).await
        }
        ObjectKind::FraudWarning => {
            let warning: EarlyFraudWarning = api.object(&["radar", "early_fraud_warnings", id]).await?;
            of_either(api, warning.payment_intent, warning.charge).await
        }
        ObjectKind::Invoice => of_invoice(api, id).await,
        ObjectKind::Subscription => by(api, "subscription", id).await,
        // A customer can have many checkouts, and changes of a customer do not change orders.
        ObjectKind::Customer => Ok(None),
    }
}

/// The session with a payment or subscription. There is at most one.
async fn by(api: &Api, field: &str, id: &str) -> Result<Option<CheckoutSession>, CallError> {
    let page = api.page::<CheckoutSession>(&["checkout", "sessions"], &[(field, id.to_owned())], None).await?;
    Ok(page.data.into_iter().next())
}

async fn of_payment(api: &Api, id: &str) -> Result<Option<CheckoutSession>, CallError> {
    if let Some(session) = by(api, "payment_intent", id).await? {
        return Ok(Some(session));
    }
    // Renewals are paid without a session: their invoice leads to the subscription.
    let filter = [("payment[type]", "payment_intent".to_owned()), ("payment[payment_intent]", id.to_owned())];
    let paid = api.page::<InvoicePayment>(&["invoice_payments"], &filter, None).await?;
    match paid.data.first() {
        None => Ok(None),
        Some(paid) => of_subscriptions_invoice(api, &api.object(&["invoices", paid.invoice.id()]).await?).await,
    }
}

async fn of_charge(api: &Api, id: &str) -> Result<Option<CheckoutSession>, CallError> {
    let charge: Charge = api.object(&["charges", id]).await?;
    match charge.payment_intent {
        None => Ok(None),
        Some(payment) => of_payment(api, payment.id()).await,
    }
}

async fn of_either(
    api: &Api,
    payment: Option<Expandable>,
    charge: Option<Expandable>,
) -> Result<Option<CheckoutSession>, CallError> {
    match (payment, charge) {
        (Some(payment), _) => of_payment(api, payment.id()).await,
        (None, Some(charge)) => of_charge(api, charge.id()).await,
        (None, None) => Ok(None),
    }
}

async fn of_subscriptions_invoice(api: &Api, invoice: &Invoice) -> Result<Option<CheckoutSession>, CallError> {
    match invoice.subscription() {
        None => Ok(None),
        Some(subscription) => by(api, "subscription", subscription).await,
    }
}

async fn of_invoice(api: &Api, id: &str) -> Result<Option<CheckoutSession>, CallError> {
    let invoice: Invoice = api.object(&["invoices", id]).await?;
    if invoice.subscription().is_some() {
        return of_subscriptions_invoice(api, &invoice).await;
    }
    // The invoice of a one-time purchase is found by its payment.
    let paid = api.page::<InvoicePayment>(&["invoice_payments"], &[("invoice", id.to_owned())], None).await?;
    match paid.data.into_iter().find_map(|paid| paid.payment.payment_intent) {
        None => Ok(None),
        Some(payment) => by(api, "payment_intent", payment.id()).await,
    }
}
