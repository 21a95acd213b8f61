//! Subscriptions: renewed, overdue, canceled, paused and refunded.

use std::time::Duration;

use latchkey_licensing::{
    email::EmailAddress,
    ids::OrderId,
    order::{OrderStatus, SubscriptionState},
    price::{Interval, IntervalUnit},
    time::Timestamp,
};
use latchkey_service::{
    LicenseChange, Operator,
    ports::payments::{ObjectKind, ObjectRef},
};
use latchkey_testkit::{
    on_both,
    stripe::{DisputeKind, Payment, Renewal},
};

use super::with_shop;
use crate::support::shop::Shop;

on_both!(
    with_shop: a_subscription_is_renewed_for_a_year,
    a_failed_renewal_has_a_grace_period_and_can_be_fixed,
    a_canceled_subscription_ends_with_its_period,
    a_paused_subscription_is_not_renewed_until_it_is_resumed,
    a_refunded_renewal_takes_back_its_period,
    events_of_a_long_subscription_cost_few_calls,
    a_subscription_renews_while_only_stripes_test_clock_moves,
    mails_of_a_subscription_go_to_the_owner_of_its_license,
    a_failed_renewal_says_what_is_due,
);

const DAY: Duration = Duration::from_hours(24);
const GRACE: Duration = Duration::from_hours(24 * 7);

struct Subscribed {
    order: OrderId,
    subscription: String,
}

async fn subscribe(shop: &Shop) -> Subscribed {
    subscribe_with(shop, None).await
}

