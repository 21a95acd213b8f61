//! Acts on orders and events of the payment provider.

use std::time::Duration;

use latchkey_licensing::{
    account::Role,
    ids::OrderId,
    order::{self, OrderStatus},
};
use latchkey_service::Operator;
use latchkey_testkit::{
    on_both,
    stripe::{DisputeKind, Payment},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    admin::{
        staff,
        support::{act, audits, done, hidden, mails, page},
    },
    support::shop::{LIFETIME, Shop, order_in, with_shop},
};

on_both!(with_shop:
    an_order_is_refunded_with_its_number_and_a_recent_second_factor,
    a_held_order_says_why_and_is_released,
    an_event_is_replayed,
    an_open_dispute_shows_its_deadline_and_evidence
);

const REASON: (&str, &str) = ("reason", "customer_request");

async fn status(shop: &Shop, id: OrderId) -> OrderStatus {
    let host = shop.app.service().admin(Operator::Host);
    host.order(id).await.expect("read").expect("an order").order.status
}

/// The reason in the row of the audit log with this verb.
async fn reason_of(shop: &Shop, kind: &str, id: &str, verb: &str) -> Value {
    let rows = audits(&shop.app, kind, id).await;
    let row = rows.into_iter().find(|row| row.verb == verb).expect("a row");
    assert_eq!(row.actor_kind, "admin");
    serde_json::from_str::<Value>(&row.detail).expect("JSON")["reason"].clone()
}

