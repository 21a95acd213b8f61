//! One-time sales from the session to refunds and disputes.

use latchkey_testkit::stripe::{DisputeKind, Method, Outcome, Paid, Payment};
use serde_json::json;

use crate::client::{Client, id};

#[tokio::test]
async fn a_paid_session_has_customer_charge_and_invoice_and_its_events_are_snapshots() {
    let client = Client::start();
    let price = client.price("4900", "eur", None).await;
    let more = [
        ("line_items[0][quantity]", "2"),
        ("customer_creation", "always"),
        ("client_reference_id", "order-1"),
        ("metadata[order]", "order-1"),
        ("payment_intent_data[metadata][order]", "order-1"),
        ("invoice_creation[enabled]", "true"),
    ];
    let session = client.session("payment", &price, &more).await;
    let opened = client.get(&format!("/v1/checkout/sessions/{session}")).await;
    assert_eq!((&opened["status"], &opened["payment_intent"]), (&json!("open"), &json!(null)));
    let before = client.double.events().len();
    assert_eq!(client.double.pay(&session, &Payment::by_card("jenny@shop.example")), Ok(Paid::Complete));
    assert_eq!(
        client.kinds()[before..],
        [
            "customer.created",
            "payment_method.attached",
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "charge.updated",
            "invoice.created",
            "invoice.finalized",
            "checkout.session.completed",
            "invoice_payment.paid",
            "invoice.updated",
            "invoice.paid",
            "invoice.payment_succeeded",
        ]
    );
    let query = "expand[]=payment_intent.latest_charge&expand[]=customer&expand[]=invoice&expand[]=line_items";
    let paid = client.get(&format!("/v1/checkout/sessions/{session}?{query}")).await;
    assert_eq!((&paid["payment_status"], &paid["amount_total"]), (&json!("paid"), &json!(9_800)));
    assert_eq!(paid["customer"]["email"], "jenny@shop.example");
    assert_eq!(paid["payment_intent"]["metadata"]["order"], "order-1");
    assert_eq!(paid["payment_intent"]["latest_charge"]["amount_captured"], 9_800);
    assert_eq!((&paid["invoice"]["status"], &paid["invoice"]["amount_paid"]), (&json!("paid"), &json!(9_800)));
    assert_eq!(paid["line_items"]["data"][0]["price"]["id"], price.as_str());
    let finalized = client.double.last_event("invoice.finalized");
    assert_eq!(finalized.object["status"], "open");
    let intent = id(&paid["payment_intent"]);
    let payments = client
        .get(&format!("/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]={intent}"))
        .await;
    assert_eq!(payments["data"][0]["invoice"], paid["invoice"]["id"]);
}

#[tokio::test]
async fn a_delayed_payment_is_settled_or_fails_after_the_session_is_complete() {
    let client = Client::start();
    let price = client.price("4900", "eur", None).await;
    for is_settled in [true, false] {
        let session = client.session("payment", &price, &[]).await;
        let payment = Payment::new("jenny@shop.example", "Jenny", Method::BankDebit);
        assert_eq!(client.double.pay(&session, &payment), Ok(Paid::Processing));
        let completed = client.double.last_event("checkout.session.completed").object;
        assert_eq!((&completed["status"], &completed["payment_status"]), (&json!("complete"), &json!("unpaid")));
        let intent = client.double.payment_of(&session).expect("a payment");
        assert_eq!(client.double.object(&intent)["status"], "processing");
        let (end, kind) = if is_settled {
            (client.double.settle(&intent), "checkout.session.async_payment_succeeded")
        } else {
            (client.double.fail_payment(&intent), "checkout.session.async_payment_failed")
        };
        assert_eq!(end, Ok(()));
        let expected = if is_settled { "paid" } else { "unpaid" };
        assert_eq!(client.double.last_event(kind).object["payment_status"], expected);
        assert!(client.double.settle(&intent).is_err(), "a second time");
    }
}

