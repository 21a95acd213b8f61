//! Checkouts that do not match their order are held, and nothing is delivered.

use latchkey_licensing::{
    ids::OrderId,
    order::{HoldReason, OrderStatus},
};
use latchkey_service::{CustomerOrderError, Notify, Operator, ReleaseError, Wanted};
use latchkey_store::OrderSearch;
use latchkey_testkit::{
    on_both,
    stripe::{Fault, Payment},
};
use serde_json::{Value, json};

use super::{PRICE, ParseAddress, release, with_shop};
use crate::support::shop::Shop;

on_both!(
    with_shop: st_12_a_checkout_that_does_not_match_is_held,
    a_refund_of_a_held_order_is_mailed,
    an_order_without_an_address_is_released_to_an_account_that_the_admin_names,
    an_admin_releases_a_held_order,
    an_order_that_another_customer_paid_is_released_to_the_one_who_ordered,
    a_released_order_is_delivered_without_a_mail_if_the_admin_says_so,
    a_banned_account_receives_nothing_until_it_is_released,
    a_checkout_of_somebody_else_is_ignored,
    a_checkout_that_names_another_order_delivers_nothing,
);

async fn tampered(shop: &Shop, change: impl FnOnce(&mut Value)) -> OrderId {
    let started = shop.buy_by_card("ada@example.com", 2).await;
    shop.stripe.tamper_session(&shop.session(started.order).await, change);
    shop.deliver().await;
    assert!(shop.licenses(started.order).await.is_empty());
    started.order
}

async fn st_12_a_checkout_that_does_not_match_is_held(shop: &Shop) {
    type Tamper = fn(&mut Value);
    let cases: &[(Tamper, HoldReason)] = &[
        (|session| session["amount_total"] = json!(1), HoldReason::WrongAmount),
        (|session| session["amount_subtotal"] = json!(1), HoldReason::WrongAmount),
        (|session| session["currency"] = json!("eur"), HoldReason::WrongCurrency),
        (|session| session["livemode"] = json!(true), HoldReason::WrongLiveMode),
        (|session| session["client_reference_id"] = json!(null), HoldReason::WrongOrder),
    ];
    for (tamper, reason) in cases {
        let order = tampered(shop, tamper).await;
        let order = shop.order(order).await;
        assert_eq!((order.status, order.hold), (OrderStatus::Held, Some(*reason)));
        assert_eq!((order.account, order.delivered_at), (None, None));
    }
    // Each buyer learns once that the payment arrived.
    assert_eq!(shop.mails().await, ["We are checking your order"; 5]);
    for event in shop.stripe.events() {
        shop.stripe.redeliver(&event.id).await;
    }
    shop.handle_all().await;
    assert!(shop.mails().await.is_empty());
}

async fn a_refund_of_a_held_order_is_mailed(shop: &Shop) {
    let order = tampered(shop, |session| session["amount_total"] = json!(1)).await;
    assert_eq!(shop.mails().await, ["We are checking your order"]);
    shop.stripe.refund(&shop.payment(order).await, None).expect("refunded");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, (OrderStatus::Refunded, None));
    shop.app.kit.deliver_mail().await;
    let mails = shop.app.kit.mail.take();
    let [mail] = mails.as_slice() else { panic!("one mail: {mails:?}") };
    assert_eq!(mail.to.as_str(), "ada@example.com");
    assert!(mail.subject.starts_with("Your refund from") && mail.text.contains("$298.00"), "{mail:?}");
    assert!(mail.text.contains("No license was issued for this order."), "{}", mail.text);
}

