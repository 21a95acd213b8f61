//! Refunds, disputes and fraud warnings.

use latchkey_licensing::{email::EmailAddress, order::OrderStatus};
use latchkey_service::{Notify, Operator, PlacedKey, RefundError, StandingError};
use latchkey_testkit::{
    Backend, on_both,
    stripe::{DisputeKind, Fault, Outcome},
};

use super::with_shop;
use crate::support::app::with_backend;
use crate::support::shop::Shop;

on_both!(
    with_shop: st_20_refunds_reach_the_license,
    st_20_a_refund_may_be_seen_before_the_payment,
    st_21_disputes_reach_the_license,
    st_21_several_disputes_and_refunds_add_up,
    an_admins_decision_survives_every_event,
    an_admin_refunds_an_order_once,
    a_refund_is_not_mailed_if_the_admin_says_so,
    st_20_a_refund_reaches_the_next_validation,
);

on_both!(with_backend: a_fraud_warning_is_refunded_if_the_settings_say_so);

const PAID: (OrderStatus, Option<&str>) = (OrderStatus::Paid, Some("good"));
const REFUNDED: (OrderStatus, Option<&str>) = (OrderStatus::Refunded, Some("revoked"));
const PARTLY: (OrderStatus, Option<&str>) = (OrderStatus::PartlyRefunded, Some("good"));
const DISPUTED: (OrderStatus, Option<&str>) = (OrderStatus::Disputed, Some("suspended"));
const LOST: (OrderStatus, Option<&str>) = (OrderStatus::DisputeLost, Some("revoked"));

async fn sold(shop: &Shop) -> (latchkey_licensing::ids::OrderId, String) {
    let started = shop.buy_by_card("ada@example.com", 1).await;
    shop.deliver().await;
    shop.mails().await;
    assert_eq!(shop.state(started.order).await, PAID);
    (started.order, shop.payment(started.order).await)
}

async fn st_20_refunds_reach_the_license(shop: &Shop) {
    let (order, payment) = sold(shop).await;
    shop.stripe.refund(&payment, Some(4_900)).expect("refunded");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, PARTLY);
    assert_eq!(shop.mails().await.len(), 1);
    let rest = shop.stripe.refund(&payment, None).expect("refunded");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, REFUNDED);
    assert_eq!(shop.order(order).await.refunded_minor, 14_900);
    assert_eq!(shop.mails().await.len(), 1);
    // Everything again changes nothing.
    let before = shop.order(order).await;
    let admin = shop.service().admin(Operator::Host);
    for event in shop.stripe.events() {
        admin.replay_stripe_event(&event.id, &Operator::Host.fresh()).await.expect("asked");
    }
    shop.handle_all().await;
    assert_eq!(shop.order(order).await, before);
    shop.stripe.fail_refund(&rest).expect("failed");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, PARTLY);
    assert_eq!(shop.mails().await, ["Your ChartGPT license can be used again"]);
}

async fn st_20_a_refund_may_be_seen_before_the_payment(shop: &Shop) {
    let started = shop.buy_by_card("ada@example.com", 1).await;
    let payment = shop.payment(started.order).await;
    shop.stripe.refund(&payment, None).expect("refunded");
    let attempts = shop.stripe.deliver_waiting(latchkey_testkit::stripe::Order::Reversed).await;
    assert!(!attempts.is_empty());
    shop.handle_all().await;
    assert_eq!(shop.state(started.order).await, REFUNDED);
}

async fn st_21_disputes_reach_the_license(shop: &Shop) {
    let (order, payment) = sold(shop).await;
    let inquiry = shop.stripe.dispute(&payment, DisputeKind::Inquiry).expect("asked");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, PAID);
    shop.stripe.close_dispute(&inquiry, Outcome::WarningClosed).expect("closed");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, PAID);
    assert!(shop.mails().await.is_empty());

    let dispute = shop.stripe.dispute(&payment, DisputeKind::Chargeback).expect("disputed");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, DISPUTED);
    assert_eq!(shop.mails().await, ["Your ChartGPT license is suspended"]);
    shop.stripe.close_dispute(&dispute, Outcome::Won).expect("won");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, PAID);
    assert_eq!(shop.mails().await, ["Your ChartGPT license can be used again"]);

    let (order, payment) = sold(shop).await;
    let dispute = shop.stripe.dispute(&payment, DisputeKind::Chargeback).expect("disputed");
    shop.deliver().await;
    shop.stripe.close_dispute(&dispute, Outcome::Lost).expect("lost");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, LOST);
    assert_eq!(shop.mails().await, ["Your ChartGPT license is suspended", "Your ChartGPT license was revoked"]);
}

async fn st_21_several_disputes_and_refunds_add_up(shop: &Shop) {
    let (order, payment) = sold(shop).await;
    let first = shop.stripe.dispute(&payment, DisputeKind::Chargeback).expect("disputed");
    let second = shop.stripe.dispute(&payment, DisputeKind::Chargeback).expect("disputed");
    shop.deliver().await;
    shop.stripe.close_dispute(&first, Outcome::Won).expect("won");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, DISPUTED, "the other dispute is open");
    shop.stripe.close_dispute(&second, Outcome::Won).expect("won");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, PAID);
    let disputes = shop.view(order).await.payments.into_iter().flat_map(|payment| payment.disputes).count();
    assert_eq!(disputes, 2);
}

