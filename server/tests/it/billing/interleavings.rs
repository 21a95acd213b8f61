//! ST-09: whatever the order, repetition and timing of events, the result is the same.

use std::time::Duration;

use latchkey_licensing::order::OrderStatus;
use latchkey_service::{
    EventHandling, Operator,
    ports::payments::{ObjectKind, ObjectRef},
};
use latchkey_testkit::{
    on_both,
    stripe::{DisputeKind, Outcome},
};

use super::{Random, size, with_shop};
use crate::support::shop::Shop;

on_both!(
    with_shop: st_09_the_order_of_events_does_not_matter,
    st_09_an_old_answer_does_not_replace_a_newer_one,
);

async fn st_09_the_order_of_events_does_not_matter(shop: &Shop) {
    for seed in 1..=size("LATCHKEY_TEST_INTERLEAVINGS", 12) {
        Box::pin(live(shop, seed)).await;
        shop.app.kit.clock.advance(Duration::from_mins(30));
    }
}

/// A worker reads everything that Stripe knows, and one of the answers arrives late. Meanwhile the payment is refunded, and
/// another worker handles the event.
async fn st_09_an_old_answer_does_not_replace_a_newer_one(shop: &Shop) {
    for nth in 1..=CALLS {
        let started = shop.buy_by_card(&format!("buyer{nth}@example.com"), 1).await;
        shop.deliver().await;
        assert_eq!(shop.state(started.order).await, (OrderStatus::Paid, Some("good")));
        let completed = shop.stripe.last_event("checkout.session.completed").id;
        let admin = shop.service().admin(Operator::Host);
        assert!(admin.replay_stripe_event(&completed, &Operator::Host.fresh()).await.expect("replayed"));
        shop.stripe.pause_call("/v1/", nth);
        let (first, ()) = tokio::join!(shop.service().handle_one_event(), async {
            shop.stripe.wait_for_pause().await;
            shop.stripe.refund(&shop.payment(started.order).await, None).expect("refunded");
            shop.deliver().await;
            assert_eq!(shop.state(started.order).await, (OrderStatus::Refunded, Some("revoked")));
            shop.stripe.resume_calls();
        });
        assert!(matches!(first, Ok(EventHandling::Done { .. })), "{first:?}");
        assert_eq!(shop.state(started.order).await, (OrderStatus::Refunded, Some("revoked")), "call {nth}");
        shop.app.kit.clock.advance(Duration::from_mins(1));
    }
}

/// The number of calls that read what Stripe knows about a one-time purchase.
const CALLS: u32 = 6;

/// The life of one order: paid, partly refunded, disputed, won, and refunded. Between the steps, some of its events are
/// delivered in random order and several times at once, and handled by several workers at once. Some steps happen while
/// an answer from before them is on its way.
async fn live(shop: &Shop, seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let quantity = u32::try_from(1 + random.below(3)).expect("fits");
    let started = shop.buy_by_card(&format!("buyer{seed}@example.com"), quantity).await;
    let payment = shop.payment(started.order).await;
    let mut dispute = String::new();
    let object = ObjectRef { kind: ObjectKind::Checkout, id: shop.session(started.order).await };
    for step in 0..5 {
        let is_late = random.below(2) == 0;
        if is_late {
            shop.stripe.pause_call("/v1/", u32::try_from(1 + random.below(CALLS as usize)).expect("fits"));
        }
        let reader = async {
            if is_late {
                shop.service().refresh_order(&object).await.expect("refreshed");
            }
        };
        let rest = async {
            if is_late {
                shop.stripe.wait_for_pause().await;
            }
            match step {
                1 => drop(shop.stripe.refund(&payment, Some(1_000)).expect("refunded")),
                2 => dispute = shop.stripe.dispute(&payment, DisputeKind::Chargeback).expect("disputed"),
                3 => shop.stripe.close_dispute(&dispute, Outcome::Won).expect("won"),
                4 => drop(shop.stripe.refund(&payment, None).expect("refunded")),
                _ => {}
            }
            // After the last step, nothing repairs what a late answer breaks.
            let are_all = is_late && step == 4;
            Box::pin(deliver_some(shop, &mut random, seed, are_all)).await;
            shop.stripe.resume_calls();
        };
        tokio::join!(reader, rest);
        if random.below(3) == 0 {
            shop.service().placed_order(started.order, None, Some(&started.browser)).await.expect("shown");
        }
    }
    shop.deliver().await;
    assert_eq!(shop.state(started.order).await, (OrderStatus::Refunded, Some("revoked")), "seed {seed}");
    let order = shop.order(started.order).await;
    let paid = 14_900 * i64::from(quantity);
    assert_eq!((order.paid_minor, order.refunded_minor), (paid, paid), "seed {seed}");
    assert_eq!(shop.licenses(started.order).await.len(), quantity as usize, "seed {seed}");
    let mails = shop.mails().await;
    let purchases = mails
        .iter()
        .filter(|subject| subject.starts_with("Your ChartGPT license"))
        .filter(|subject| !subject.contains("suspended") && !subject.contains("again") && !subject.contains("revoked"));
    assert_eq!(purchases.count(), 1, "seed {seed}: {mails:?}");
}

/// Delivers some or all of the waiting events in random order and several times at once, while several workers handle events.
async fn deliver_some(shop: &Shop, random: &mut Random, seed: u64, are_all: bool) {
    let mut waiting = shop.stripe.waiting();
    let some = if are_all { waiting.len() } else { random.below(waiting.len() + 1) };
    let mut chosen = Vec::new();
    for _ in 0..some {
        chosen.push(waiting.swap_remove(random.below(waiting.len())));
    }
    let copies = 1 + random.below(10);
    let deliver = async {
        for event in &chosen {
            for status in shop.stripe.deliver_in_parallel(event, copies).await {
                assert_eq!(status, Some(200), "seed {seed}");
            }
        }
    };
    let ((), (), (), ()) = tokio::join!(work(shop), work(shop), work(shop), deliver);
}

async fn work(shop: &Shop) {
    for _ in 0..20 {
        if shop.service().handle_one_event().await.expect("handled") == EventHandling::Idle {
            tokio::task::yield_now().await;
        }
    }
}