async fn an_order_without_an_address_is_released_to_an_account_that_the_admin_names(shop: &Shop) {
    let admin = shop.service().admin(Operator::Host);
    let order = tampered(shop, |session| session["customer_details"]["email"] = json!("no address")).await;
    assert_eq!(shop.order(order).await.hold, Some(HoldReason::NoAddress));
    assert!(matches!(release(&admin, order, None).await, Err(ReleaseError::AddressRequired(_))));
    admin.add_customer(&"eve@example.com".parse_address(), None).await.expect("added");
    admin.disable_account(&"eve@example.com".parse_address()).await.expect("banned");
    let banned = release(&admin, order, Some(&"eve@example.com".parse_address())).await;
    assert!(matches!(banned, Err(ReleaseError::AccountDisabled)), "{banned:?}");
    assert_eq!((shop.order(order).await.status, shop.order(order).await.account), (OrderStatus::Held, None));
    let released = release(&admin, order, Some(&"Bob@Example.com".parse_address())).await;
    assert_eq!(released.expect("released"), OrderStatus::Paid);
    let who = shop.sign_in("bob@example.com").await;
    assert!(shop.licenses(order).await.iter().all(|license| license.account == who.account.id));
    assert_eq!(shop.mails().await, ["Your ChartGPT licenses"]);
    let other = tampered(shop, |session| session["amount_total"] = json!(1)).await;
    let refused = release(&admin, other, Some(&"bob@example.com".parse_address())).await;
    assert!(matches!(refused, Err(ReleaseError::AddressNotNeeded(_))), "{refused:?}");
}

async fn an_admin_releases_a_held_order(shop: &Shop) {
    let admin = shop.service().admin(Operator::Host);
    let order = tampered(shop, |session| session["amount_total"] = json!(1)).await;
    // While Stripe is down, the order stays held and the release can be repeated.
    shop.stripe.fail_next("/v1/checkout/sessions/", Fault::ServerError, u32::MAX);
    assert!(matches!(release(&admin, order, None).await, Err(ReleaseError::Refresh(_))));
    assert_eq!(shop.order(order).await.status, OrderStatus::Held);
    shop.stripe.clear_faults();
    assert_eq!(release(&admin, order, None).await.expect("released"), OrderStatus::Paid);
    assert_eq!(shop.licenses(order).await.len(), 2);
    assert!(matches!(release(&admin, order, None).await, Err(ReleaseError::NotHeld(_))));
    let open = shop.start(PRICE, 1).await.order;
    assert!(matches!(release(&admin, open, None).await, Err(ReleaseError::NotHeld(_))));
}

async fn an_order_that_another_customer_paid_is_released_to_the_one_who_ordered(shop: &Shop) {
    let admin = shop.service().admin(Operator::Host);
    let bobs = shop.buy_by_card("bob@example.com", 1).await.order;
    shop.deliver().await;
    let customer = shop.order(bobs).await.customer.expect("a customer");
    let (ada, bob) = (shop.account("ada@example.com").await, shop.sign_in("bob@example.com").await);
    assert_eq!(shop.mails().await, ["Your ChartGPT license"]);
    for signed_in in [false, true] {
        let ada = if signed_in { Some(shop.sign_in("ada@example.com").await) } else { None };
        let wanted = Wanted { price: PRICE.to_owned(), quantity: 2, upgrade: None };
        let started = shop.start_as(ada.as_ref(), &wanted).await;
        shop.pay(&started, &Payment::by_card("ada@example.com")).await;
        shop.stripe.tamper_session(&shop.session(started.order).await, |session| session["customer"] = json!(customer));
        shop.deliver().await;
        let order = shop.order(started.order).await;
        assert_eq!((order.status, order.hold), (OrderStatus::Held, Some(HoldReason::WrongCustomer)));
        assert_eq!(shop.mails().await, ["We are checking your order"]);
        let fresh = Operator::Host.fresh();
        let released = admin.release_order(started.order, None, Notify::Customer, &fresh).await.expect("released");
        assert_eq!((released.status, released.mailed_to), (OrderStatus::Paid, vec!["ada@example.com".parse_address()]));
        assert_eq!(shop.mails().await, ["Your ChartGPT licenses"]);
        let owner = shop.order(started.order).await.account.expect("an account");
        assert!(shop.licenses(started.order).await.iter().all(|license| license.account == owner));
        assert_eq!(owner, shop.account("ada@example.com").await);
        // The cards of the one who paid stay that person's.
        let buyer = shop.sign_in("ada@example.com").await;
        let refused = shop.service().customer(&buyer).payment_settings(started.order).await;
        assert!(matches!(refused, Err(CustomerOrderError::NoDocument)), "{refused:?}");
        let payer = shop.service().customer(&bob).payment_settings(bobs).await;
        assert!(payer.is_ok(), "{payer:?}");
    }
    assert_ne!(ada, bob.account.id);
}

