//! Selling licenses: checkouts, the payment provider's events, and what follows from them.

pub(crate) mod checkout;
pub(crate) mod customer;
pub(crate) mod delivery;
pub(crate) mod events;
pub(crate) mod licenses;
pub(crate) mod mails;
pub(crate) mod placed;
pub(crate) mod reconcile;
pub(crate) mod refresh;
pub(crate) mod refund;
pub(crate) mod release;
pub(crate) mod upgrades;
pub(crate) mod view;

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use latchkey_licensing::{ids::OrderId, time::Timestamp};

/// Settings of selling.
#[derive(Clone, Debug)]
pub struct BillingOptions {
    /// How long licenses of a subscription outlast a period whose renewal is not paid yet.
    pub grace: Duration,
    /// Whether a payment is refunded when the card's network suspects fraud.
    pub refunds_on_fraud_warning: bool,
    /// Where buyers download the product.
    pub download_url: Option<String>,
}

impl Default for BillingOptions {
    fn default() -> Self {
        Self { grace: Duration::from_hours(7 * 24), refunds_on_fraud_warning: false, download_url: None }
    }
}

/// How long to wait before the provider is asked again about an order that a buyer is waiting for.
const ASK_AGAIN: Duration = Duration::from_secs(4);

/// When the provider was last asked about orders that buyers are waiting for.
#[derive(Debug, Default)]
pub(crate) struct AskedAbout(Mutex<BTreeMap<OrderId, Timestamp>>);

impl AskedAbout {
    /// Whether it is time to ask about an order. If so, this counts as asking.
    fn is_due(&self, order: OrderId, now: Timestamp) -> bool {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|_, at| now.since(*at) < ASK_AGAIN);
        if asked.contains_key(&order) {
            return false;
        }
        asked.insert(order, now);
        true
    }
}
