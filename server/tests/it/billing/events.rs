//! Events that are lost, poisoned, of another mode, or handled by workers that die.

use std::time::Duration;

use latchkey_licensing::order::OrderStatus;
use latchkey_service::{EventHandling, EventState, Operator, ReconcileError};
use latchkey_testkit::{
    on_both,
    stripe::{Fault, Payment},
};

use super::{PRICE, with_shop};
use crate::support::shop::{SECRET, Shop};

on_both!(
    with_shop: st_14_a_lost_webhook_is_repaired,
    st_15_after_29_days_all_checkouts_are_compared,
    st_17_a_poisoned_event_is_given_up_and_can_be_replayed,
    st_18_events_of_a_dead_worker_are_taken_over,
    st_13_events_of_the_other_mode_are_ignored,
    st_25_nothing_is_lost_while_stripe_is_down,
);

async fn count(shop: &Shop, state: EventState) -> usize {
    shop.service().admin(Operator::Host).stripe_events(Some(state), None, 1_000).await.expect("read").len()
}

async fn st_14_a_lost_webhook_is_repaired(shop: &Shop) {
    // The first reconciliation starts the clock.
    shop.service().reconcile().await.expect("reconciled");
    let started = shop.buy_by_card("ada@example.com", 1).await;
    for event in shop.stripe.waiting() {
        shop.stripe.lose(&event);
    }
    shop.app.kit.clock.advance(Duration::from_mins(15));
    let report = shop.service().reconcile().await.expect("reconciled");
    assert!(report.missed.iter().any(|(_, kind)| kind == "checkout.session.completed"), "{report:?}");
    assert_eq!((report.orders_changed, report.failed.len()), (1, 0));
    assert_eq!(shop.state(started.order).await, (OrderStatus::Paid, Some("good")));
    let again = shop.service().reconcile().await.expect("reconciled");
    assert_eq!((again.missed.len(), again.orders_changed), (0, 0), "{again:?}");
    assert_eq!(shop.mails().await, ["Your ChartGPT license"]);
}

async fn st_15_after_29_days_all_checkouts_are_compared(shop: &Shop) {
    shop.service().reconcile().await.expect("reconciled");
    let started = shop.buy_by_card("ada@example.com", 1).await;
    for event in shop.stripe.waiting() {
        shop.stripe.lose(&event);
    }
    shop.app.kit.clock.advance(Duration::from_hours(24 * 40));
    let report = shop.service().reconcile().await.expect("reconciled");
    assert!(report.checkouts.is_some_and(|count| count >= 1), "{report:?}");
    assert_eq!(shop.state(started.order).await, (OrderStatus::Paid, Some("good")));
}

async fn st_17_a_poisoned_event_is_given_up_and_can_be_replayed(shop: &Shop) {
    let poisoned = shop.buy_by_card("ada@example.com", 1).await;
    let session = shop.session(poisoned.order).await;
    let event = shop.stripe.last_event("checkout.session.completed").id;
    shop.stripe.fail_next(&format!("/v1/checkout/sessions/{session}"), Fault::Malformed, u32::MAX);
    shop.stripe.deliver(&event).await;
    let other = shop.start(PRICE, 1).await;
    shop.pay(&other, &Payment::by_card("eve@example.com")).await;
    let completed = shop.stripe.last_event("checkout.session.completed").id;
    shop.stripe.deliver(&completed).await;
    let mut retries = 0;
    for _ in 0..200 {
        match shop.service().handle_one_event().await.expect("handled") {
            EventHandling::Retry(_) => retries += 1,
            EventHandling::Failed(_) => break,
            EventHandling::Idle => shop.app.kit.clock.advance(Duration::from_mins(10)),
            EventHandling::Done { .. } => {}
        }
    }
    assert_eq!(retries, 9, "the tenth attempt is the last");
    assert_eq!(shop.state(other.order).await, (OrderStatus::Paid, Some("good")), "others are not blocked");
    assert_eq!(count(shop, EventState::Failed).await, 1);
    shop.stripe.clear_faults();
    let admin = shop.service().admin(Operator::Host);
    assert!(admin.replay_stripe_event(&event, &Operator::Host.fresh()).await.expect("replayed"));
    assert!(!admin.replay_stripe_event("evt_unknown", &Operator::Host.fresh()).await.expect("asked"));
    shop.handle_all().await;
    assert_eq!(shop.state(poisoned.order).await, (OrderStatus::Paid, Some("good")));
}

async fn st_18_events_of_a_dead_worker_are_taken_over(shop: &Shop) {
    let started = shop.buy_by_card("ada@example.com", 1).await;
    let event = shop.stripe.last_event("checkout.session.completed").id;
    shop.stripe.deliver(&event).await;
    // A worker leases the event and dies.
    let now = shop.service().now();
    let mut tx = shop.service().store().write().await.expect("a transaction");
    let leased = tx.lease_stripe_event(now, now.plus(Duration::from_mins(1))).await.expect("leased");
    tx.commit().await.expect("committed");
    assert_eq!(leased.map(|leased| leased.id), Some(event));
    assert_eq!(shop.service().handle_one_event().await.expect("handled"), EventHandling::Idle);
    shop.app.kit.clock.advance(Duration::from_secs(61));
    shop.handle_all().await;
    assert_eq!(shop.state(started.order).await, (OrderStatus::Paid, Some("good")));
}

async fn st_13_events_of_the_other_mode_are_ignored(shop: &Shop) {
    let started = shop.buy_by_card("ada@example.com", 1).await;
    let event = shop.stripe.last_event("checkout.session.completed").id;
    let body = shop.stripe.event_body(&event);
    let mut live: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    live["livemode"] = true.into();
    let live = live.to_string();
    let now = shop.service().now().unix_micros() / 1_000_000;
    let signature = shop.stripe.sign(live.as_bytes(), SECRET, now);
    let request = reqwest::Client::new().post(format!("{}/webhooks/stripe", shop.app.origin()));
    let answer = request.header("stripe-signature", signature).body(live).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    shop.handle_all().await;
    assert_eq!(shop.state(started.order).await, (OrderStatus::Open, None));
    assert_eq!(count(shop, EventState::Ignored).await, 1);
}

async fn st_25_nothing_is_lost_while_stripe_is_down(shop: &Shop) {
    let started = shop.buy_by_card("ada@example.com", 1).await;
    shop.stripe.fail_next("/v1/", Fault::ServerError, u32::MAX);
    for attempt in shop.stripe.deliver_waiting(latchkey_testkit::stripe::Order::AsRecorded).await {
        assert_eq!(attempt.status, Some(200), "events are accepted");
    }
    while shop.service().handle_one_event().await.expect("handled") != EventHandling::Idle {}
    assert_eq!(shop.state(started.order).await, (OrderStatus::Open, None));
    assert!(matches!(shop.service().reconcile().await, Err(ReconcileError::Payments(_))));
    // The page shows what is known.
    let placed = shop.service().placed_order(started.order, None, Some(&started.browser)).await.expect("shown");
    assert!(placed.licenses.is_empty());
    shop.stripe.clear_faults();
    // The breaker of the calls lets one through after some seconds of real time.
    for _ in 0..60 {
        shop.app.kit.clock.advance(Duration::from_mins(10));
        while shop.service().handle_one_event().await.expect("handled") != EventHandling::Idle {}
        if shop.state(started.order).await.0 == OrderStatus::Paid {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("the order was not delivered");
}
