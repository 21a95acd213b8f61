//! ST-09: whatever the order, repetition and timing of events, the result is the same.

use std::time::Duration;

use latchkey_licensing::order::OrderStatus;
use latchkey_service::EventHandling;
use latchkey_testkit::{
    on_both,
    stripe::{DisputeKind, Outcome},
};

use super::{Random, size, with_shop};
use crate::support::shop::Shop;

on_both!(with_shop: st_09_the_order_of_events_does_not_matter);

async fn st_09_the_order_of_events_does_not_matter(shop: &Shop) {
    for seed in 1..=size("LATCHKEY_TEST_INTERLEAVINGS", 12) {
        Box::pin(live(shop, seed)).await;
        shop.app.kit.clock.advance(Duration::from_mins(30));
    }
}

/// The life of one order: paid, partly refunded, disputed, won, and refunded. Between the steps, some of its events are
/// delivered in random order and several times at once, and handled by several workers at once.
async fn live(shop: &Shop, seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let quantity = u32::try_from(1 + random.below(3)).expect("fits");
    let started = shop.buy_by_card(&format!("buyer{seed}@example.com"), quantity).await;
    let payment = shop.payment(started.order).await;
    let mut dispute = String::new();
    for step in 0..5 {
        match step {
            1 => drop(shop.stripe.refund(&payment, Some(1_000)).expect("refunded")),
            2 => dispute = shop.stripe.dispute(&payment, DisputeKind::Chargeback).expect("disputed"),
            3 => shop.stripe.close_dispute(&dispute, Outcome::Won).expect("won"),
            4 => drop(shop.stripe.refund(&payment, None).expect("refunded")),
            _ => {}
        }
        let mut waiting = shop.stripe.waiting();
        let some = random.below(waiting.len() + 1);
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

async fn work(shop: &Shop) {
    for _ in 0..20 {
        if shop.service().handle_one_event().await.expect("handled") == EventHandling::Idle {
            tokio::task::yield_now().await;
        }
    }
}
