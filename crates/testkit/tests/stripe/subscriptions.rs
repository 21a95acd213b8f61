//! Subscriptions through a year.

use std::time::Duration;

use latchkey_testkit::stripe::{Method, Paid, Payment, Renewal};
use serde_json::json;

use crate::client::Client;

const DAY: Duration = Duration::from_hours(24);

async fn subscribed(client: &Client, interval: &str) -> String {
    let price = client.price("1000", "eur", Some(interval)).await;
    let more = [("subscription_data[metadata][order]", "order-1")];
    let session = client.session("subscription", &price, &more).await;
    assert_eq!(client.double.pay(&session, &Payment::by_card("jenny@shop.example")), Ok(Paid::Complete));
    client.double.object(&session)["subscription"].as_str().expect("a subscription").to_owned()
}

#[tokio::test]
async fn a_subscription_renews_each_month_with_a_paid_invoice_that_names_it() {
    let client = Client::start();
    let id = subscribed(&client, "month").await;
    let first = client.double.object(&id);
    assert_eq!((&first["status"], &first["metadata"]["order"]), (&json!("active"), &json!("order-1")));
    client.double.advance(DAY * 365);
    let invoices = client.get(&format!("/v1/invoices?subscription={id}&limit=100")).await;
    let invoices = invoices["data"].as_array().expect("invoices");
    // The first one, and twelve renewals.
    assert_eq!(invoices.len(), 13);
    assert!(invoices.iter().all(|one| one["status"] == "paid" && one["amount_paid"] == 1_000));
    assert_eq!(invoices[0]["billing_reason"], "subscription_cycle");
    assert_eq!(invoices[0]["parent"]["subscription_details"]["metadata"]["order"], "order-1");
    let item = &client.double.object(&id)["items"]["data"][0];
    assert_eq!(invoices[0]["lines"]["data"][0]["period"]["end"], item["current_period_end"]);
    assert!(item["current_period_end"].as_i64().expect("a time") > client.double.now());
    let renewed = client.double.events().into_iter().filter(|event| event.kind == "invoice.paid");
    let times: Vec<i64> = renewed.map(|event| event.created).collect();
    assert!(times.is_sorted() && times.len() == 13);
}

#[tokio::test]
async fn a_failed_renewal_is_past_due_is_retried_and_ends_the_subscription_after_the_last_try() {
    let client = Client::start();
    let (saved, lost) = (subscribed(&client, "month").await, subscribed(&client, "month").await);
    client.double.set_renewal(Renewal::Fail);
    client.double.advance(DAY * 31);
    assert_eq!(client.double.object(&saved)["status"], "past_due");
    client.double.set_renewal_of(&saved, Renewal::Succeed);
    client.double.advance(DAY * 3);
    assert_eq!(client.double.object(&saved)["status"], "active");
    assert_eq!(client.double.object(&lost)["status"], "past_due");
    client.double.advance(DAY * 12);
    assert_eq!(client.double.object(&lost)["status"], "canceled");
    let ended = client.double.last_event("customer.subscription.deleted").object;
    assert_eq!((&ended["id"], &ended["cancellation_details"]["reason"]), (&json!(lost), &json!("payment_failed")));
}

#[tokio::test]
async fn a_subscription_is_canceled_at_the_end_of_its_period_or_at_once() {
    let client = Client::start();
    let id = subscribed(&client, "year").await;
    let path = format!("/v1/subscriptions/{id}");
    let updated = client.post(&path, &[("cancel_at_period_end", "true")]).await;
    assert_eq!((&updated["status"], &updated["cancel_at_period_end"]), (&json!("active"), &json!(true)));
    client.double.advance(DAY * 366);
    assert_eq!(client.double.object(&id)["status"], "canceled");
    assert_eq!(client.double.objects("invoice").len(), 1);
    let other = subscribed(&client, "year").await;
    let answer = client.send(client.request("DELETE", &format!("/v1/subscriptions/{other}"))).await;
    assert_eq!(answer.body["status"], "canceled");
    assert_eq!(client.get("/v1/subscriptions").await["data"], json!([]));
    assert_eq!(client.get("/v1/subscriptions?status=all").await["data"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_paused_subscription_does_not_renew_and_paused_collection_voids_invoices() {
    let client = Client::start();
    let (paused, voided) = (subscribed(&client, "month").await, subscribed(&client, "month").await);
    assert_eq!(client.double.pause(&paused), Ok(()));
    let path = format!("/v1/subscriptions/{voided}");
    client.post(&path, &[("pause_collection[behavior]", "void")]).await;
    client.double.advance(DAY * 40);
    assert_eq!(client.double.object(&paused)["status"], "paused");
    assert_eq!(
        client.get(&format!("/v1/invoices?subscription={paused}")).await["data"].as_array().map(Vec::len),
        Some(1)
    );
    let invoices = client.get(&format!("/v1/invoices?subscription={voided}")).await;
    assert_eq!(invoices["data"][0]["status"], "void");
    assert_eq!(client.double.resume(&paused), Ok(()));
    assert_eq!(
        client.get(&format!("/v1/invoices?subscription={paused}")).await["data"].as_array().map(Vec::len),
        Some(2)
    );
    let cleared = client.post(&path, &[("pause_collection", "")]).await;
    assert_eq!(cleared["pause_collection"], json!(null));
    let kinds = client.kinds();
    assert!(kinds.contains(&"customer.subscription.paused".to_owned()));
    assert!(kinds.contains(&"customer.subscription.resumed".to_owned()));
}

#[tokio::test]
async fn a_bank_debit_for_a_subscription_is_settled_later() {
    let client = Client::start();
    let price = client.price("1000", "eur", Some("month")).await;
    let session = client.session("subscription", &price, &[]).await;
    let payment = Payment::new("jenny@shop.example", "Jenny", Method::BankDebit);
    assert_eq!(client.double.pay(&session, &payment), Ok(Paid::Processing));
    let intent = client.double.payment_of(&session).expect("a payment");
    assert_eq!(client.double.settle(&intent), Ok(()));
    let object = client.double.object(&session);
    assert_eq!((&object["payment_status"], &object["payment_intent"]), (&json!("paid"), &json!(null)));
    let invoice = client.double.object(object["invoice"].as_str().expect("an invoice"));
    assert_eq!(invoice["status"], "paid");
    assert!(client.kinds().contains(&"checkout.session.async_payment_succeeded".to_owned()));
}

#[tokio::test]
async fn the_customer_portal_shows_and_cancels_only_the_customers_own_subscriptions() {
    let client = Client::start();
    let (own, foreign) = (subscribed(&client, "month").await, subscribed(&client, "month").await);
    let customer = client.double.object(&own)["customer"].as_str().expect("a customer").to_owned();
    let form = [("customer", customer.as_str()), ("return_url", "https://shop.example/portal")];
    let session = client.post("/v1/billing_portal/sessions", &form).await;
    let url = session["url"].as_str().expect("a URL");
    let http = reqwest::Client::new();
    let page = http.get(url).send().await.expect("a page").text().await.expect("text");
    assert!(page.contains(&own) && !page.contains(&foreign) && page.contains("https://shop.example/portal"));
    for id in [&own, &foreign] {
        http.post(url).form(&[("subscription", id.as_str()), ("action", "cancel")]).send().await.expect("a page");
    }
    assert_eq!(client.double.object(&own)["cancel_at_period_end"], true);
    assert_eq!(client.double.object(&foreign)["cancel_at_period_end"], false);
}
