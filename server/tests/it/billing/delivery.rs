//! Delivering what was paid.

use std::{collections::BTreeSet, time::Duration};

use latchkey_licensing::order::OrderStatus;
use latchkey_service::{EventHandling, PlacedKey, PlacedLicense, StartCheckoutError, Wanted};
use latchkey_testkit::{
    on_both,
    stripe::{Method, Payment},
};

use super::{PRICE, visitor, with_shop};
use crate::support::shop::Shop;

on_both!(
    with_shop: a_purchase_makes_the_account_and_the_license,
    st_10_the_success_page_and_the_webhook_deliver_once,
    st_19_each_unit_is_a_license,
    st_19_a_purchase_that_is_free_by_a_coupon_is_delivered,
    st_23_one_address_is_one_account,
    a_signed_in_purchase_lands_in_that_account,
    a_delayed_payment_is_delivered_when_it_arrives,
    a_declined_card_leaves_the_checkout_open,
    an_expired_checkout_is_closed,
    checkouts_are_limited_for_each_network,
);

async fn a_purchase_makes_the_account_and_the_license(shop: &Shop) {
    let started = shop.buy_by_card("ada@example.com", 1).await;
    assert_eq!(shop.state(started.order).await, (OrderStatus::Open, None));
    shop.deliver().await;
    assert_eq!(shop.state(started.order).await, (OrderStatus::Paid, Some("good")));
    let who = shop.sign_in("ada@example.com").await;
    assert_eq!(who.account.name.as_deref(), Some("Jenny Rosen"));
    let order = shop.order(started.order).await;
    assert_eq!((order.account, order.paid_minor, order.version), (Some(who.account.id), 14_900, 1));
    assert_eq!(shop.mails().await, ["Your ChartGPT license"]);

    // The key in the mail, on the page and in the portal is the same, and an app can use it.
    let placed = shop.service().placed_order(started.order, None, Some(&started.browser)).await.expect("shown");
    let [PlacedLicense { license, key: PlacedKey::Delivered(key) }] = placed.licenses.as_slice() else {
        panic!("one license")
    };
    let answer = shop.app.desktop(Some(key.expose())).get("/v1/me").await;
    assert_eq!(answer.body["data"]["id"], license.id.to_string());

    // Everything again changes nothing.
    for event in shop.stripe.events() {
        shop.stripe.redeliver(&event.id).await;
    }
    shop.handle_all().await;
    assert_eq!(shop.order(started.order).await, order);
    assert!(shop.mails().await.is_empty());
}

async fn st_10_the_success_page_and_the_webhook_deliver_once(shop: &Shop) {
    for round in 0..10 {
        let email = format!("buyer{round}@example.com");
        let started = shop.buy_by_card(&email, 2).await;
        let attempts = shop.stripe.deliver_waiting(latchkey_testkit::stripe::Order::AsRecorded).await;
        assert!(attempts.iter().all(latchkey_testkit::stripe::Attempt::is_accepted));
        let page = || shop.service().placed_order(started.order, None, Some(&started.browser));
        let worker = async || {
            while shop.service().handle_one_event().await.expect("handled") != EventHandling::Idle {}
        };
        let (page, ()) = tokio::join!(page(), async {
            tokio::join!(worker(), worker(), worker());
        });
        page.expect("shown");
        assert_eq!(shop.licenses(started.order).await.len(), 2);
        assert_eq!(shop.mails().await, ["Your ChartGPT licenses"], "round {round}");
        shop.app.kit.clock.advance(Duration::from_mins(10));
    }
}

async fn st_19_each_unit_is_a_license(shop: &Shop) {
    shop.sell_at("bulk", |price| price.max_quantity = 1_000).await;
    for quantity in [1, 2, 100] {
        let started = shop.start("bulk", quantity).await;
        shop.pay(&started, &Payment::by_card("ada@example.com")).await;
        shop.deliver().await;
        let licenses = shop.licenses(started.order).await;
        let ids: BTreeSet<_> = licenses.iter().map(|license| license.id).collect();
        assert_eq!((ids.len(), licenses.len()), (quantity as usize, quantity as usize));
    }
    let too_many = Wanted { price: PRICE.to_owned(), quantity: 11, upgrade: None };
    let refused = shop.service().start_checkout(&visitor(None), &too_many).await;
    assert!(matches!(refused, Err(StartCheckoutError::Quantity { min: 1, max: 10 })), "{refused:?}");
}

