//! Payments, and what happened to them afterwards.

use futures_util::{StreamExt, TryStreamExt, stream};
use latchkey_licensing::{money::Money, time::Timestamp};
use latchkey_service::ports::payments::{DisputeSnapshot, PaymentSnapshot, RefundSnapshot};
use latchkey_stripe::objects::{
    Dispute, EarlyFraudWarning, Expandable, Invoice, InvoiceLine, InvoicePayment, List, PaymentIntent, Refund,
};

use crate::adapters::stripe::api::{Api, CallError};

/// How many invoices are looked at concurrently.
const CONCURRENCY: usize = 6;

/// What happened to a payment after it was received.
#[derive(Default)]
pub(super) struct Happened {
    refunds: Vec<RefundSnapshot>,
    disputes: Vec<DisputeSnapshot>,
    has_fraud_warning: bool,
}

pub(super) async fn happened_to(api: &Api, payment: &str) -> Result<Happened, CallError> {
    let filter = [("payment_intent", payment.to_owned())];
    let (refunds, disputes, warnings) = futures_util::try_join!(
        api.list::<Refund>(&["refunds"], &filter),
        api.list::<Dispute>(&["disputes"], &filter),
        api.page::<EarlyFraudWarning>(&["radar", "early_fraud_warnings"], &filter, None),
    )?;
    Ok(Happened {
        refunds: refunds.into_iter().map(refund_snapshot).collect::<Result<_, _>>()?,
        disputes: disputes.into_iter().map(dispute_snapshot).collect::<Result<_, _>>()?,
        has_fraud_warning: !warnings.data.is_empty(),
    })
}

fn refund_snapshot(refund: Refund) -> Result<RefundSnapshot, CallError> {
    let state = refund.state().ok_or_else(|| CallError::unreadable("a refund has an unknown status"))?;
    Ok(RefundSnapshot { id: refund.id, amount_minor: refund.amount, state, created_at: refund.created })
}

fn dispute_snapshot(dispute: Dispute) -> Result<DisputeSnapshot, CallError> {
    let state = dispute.state().ok_or_else(|| CallError::unreadable("a dispute has an unknown status"))?;
    Ok(DisputeSnapshot {
        id: dispute.id,
        amount_minor: dispute.amount,
        state,
        reason: dispute.reason,
        due_at: dispute.evidence_details.and_then(|details| details.due_by),
        created_at: dispute.created,
    })
}

/// The payment of a one-time purchase.
pub(super) fn of_intent(intent: &PaymentIntent, happened: Happened, invoice: Option<String>) -> PaymentSnapshot {
    let charged_at = intent.latest_charge.as_ref().and_then(Expandable::object).map(|charge| charge.created);
    PaymentSnapshot {
        id: intent.id.clone(),
        paid: Money::new(intent.amount_received, intent.currency),
        paid_at: charged_at.unwrap_or(intent.created),
        refunds: happened.refunds,
        disputes: happened.disputes,
        has_fraud_warning: happened.has_fraud_warning,
        invoice,
        period_ends_at: None,
    }
}

/// The payments of a subscription's paid invoices.
pub(super) async fn of_invoices(api: &Api, invoices: Vec<Invoice>) -> Result<Vec<PaymentSnapshot>, CallError> {
    let paid = invoices.into_iter().filter(Invoice::is_paid);
    let payments: Vec<Vec<PaymentSnapshot>> =
        stream::iter(paid.map(|invoice| of_invoice(api, invoice))).buffered(CONCURRENCY).try_collect().await?;
    Ok(payments.into_iter().flatten().collect())
}

/// Usually one payment. An invoice that was paid in parts has several, all for the same period.
async fn of_invoice(api: &Api, mut invoice: Invoice) -> Result<Vec<PaymentSnapshot>, CallError> {
    let lines = std::mem::replace(&mut invoice.lines, List::empty());
    let lines = api.rest_of(lines, &["invoices", &invoice.id, "lines"], &[]).await?;
    let period_ends_at = lines.iter().filter_map(InvoiceLine::period_ends_at).max();
    let paid = if invoice.amount_paid == 0 { Vec::new() } else { parts_of(api, &mut invoice).await? };
    let mut payments = Vec::new();
    for part in paid.iter().filter(|part| part.is_paid()) {
        let Some(intent) = &part.payment.payment_intent else { continue };
        let amount = part.amount_paid.unwrap_or(invoice.amount_paid);
        let happened = happened_to(api, intent.id()).await?;
        payments.push(of_part(&invoice, intent.id(), amount, happened, period_ends_at));
    }
    if payments.is_empty() {
        // Nothing was due, or it was paid outside of Stripe.
        payments.push(of_part(&invoice, &invoice.id, invoice.amount_paid, Happened::default(), period_ends_at));
    }
    Ok(payments)
}

fn of_part(
    invoice: &Invoice,
    id: &str,
    amount: i64,
    happened: Happened,
    period_ends_at: Option<Timestamp>,
) -> PaymentSnapshot {
    PaymentSnapshot {
        id: id.to_owned(),
        paid: Money::new(amount, invoice.currency),
        paid_at: invoice.paid_at(),
        refunds: happened.refunds,
        disputes: happened.disputes,
        has_fraud_warning: happened.has_fraud_warning,
        invoice: Some(invoice.id.clone()),
        period_ends_at,
    }
}

/// The payments of an invoice. It contains only the first ones, or none.
async fn parts_of(api: &Api, invoice: &mut Invoice) -> Result<Vec<InvoicePayment>, CallError> {
    let filter = [("invoice", invoice.id.clone())];
    let first = invoice.payments.take().unwrap_or(List::unread());
    api.rest_of(first, &["invoice_payments"], &filter).await
}
