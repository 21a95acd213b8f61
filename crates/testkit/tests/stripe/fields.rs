//! ST-31: what the double emits has every field that Stripe documents, in the shape of Stripe's own examples.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_testkit::stripe::{DisputeKind, Method, Options, Payment};
use serde_json::Value;

use crate::client::{Client, id};

fn data(text: &str) -> BTreeMap<String, Value> {
    let mut data: Value = serde_json::from_str(text).expect("JSON");
    serde_json::from_value(data["resources"].take()).expect("resources by name")
}

/// All objects in what the API answers, by kind.
#[derive(Default)]
struct Seen(BTreeMap<String, Vec<Value>>);

impl Seen {
    fn of(&self, kind: &str) -> &[Value] {
        let objects = self.0.get(kind).map(Vec::as_slice).unwrap_or_default();
        assert!(!objects.is_empty(), "no {kind} was emitted");
        objects
    }

    fn collect(&mut self, value: &Value) {
        match value {
            Value::Array(elements) => elements.iter().for_each(|element| self.collect(element)),
            Value::Object(fields) => {
                // The examples abbreviate some objects to their id.
                let is_whole = fields.len() > 2;
                if let Some(kind) = value["object"].as_str().filter(|kind| *kind != "list" && is_whole) {
                    self.0.entry(kind.to_owned()).or_default().push(value.clone());
                }
                fields.values().for_each(|field| self.collect(field));
            }
            _ => {}
        }
    }
}

/// Drives the double into every state that has fields of its own, and reads everything back.
async fn drive(is_filled: bool) -> Seen {
    let client = Client::with(Options { is_filled, ..Options::default() });
    let double = &client.double;
    let once = client.price("4900", "eur", None).await;
    let monthly = client.price("1000", "eur", Some("month")).await;
    let coupon = client.post("/v1/coupons", &[("percent_off", "25.5"), ("name", "Spring")]).await;
    client.post("/v1/promotion_codes", &[("promotion[type]", "coupon"), ("promotion[coupon]", id(&coupon))]).await;
    let tax = [("display_name", "VAT"), ("percentage", "19"), ("inclusive", "false")];
    client.post("/v1/tax_rates", &tax).await;
    let endpoint = [("url", "https://shop.example/hook"), ("enabled_events[]", "plan.created")];
    client.post("/v1/webhook_endpoints", &endpoint).await;
    let more = [
        ("customer_creation", "always"),
        ("invoice_creation[enabled]", "true"),
        ("automatic_tax[enabled]", "true"),
        ("tax_id_collection[enabled]", "true"),
        ("discounts[0][coupon]", id(&coupon)),
        ("line_items[0][adjustable_quantity][enabled]", "true"),
    ];
    let card = client.session("payment", &once, &more).await;
    let mut person = Payment::by_card("jenny@shop.example");
    "DE123456789".clone_into(&mut person.tax_id);
    double.pay(&card, &person).expect("paid");
    let intent = double.payment_of(&card).expect("a payment");
    double.refund(&intent, Some(100)).expect("a refund");
    let failed = double.refund(&intent, Some(100)).expect("a refund");
    double.fail_refund(&failed).expect("failed");
    double.dispute(&intent, DisputeKind::Inquiry).expect("a dispute");
    double.dispute(&intent, DisputeKind::Chargeback).expect("a dispute");
    double.fraud_warning(&intent).expect("a warning");
    for method in [Method::DeclinedCard, Method::BankDebit] {
        let session = client.session("payment", &once, &[]).await;
        double.pay(&session, &Payment::new("jim@shop.example", "Jim", method)).expect("tried");
    }
    let session = client.session("subscription", &monthly, &[]).await;
    double.pay(&session, &Payment::by_card("jenny@shop.example")).expect("paid");
    let subscription = double.object(&session)["subscription"].as_str().expect("a subscription").to_owned();
    double.pause_collection(&subscription, Some("mark_uncollectible")).expect("paused");
    let customer = double.object(&subscription)["customer"].as_str().expect("a customer").to_owned();
    client
        .post("/v1/billing_portal/sessions", &[("customer", &customer), ("return_url", "https://shop.example")])
        .await;
    let mut seen = Seen::default();
    for path in [
        "account",
        "customers?expand[]=data.tax_ids",
        "checkout/sessions?expand[]=data.line_items&expand[]=data.payment_intent",
        "payment_intents?expand[]=data.payment_method",
        "charges?expand[]=data.refunds&expand[]=data.balance_transaction",
        "refunds",
        "disputes",
        "radar/early_fraud_warnings",
        "invoices?expand[]=data.payments",
        "invoice_payments",
        "subscriptions",
        "products",
        "prices",
        "coupons",
        "promotion_codes",
        "tax_rates",
        "webhook_endpoints",
    ] {
        let join = if path.contains('?') { '&' } else { '?' };
        seen.collect(&client.get(&format!("/v1/{path}{join}limit=100")).await);
    }
    // The API has no list of these.
    double.objects("billing_portal.session").iter().for_each(|session| seen.collect(session));
    let events = client.get("/v1/events?limit=100").await;
    seen.0.entry("event".to_owned()).or_default().extend(events["data"].as_array().expect("events").iter().cloned());
    for event in double.events() {
        seen.collect(&event.object);
    }
    seen
}

