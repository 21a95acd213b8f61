//! Checkout sessions, their lines, and sessions of the customer portal.

use latchkey_licensing::{money::Currency, time::Timestamp};
use serde::Deserialize;

use super::{Expandable, Identified, Metadata, instant, or_default};

/// A checkout session (<https://docs.stripe.com/api/checkout/sessions/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct CheckoutSession {
    /// `cs_…`
    pub id: String,
    /// Whether it is about real money.
    pub livemode: bool,
    /// `payment`, `subscription` or `setup`.
    pub mode: String,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub payment_status: String,
    /// Our id of the order.
    pub client_reference_id: Option<String>,
    /// The customer.
    pub customer: Option<Expandable>,
    /// What the buyer typed.
    pub customer_details: Option<CustomerDetails>,
    /// The price of all lines before discounts and tax.
    pub amount_subtotal: Option<i64>,
    /// What the buyer has to pay.
    pub amount_total: Option<i64>,
    /// The currency of the amounts.
    pub currency: Option<Currency>,
    /// The discount and tax in the total.
    pub total_details: Option<TotalDetails>,
    /// When it was opened.
    #[serde(deserialize_with = "instant")]
    pub created: Timestamp,
    /// The payment, of a session of the mode `payment` that was submitted.
    pub payment_intent: Option<Expandable>,
    /// The subscription that it started.
    pub subscription: Option<Expandable>,
    /// The invoice about it.
    pub invoice: Option<Expandable>,
    /// The metadata.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
    /// The page where the buyer pays, while it is open. It is a credential.
    pub url: Option<String>,
}

impl Identified for CheckoutSession {
    fn id(&self) -> &str {
        &self.id
    }
}

/// What the buyer typed.
#[derive(Clone, Debug, Deserialize)]
pub struct CustomerDetails {
    /// The address.
    pub email: Option<String>,
    /// The name.
    pub name: Option<String>,
}

/// Parts of a total.
#[derive(Clone, Debug, Deserialize)]
pub struct TotalDetails {
    /// The discount.
    #[serde(default, deserialize_with = "or_default")]
    pub amount_discount: i64,
    /// The tax.
    #[serde(default, deserialize_with = "or_default")]
    pub amount_tax: i64,
}

/// A line of a checkout session (<https://docs.stripe.com/api/checkout/sessions/line_items>).
#[derive(Clone, Debug, Deserialize)]
pub struct LineItem {
    /// `li_…`
    pub id: String,
    /// The price.
    pub price: Option<Expandable>,
    /// How many.
    pub quantity: Option<u64>,
    /// The price of the line before discounts and tax.
    pub amount_subtotal: i64,
    /// The currency.
    pub currency: Currency,
}

impl Identified for LineItem {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A session of the customer portal (<https://docs.stripe.com/api/customer_portal/sessions/object>).
#[derive(Clone, Deserialize)]
pub struct PortalSession {
    /// The page. It is a credential.
    pub url: String,
}
