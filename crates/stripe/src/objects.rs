//! Objects of Stripe's API, with the fields that this program reads.
//!
//! Unknown fields are ignored, and values that Stripe adds to are texts here. Fields that refer to other objects are
//! ids, or whole objects if the caller asked for them.

mod checkout;
mod endpoint;
mod error;
mod invoice;
mod list;
mod payment;
mod price;
mod reference;
mod subscription;

use std::collections::BTreeMap;

use latchkey_licensing::time::Timestamp;
use serde::{Deserialize, Deserializer};

pub use checkout::{CheckoutSession, CustomerDetails, LineItem, PortalSession, TotalDetails};
pub use endpoint::WebhookEndpoint;
pub use error::{ApiError, ErrorBody};
pub use invoice::{Invoice, InvoiceLine, InvoicePayment};
pub use list::List;
pub use payment::{Charge, Dispute, EarlyFraudWarning, PaymentIntent, Refund};
pub use price::{Price, Product, Recurring};
pub use reference::{Expandable, Identified, Reference};
pub use subscription::Subscription;

/// Metadata, which only its owner understands.
pub type Metadata = BTreeMap<String, String>;

/// The instant of a Unix time, which is how Stripe writes instants.
pub(crate) fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(seconds.saturating_mul(1_000_000))
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    i64::deserialize(deserializer).map(seconds)
}

fn optional_instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<i64>::deserialize(deserializer)?.map(seconds))
}

/// For fields that are sometimes `null`, and mean the default then.
fn or_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Whether an object is there, whatever it contains.
fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(deserializer)?.is_some())
}

#[cfg(test)]
mod tests;
