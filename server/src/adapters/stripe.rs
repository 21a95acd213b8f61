//! Stripe as the payment provider.
//!
//! Requests are async-stripe's. Responses are read by `latchkey_stripe`, because the strict types of async-stripe refuse
//! values that Stripe adds later, and are received by a transport with limits of its own.

mod account;
mod api;
mod breaker;
mod checkout;
mod events;
mod parent;
mod snapshot;
mod transport;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use latchkey_licensing::time::Timestamp;
use latchkey_service::ports::payments::{
    IncomingEvent, KnownPayments, NewCheckout, ObjectRef, OpenedCheckout, OrderSnapshot, Payments, PaymentsError,
    ProviderPage, ReceiptLinks,
};
use latchkey_stripe::{
    api_key::ApiKey,
    objects::{Charge, CheckoutSession, Expandable, Invoice, InvoicePayment, List, PaymentIntent, PortalSession},
};

use serde::de::IgnoredAny;

use crate::settings::Stripe;

pub(crate) use account::{Account, NewPrice, READ_PERMISSIONS, skew};
pub(crate) use api::CallError;
pub(crate) use events::incoming_event;

use api::Api;

/// How long a call may take in all, with its repetitions and pages.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// The payment provider of a server with keys.
pub struct StripePayments {
    api: Api,
    settings: Stripe,
    is_live: bool,
}

impl StripePayments {
    /// Uses a key. Nothing is sent before the first call.
    pub fn new(settings: &Stripe, key: &ApiKey) -> Self {
        Self { api: Api::new(&settings.api_url, key), settings: settings.clone(), is_live: key.is_live() }
    }
}

impl fmt::Debug for StripePayments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripePayments").field("is_live", &self.is_live).finish_non_exhaustive()
    }
}

/// Limits how long a call takes.
async fn in_time<T>(call: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
    tokio::time::timeout(CALL_TIMEOUT, call).await.unwrap_or_else(|_| Err(CallError::late()))
}

#[async_trait]
impl Payments for StripePayments {
    fn is_live(&self) -> bool {
        self.is_live
    }

    async fn open_checkout(&self, checkout: &NewCheckout) -> Result<OpenedCheckout, PaymentsError> {
        Ok(in_time(checkout::open(&self.api, &self.settings, checkout)).await?)
    }

    async fn expire_checkout(&self, id: &str) -> Result<(), PaymentsError> {
        Ok(in_time(checkout::expire(&self.api, id)).await?)
    }

    async fn parent(&self, object: &ObjectRef) -> Result<Option<ObjectRef>, PaymentsError> {
        Ok(in_time(parent::of(&self.api, object)).await?)
    }

    async fn order_snapshot(
        &self,
        checkout: &str,
        known: Option<&KnownPayments>,
    ) -> Result<Option<OrderSnapshot>, PaymentsError> {
        // It is larger than the stack of a task should hold.
        Ok(in_time(Box::pin(snapshot::of(&self.api, checkout, known))).await?)
    }

    async fn events(
        &self,
        since: Timestamp,
        after: Option<&str>,
    ) -> Result<ProviderPage<IncomingEvent>, PaymentsError> {
        Ok(in_time(events::list(&self.api, since, after)).await?)
    }

    async fn checkouts(&self, since: Timestamp, after: Option<&str>) -> Result<ProviderPage<String>, PaymentsError> {
        let page: List<CheckoutSession> =
            in_time(self.api.page(&["checkout", "sessions"], &since_query(since), after)).await?;
        let items: Vec<String> = page.data.into_iter().map(|session| session.id).collect();
        let next = page.has_more.then(|| items.last().cloned()).flatten();
        Ok(ProviderPage { items, next })
    }

    async fn receipt_links(&self, payment: &str) -> Result<ReceiptLinks, PaymentsError> {
        Ok(in_time(receipt_links(&self.api, payment)).await?)
    }

    async fn customer_portal(&self, customer: &str, return_url: &str) -> Result<String, PaymentsError> {
        let fields = [("customer", customer), ("return_url", return_url)];
        let session: PortalSession = in_time(self.api.post(&["billing_portal", "sessions"], &fields, None)).await?;
        Ok(session.url)
    }

    async fn cancel_subscription(&self, id: &str) -> Result<(), PaymentsError> {
        let fields = [("cancel_at_period_end", "true")];
        let key = format!("latchkey-cancel-{id}");
        in_time(self.api.post::<IgnoredAny>(&["subscriptions", id], &fields, Some(&key))).await?;
        Ok(())
    }

    async fn refund(&self, payment: &str, idempotency_key: &str) -> Result<(), PaymentsError> {
        let fields = [("payment_intent", payment)];
        let made = in_time(self.api.post::<IgnoredAny>(&["refunds"], &fields, Some(idempotency_key))).await;
        match made {
            // There is nothing left to refund, which is what the caller wants.
            Err(error) if error.code() == Some("charge_already_refunded") => Ok(()),
            other => Ok(other.map(|_| ())?),
        }
    }
}

/// The filter of lists of what was made since an instant.
fn since_query(since: Timestamp) -> [(&'static str, String); 1] {
    [("created[gte]", since.unix_micros().div_euclid(1_000_000).max(0).to_string())]
}

async fn receipt_links(api: &Api, payment: &str) -> Result<ReceiptLinks, CallError> {
    if payment.starts_with("in_") {
        return Ok(with_invoice(ReceiptLinks::default(), api.object(&["invoices", payment]).await?));
    }
    let filter = [("payment[type]", "payment_intent".to_owned()), ("payment[payment_intent]", payment.to_owned())];
    let path = ["payment_intents", payment];
    let (intent, paid) = futures_util::try_join!(
        api.expanded::<PaymentIntent>(&path, "latest_charge"),
        api.page::<InvoicePayment>(&["invoice_payments"], &filter, None),
    )?;
    let receipt = match intent.latest_charge {
        None => None,
        Some(Expandable::Object(charge)) => charge.receipt_url,
        Some(Expandable::Id(id)) => api.object::<Charge>(&["charges", &id]).await?.receipt_url,
    };
    let links = ReceiptLinks { receipt, ..ReceiptLinks::default() };
    match paid.data.first() {
        None => Ok(links),
        Some(paid) => Ok(with_invoice(links, api.object(&["invoices", paid.invoice.id()]).await?)),
    }
}

fn with_invoice(links: ReceiptLinks, invoice: Invoice) -> ReceiptLinks {
    ReceiptLinks { invoice: invoice.hosted_invoice_url, invoice_pdf: invoice.invoice_pdf, ..links }
}
