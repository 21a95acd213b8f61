//! Subscriptions, as calls to Stripe read them.

use std::time::Duration;

use latchkey_licensing::{
    money::Money,
    order::{Checkout, SubscriptionState},
};
use latchkey_service::ports::payments::{NewCheckout, ObjectKind, SubscriptionSnapshot};
use latchkey_testkit::stripe::{DisputeKind, Renewal};
use serde_json::json;

use super::{Shop, at};
use crate::support::app::run;

const MONTH: Duration = Duration::from_hours(24 * 31);

async fn subscribed(shop: &Shop) -> (String, String) {
    let price = shop.price(900, "usd", Some("month")).await;
    let checkout = NewCheckout { is_subscription: true, ..shop.checkout(&price, 2) };
    let session = shop.sold(&checkout).await;
    let subscription = shop.double.object(&session)["subscription"].as_str().expect("a subscription").to_owned();
    (session, subscription)
}

async fn state(shop: &Shop, session: &str) -> SubscriptionSnapshot {
    shop.of_session(session).await.subscription.expect("a subscription")
}

#[test]
fn a_year_of_renewals_is_a_payment_for_each_period() {
    run(async {
        let shop = Shop::open();
        let (session, subscription) = subscribed(&shop).await;
        for _ in 0..12 {
            shop.double.advance(MONTH);
        }
        let snapshot = shop.of_session(&session).await;
        assert_eq!((snapshot.checkout.state, snapshot.checkout.is_subscription), (Checkout::Paid, true));
        assert_eq!(
            snapshot.order,
            Some(
                shop.double.object(&session)["client_reference_id"]
                    .as_str()
                    .and_then(|id| id.parse().ok())
                    .expect("our order")
            )
        );
        let invoices = shop.double.objects("invoice");
        let paid: Vec<_> = invoices.iter().filter(|invoice| invoice["status"] == "paid").collect();
        assert!(paid.len() >= 12, "{}", paid.len());
        assert_eq!(snapshot.payments.len(), paid.len());
        let usd = "USD".parse().expect("a currency");
        for (payment, invoice) in snapshot.payments.iter().zip(&paid) {
            assert_eq!(payment.invoice.as_deref(), invoice["id"].as_str());
            assert_eq!(payment.paid, Money::new(1_800, usd));
            assert_eq!(payment.paid_at, at(&invoice["status_transitions"]["paid_at"]));
            assert_eq!(payment.period_ends_at, Some(at(&invoice["lines"]["data"][0]["period"]["end"])));
            assert!(payment.id.starts_with("pi_"), "{}", payment.id);
        }
        assert!(snapshot.payments.is_sorted_by_key(|payment| payment.period_ends_at));

        // Each renewal's objects lead to the checkout that started the subscription.
        let last = snapshot.payments.last().expect("a payment");
        let refund = shop.double.refund(&last.id, Some(100)).expect("refunded");
        let dispute = shop.double.dispute(&last.id, DisputeKind::Chargeback).expect("disputed");
        let whole = shop.of_session(&session).await;
        let changed = whole.payments.last().expect("a payment");
        assert_eq!((changed.refunds.len(), changed.disputes.len()), (1, 1));
        let charge = shop.double.object(&last.id)["latest_charge"].as_str().expect("a charge").to_owned();
        let invoice = last.invoice.as_deref().expect("an invoice");
        for (kind, id) in [
            (ObjectKind::Subscription, subscription.as_str()),
            (ObjectKind::Invoice, invoice),
            (ObjectKind::Payment, &last.id),
            (ObjectKind::Charge, &charge),
            (ObjectKind::Refund, &refund),
            (ObjectKind::Dispute, &dispute),
        ] {
            assert_eq!(shop.snapshot(kind, id).await.as_ref(), Some(&whole), "{kind:?}");
        }
    });
}

