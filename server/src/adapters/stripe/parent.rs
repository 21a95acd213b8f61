//! The object that another one followed from, step by step up to the checkout session.

use latchkey_service::ports::payments::{ObjectKind, ObjectRef};
use latchkey_stripe::objects::{
    Charge, CheckoutSession, Dispute, EarlyFraudWarning, Expandable, Invoice, InvoicePayment, Refund,
};

use super::api::{Api, CallError};

pub(super) async fn of(api: &Api, object: &ObjectRef) -> Result<Option<ObjectRef>, CallError> {
    let id = object.id.as_str();
    match object.kind {
        ObjectKind::Payment => of_payment(api, id).await,
        ObjectKind::Charge => {
            let charge: Charge = api.object(&["charges", id]).await?;
            Ok(either(charge.payment_intent, None))
        }
        ObjectKind::Refund => {
            let refund: Refund = api.object(&["refunds", id]).await?;
            Ok(either(refund.payment_intent, refund.charge))
        }
        ObjectKind::Dispute => {
            let dispute: Dispute = api.object(&["disputes", id]).await?;
            Ok(either(dispute.payment_intent, dispute.charge))
        }
        ObjectKind::FraudWarning => {
            let warning: EarlyFraudWarning = api.object(&["radar", "early_fraud_warnings", id]).await?;
            Ok(either(warning.payment_intent, warning.charge))
        }
        ObjectKind::Invoice => of_invoice(api, id).await,
        ObjectKind::Subscription => session_with(api, "subscription", id).await,
        // A customer can have many checkouts, and changes of a customer do not change orders.
        ObjectKind::Checkout | ObjectKind::Customer => Ok(None),
    }
}

fn reference(kind: ObjectKind, id: &str) -> ObjectRef {
    ObjectRef { kind, id: id.to_owned() }
}

fn either(payment: Option<Expandable>, charge: Option<Expandable>) -> Option<ObjectRef> {
    let payment = payment.map(|payment| reference(ObjectKind::Payment, payment.id()));
    payment.or_else(|| charge.map(|charge| reference(ObjectKind::Charge, charge.id())))
}

/// The session with a payment or subscription. There is at most one.
async fn session_with(api: &Api, field: &str, id: &str) -> Result<Option<ObjectRef>, CallError> {
    let page = api.page::<CheckoutSession>(&["checkout", "sessions"], &[(field, id.to_owned())], None).await?;
    Ok(page.data.first().map(|session| reference(ObjectKind::Checkout, &session.id)))
}

async fn of_payment(api: &Api, id: &str) -> Result<Option<ObjectRef>, CallError> {
    if let Some(session) = session_with(api, "payment_intent", id).await? {
        return Ok(Some(session));
    }
    // Renewals are paid without a session: their invoice leads to the subscription.
    let filter = [("payment[type]", "payment_intent".to_owned()), ("payment[payment_intent]", id.to_owned())];
    let paid = api.page::<InvoicePayment>(&["invoice_payments"], &filter, None).await?;
    Ok(paid.data.first().map(|paid| reference(ObjectKind::Invoice, paid.invoice.id())))
}

async fn of_invoice(api: &Api, id: &str) -> Result<Option<ObjectRef>, CallError> {
    let invoice: Invoice = api.object(&["invoices", id]).await?;
    if let Some(subscription) = invoice.subscription() {
        return Ok(Some(reference(ObjectKind::Subscription, subscription)));
    }
    // The invoice of a one-time purchase is found by its payment.
    let paid = api.page::<InvoicePayment>(&["invoice_payments"], &[("invoice", id.to_owned())], None).await?;
    let payment = paid.data.into_iter().find_map(|paid| paid.payment.payment_intent);
    Ok(either(payment, None))
}
