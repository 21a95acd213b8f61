//! Subscriptions: renewed, overdue, canceled, paused and refunded.

use std::time::Duration;

use latchkey_licensing::{
    ids::OrderId,
    order::{OrderStatus, SubscriptionState},
    price::{Interval, IntervalUnit},
    time::Timestamp,
};
use latchkey_testkit::{
    on_both,
    stripe::{Payment, Renewal},
};

use super::with_shop;
use crate::support::shop::Shop;

on_both!(
    with_shop: a_subscription_is_renewed_for_a_year,
    a_failed_renewal_has_a_grace_period_and_can_be_fixed,
    a_canceled_subscription_ends_with_its_period,
    a_paused_subscription_is_not_renewed_until_it_is_resumed,
    a_refunded_renewal_takes_back_its_period,
);

const DAY: Duration = Duration::from_hours(24);
const GRACE: Duration = Duration::from_hours(24 * 7);

struct Subscribed {
    order: OrderId,
    subscription: String,
}

async fn subscribe(shop: &Shop) -> Subscribed {
    let policy = shop
        .app
        .add_policy("monthly", |policy| {
            policy.duration = Some(DAY * 31);
            "Monthly".clone_into(&mut policy.name);
        })
        .await;
    shop.sell_at("monthly", |price| {
        price.policy = policy.id;
        price.interval = Some(Interval { unit: IntervalUnit::Month, count: 1 });
    })
    .await;
    let started = shop.start("monthly", 1).await;
    shop.pay(&started, &Payment::by_card("ada@example.com")).await;
    shop.deliver().await;
    let subscription = shop.order(started.order).await.subscription.expect("a subscription").id;
    assert_eq!(shop.mails().await, ["Your ChartGPT license"]);
    Subscribed { order: started.order, subscription }
}

async fn expiry(shop: &Shop, order: OrderId) -> Timestamp {
    shop.licenses(order).await[0].expiry.at().expect("an expiry")
}

/// Moves both clocks, and delivers what happens in the meantime.
async fn pass(shop: &Shop, time: Duration) {
    // The double shares the clock: advancing one advances the other.
    shop.app.kit.clock.advance(time);
    shop.stripe.catch_up();
    shop.deliver().await;
}

async fn paid_until(shop: &Shop, order: OrderId) -> Timestamp {
    let payments = shop.view(order).await.payments;
    payments.iter().filter_map(|payment| payment.pays_until).max().expect("a period")
}

async fn a_subscription_is_renewed_for_a_year(shop: &Shop) {
    let Subscribed { order, .. } = subscribe(shop).await;
    let mut renewed = 0;
    let mut last = expiry(shop, order).await;
    assert_eq!(last, paid_until(shop, order).await.plus(GRACE));
    for _ in 0..12 {
        pass(shop, DAY * 27).await;
        renewed += renewal_mails(shop).await;
        assert_eq!(shop.service().queue_reminders().await.expect("asked"), 0, "it will be renewed");
        pass(shop, DAY * 4).await;
        renewed += renewal_mails(shop).await;
        let next = expiry(shop, order).await;
        assert!(next > last);
        last = next;
    }
    let view = shop.view(order).await;
    assert!(view.payments.len() >= 12, "{}", view.payments.len());
    assert_eq!(
        (view.order.status, view.order.paid_minor),
        (OrderStatus::Paid, 14_900 * i64::try_from(view.payments.len()).expect("fits"))
    );
    assert_eq!(renewed, view.payments.len() - 1);
    assert_eq!(shop.licenses(order).await.len(), 1);
}

/// The number of mails, all of which are about a renewal.
async fn renewal_mails(shop: &Shop) -> usize {
    let mails = shop.mails().await;
    assert!(mails.iter().all(|subject| subject == "Your ChartGPT license was renewed"), "{mails:?}");
    mails.len()
}