/// Subscribes, with the code of a promotion.
async fn subscribe_with(shop: &Shop, promotion: Option<&str>) -> Subscribed {
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
    if let Some(code) = promotion {
        shop.stripe.apply_promotion_code(&shop.session(started.order).await, code).expect("applied");
    }
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
    payments.iter().filter_map(|payment| payment.period_ends_at).max().expect("a period")
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
    shop.app.kit.deliver_mail().await;
    let ada = shop.app.customer("ada@example.com").await;
    for path in ["/portal", "/portal/orders", &format!("/portal/orders/{order}")] {
        let page = ada.get(path).await.text().await.expect("a page");
        let words = if path == "/portal" { "could not be paid" } else { "Payment overdue" };
        assert!(page.contains(words) && page.contains(&format!("/portal/orders/{order}")), "{path}: {page}");
    }
    let mails: Vec<_> = shop.app.kit.mail.take().into_iter().filter(|mail| mail.subject.contains("renewed")).collect();
    let [mail] = mails.as_slice() else { panic!("one mail: {mails:?}") };
    assert_eq!(mail.subject, "Your ChartGPT license could not be renewed");
    assert!(mail.text.contains("The payment of $149.00 for the renewal"), "{}", mail.text);
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

/// A subscription with 150 invoices. Reading all of them takes hundreds of calls.
async fn events_of_a_long_subscription_cost_few_calls(shop: &Shop) {
    let Subscribed { order, subscription } = subscribe(shop).await;
    shop.stripe.advance(DAY * 30 * 149);
    for event in shop.stripe.waiting() {
        shop.stripe.lose(&event);
    }
    let object = ObjectRef { kind: ObjectKind::Checkout, id: shop.session(order).await };
    shop.service().refresh_order(&object).await.expect("refreshed");
    let known = shop.view(order).await.payments;
    assert!(known.len() > 140, "{}", known.len());
    let before = expiry(shop, order).await;

    // A renewal, a refund and a dispute of old payments, and a change of the subscription.
    shop.stripe.advance(DAY * 31);
    deliver_with_few_calls(shop).await;
    assert_eq!(shop.view(order).await.payments.len(), known.len() + 1);
    assert!(expiry(shop, order).await > before);
    shop.stripe.refund(&known[10].id, None).expect("refunded");
    deliver_with_few_calls(shop).await;
    shop.stripe.dispute(&known[20].id, DisputeKind::Inquiry).expect("disputed");
    deliver_with_few_calls(shop).await;
    shop.stripe.cancel_at_period_end(&subscription, true).expect("canceled");
    deliver_with_few_calls(shop).await;
    let view = shop.view(order).await;
    assert_eq!((view.payments[10].refunds.len(), view.payments[20].disputes.len()), (1, 1));
    assert_eq!((view.order.status, view.order.refunded_minor), (OrderStatus::PartlyRefunded, 14_900));

    // Everything together says the same.
    shop.service().refresh_order(&object).await.expect("refreshed");
    assert_eq!(shop.view(order).await.payments, view.payments);
}

/// Delivers and handles all waiting events, one by one.
async fn deliver_with_few_calls(shop: &Shop) {
    for event in shop.stripe.waiting() {
        let before = shop.stripe.count_calls("/v1");
        assert_eq!(shop.stripe.deliver(&event).await, Some(200));
        shop.handle_all().await;
        let calls = shop.stripe.count_calls("/v1") - before;
        let kind = shop.stripe.events().into_iter().find(|one| one.id == event).expect("an event").kind;
        assert!(calls <= 12, "{kind}: {calls} calls");
    }
}

/// As with Stripe's test clocks: the server's clock and the signatures of events stay in real time.
async fn a_subscription_renews_while_only_stripes_test_clock_moves(shop: &Shop) {
    let Subscribed { order, .. } = subscribe(shop).await;
    let first = paid_until(shop, order).await;
    shop.stripe.advance(DAY * 31);
    shop.deliver().await;
    let second = paid_until(shop, order).await;
    assert!(second > first);
    assert_eq!(expiry(shop, order).await, second.plus(GRACE));
    assert_eq!(shop.mails().await, ["Your ChartGPT license was renewed"]);
    // New checkouts are in real time as well.
    let other = shop.buy_by_card("eve@example.com", 1).await;
    shop.deliver().await;
    assert_eq!(shop.state(other.order).await, (OrderStatus::Paid, Some("good")));
    assert!(shop.order(other.order).await.paid_at.is_some_and(|at| at <= shop.service().now()));
}

async fn mails_of_a_subscription_go_to_the_owner_of_its_license(shop: &Shop) {
    let Subscribed { order, subscription } = subscribe(shop).await;
    let admin = shop.service().admin(Operator::Host);
    let owner = EmailAddress::parse("eve@example.com").expect("an address");
    admin.add_customer(&owner, None).await.expect("added");
    let license = shop.licenses(order).await[0].id;
    let change = LicenseChange { owner: Some(owner.clone()), ..LicenseChange::default() };
    admin.change_license(license, change).await.expect("changed");
    shop.app.kit.deliver_mail().await;
    shop.app.kit.mail.take();
    pass(shop, DAY * 32).await;
    shop.app.kit.deliver_mail().await;
    shop.stripe.set_renewal_of(&subscription, Renewal::Fail);
    pass(shop, DAY * 31).await;
    let payment = shop.view(order).await.payments.last().expect("a renewal").id.clone();
    shop.stripe.refund(&payment, None).expect("refunded");
    shop.deliver().await;
    shop.app.kit.deliver_mail().await;
    let mails = shop.app.kit.mail.take();
    assert_eq!(mails.len(), 3, "{mails:?}");
    for mail in mails {
        assert_eq!(mail.to, owner, "{}", mail.subject);
        // The order's pages are the buyer's.
        assert!(!mail.text.contains(&format!("/portal/orders/{order}")), "{}", mail.text);
    }
}

async fn a_failed_renewal_says_what_is_due(shop: &Shop) {
    let coupon = shop.post("coupons", &[("percent_off", "50"), ("duration", "once")]).await;
    let coupon = coupon["id"].as_str().expect("an id").to_owned();
    let form = [("promotion[type]", "coupon"), ("promotion[coupon]", &*coupon), ("code", "HALF")];
    shop.post("promotion_codes", &form).await;
    let Subscribed { order, subscription } = subscribe_with(shop, Some("HALF")).await;
    assert_eq!(shop.order(order).await.total_minor, Some(7_450));
    shop.stripe.set_renewal_of(&subscription, Renewal::Fail);
    pass(shop, DAY * 32).await;
    shop.app.kit.deliver_mail().await;
    let mails = shop.app.kit.mail.take();
    let [mail] = mails.as_slice() else { panic!("one mail: {mails:?}") };
    assert!(mail.text.contains("The payment of $149.00 for the renewal"), "{}", mail.text);
}