async fn an_admins_decision_survives_every_event(shop: &Shop) {
    let admin = shop.service().admin(Operator::Host);
    let (order, payment) = sold(shop).await;
    let license = shop.licenses(order).await[0].id;
    admin.suspend_license(license, Notify::Nobody).await.expect("suspended");
    let dispute = shop.stripe.dispute(&payment, DisputeKind::Chargeback).expect("disputed");
    shop.deliver().await;
    shop.stripe.close_dispute(&dispute, Outcome::Won).expect("won");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, (OrderStatus::Paid, Some("suspended")));

    // What a dispute suspends, an admin cannot reinstate; and what an admin reinstates stays suspended while it lasts.
    let dispute = shop.stripe.dispute(&payment, DisputeKind::Chargeback).expect("disputed");
    shop.deliver().await;
    admin.reinstate_license(license, Notify::Nobody).await.expect("reinstated");
    assert_eq!(shop.state(order).await, DISPUTED);
    let refused = admin.reinstate_license(license, Notify::Nobody).await;
    assert!(matches!(refused, Err(StandingError::ByPayment { .. })), "{refused:?}");
    shop.stripe.close_dispute(&dispute, Outcome::Won).expect("won");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, PAID);

    admin.revoke_license(license, Notify::Nobody).await.expect("revoked");
    let refund = shop.stripe.refund(&payment, None).expect("refunded");
    shop.deliver().await;
    shop.stripe.fail_refund(&refund).expect("failed");
    shop.deliver().await;
    assert_eq!(shop.state(order).await, (OrderStatus::Paid, Some("revoked")));
}

async fn an_admin_refunds_an_order_once(shop: &Shop) {
    let (order, _) = sold(shop).await;
    let admin = shop.service().admin(Operator::Host);
    let fresh = Operator::Host.fresh();
    let (one, two) = tokio::join!(
        admin.refund_order(order, Notify::Customer, &fresh),
        admin.refund_order(order, Notify::Customer, &fresh)
    );
    assert!(one.is_ok() || two.is_ok(), "{one:?} {two:?}");
    assert_eq!(shop.state(order).await, REFUNDED);
    assert_eq!(shop.stripe.objects("refund").len(), 1, "a double click is one refund");
}

async fn a_refund_is_not_mailed_if_the_admin_says_so(shop: &Shop) {
    let admin = shop.service().admin(Operator::Host);
    let fresh = Operator::Host.fresh();
    for (notify, mailed_to) in [(Notify::Nobody, vec![]), (Notify::Customer, vec!["ada@example.com"])] {
        let (order, _) = sold(shop).await;
        shop.mails().await;
        // If the provider refuses, nothing is kept back later.
        shop.stripe.fail_next("/v1/refunds", Fault::ServerError, u32::MAX);
        let failed = admin.refund_order(order, notify, &fresh).await;
        assert!(matches!(failed, Err(RefundError::Payments(_))), "{failed:?}");
        assert_eq!(shop.order(order).await.unsent_mail, None);
        shop.stripe.clear_faults();
        let mailed = admin.refund_order(order, notify, &fresh).await.expect("refunded");
        assert_eq!(mailed.iter().map(EmailAddress::as_str).collect::<Vec<_>>(), mailed_to);
        // The events of the refund say nothing new.
        shop.deliver().await;
        assert_eq!(shop.state(order).await, REFUNDED);
        let mails = shop.mails().await;
        assert_eq!(mails.len(), mailed_to.len(), "{mails:?}");
        assert_eq!(shop.order(order).await.unsent_mail, None);
    }
}

/// A refund reaches the next validation.
async fn st_20_a_refund_reaches_the_next_validation(shop: &Shop) {
    let started = shop.buy_by_card("ada@example.com", 1).await;
    shop.deliver().await;
    let placed = shop.service().placed_order(started.order, None, Some(&started.browser)).await.expect("shown");
    let PlacedKey::Delivered(key) = &placed.licenses[0].key else { panic!("a key") };
    let app = shop.app.desktop(Some(key.expose()));
    assert_eq!(app.get("/v1/me").await.status, 200);
    shop.stripe.refund(&shop.payment(started.order).await, None).expect("refunded");
    shop.deliver().await;
    assert_eq!(app.get("/v1/me").await.status, 403);
}

async fn a_fraud_warning_is_refunded_if_the_settings_say_so(backend: Backend) {
    for refunds in [false, true] {
        let shop = Shop::open_held(backend, |options| options.billing.refunds_on_fraud_warning = refunds).await;
        let (order, payment) = sold(&shop).await;
        shop.stripe.fraud_warning(&payment).expect("warned");
        shop.deliver().await;
        // The refund's own events.
        shop.deliver().await;
        assert!(shop.order(order).await.has_fraud_warning);
        assert_eq!(shop.state(order).await, if refunds { REFUNDED } else { PAID });
    }
}