async fn a_failed_renewal_has_a_grace_period_and_can_be_fixed(shop: &Shop) {
    let Subscribed { order, subscription } = subscribe(shop).await;
    let until = paid_until(shop, order).await;
    shop.stripe.set_renewal_of(&subscription, Renewal::Fail);
    pass(shop, DAY * 32).await;
    assert_eq!(shop.order(order).await.subscription_state(), Some(SubscriptionState::PastDue));
    assert_eq!(expiry(shop, order).await, until.plus(GRACE));
    assert_eq!(shop.mails().await, ["Your ChartGPT license could not be renewed"]);
    let ada = shop.app.customer("ada@example.com").await;
    for path in ["/portal", "/portal/orders", &format!("/portal/orders/{order}")] {
        let page = ada.get(path).await.text().await.expect("a page");
        let words = if path == "/portal" { "could not be paid" } else { "Payment overdue" };
        assert!(page.contains(words) && page.contains(&format!("/portal/orders/{order}")), "{path}: {page}");
    }
    shop.app.kit.mail.take();
    shop.stripe.set_renewal_of(&subscription, Renewal::Succeed);
    pass(shop, DAY * 4).await;
    assert_eq!(shop.order(order).await.subscription_state(), Some(SubscriptionState::Active));
    assert!(expiry(shop, order).await > until.plus(DAY * 20));
    assert_eq!(shop.mails().await, ["Your ChartGPT license was renewed"]);

    // Not fixed, it ends with the period that was paid.
    let until = paid_until(shop, order).await;
    shop.stripe.set_renewal_of(&subscription, Renewal::Fail);
    for _ in 0..4 {
        pass(shop, DAY * 16).await;
    }
    assert_eq!(shop.order(order).await.subscription_state(), Some(SubscriptionState::Ended));
    assert_eq!(expiry(shop, order).await, until);
}

async fn a_canceled_subscription_ends_with_its_period(shop: &Shop) {
    let Subscribed { order, subscription } = subscribe(shop).await;
    let until = paid_until(shop, order).await;
    shop.stripe.cancel_at_period_end(&subscription, true).expect("canceled");
    shop.deliver().await;
    assert!(shop.order(order).await.subscription.is_some_and(|subscription| subscription.is_canceled_at_period_end));
    pass(shop, DAY * 40).await;
    assert_eq!(shop.order(order).await.subscription_state(), Some(SubscriptionState::Ended));
    assert_eq!(expiry(shop, order).await, until);
    assert_eq!(shop.state(order).await, (OrderStatus::Paid, Some("good")), "the policy's expiry strategy decides");
}

async fn a_paused_subscription_is_not_renewed_until_it_is_resumed(shop: &Shop) {
    let Subscribed { order, subscription } = subscribe(shop).await;
    let until = paid_until(shop, order).await;
    shop.stripe.pause_collection(&subscription, Some("void")).expect("paused");
    shop.deliver().await;
    assert_eq!(expiry(shop, order).await, until);
    pass(shop, DAY * 40).await;
    assert_eq!(expiry(shop, order).await, until);
    shop.stripe.pause_collection(&subscription, None).expect("resumed");
    pass(shop, DAY * 31).await;
    assert!(expiry(shop, order).await > until);
}

async fn a_refunded_renewal_takes_back_its_period(shop: &Shop) {
    let Subscribed { order, subscription } = subscribe(shop).await;
    let first = paid_until(shop, order).await;
    pass(shop, DAY * 32).await;
    assert!(paid_until(shop, order).await > first);
    let payment = shop.view(order).await.payments.last().expect("a renewal").id.clone();
    shop.stripe.cancel_subscription(&subscription).expect("canceled");
    shop.stripe.refund(&payment, None).expect("refunded");
    shop.deliver().await;
    assert_eq!(expiry(shop, order).await, first);
    assert_eq!(shop.order(order).await.status, OrderStatus::PartlyRefunded);
}