/// Three calls for each payment, and four for all of them together.
#[test]
fn ten_years_of_renewals_are_read_in_time() {
    run(async {
        let shop = Shop::open();
        let (session, _) = subscribed(&shop).await;
        for _ in 0..120 {
            shop.double.advance(MONTH);
        }
        let before = shop.double.count_calls("/v1");
        let payments = shop.of_session(&session).await.payments;
        assert!(payments.len() >= 120, "{}", payments.len());
        let calls = usize::try_from(shop.double.count_calls("/v1") - before).expect("a count");
        assert!(calls <= 3 * payments.len() + 6, "{calls} calls");
    });
}

#[test]
fn lines_that_were_added_by_hand_do_not_extend_a_subscription() {
    run(async {
        let shop = Shop::open();
        let (session, _) = subscribed(&shop).await;
        let invoice = shop.double.object(&session)["invoice"].as_str().expect("an invoice").to_owned();
        let end = shop.double.object(&invoice)["lines"]["data"][0]["period"]["end"].clone();
        shop.double.tamper(&invoice, |invoice| {
            let mut other = invoice["lines"]["data"][0].clone();
            other["id"] = json!("il_other");
            other["parent"]["type"] = json!("invoice_item_details");
            other["period"]["end"] = json!(9_999_999_999_i64);
            invoice["lines"]["data"].as_array_mut().expect("lines").push(other);
        });
        let payments = shop.of_session(&session).await.payments;
        assert_eq!(payments[0].period_ends_at, Some(at(&end)));
    });
}

#[test]
fn a_failed_renewal_says_what_is_due() {
    run(async {
        let shop = Shop::open();
        let (session, subscription) = subscribed(&shop).await;
        let active = state(&shop, &session).await;
        assert_eq!((active.id.as_str(), active.state), (subscription.as_str(), SubscriptionState::Active));
        assert_eq!((active.is_canceled_at_period_end, active.unpaid), (false, None));
        shop.double.set_renewal_of(&subscription, Renewal::Fail);
        shop.double.advance(MONTH);
        let late = state(&shop, &session).await;
        assert_eq!(late.state, SubscriptionState::PastDue);
        assert_eq!(late.unpaid, Some(Money::new(1_800, "USD".parse().expect("a currency"))));
        assert_eq!(shop.of_session(&session).await.payments.len(), 1);
        shop.double.advance(MONTH);
        assert_eq!(state(&shop, &session).await.state, SubscriptionState::Ended);
    });
}

#[test]
fn pauses_and_cancellations_are_read() {
    run(async {
        let shop = Shop::open();
        let (session, subscription) = subscribed(&shop).await;
        shop.double.pause(&subscription).expect("paused");
        assert_eq!(state(&shop, &session).await.state, SubscriptionState::Paused);
        shop.double.resume(&subscription).expect("resumed");
        shop.double.pause_collection(&subscription, Some("void")).expect("paused");
        assert_eq!(state(&shop, &session).await.state, SubscriptionState::Paused);
        shop.double.pause_collection(&subscription, None).expect("resumed");
        assert_eq!(state(&shop, &session).await.state, SubscriptionState::Active);
        shop.double.cancel_at_period_end(&subscription, true).expect("canceled");
        let ending = state(&shop, &session).await;
        assert_eq!((ending.state, ending.is_canceled_at_period_end), (SubscriptionState::Active, true));
        shop.double.cancel_subscription(&subscription).expect("canceled");
        assert_eq!(state(&shop, &session).await.state, SubscriptionState::Ended);
    });
}

#[test]
fn a_free_period_is_a_payment_of_nothing() {
    run(async {
        let shop = Shop::open();
        let price = shop.price(0, "usd", Some("month")).await;
        let session = shop.sold(&NewCheckout { is_subscription: true, ..shop.checkout(&price, 1) }).await;
        let snapshot = shop.of_session(&session).await;
        let [payment] = snapshot.payments.as_slice() else { panic!("one payment: {snapshot:?}") };
        assert_eq!((payment.id.as_str(), payment.paid.minor), (payment.invoice.as_deref().expect("an invoice"), 0));
        assert!(payment.id.starts_with("in_") && payment.period_ends_at.is_some());
        assert!(matches!(snapshot.checkout.state, Checkout::Paid | Checkout::NothingToPay));
    });
}
