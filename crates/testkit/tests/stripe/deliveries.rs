//! Webhooks: signatures, order, loss and repetition.

use axum::http::StatusCode;
use latchkey_testkit::stripe::{Attempt, Endpoint, Options, Order, Payment, StripeDouble, sign, sign_with_all};

use crate::{client::Client, receiver::Receiver};

const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";

/// Computed with `openssl dgst -sha256 -hmac`.
#[test]
fn a_signature_equals_one_computed_by_openssl() {
    let body = br#"{"id":"evt_1"}"#;
    let expected = "799c4ba7bb339f3c8601adfd112f0e477c930a268be1243d341abb8286501c2f";
    let signed = sign(body, "whsec_test_secret", 1_492_774_577);
    assert_eq!(signed, format!("t=1492774577,v1={expected}"));
    let both = sign_with_all(body, &["another", "whsec_test_secret"], 1_492_774_577);
    assert!(both.starts_with("t=1492774577,v1=") && both.ends_with(&format!(",v1={expected}")));
}

/// The expected headers come from Stripe's npm package.
#[test]
fn st_05_signatures_equal_those_of_the_official_package() {
    let data: serde_json::Value =
        serde_json::from_str(include_str!("../../data/stripe-signatures.json")).expect("JSON");
    let cases = data["cases"].as_array().expect("cases");
    assert!(cases.len() >= 6);
    for case in cases {
        let text = |name: &str| case[name].as_str().expect("a text");
        let at = case["timestamp"].as_i64().expect("a time");
        assert_eq!(sign(text("payload").as_bytes(), text("secret"), at), text("header"));
    }
}

async fn held() -> (Client, Receiver) {
    let receiver = Receiver::start().await;
    let endpoints = vec![Endpoint::new(&receiver.url, SECRET)];
    (Client::with(Options { endpoints, is_held: true, ..Options::default() }), receiver)
}

async fn bought(client: &Client) {
    let price = client.price("4900", "eur", None).await;
    let session = client.session("payment", &price, &[]).await;
    client.double.pay(&session, &Payment::by_card("jenny@shop.example")).expect("paid");
}

#[tokio::test]
async fn a_held_event_is_delivered_on_request_with_its_recorded_bytes() {
    let (client, receiver) = held().await;
    bought(&client).await;
    let event = client.double.last_event("checkout.session.completed").id;
    assert!(receiver.received().is_empty());
    assert_eq!(client.double.deliver(&event).await, Some(200));
    let received = receiver.received();
    let body = client.double.event_body(&event);
    assert_eq!(received[0].body, *body);
    assert_eq!(received[0].signature, client.double.sign(&body, SECRET, client.double.now()));
    assert!(!client.double.waiting().contains(&event));
    let statuses = client.double.deliver_in_parallel(&event, 10).await;
    assert_eq!(statuses, vec![Some(200); 10]);
    client.double.sign_at(Some(1));
    client.double.redeliver(&event).await;
    assert!(receiver.received()[11].signature.starts_with("t=1,"));
}

#[tokio::test]
async fn waiting_events_are_delivered_in_the_wanted_order() {
    let orders = [Order::AsRecorded, Order::Reversed, Order::Random(1), Order::Random(2)];
    let mut seen = Vec::new();
    for order in orders {
        let (client, receiver) = held().await;
        bought(&client).await;
        client.double.deliver_waiting(order).await;
        let bodies = receiver.received().into_iter().map(|one| one.body);
        let kinds: Vec<String> = bodies
            .map(|body| serde_json::from_slice::<serde_json::Value>(&body).expect("JSON")["type"].to_string())
            .collect();
        assert_eq!(kinds.len(), client.double.events().len());
        seen.push(kinds);
    }
    let mut reversed = seen[1].clone();
    reversed.reverse();
    assert_eq!(seen[0], reversed);
    assert!(seen[2] != seen[0] && seen[2] != seen[3]);
    seen[2].sort();
    seen[0].sort();
    assert_eq!(seen[0], seen[2]);
}

#[tokio::test]
async fn an_event_that_is_refused_or_lost_is_listed_as_not_delivered() {
    let (client, receiver) = held().await;
    client.double.lose_next(1);
    client.post("/v1/customers", &[("name", "Lost")]).await;
    client.post("/v1/customers", &[("name", "Refused")]).await;
    receiver.answer_with(StatusCode::SERVICE_UNAVAILABLE);
    let [lost, refused] = &client.double.events()[..] else { panic!("two events") };
    assert_eq!(client.double.deliver(&refused.id).await, Some(503));
    let open = client.get("/v1/events?delivery_success=false").await;
    assert_eq!(open["data"].as_array().map(Vec::len), Some(2));
    receiver.answer_with(StatusCode::OK);
    assert_eq!(client.double.deliver(&refused.id).await, Some(200));
    assert_eq!(client.double.redeliver(&lost.id).await, Some(200));
    let open = client.get("/v1/events?delivery_success=false").await;
    assert_eq!(open["data"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn events_go_by_themselves_in_order_to_endpoints_that_subscribe_and_are_retried() {
    let receiver = Receiver::start().await;
    receiver.answer_with(StatusCode::INTERNAL_SERVER_ERROR);
    let retry_after = std::time::Duration::from_millis(1);
    let client = Client::with(Options { retry_after, attempts: 1_000, ..Options::default() });
    let form = [
        ("url", receiver.url.as_str()),
        ("enabled_events[]", "checkout.session.completed"),
        ("enabled_events[]", "charge.succeeded"),
        ("api_version", "2025-03-31.basil"),
    ];
    let endpoint = client.post("/v1/webhook_endpoints", &form).await;
    let secret = endpoint["secret"].as_str().expect("a secret");
    assert!(client.get("/v1/webhook_endpoints").await["data"][0].get("secret").is_none());
    bought(&client).await;
    wait_for(&client.double, |double| double.attempts().len() > 3).await;
    receiver.answer_with(StatusCode::OK);
    wait_for(&client.double, |double| double.waiting().is_empty()).await;
    wait_for(&client.double, |double| double.attempts().iter().filter(|one| one.is_accepted()).count() == 2).await;
    let last = receiver.received().pop().expect("a delivery");
    let body: serde_json::Value = serde_json::from_slice(&last.body).expect("JSON");
    assert_eq!(body["api_version"], "2025-03-31.basil");
    assert_eq!(last.signature, sign(&last.body, secret, client.double.now()));
    let accepted: Vec<_> = client.double.attempts().into_iter().filter(Attempt::is_accepted).collect();
    assert_eq!(accepted.len(), 2, "only the types that the endpoint subscribes to");
}

/// Waits until something is true. It is within moments, unless it is broken.
async fn wait_for(double: &StripeDouble, is_true: impl Fn(&StripeDouble) -> bool) {
    let waiting = async {
        while !is_true(double) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), waiting).await.expect("it becomes true");
}