#[tokio::test]
async fn a_declined_card_leaves_the_session_open_and_the_next_try_uses_the_same_payment() {
    let client = Client::start();
    let price = client.price("4900", "jpy", None).await;
    let session = client.session("payment", &price, &[]).await;
    let declined = Payment::new("jenny@shop.example", "Jenny", Method::DeclinedCard);
    assert_eq!(client.double.pay(&session, &declined), Ok(Paid::Declined));
    let intent = client.double.payment_of(&session).expect("a payment");
    assert_eq!(client.double.object(&intent)["last_payment_error"]["code"], "card_declined");
    assert_eq!(client.double.object(&session)["status"], "open");
    assert_eq!(client.double.pay(&session, &Payment::by_card("jenny@shop.example")), Ok(Paid::Complete));
    assert_eq!(client.double.payment_of(&session), Some(intent.clone()));
    let charges = client.get(&format!("/v1/charges?payment_intent={intent}")).await;
    assert_eq!(charges["data"].as_array().map(Vec::len), Some(2));
    assert!(client.double.pay(&session, &declined).is_err(), "a complete session");
}

#[tokio::test]
async fn refunds_add_up_cannot_exceed_the_charge_and_a_failed_one_is_taken_back() {
    let client = Client::start();
    let price = client.price("4900", "eur", None).await;
    let session = client.session("payment", &price, &[]).await;
    client.double.pay(&session, &Payment::by_card("jenny@shop.example")).expect("paid");
    let intent = client.double.payment_of(&session).expect("a payment");
    let charge = client.double.object(&intent)["latest_charge"].as_str().expect("a charge").to_owned();
    let refund =
        async |amount: &str| client.try_post("/v1/refunds", &[("payment_intent", &intent), ("amount", amount)]).await;
    assert_eq!(refund("1900").await.status, 200);
    assert_eq!(client.double.last_event("charge.refunded").object["refunded"], false);
    assert_eq!(refund("3001").await.status, 400);
    let rest = refund("3000").await.body;
    assert_eq!(client.double.last_event("charge.refunded").object["refunded"], true);
    assert_eq!(refund("1").await.body["error"]["code"], "charge_already_refunded");
    assert_eq!(client.double.fail_refund(id(&rest)), Ok(()));
    let object = client.get(&format!("/v1/charges/{charge}?expand[]=refunds")).await;
    assert_eq!((&object["amount_refunded"], &object["refunded"]), (&json!(1_900), &json!(false)));
    assert_eq!(object["refunds"]["data"].as_array().map(Vec::len), Some(2));
    let kinds = client.kinds();
    assert_eq!(kinds[kinds.len() - 3..], ["refund.updated", "refund.failed", "charge.refund.updated"]);
}

#[tokio::test]
async fn a_chargeback_moves_money_and_blocks_refunds_and_an_inquiry_does_neither() {
    let client = Client::start();
    let price = client.price("4900", "eur", None).await;
    let session = client.session("payment", &price, &[]).await;
    client.double.pay(&session, &Payment::by_card("jenny@shop.example")).expect("paid");
    let intent = client.double.payment_of(&session).expect("a payment");
    let inquiry = client.double.dispute(&intent, DisputeKind::Inquiry).expect("a dispute");
    assert_eq!(client.double.object(&inquiry)["status"], "warning_needs_response");
    assert!(client.double.refund(&intent, Some(100)).is_ok());
    assert_eq!(client.double.close_dispute(&inquiry, Outcome::Won).map_err(|refusal| refusal.status), Err(400));
    assert_eq!(client.double.close_dispute(&inquiry, Outcome::WarningClosed), Ok(()));
    let chargeback = client.double.dispute(&intent, DisputeKind::Chargeback).expect("a dispute");
    assert_eq!(client.double.refund(&intent, None).map_err(|refusal| refusal.code), Err(Some("charge_disputed")));
    assert_eq!(client.double.close_dispute(&chargeback, Outcome::Won), Ok(()));
    assert!(client.double.refund(&intent, None).is_ok());
    let listed = client.get(&format!("/v1/disputes?payment_intent={intent}")).await;
    assert_eq!(listed["data"][0]["status"], "won");
    assert_eq!(listed["data"][0]["balance_transactions"].as_array().map(Vec::len), Some(2));
    let kinds = client.kinds();
    let count = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
    assert_eq!((count("charge.dispute.created"), count("charge.dispute.closed")), (2, 2));
    assert_eq!((count("charge.dispute.funds_withdrawn"), count("charge.dispute.funds_reinstated")), (1, 1));
}

