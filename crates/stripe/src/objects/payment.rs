//! Payments and what happens to them afterwards.

use latchkey_licensing::{money::Currency, time::Timestamp};
use serde::Deserialize;

use super::{Expandable, Identified, Metadata, instant, is_present, optional_instant, or_default};

/// A payment intent (<https://docs.stripe.com/api/payment_intents/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct PaymentIntent {
    /// `pi_…`
    pub id: String,
    /// `requires_payment_method`, `processing`, `succeeded`, `canceled` and others.
    pub status: String,
    /// What was received.
    pub amount_received: i64,
    /// The currency.
    pub currency: Currency,
    /// When the payment was begun.
    #[serde(deserialize_with = "instant")]
    pub created: Timestamp,
    /// The latest attempt to collect the money.
    pub latest_charge: Option<Expandable<Charge>>,
    /// Whether the latest attempt failed.
    #[serde(rename = "last_payment_error", default, deserialize_with = "is_present")]
    pub has_failed: bool,
    /// The metadata.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

impl Identified for PaymentIntent {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A charge (<https://docs.stripe.com/api/charges/object>).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Charge {
    /// `ch_…` or `py_…`
    pub id: String,
    /// When it was made.
    #[serde(deserialize_with = "instant")]
    pub created: Timestamp,
    /// The payment that it belongs to.
    pub payment_intent: Option<Expandable>,
    /// The page of the receipt. It is a credential.
    pub receipt_url: Option<String>,
}

impl Identified for Charge {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A refund (<https://docs.stripe.com/api/refunds/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct Refund {
    /// `re_…` or `pyr_…`
    pub id: String,
    /// The amount.
    pub amount: i64,
    /// `pending`, `requires_action`, `succeeded`, `failed` or `canceled`.
    pub status: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "instant")]
    pub created: Timestamp,
    /// The refunded charge.
    pub charge: Option<Expandable>,
    /// The refunded payment.
    pub payment_intent: Option<Expandable>,
}

impl Identified for Refund {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A dispute (<https://docs.stripe.com/api/disputes/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct Dispute {
    /// `du_…` or `dp_…`
    pub id: String,
    /// The disputed amount.
    pub amount: i64,
    /// `needs_response`, `won` and others.
    pub status: String,
    /// Such as `fraudulent`.
    pub reason: String,
    /// When it was opened.
    #[serde(deserialize_with = "instant")]
    pub created: Timestamp,
    /// How it can be answered.
    pub evidence_details: Option<EvidenceDetails>,
    /// The disputed charge.
    pub charge: Option<Expandable>,
    /// The disputed payment.
    pub payment_intent: Option<Expandable>,
}

impl Identified for Dispute {
    fn id(&self) -> &str {
        &self.id
    }
}

/// How a dispute can be answered.
#[derive(Clone, Debug, Deserialize)]
pub struct EvidenceDetails {
    /// Until when it can be answered.
    #[serde(default, deserialize_with = "optional_instant")]
    pub due_by: Option<Timestamp>,
}

/// An early fraud warning (<https://docs.stripe.com/api/radar/early_fraud_warnings/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct EarlyFraudWarning {
    /// `issfr_…`
    pub id: String,
    /// The charge that it is about.
    pub charge: Option<Expandable>,
    /// The payment that it is about.
    #[serde(default)]
    pub payment_intent: Option<Expandable>,
}

impl Identified for EarlyFraudWarning {
    fn id(&self) -> &str {
        &self.id
    }
}