/// The listed fields that no object of a kind has, and the listed top-level fields that some object lacks.
fn missing(seen: &Seen) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    for (kind, fields) in data(include_str!("../../data/stripe-fields.json")) {
        let objects = seen.of(&kind);
        for (name, about) in fields.as_object().expect("fields") {
            if objects.iter().any(|object| object.get(name).is_none()) {
                missing.insert(format!("{kind}.{name}"));
            }
            for nested in about["fields"].as_array().into_iter().flatten() {
                let nested = nested.as_str().expect("a name");
                let has = |object: &Value| {
                    let field = &object[name];
                    field.get(nested).is_some() || field.get(0).is_some_and(|first| first.get(nested).is_some())
                };
                if !objects.iter().any(has) {
                    missing.insert(format!("{kind}.{name}.{nested}"));
                }
            }
        }
    }
    missing
}

#[tokio::test]
async fn st_31_every_listed_field_of_every_resource_is_emitted() {
    assert_eq!(missing(&drive(true).await), BTreeSet::new());
}

/// Without the example's values for optional fields, which Stripe leaves empty in these sales.
#[tokio::test]
async fn st_31_every_listed_top_level_field_is_emitted_also_where_stripe_sends_null() {
    let nested: BTreeSet<String> = missing(&drive(false).await).into_iter().filter(|path| top_level(path)).collect();
    assert_eq!(nested, BTreeSet::new());
}

fn top_level(path: &str) -> bool {
    let kinds = data(include_str!("../../data/stripe-fields.json"));
    kinds.keys().any(|kind| {
        let rest = path.strip_prefix(kind.as_str()).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| !rest.contains('.'))
    })
}

/// Fields that the examples lack, although Stripe documents them: they are emitted only in some states.
const ADDED: &[&str] = &[
    "charge.payment_method_details.sepa_debit",
    "checkout.session.line_items",
    "checkout.session.tax_id_collection",
    "customer.tax_ids",
    "event.data.previous_attributes",
    "invoice.lines.data.pricing.price_details",
    "invoice.payments",
    "invoice_payment.payment.payment_intent",
    "line_item.pricing.price_details",
    "payment_intent.last_payment_error.charge",
    "payment_intent.last_payment_error.code",
    "payment_intent.last_payment_error.message",
    "payment_intent.last_payment_error.payment_method",
    "payment_method.sepa_debit",
    "radar.early_fraud_warning.payment_intent",
    "refund.failure_balance_transaction",
    "refund.failure_reason",
    "subscription.items.data.billing_thresholds",
];

/// Parts whose names are chosen by the caller or depend on a type.
const FREE: &[&str] = &["metadata", "payment_method_options"];

/// Compares an emitted object with its example. Null fits everything, because Stripe sends it for what is not there.
fn compare(path: &str, emitted: &Value, example: &Value, problems: &mut BTreeSet<String>) {
    match (emitted, example) {
        (Value::Null, _) | (_, Value::Null) => {}
        // Ids that were expanded.
        (Value::Object(object), Value::String(_)) if object.contains_key("id") => {}
        (Value::String(_), Value::Object(object)) if object.contains_key("id") => {}
        (Value::Array(emitted), Value::Array(example)) => {
            let Some(example) = example.first() else { return };
            for element in emitted {
                compare(path, element, example, problems);
            }
        }
        (Value::Object(emitted), Value::Object(example)) => {
            if FREE.iter().any(|free| path.ends_with(free)) || example.is_empty() {
                return;
            }
            for (name, field) in emitted {
                let path = format!("{path}.{name}");
                match example.get(name) {
                    Some(example) => compare(&path, field, example, problems),
                    None if ADDED.contains(&path.as_str()) => {}
                    None => {
                        problems.insert(format!("{path} is not in the example"));
                    }
                }
            }
            for name in example.keys().filter(|name| !emitted.contains_key(*name)) {
                problems.insert(format!("{path}.{name} is missing"));
            }
        }
        (emitted, example) => {
            let is_same = std::mem::discriminant(emitted) == std::mem::discriminant(example);
            if !is_same {
                problems.insert(format!("{path} is {emitted}, but {example} in the example"));
            }
        }
    }
}

#[tokio::test]
async fn st_31_what_is_emitted_has_the_shape_of_stripes_examples() {
    for is_filled in [false, true] {
        let seen = drive(is_filled).await;
        let mut problems = BTreeSet::new();
        for (kind, example) in data(include_str!("../../data/stripe-objects.json")) {
            // Parts of other flows, which the double does not play.
            if ["invoiceitem", "payment_link"].contains(&kind.as_str()) {
                continue;
            }
            let objects = seen.of(&kind);
            for object in objects {
                if kind == "event" {
                    let (mut object, mut example) = (object.clone(), example.clone());
                    object["data"]["object"] = Value::Null;
                    example["data"]["object"] = Value::Null;
                    compare(&kind, &object, &example, &mut problems);
                } else {
                    compare(&kind, object, &example, &mut problems);
                }
            }
        }
        assert_eq!(problems, BTreeSet::new(), "filled: {is_filled}");
    }
}