async fn st_19_a_purchase_that_is_free_by_a_coupon_is_delivered(shop: &Shop) {
    let coupon = shop.post("coupons", &[("percent_off", "100"), ("duration", "once")]).await;
    let coupon = coupon["id"].as_str().expect("an id").to_owned();
    let form = [("promotion[type]", "coupon"), ("promotion[coupon]", &*coupon), ("code", "FREE")];
    shop.post("promotion_codes", &form).await;
    let started = shop.start(PRICE, 1).await;
    let session = shop.session(started.order).await;
    shop.stripe.apply_promotion_code(&session, "FREE").expect("applied");
    shop.pay(&started, &Payment::by_card("ada@example.com")).await;
    shop.deliver().await;
    assert_eq!(shop.state(started.order).await, (OrderStatus::Paid, Some("good")));
    let order = shop.order(started.order).await;
    assert_eq!((order.total_minor, order.discount_minor, order.paid_minor), (Some(0), 14_900, 0));
}

async fn st_23_one_address_is_one_account(shop: &Shop) {
    let first = shop.buy_by_card("ada@example.com", 1).await;
    shop.deliver().await;
    let second = shop.buy_by_card("ADA@Example.com", 1).await;
    shop.deliver().await;
    let accounts = [shop.order(first.order).await.account, shop.order(second.order).await.account];
    assert_eq!(accounts[0], accounts[1]);
    let who = shop.sign_in("ada@example.com").await;
    assert_eq!(shop.service().customer(&who).orders().await.expect("read").len(), 2);
}

async fn a_signed_in_purchase_lands_in_that_account(shop: &Shop) {
    shop.buy_by_card("ada@example.com", 1).await;
    shop.deliver().await;
    let who = shop.sign_in("ada@example.com").await;
    let wanted = Wanted { price: PRICE.to_owned(), quantity: 1, upgrade: None };
    let started = shop.start_as(Some(&who), &wanted).await;
    // Whatever the buyer types at Stripe.
    shop.pay(&started, &Payment::by_card("other@example.com")).await;
    shop.deliver().await;
    assert_eq!(shop.order(started.order).await.account, Some(who.account.id));
}

async fn a_delayed_payment_is_delivered_when_it_arrives(shop: &Shop) {
    let debit = Payment::new("ada@example.com", "Ada", Method::BankDebit);
    let (good, bad) = (shop.start(PRICE, 1).await, shop.start(PRICE, 1).await);
    shop.pay(&good, &debit).await;
    shop.pay(&bad, &debit).await;
    shop.deliver().await;
    assert_eq!(shop.state(good.order).await, (OrderStatus::Pending, None));
    assert_eq!(shop.mails().await, ["We are waiting for your payment"; 2]);
    shop.stripe.settle(&shop.payment(good.order).await).expect("settled");
    shop.stripe.fail_payment(&shop.payment(bad.order).await).expect("failed");
    shop.deliver().await;
    assert_eq!(shop.state(good.order).await, (OrderStatus::Paid, Some("good")));
    assert_eq!(shop.state(bad.order).await, (OrderStatus::PaymentFailed, None));
    assert_eq!(shop.mails().await, ["Your ChartGPT license", "Your payment did not go through"]);
}

async fn a_declined_card_leaves_the_checkout_open(shop: &Shop) {
    let started = shop.start(PRICE, 1).await;
    let declined = Payment::new("ada@example.com", "Ada", Method::DeclinedCard);
    let _ = shop.stripe.pay(&shop.session(started.order).await, &declined);
    shop.deliver().await;
    assert_eq!(shop.state(started.order).await, (OrderStatus::Open, None));
    shop.pay(&started, &Payment::by_card("ada@example.com")).await;
    shop.deliver().await;
    assert_eq!(shop.state(started.order).await, (OrderStatus::Paid, Some("good")));
    assert_eq!(shop.mails().await, ["Your ChartGPT license"]);
}

async fn an_expired_checkout_is_closed(shop: &Shop) {
    let started = shop.start(PRICE, 1).await;
    shop.stripe.expire(&shop.session(started.order).await).expect("expired");
    shop.deliver().await;
    assert_eq!(shop.state(started.order).await, (OrderStatus::Expired, None));
    assert!(shop.mails().await.is_empty());
}

async fn checkouts_are_limited_for_each_network(shop: &Shop) {
    let wanted = Wanted { price: PRICE.to_owned(), quantity: 1, upgrade: None };
    let mut opened = 0;
    loop {
        match shop.service().start_checkout(&visitor(None), &wanted).await {
            Ok(_) => opened += 1,
            Err(StartCheckoutError::Throttled(_)) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(opened, 20);
}
