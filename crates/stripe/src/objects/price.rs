//! Products and prices.

use latchkey_licensing::money::Currency;
use serde::Deserialize;

use super::{Expandable, Identified, Metadata, or_default};

/// A product (<https://docs.stripe.com/api/products/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct Product {
    /// `prod_…`
    pub id: String,
    /// Whether it can be bought.
    pub active: bool,
    /// The name that buyers see.
    pub name: String,
    /// The metadata.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

impl Identified for Product {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A price (<https://docs.stripe.com/api/prices/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct Price {
    /// `price_…`
    pub id: String,
    /// Whether it can be used for new purchases.
    pub active: bool,
    /// The currency.
    pub currency: Currency,
    /// The amount for one. `None` if it has tiers or fractions.
    pub unit_amount: Option<i64>,
    /// How often it is paid. `None` for a one-time price.
    pub recurring: Option<Recurring>,
    /// `inclusive`, `exclusive` or `unspecified`.
    pub tax_behavior: Option<String>,
    /// The product.
    pub product: Expandable,
    /// A name that is unique among active prices.
    pub lookup_key: Option<String>,
    /// The metadata.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

impl Identified for Price {
    fn id(&self) -> &str {
        &self.id
    }
}

/// How often a price is paid.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Recurring {
    /// `day`, `week`, `month` or `year`.
    pub interval: String,
    /// How many intervals are between payments.
    pub interval_count: u64,
}
