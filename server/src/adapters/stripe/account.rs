//! What `latchkey stripe provision` and `latchkey doctor` do at Stripe.

use std::{fmt, time::Duration};

use latchkey_licensing::{money::Money, time::Timestamp};
use latchkey_stripe::{
    API_VERSION,
    api_key::ApiKey,
    event::HANDLED,
    metadata,
    objects::{Price, Product, WebhookEndpoint},
};

use serde::de::IgnoredAny;

use crate::settings::Stripe;

use super::{
    api::{Api, CallError},
    in_time, since_query,
};

/// What is read at Stripe, with the name of the permission in the form for restricted keys.
pub(crate) const READ_PERMISSIONS: &[(&[&str], &str)] = &[
    (&["charges"], "Charges and Refunds"),
    (&["refunds"], "Charges and Refunds"),
    (&["checkout", "sessions"], "Checkout Sessions"),
    (&["disputes"], "Disputes"),
    (&["events"], "Events"),
    (&["invoices"], "Invoices"),
    (&["invoice_payments"], "Invoices"),
    (&["payment_intents"], "PaymentIntents"),
    (&["prices"], "Prices"),
    (&["products"], "Products"),
    (&["radar", "early_fraud_warnings"], "Radar"),
    (&["subscriptions"], "Subscriptions"),
    (&["webhook_endpoints"], "Webhook Endpoints"),
];

/// How many prices can be looked up with one call.
const LOOKUP_KEYS: usize = 10;

/// A Stripe account, as far as it is set up for this program.
pub(crate) struct Account {
    api: Api,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").finish_non_exhaustive()
    }
}

/// A price to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewPrice<'a> {
    /// The price's code in the catalog.
    pub(crate) code: &'a str,
    /// The id of the product at Stripe.
    pub(crate) product: &'a str,
    /// The portal that it is made for.
    pub(crate) owner: &'a str,
    pub(crate) amount: Money,
    /// The word for the interval of payments, and how many intervals are between them.
    pub(crate) recurring: Option<(&'a str, u32)>,
    /// The word for whether the amount includes tax.
    pub(crate) tax_behavior: Option<&'a str>,
}

impl Account {
    pub(crate) fn new(settings: &Stripe, key: &ApiKey) -> Self {
        Self { api: Api::new(&settings.api_url, key) }
    }

    /// Stripe's clock. The call also shows whether Stripe is reachable and accepts the key.
    pub(crate) async fn clock(&self) -> Result<Option<Timestamp>, CallError> {
        in_time(self.api.clock()).await
    }

    /// Whether the key can read a list.
    pub(crate) async fn can_read(&self, path: &[&str]) -> Result<(), CallError> {
        in_time(self.api.page::<IgnoredAny>(path, &[], None)).await.map(|_| ())
    }

    /// Whether events of the day before an instant could not be delivered to an endpoint.
    pub(crate) async fn has_undelivered(&self, now: Timestamp) -> Result<bool, CallError> {
        let [since] = since_query(now.minus(Duration::from_hours(24)));
        let filter = [since, ("delivery_success", "false".to_owned())];
        let page = in_time(self.api.page::<IgnoredAny>(&["events"], &filter, None)).await?;
        Ok(!page.data.is_empty())
    }

    pub(crate) async fn products(&self) -> Result<Vec<Product>, CallError> {
        in_time(self.api.list(&["products"], &[("active", "true".to_owned())])).await
    }

    pub(crate) async fn price(&self, id: &str) -> Result<Price, CallError> {
        in_time(self.api.object(&["prices", id])).await
    }

    /// The active prices with these codes.
    pub(crate) async fn prices(&self, codes: &[&str]) -> Result<Vec<Price>, CallError> {
        let mut found = Vec::new();
        for some in codes.chunks(LOOKUP_KEYS) {
            let mut filter = vec![("active", "true".to_owned())];
            filter.extend(some.iter().map(|code| ("lookup_keys[]", (*code).to_owned())));
            found.extend(in_time(self.api.list::<Price>(&["prices"], &filter)).await?);
        }
        Ok(found)
    }

    pub(crate) async fn endpoints(&self) -> Result<Vec<WebhookEndpoint>, CallError> {
        in_time(self.api.list(&["webhook_endpoints"], &[])).await
    }

    pub(crate) async fn create_product(&self, code: &str, name: &str, owner: &str) -> Result<Product, CallError> {
        let (owner_field, product_field) = (field(metadata::OWNER), field(metadata::PRODUCT));
        let form = [("name", name), (&product_field, code), (&owner_field, owner)];
        in_time(self.api.post(&["products"], &form, None)).await
    }

    /// The code becomes the price's lookup key, and is taken away from the price that had it.
    pub(crate) async fn create_price(&self, new: &NewPrice<'_>) -> Result<Price, CallError> {
        let (owner_field, price_field) = (field(metadata::OWNER), field(metadata::PRICE));
        let (amount, currency) = (new.amount.minor.to_string(), new.amount.currency.as_str().to_ascii_lowercase());
        let count = new.recurring.map(|(_, count)| count.to_string());
        let mut form = vec![
            ("product", new.product),
            ("currency", &currency),
            ("unit_amount", &amount),
            ("lookup_key", new.code),
            ("transfer_lookup_key", "true"),
            (&price_field, new.code),
            (&owner_field, new.owner),
        ];
        if let (Some((interval, _)), Some(count)) = (new.recurring, &count) {
            form.extend([("recurring[interval]", interval), ("recurring[interval_count]", count)]);
        }
        form.extend(new.tax_behavior.map(|word| ("tax_behavior", word)));
        in_time(self.api.post(&["prices"], &form, None)).await
    }

    /// Keeps a price from being used for new purchases. Subscriptions keep it.
    pub(crate) async fn deactivate_price(&self, id: &str) -> Result<Price, CallError> {
        in_time(self.api.post(&["prices", id], &[("active", "false")], None)).await
    }

    /// The answer contains the endpoint's secret, which Stripe shows only this once.
    pub(crate) async fn create_endpoint(&self, url: &str, owner: &str) -> Result<WebhookEndpoint, CallError> {
        let owner_field = field(metadata::OWNER);
        let mut form = vec![
            ("url", url),
            ("api_version", API_VERSION),
            ("description", "Latchkey: delivers licenses after purchases"),
            (&owner_field, owner),
        ];
        form.extend(HANDLED.iter().map(|(kind, _)| ("enabled_events[]", *kind)));
        in_time(self.api.post(&["webhook_endpoints"], &form, None)).await
    }

    /// Makes an endpoint send all events that this program acts on.
    pub(crate) async fn update_endpoint(&self, id: &str) -> Result<WebhookEndpoint, CallError> {
        let mut form = vec![("disabled", "false")];
        form.extend(HANDLED.iter().map(|(kind, _)| ("enabled_events[]", *kind)));
        in_time(self.api.post(&["webhook_endpoints", id], &form, None)).await
    }
}

/// The name of a field of metadata in a form.
fn field(key: &str) -> String {
    format!("metadata[{key}]")
}

/// How far two clocks are apart.
pub(crate) fn skew(a: Timestamp, b: Timestamp) -> Duration {
    a.since(b).max(b.since(a))
}
