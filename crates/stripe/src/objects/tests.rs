//! The objects are read from the examples that Stripe publishes.

use std::{fs, path::Path};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;

fn example(resource: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/data/stripe-objects.json");
    let text = fs::read_to_string(path).expect("the examples");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    all["resources"][resource].clone()
}

fn read<T: DeserializeOwned>(resource: &str) -> T {
    serde_json::from_value(example(resource)).unwrap_or_else(|error| panic!("{resource}: {error}"))
}

#[test]
fn the_published_examples_are_read() {
    let session: CheckoutSession = read("checkout.session");
    assert_eq!((session.mode.as_str(), session.payment_status.as_str()), ("payment", "unpaid"));
    assert_eq!(session.payment_intent.as_ref().map(Expandable::id), Some("pi_1PgafyB7WZ01zgkWSjxsAJo3"));
    assert_eq!(session.created, seconds(1_234_567_890));
    let payment: PaymentIntent = read("payment_intent");
    assert!(payment.has_failed && payment.latest_charge.is_none());
    let charge: Charge = read("charge");
    assert!(charge.receipt_url.is_some() && charge.payment_intent.is_none());
    let refund: Refund = read("refund");
    assert_eq!(refund.charge.as_ref().map(Expandable::id), Some(charge.id.as_str()));
    let dispute: Dispute = read("dispute");
    assert_eq!(dispute.evidence_details.and_then(|details| details.due_by), Some(seconds(1_723_679_999)));
    let invoice: Invoice = read("invoice");
    assert_eq!((invoice.is_paid(), invoice.subscription()), (false, Some("subscription")));
    assert_eq!(invoice.lines.data.first().and_then(InvoiceLine::period_ends_at), None);
    let paid: InvoicePayment = read("invoice_payment");
    assert_eq!(paid.invoice.id(), "invoice");
    let subscription: Subscription = read("subscription");
    assert!(subscription.is_paused);
    let warning: EarlyFraudWarning = read("radar.early_fraud_warning");
    assert_eq!(warning.charge.as_ref().map(Expandable::id), Some("ch_1234"));
    let price: Price = read("price");
    assert_eq!((price.unit_amount, price.recurring.map(|every| every.interval)), (Some(2_000), Some("month".into())));
    let product: Product = read("product");
    assert_eq!(product.name, "T-shirt");
    let endpoint: WebhookEndpoint = read("webhook_endpoint");
    assert_eq!((endpoint.status.as_str(), endpoint.secret), ("enabled", None));
    let portal: PortalSession = read("billing_portal.session");
    assert!(portal.url.starts_with("https://"));
}

#[test]
fn references_are_ids_or_objects() {
    let mut payment = example("payment_intent");
    payment["latest_charge"] = json!("ch_1");
    let by_id: PaymentIntent = serde_json::from_value(payment.clone()).expect("read");
    payment["latest_charge"] = example("charge");
    let expanded: PaymentIntent = serde_json::from_value(payment).expect("read");
    let charge = |payment: &PaymentIntent| payment.latest_charge.clone().expect("a charge");
    assert_eq!((charge(&by_id).id(), charge(&by_id).object().is_some()), ("ch_1", false));
    assert_eq!(charge(&expanded).id(), charge(&expanded).object().expect("an object").id);
}

#[test]
fn a_subscription_ends_with_its_period_by_either_field() {
    let ends = |at_end: bool, cancel_at: Value| {
        let mut object = example("subscription");
        object["cancel_at_period_end"] = json!(at_end);
        object["cancel_at"] = cancel_at;
        object["items"]["data"][0]["current_period_end"] = json!(1_000);
        serde_json::from_value::<Subscription>(object).expect("read").ends_with_period()
    };
    assert!(ends(true, Value::Null));
    assert!(ends(false, json!(1_000)));
    assert!(!ends(false, json!(1_001)));
    assert!(!ends(false, Value::Null));
}

#[test]
fn lines_of_subscriptions_say_until_when_they_pay() {
    let mut line = example("line_item");
    line["parent"]["type"] = json!("subscription_item_details");
    line["period"]["end"] = json!(77);
    let line: InvoiceLine = serde_json::from_value(line).expect("read");
    assert_eq!(line.period_ends_at(), Some(seconds(77)));
}

#[test]
fn st_26_messages_of_errors_are_not_kept() {
    let body = json!({ "error": {
        "type": "invalid_request_error", "code": "resource_missing", "param": "line_items[0][price]",
        "message": "No such price: 'price_1'; key sk_live_51Hsecret; ask ada@example.com",
    } });
    let body: ErrorBody = serde_json::from_value(body).expect("read");
    assert!(body.error.is_missing());
    assert_eq!(body.error.param.as_deref(), Some("line_items[0][price]"));
    let printed = format!("{body:?}");
    assert!(!printed.contains("sk_live") && !printed.contains("ada@"), "{printed}");
    let lacking = json!({ "error": { "type": "invalid_request_error", "message":
        "The provided key 'rk_live_*****' does not have the required permissions for this endpoint on account \
         'acct_1'. Having the 'rak_product_read' permission would allow this request to continue." } });
    let lacking: ErrorBody = serde_json::from_value(lacking).expect("read");
    assert_eq!(lacking.error.permissions, ["rak_product_read"]);
    let odd = json!({ "error": { "type": "a b", "code": "x\u{0}", "param": "é" } });
    let odd: ErrorBody = serde_json::from_value(odd).expect("read");
    assert_eq!(odd.error, ApiError::default());
}

#[test]
fn a_webhook_endpoints_secret_is_not_printed() {
    let mut endpoint = example("webhook_endpoint");
    endpoint["secret"] = json!("whsec_hidden");
    let endpoint: WebhookEndpoint = serde_json::from_value(endpoint).expect("read");
    assert!(endpoint.secret.is_some() && !format!("{endpoint:?}").contains("hidden"));
}
