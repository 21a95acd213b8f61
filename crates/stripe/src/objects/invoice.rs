//! Invoices, their lines, and how they were paid.

use latchkey_licensing::{money::Currency, time::Timestamp};
use serde::Deserialize;

use super::{Expandable, Identified, List, instant, optional_instant};

/// An invoice (<https://docs.stripe.com/api/invoices/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct Invoice {
    /// `in_…`
    pub id: String,
    /// `draft`, `open`, `paid`, `uncollectible` or `void`.
    pub status: Option<String>,
    /// What was paid.
    pub amount_paid: i64,
    /// What is left to pay.
    #[serde(default)]
    pub amount_remaining: i64,
    /// The currency.
    pub currency: Currency,
    /// When it was made.
    #[serde(deserialize_with = "instant")]
    pub created: Timestamp,
    /// When its status changed.
    pub status_transitions: Option<StatusTransitions>,
    /// Whether there was an attempt to collect the money.
    #[serde(default)]
    pub attempted: bool,
    /// The page of the invoice. It is a credential.
    pub hosted_invoice_url: Option<String>,
    /// The invoice as PDF. The URL is a credential.
    pub invoice_pdf: Option<String>,
    /// What it was made for.
    #[serde(default)]
    pub parent: Option<InvoiceParent>,
    /// The first lines.
    pub lines: List<InvoiceLine>,
    /// The first payments, if the caller asked for them.
    #[serde(default)]
    pub payments: Option<List<InvoicePayment>>,
}

impl Identified for Invoice {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Invoice {
    /// Whether all that was due is paid.
    pub fn is_paid(&self) -> bool {
        self.status.as_deref() == Some("paid")
    }

    /// Whether an attempt to collect the money failed, and the customer can still pay.
    pub fn is_unpaid(&self) -> bool {
        self.attempted && self.status.as_deref() == Some("open")
    }

    /// When it was paid. If Stripe does not say, when it was made.
    pub fn paid_at(&self) -> Timestamp {
        self.status_transitions.as_ref().and_then(|at| at.paid_at).unwrap_or(self.created)
    }

    /// The subscription that it belongs to.
    pub fn subscription(&self) -> Option<&str> {
        let details = self.parent.as_ref()?.subscription_details.as_ref()?;
        details.subscription.as_ref().map(Expandable::id)
    }
}

/// When an invoice's status changed.
#[derive(Clone, Debug, Deserialize)]
pub struct StatusTransitions {
    /// When it was paid.
    #[serde(default, deserialize_with = "optional_instant")]
    pub paid_at: Option<Timestamp>,
}

/// What an invoice was made for.
#[derive(Clone, Debug, Deserialize)]
pub struct InvoiceParent {
    /// The subscription.
    #[serde(default)]
    pub subscription_details: Option<SubscriptionDetails>,
}

/// The subscription of an invoice.
#[derive(Clone, Debug, Deserialize)]
pub struct SubscriptionDetails {
    /// The subscription.
    pub subscription: Option<Expandable>,
}

/// A line of an invoice (<https://docs.stripe.com/api/invoice-line-item/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct InvoiceLine {
    /// `il_…`
    pub id: String,
    /// The period that it is for.
    pub period: Period,
    /// What it was made for.
    #[serde(default)]
    pub parent: Option<LineParent>,
}

impl Identified for InvoiceLine {
    fn id(&self) -> &str {
        &self.id
    }
}

impl InvoiceLine {
    /// The end of the period of a subscription that it pays for.
    pub fn period_ends_at(&self) -> Option<Timestamp> {
        let parent = self.parent.as_ref()?;
        (parent.kind == "subscription_item_details").then_some(self.period.end)
    }
}

/// A period.
#[derive(Clone, Debug, Deserialize)]
pub struct Period {
    /// Its end.
    #[serde(deserialize_with = "instant")]
    pub end: Timestamp,
}

/// What a line was made for.
#[derive(Clone, Debug, Deserialize)]
pub struct LineParent {
    /// `subscription_item_details` or `invoice_item_details`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A payment of an invoice (<https://docs.stripe.com/api/invoice-payment/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct InvoicePayment {
    /// `inpay_…`
    pub id: String,
    /// `open`, `paid` or `canceled`.
    pub status: String,
    /// What was paid.
    pub amount_paid: Option<i64>,
    /// The invoice.
    pub invoice: Expandable,
    /// How it was paid.
    pub payment: InvoicePaymentSource,
}

impl Identified for InvoicePayment {
    fn id(&self) -> &str {
        &self.id
    }
}

impl InvoicePayment {
    /// Whether the money was received.
    pub fn is_paid(&self) -> bool {
        self.status == "paid"
    }
}

/// How an invoice was paid.
#[derive(Clone, Debug, Deserialize)]
pub struct InvoicePaymentSource {
    /// With a payment intent.
    #[serde(default)]
    pub payment_intent: Option<Expandable>,
}