#[tokio::test]
async fn a_coupon_of_100_percent_needs_no_payment_and_taxes_are_added_when_the_country_is_known() {
    let client = Client::start();
    let price = client.price("10000", "kwd", None).await;
    let coupon = client.post("/v1/coupons", &[("percent_off", "100")]).await;
    let free = client.session("payment", &price, &[("discounts[0][coupon]", id(&coupon))]).await;
    client.double.pay(&free, &Payment::by_card("jenny@shop.example")).expect("complete");
    let free = client.double.object(&free);
    assert_eq!((&free["payment_status"], &free["payment_intent"]), (&json!("no_payment_required"), &json!(null)));
    let taxed = client.session("payment", &price, &[("automatic_tax[enabled]", "true")]).await;
    assert_eq!(client.double.object(&taxed)["amount_total"], 10_000);
    client.double.pay(&taxed, &Payment::by_card("jenny@shop.example")).expect("paid");
    let taxed = client.double.object(&taxed);
    assert_eq!((&taxed["amount_total"], &taxed["total_details"]["amount_tax"]), (&json!(11_900), &json!(1_900)));
}

#[tokio::test]
async fn a_session_expires_on_request_or_after_a_day() {
    let client = Client::start();
    let price = client.price("4900", "eur", None).await;
    let (first, second) = (client.session("payment", &price, &[]).await, client.session("payment", &price, &[]).await);
    assert_eq!(client.post(&format!("/v1/checkout/sessions/{first}/expire"), &[]).await["status"], "expired");
    assert_eq!(client.try_post(&format!("/v1/checkout/sessions/{first}/expire"), &[]).await.status, 400);
    client.double.advance(std::time::Duration::from_hours(24));
    assert_eq!(client.double.object(&second)["status"], "open", "only subscriptions live in the advanced time");
    client.clock.advance(std::time::Duration::from_hours(24));
    client.double.catch_up();
    assert_eq!(client.double.object(&second)["status"], "expired");
    assert_eq!(client.kinds().iter().filter(|kind| *kind == "checkout.session.expired").count(), 2);
}

#[tokio::test]
async fn a_person_buys_on_the_page_with_a_promotion_code_and_returns_to_the_shop() {
    let client = Client::start();
    let price = client.price("4900", "eur", None).await;
    let coupon = client.post("/v1/coupons", &[("amount_off", "900"), ("currency", "eur")]).await;
    let code = [("promotion[type]", "coupon"), ("promotion[coupon]", id(&coupon)), ("code", "SPRING")];
    client.post("/v1/promotion_codes", &code).await;
    let more = [
        ("allow_promotion_codes", "true"),
        ("line_items[0][adjustable_quantity][enabled]", "true"),
        ("line_items[0][adjustable_quantity][maximum]", "5"),
    ];
    let session = client.session("payment", &price, &more).await;
    let url = client.double.checkout_url(&session);
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let send = async |form: &[(&str, &str)]| browser.post(&url).form(form).send().await.expect("an answer");
    let page = browser.get(&url).send().await.expect("a page").text().await.expect("text");
    assert!(page.contains("Pay EUR 49.00 by card") && page.contains("double"), "{page}");
    for (quantity, shown) in [("6", "This quantity is not available."), ("2", "EUR 98.00"), ("1", "EUR 49.00")] {
        let page = send(&[("action", "quantity"), ("line", "0"), ("quantity", quantity)]).await;
        assert!(page.text().await.expect("text").contains(shown), "{quantity}");
    }
    let page = send(&[("action", "code"), ("promotion_code", "winter")]).await.text().await.expect("text");
    assert!(page.contains("This promotion code is invalid."), "{page}");
    let page = send(&[("action", "code"), ("promotion_code", "spring")]).await.text().await.expect("text");
    assert!(page.contains("Pay EUR 40.00 by card"), "{page}");
    let cancel = send(&[("action", "cancel")]).await;
    assert_eq!(cancel.headers()["location"], "https://shop.example/pricing");
    let page = send(&[("action", "decline"), ("email", "j@shop.example")]).await.text().await.expect("text");
    assert!(page.contains("Your card was declined."), "{page}");
    let paid = send(&[("action", "card"), ("email", "j@shop.example"), ("name", "<b>")]).await;
    assert_eq!(paid.status(), 303);
    assert_eq!(paid.headers()["location"], format!("https://shop.example/thanks?session={session}"));
    let desk = browser.get(client.double.base_url()).send().await.expect("a page").text().await.expect("text");
    assert!(desk.contains(&session) && desk.contains("checkout.session.completed"), "{desk}");
}