async fn an_order_is_refunded_with_its_number_and_a_recent_second_factor(shop: &Shop) {
    let (placed, _) = shop.buy(&shop.app.browser(), "ada@example.com", "2").await;
    let id: OrderId = order_in(&placed).parse().expect("an id");
    let number = order::number(id);
    let browser = staff(&shop.app, Role::Admin).await;
    let refund = format!("/admin/orders/{id}/refund");
    let form = page(&browser, &refund).await;
    assert!(form.contains("Stripe returns") && form.contains("2 licenses are revoked"), "{form}");
    let answer = act(&browser, &refund, &[REASON, ("phrase", "0000-0000")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let version = hidden(&page(&browser, &refund).await, "version").expect("a version");
    shop.app.kit.clock.advance(Duration::from_secs(301));
    let fields = [REASON, ("note", "wrong edition"), ("phrase", number.as_str()), ("version", version.as_str())];
    let late = browser.submit(&refund, &fields).await;
    assert_eq!(late.status(), StatusCode::FORBIDDEN);
    assert!(late.text().await.expect("a page").contains("wrong edition"));
    assert_eq!(status(shop, id).await, OrderStatus::Paid);

    let browser = staff(&shop.app, Role::Admin).await;
    let shown = done(&browser, &refund, &[REASON, ("phrase", &number)]).await;
    assert!(shown.contains("was refunded."), "{shown}");
    assert_eq!(status(shop, id).await, OrderStatus::Refunded);
    assert_eq!(
        reason_of(shop, "order", &id.to_string(), "order.refund_requested").await,
        json!({ "code": "customer_request" })
    );
    assert!(mails(&shop.app, "ada@example.com").await.contains(&"refunded".to_owned()));
    let answer = browser.get(&refund).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN, "nothing is left");
}

async fn a_held_order_says_why_and_is_released(shop: &Shop) {
    let buyer = shop.app.browser();
    let (placed, session) = shop.check_out(&buyer, &[("price", LIFETIME), ("quantity", "1")]).await;
    shop.stripe.pay(&session, &Payment::by_card("ada@example.com")).expect("paid");
    shop.stripe.tamper_session(&session, |session| session["amount_total"] = json!(1));
    shop.sync().await;
    let id: OrderId = order_in(&placed).parse().expect("an id");
    let browser = staff(&shop.app, Role::Admin).await;
    let held = page(&browser, &format!("/admin/orders/{id}")).await;
    assert!(held.contains("the amount is not what the order costs") && held.contains("/release\""), "{held}");
    // SU-07: what is given away was not paid for.
    let release = format!("/admin/orders/{id}/release");
    let form = page(&browser, &release).await;
    let version = hidden(&form, "version").expect("a version");
    shop.app.kit.clock.advance(Duration::from_secs(301));
    let fields = [REASON, ("note", "a good customer"), ("version", version.as_str())];
    let late = browser.submit(&release, &fields).await;
    assert_eq!(late.status(), StatusCode::FORBIDDEN);
    let late = late.text().await.expect("a page");
    assert!(late.contains("needs your passkey again") && late.contains("a good customer"), "{late}");
    assert_eq!(status(shop, id).await, OrderStatus::Held);
    let browser = staff(&shop.app, Role::Admin).await;
    let shown = done(&browser, &release, &[REASON]).await;
    assert!(shown.contains("was released. It is paid now."), "{shown}");
    assert_eq!(status(shop, id).await, OrderStatus::Paid);
    assert_eq!(
        reason_of(shop, "order", &id.to_string(), "order.released").await,
        json!({ "code": "customer_request" })
    );
    assert_eq!(browser.get(&format!("/admin/orders/{id}/release")).await.status(), StatusCode::FORBIDDEN);
}

async fn an_event_is_replayed(shop: &Shop) {
    use latchkey_service::ports::payments::{IncomingEvent, ObjectKind, ObjectRef};
    shop.buy(&shop.app.browser(), "ada@example.com", "1").await;
    let session = shop.stripe.objects("checkout.session").pop().expect("a session");
    let session = session["id"].as_str().expect("an id").to_owned();
    let event = IncomingEvent {
        id: "evt_again".to_owned(),
        kind: "checkout.session.completed".to_owned(),
        is_live: false,
        api_version: None,
        created_at: shop.app.service().now(),
        object: Some(ObjectRef { kind: ObjectKind::Checkout, id: session }),
        is_of_known_kind: true,
        problem: None,
        named_objects: Vec::new(),
        body: b"{}".to_vec(),
    };
    shop.app.service().store_event(&event).await.expect("stored");
    shop.app.service().handle_one_event().await.expect("handled");
    let browser = staff(&shop.app, Role::Admin).await;
    let replay = "/admin/events/evt_again/replay";
    let shown = done(&browser, replay, &[REASON]).await;
    assert!(shown.contains("waits for the worker again") && shown.contains("Waiting"), "{shown}");
    assert_eq!(
        reason_of(shop, "stripe_event", "evt_again", "stripe_event.replayed").await,
        json!({ "code": "customer_request" })
    );
    shop.app.kit.clock.advance(Duration::from_secs(301));
    assert_eq!(browser.submit(replay, &[REASON]).await.status(), StatusCode::FORBIDDEN);
    let support = staff(&shop.app, Role::Support).await;
    assert_eq!(support.submit(replay, &[REASON]).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(support.get(replay).await.status(), StatusCode::FORBIDDEN);
}

async fn an_open_dispute_shows_its_deadline_and_evidence(shop: &Shop) {
    let (placed, payment) = shop.buy(&shop.app.browser(), "ada@example.com", "1").await;
    let id = order_in(&placed);
    shop.stripe.dispute(&payment, DisputeKind::Chargeback).expect("disputed");
    shop.sync().await;
    let browser = staff(&shop.app, Role::Support).await;
    let shown = page(&browser, &format!("/admin/orders/{id}")).await;
    for text in ["A dispute about", "fraudulent", "Answer at Stripe until", "/evidence\""] {
        assert!(shown.contains(text), "{text} is missing: {shown}");
    }
    let evidence = page(&browser, &format!("/admin/orders/{id}/evidence")).await;
    assert!(evidence.contains("Submit it at Stripe until") && evidence.contains("Payment pi_"), "{evidence}");
    // The provider does not refund what is disputed.
    let admin = staff(&shop.app, Role::Admin).await;
    let refused = admin.get(&format!("/admin/orders/{id}/refund")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}
