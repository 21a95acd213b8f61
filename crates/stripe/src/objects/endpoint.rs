//! Webhook endpoints.

use std::fmt;

use serde::Deserialize;

use super::{Identified, Metadata, or_default};

/// A webhook endpoint (<https://docs.stripe.com/api/webhook_endpoints/object>).
#[derive(Clone, Deserialize)]
pub struct WebhookEndpoint {
    /// `we_…`
    pub id: String,
    /// Where events are sent.
    pub url: String,
    /// `enabled` or `disabled`.
    pub status: String,
    /// The types of events that are sent, or `*`.
    pub enabled_events: Vec<String>,
    /// The version of the API in which events are written. `None` means the account's default.
    pub api_version: Option<String>,
    /// The metadata.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
    /// The secret that signs events. Only the response to its creation contains it.
    #[serde(default)]
    pub secret: Option<String>,
}

impl Identified for WebhookEndpoint {
    fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for WebhookEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookEndpoint").field("id", &self.id).field("url", &self.url).finish_non_exhaustive()
    }
}
