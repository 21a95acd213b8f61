//! Subscriptions.

use latchkey_licensing::time::Timestamp;
use serde::Deserialize;

use super::{Identified, List, is_present, optional_instant};

/// A subscription (<https://docs.stripe.com/api/subscriptions/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct Subscription {
    /// `sub_…`
    pub id: String,
    /// `active`, `past_due` and others.
    pub status: String,
    /// Whether it ends with the current period.
    pub cancel_at_period_end: bool,
    /// When it ends, if that was decided.
    #[serde(default, deserialize_with = "optional_instant")]
    pub cancel_at: Option<Timestamp>,
    /// Whether invoices are not collected for now.
    #[serde(rename = "pause_collection", default, deserialize_with = "is_present")]
    pub is_paused: bool,
    /// What is subscribed to.
    pub items: List<SubscriptionItem>,
}

impl Identified for Subscription {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Subscription {
    /// Whether it ends with the current period. The customer portal sets either of the two fields that say so.
    pub fn ends_with_period(&self) -> bool {
        let period_end = self.items.data.iter().filter_map(|item| item.current_period_end).max();
        let is_soon = matches!((self.cancel_at, period_end), (Some(at), Some(end)) if at <= end);
        self.cancel_at_period_end || is_soon
    }
}

/// An item of a subscription.
#[derive(Clone, Debug, Deserialize)]
pub struct SubscriptionItem {
    /// The end of the current period.
    #[serde(default, deserialize_with = "optional_instant")]
    pub current_period_end: Option<Timestamp>,
}