async fn a_released_order_is_delivered_without_a_mail_if_the_admin_says_so(shop: &Shop) {
    let admin = shop.service().admin(Operator::Host);
    let order = tampered(shop, |session| session["amount_total"] = json!(1)).await;
    assert_eq!(shop.mails().await, ["We are checking your order"]);
    // The order is delivered later, by the event.
    let fresh = Operator::Host.fresh();
    shop.stripe.fail_next("/v1/checkout/sessions/", Fault::ServerError, u32::MAX);
    let failed = admin.release_order(order, None, Notify::Nobody, &fresh).await;
    assert!(matches!(failed, Err(ReleaseError::Refresh(_))), "{failed:?}");
    shop.stripe.clear_faults();
    for event in shop.stripe.events() {
        shop.stripe.redeliver(&event.id).await;
    }
    shop.service().reconcile().await.expect("reconciled");
    assert_eq!(shop.state(order).await, (OrderStatus::Paid, Some("good")));
    assert!(shop.mails().await.is_empty());
    // A later refund is reported.
    shop.stripe.refund(&shop.payment(order).await, None).expect("refunded");
    shop.deliver().await;
    assert_eq!(shop.mails().await, ["Your refund from Latchkey"]);
}

async fn a_banned_account_receives_nothing_until_it_is_released(shop: &Shop) {
    let admin = shop.service().admin(Operator::Host);
    admin.add_customer(&"eve@example.com".parse_address(), None).await.expect("added");
    admin.disable_account(&"eve@example.com".parse_address()).await.expect("banned");
    let started = shop.buy_by_card("eve@example.com", 1).await;
    shop.deliver().await;
    let order = shop.order(started.order).await;
    assert_eq!((order.status, order.hold), (OrderStatus::Held, Some(HoldReason::AccountDisabled)));
    // The release does not lift the ban, so the order stays held.
    assert_eq!(release(&admin, started.order, None).await.expect("tried"), OrderStatus::Held);
    assert!(shop.licenses(started.order).await.is_empty());
    assert!(shop.mails().await.is_empty());
    // Paid back, it needs no decision any more.
    shop.stripe.refund(&shop.payment(started.order).await, None).expect("refunded");
    shop.deliver().await;
    assert_eq!(shop.state(started.order).await, (OrderStatus::Refunded, None));
}

/// The vendor may sell other things with the same Stripe account.
async fn a_checkout_of_somebody_else_is_ignored(shop: &Shop) {
    let price = shop.price(PRICE).await.provisioned.expect("made").id;
    let form = [
        ("mode", "payment"),
        ("line_items[0][price]", &*price),
        ("line_items[0][quantity]", "1"),
        ("success_url", "https://elsewhere.example/thanks"),
    ];
    let session = shop.post("checkout/sessions", &form).await;
    shop.stripe.pay(session["id"].as_str().expect("an id"), &Payment::by_card("ada@example.com")).expect("paid");
    shop.deliver().await;
    let orders = shop.service().admin(Operator::Host).orders(&OrderSearch::default(), None, 10).await.expect("read");
    assert!(orders.items.is_empty());
}

/// Anyone who can write metadata at Stripe could name somebody's order.
async fn a_checkout_that_names_another_order_delivers_nothing(shop: &Shop) {
    let started = shop.start(PRICE, 10).await;
    let price = shop.price(PRICE).await.provisioned.expect("made").id;
    let id = started.order.to_string();
    let form = [
        ("mode", "payment"),
        ("line_items[0][price]", &*price),
        ("line_items[0][quantity]", "1"),
        ("success_url", "https://elsewhere.example/thanks"),
        ("metadata[latchkey_order]", &*id),
        ("client_reference_id", &*id),
    ];
    let session = shop.post("checkout/sessions", &form).await;
    shop.stripe.pay(session["id"].as_str().expect("an id"), &Payment::by_card("eve@example.com")).expect("paid");
    shop.stripe.deliver_waiting(latchkey_testkit::stripe::Order::AsRecorded).await;
    while shop.service().handle_one_event().await.expect("handled") != latchkey_service::EventHandling::Idle {}
    assert_eq!(shop.state(started.order).await, (OrderStatus::Open, None));
    let failed = shop.service().admin(Operator::Host);
    let failed = failed.stripe_events(Some(latchkey_service::EventState::Failed), None, 10).await.expect("read");
    assert!(!failed.is_empty(), "an admin can see it");
}
