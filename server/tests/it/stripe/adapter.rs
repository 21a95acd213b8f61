//! What calls to Stripe do, and how its answers are read.

use std::time::Duration;

use latchkey_licensing::{
    money::Money,
    order::{Checkout, DisputeState, RefundState},
};
use latchkey_server::{
    adapters::StripePayments,
    settings::{Secret, Stripe},
};
use latchkey_service::ports::payments::{
    CheckoutLine, NewCheckoutLine, ObjectKind, Payments, PaymentsError, RefundSnapshot,
};
use latchkey_testkit::stripe::{DisputeKind, Method, Outcome, Paid, Payment};
use serde_json::json;

use super::{Shop, at, settings_for};
use crate::support::app::run;

fn usd(minor: i64) -> Money {
    Money::new(minor, "USD".parse().expect("a currency"))
}

#[test]
fn a_one_time_purchase_is_read_from_each_of_its_objects() {
    run(async {
        let shop = Shop::open();
        let price = shop.price(4_900, "usd", None).await;
        let opened = shop.payments.open_checkout(&shop.checkout(&price, 3)).await.expect("opened");
        assert!(opened.url.contains(&opened.id) && !format!("{opened:?}").contains("http"));
        let before = shop.of_session(&opened.id).await;
        assert_eq!((before.checkout.state, before.payments.len()), (Checkout::Open, 0));

        shop.double.pay(&opened.id, &Payment::by_card("ada@example.com")).expect("paid");
        let session = shop.double.object(&opened.id);
        let snapshot = shop.of_session(&opened.id).await;
        let order = shop.order();
        assert_eq!(snapshot.order, Some(order));
        let checkout = &snapshot.checkout;
        assert_eq!((checkout.state, checkout.is_live, checkout.is_subscription), (Checkout::Paid, false, false));
        assert_eq!(checkout.reference, Some(order.to_string()));
        assert_eq!((checkout.subtotal, checkout.total), (usd(14_700), usd(14_700)));
        assert_eq!((checkout.discount_minor, checkout.tax_minor), (0, 0));
        assert_eq!(checkout.customer.as_deref(), session["customer"].as_str());
        assert_eq!(
            (checkout.email.as_deref(), checkout.name.as_deref()),
            (Some("ada@example.com"), Some("Jenny Rosen"))
        );
        let currency = usd(0).currency;
        assert_eq!(checkout.lines, [CheckoutLine { price, quantity: 3, subtotal_minor: 14_700, currency }]);
        assert_eq!(checkout.created_at, at(&session["created"]));
        let [payment] = snapshot.payments.as_slice() else { panic!("one payment: {snapshot:?}") };
        let intent = session["payment_intent"].as_str().expect("a payment");
        assert_eq!((payment.id.as_str(), payment.paid, payment.period_ends_at), (intent, usd(14_700), None));
        assert_eq!(payment.invoice.as_deref(), session["invoice"].as_str());
        assert_eq!((payment.refunds.len(), payment.disputes.len(), payment.has_fraud_warning), (0, 0, false));
        assert!(snapshot.subscription.is_none() && payment.invoice.is_some());
        let charge = shop.double.object(intent)["latest_charge"].as_str().expect("a charge").to_owned();
        assert_eq!(payment.paid_at, at(&shop.double.object(&charge)["created"]));

        let refund = shop.double.refund(intent, Some(100)).expect("refunded");
        let dispute = shop.double.dispute(intent, DisputeKind::Inquiry).expect("disputed");
        let warning = shop.double.fraud_warning(intent).expect("warned");
        let whole = shop.of_session(&opened.id).await;
        let invoice = session["invoice"].as_str().expect("an invoice");
        for (kind, id) in [
            (ObjectKind::Payment, intent),
            (ObjectKind::Charge, &charge),
            (ObjectKind::Refund, &refund),
            (ObjectKind::Dispute, &dispute),
            (ObjectKind::FraudWarning, &warning),
            (ObjectKind::Invoice, invoice),
        ] {
            assert_eq!(shop.snapshot(kind, id).await.as_ref(), Some(&whole), "{kind:?}");
        }
        let customer = session["customer"].as_str().expect("a customer");
        assert_eq!(shop.snapshot(ObjectKind::Customer, customer).await, None);
        assert!(whole.payments[0].has_fraud_warning);
    });
}

#[test]
fn st_20_refunds_are_read_with_their_states() {
    run(async {
        let shop = Shop::open();
        let price = shop.price(4_900, "usd", None).await;
        let session = shop.sold(&shop.checkout(&price, 1)).await;
        let intent = shop.double.payment_of(&session).expect("a payment");
        let first = shop.double.refund(&intent, Some(900)).expect("refunded");
        let slow = shop.double.refund_slowly(&intent, Some(1_000)).expect("refunded");
        let states = async || {
            let mut refunds = shop.of_session(&session).await.payments.remove(0).refunds;
            refunds.sort_by_key(|refund| refund.amount_minor);
            refunds.into_iter().map(|refund| (refund.id, refund.amount_minor, refund.state)).collect::<Vec<_>>()
        };
        let all = |state| vec![(first.clone(), 900, RefundState::Succeeded), (slow.clone(), 1_000, state)];
        assert_eq!(states().await, all(RefundState::Pending));
        shop.double.fail_refund(&slow).expect("failed");
        assert_eq!(states().await, all(RefundState::Failed));
        let refund = shop.of_session(&session).await.payments.remove(0).refunds.remove(0);
        let object = shop.double.object(&refund.id);
        let RefundSnapshot { created_at, .. } = refund;
        assert_eq!(created_at, at(&object["created"]));
    });
}

#[test]
fn st_21_disputes_are_read_with_their_states() {
    run(async {
        let shop = Shop::open();
        let price = shop.price(4_900, "usd", None).await;
        let cases = [
            (DisputeKind::Chargeback, None, DisputeState::Open),
            (DisputeKind::Chargeback, Some(Outcome::Won), DisputeState::Won),
            (DisputeKind::Chargeback, Some(Outcome::Lost), DisputeState::Lost),
            (DisputeKind::Inquiry, None, DisputeState::Inquiry),
            (DisputeKind::Inquiry, Some(Outcome::WarningClosed), DisputeState::InquiryClosed),
        ];
        for (kind, outcome, expected) in cases {
            shop.clock.advance(Duration::from_secs(1));
            let session = shop.sold(&shop.checkout(&price, 1)).await;
            let intent = shop.double.payment_of(&session).expect("a payment");
            let id = shop.double.dispute(&intent, kind).expect("disputed");
            if let Some(outcome) = outcome {
                shop.double.close_dispute(&id, outcome).expect("closed");
            }
            let dispute = shop.of_session(&session).await.payments.remove(0).disputes.remove(0);
            let object = shop.double.object(&id);
            assert_eq!((dispute.id, dispute.state, dispute.amount_minor), (id, expected, 4_900));
            assert_eq!(Some(dispute.reason.as_str()), object["reason"].as_str());
            assert_eq!(dispute.due_at.is_some(), !object["evidence_details"]["due_by"].is_null());
            assert_eq!(dispute.created_at, at(&object["created"]));
        }
    });
}

#[test]
fn a_delayed_payment_is_unpaid_until_the_bank_decides() {
    run(async {
        let shop = Shop::open();
        let price = shop.price(4_900, "usd", None).await;
        for (succeeds, expected) in [(true, Checkout::Paid), (false, Checkout::Failed)] {
            shop.clock.advance(Duration::from_secs(1));
            let session = shop.sell(&shop.checkout(&price, 1)).await;
            let debit = Payment::new("ada@example.com", "Ada", Method::BankDebit);
            assert_eq!(shop.double.pay(&session, &debit).expect("paid"), Paid::Processing);
            let waiting = shop.of_session(&session).await;
            assert_eq!((waiting.checkout.state, waiting.payments.len()), (Checkout::Unpaid, 0));
            let intent = shop.double.payment_of(&session).expect("a payment");
            let decided = if succeeds { shop.double.settle(&intent) } else { shop.double.fail_payment(&intent) };
            decided.expect("decided");
            let snapshot = shop.of_session(&session).await;
            assert_eq!((snapshot.checkout.state, snapshot.payments.len()), (expected, usize::from(succeeds)));
        }
    });
}

#[test]
fn a_declined_card_leaves_the_checkout_open_until_it_expires() {
    run(async {
        let shop = Shop::open();
        let price = shop.price(4_900, "usd", None).await;
        let session = shop.sell(&shop.checkout(&price, 1)).await;
        let declined = Payment::new("ada@example.com", "Ada", Method::DeclinedCard);
        assert_eq!(shop.double.pay(&session, &declined).expect("answered"), Paid::Declined);
        assert_eq!(shop.of_session(&session).await.checkout.state, Checkout::Open);
        shop.clock.advance(Duration::from_hours(2));
        assert_eq!(shop.of_session(&session).await.checkout.state, Checkout::Expired);
    });
}

#[test]
fn st_19_nothing_to_pay_and_more_than_a_hundred_lines_are_read_whole() {
    run(async {
        let shop = Shop::open();
        let free = shop.price(0, "usd", None).await;
        let session = shop.sold(&shop.checkout(&free, 2)).await;
        let snapshot = shop.of_session(&session).await;
        assert_eq!((snapshot.checkout.state, snapshot.payments.len()), (Checkout::NothingToPay, 0));

        let price = shop.price(100, "usd", None).await;
        let mut many = shop.checkout(&price, 1);
        many.lines = (1..=230).map(|quantity| NewCheckoutLine { price: price.clone(), quantity }).collect();
        many.idempotency_key = uuid::Uuid::from_u128(7);
        let session = shop.sold(&many).await;
        let snapshot = shop.of_session(&session).await;
        let mut quantities: Vec<u32> = snapshot.checkout.lines.iter().map(|line| line.quantity).collect();
        quantities.sort_unstable();
        assert_eq!(quantities, (1..=230).collect::<Vec<u32>>());
        assert_eq!(snapshot.checkout.total, usd((1..=230).sum::<i64>() * 100));
        // More than a page of refunds.
        let intent = shop.double.payment_of(&session).expect("a payment");
        for _ in 0..205 {
            shop.double.refund(&intent, Some(1)).expect("refunded");
        }
        let refunds = shop.of_session(&session).await.payments.remove(0).refunds;
        let mut ids: Vec<&str> = refunds.iter().map(|refund| refund.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 205);
    });
}

#[test]
fn st_29_amounts_are_those_of_stripe_in_the_smallest_unit_of_each_currency() {
    run(async {
        let shop = Shop::open();
        for (currency, amount) in [("jpy", 4_900), ("kwd", 12_340), ("eur", 4_905)] {
            shop.clock.advance(Duration::from_secs(1));
            let price = shop.price(amount, currency, None).await;
            let settings = Stripe { automatic_tax: true, ..settings_for(&shop.double) };
            let key = settings.key().expect("valid").expect("a key");
            let payments = StripePayments::new(&settings, &key);
            let session = payments.open_checkout(&shop.checkout(&price, 2)).await.expect("opened").id;
            shop.double.pay(&session, &Payment::by_card("ada@example.com")).expect("paid");
            let snapshot = shop.of_session(&session).await;
            let object = shop.double.object(&session);
            let currency = currency.parse().expect("a currency");
            let money = |value: &serde_json::Value| Money::new(value.as_i64().expect("an amount"), currency);
            assert_eq!(snapshot.checkout.subtotal, Money::new(amount * 2, currency));
            assert_eq!(snapshot.checkout.total, money(&object["amount_total"]));
            assert!(snapshot.checkout.tax_minor > 0, "{object}");
            assert_eq!(Some(snapshot.checkout.tax_minor), object["total_details"]["amount_tax"].as_i64());
            assert_eq!(snapshot.payments[0].paid, snapshot.checkout.total);
        }
    });
}

#[test]
fn objects_of_others_belong_to_no_order_and_unknown_ones_are_not_found() {
    run(async {
        let shop = Shop::open();
        let price = shop.price(4_900, "usd", None).await;
        let form = [
            ("mode", "payment"),
            ("line_items[0][price]", price.as_str()),
            ("line_items[0][quantity]", "1"),
            ("success_url", "https://other.example/"),
        ];
        let session = shop.post("checkout/sessions", &form).await["id"].as_str().expect("an id").to_owned();
        shop.double.pay(&session, &Payment::by_card("eve@example.com")).expect("paid");
        assert_eq!(shop.of_session(&session).await.order, None);
        for (kind, id) in [
            (ObjectKind::Checkout, "cs_test_unknown"),
            (ObjectKind::Charge, "ch_unknown"),
            (ObjectKind::Refund, "re_unknown"),
            (ObjectKind::Dispute, "dp_unknown"),
            (ObjectKind::Invoice, "in_unknown"),
        ] {
            let found = shop.try_snapshot(kind, id).await;
            assert!(matches!(found, Err(PaymentsError::NotFound(_))), "{kind:?}: {found:?}");
        }
        for id in ["", "../refunds", "ch_1?limit=1", "ch 1", "ch_\u{e9}"] {
            let found = shop.try_snapshot(ObjectKind::Charge, id).await;
            assert!(matches!(found, Err(PaymentsError::Unreadable(_))), "{id}: {found:?}");
        }
    });
}

#[test]
fn states_that_stripe_adds_later_are_not_guessed() {
    run(async {
        let shop = Shop::open();
        let price = shop.price(4_900, "usd", None).await;
        let session = shop.sold(&shop.checkout(&price, 1)).await;
        let intent = shop.double.payment_of(&session).expect("a payment");
        let refund = shop.double.refund(&intent, Some(100)).expect("refunded");
        let read = async || shop.payments.order_snapshot(&session, None).await;
        for (id, field, known, unknown) in
            [(&refund, "status", "succeeded", "reversed"), (&session, "payment_status", "paid", "partly_paid")]
        {
            shop.double.tamper(id, |object| object[field] = json!(unknown));
            assert!(matches!(read().await, Err(PaymentsError::Unreadable(_))), "{unknown}");
            shop.double.tamper(id, |object| object[field] = json!(known));
            assert!(read().await.is_ok());
        }
        // Unknown fields and other types of fields that nobody reads change nothing.
        shop.double.tamper(&session, |object| {
            object["new_field"] = json!({ "a": [1] });
            object["custom_fields"] = json!("text");
        });
        assert!(read().await.is_ok());
    });
}

#[test]
fn st_14_events_and_checkouts_are_listed_in_pages() {
    run(async {
        let shop = Shop::open();
        let before = latchkey_service::Clock::now(&*shop.clock);
        let price = shop.price(4_900, "usd", None).await;
        let mut sessions = Vec::new();
        for _ in 0..30 {
            shop.clock.advance(Duration::from_secs(1));
            sessions.push(shop.sold(&shop.checkout(&price, 1)).await);
        }
        let mut events = Vec::new();
        let mut after: Option<String> = None;
        let mut pages = 0;
        loop {
            let page = shop.payments.events(before, after.as_deref()).await.expect("listed");
            events.extend(page.items);
            pages += 1;
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        let recorded = shop.double.events();
        assert!(pages > 1 && recorded.len() > 100, "{pages} pages, {} events", recorded.len());
        let handled: Vec<_> = recorded
            .iter()
            .filter(|event| latchkey_stripe::event::HANDLED.iter().any(|(kind, _)| *kind == event.kind))
            .map(|event| event.id.clone())
            .collect();
        assert!(handled.len() < recorded.len(), "some events are not acted on");
        let mut listed: Vec<_> = events.iter().map(|event| event.id.clone()).collect();
        listed.reverse();
        assert_eq!(listed, handled);
        let completed = events.iter().find(|event| event.kind == "checkout.session.completed").expect("an event");
        assert_eq!(completed.object.as_ref().map(|object| object.kind), Some(ObjectKind::Checkout));
        assert_eq!((completed.is_live, completed.problem.as_deref()), (false, None));
        assert_eq!(completed.api_version.as_deref(), Some(latchkey_stripe::API_VERSION));
        let body: serde_json::Value = serde_json::from_slice(&completed.body).expect("JSON");
        assert_eq!(body["id"], completed.id.as_str());

        let page = shop.payments.checkouts(before, None).await.expect("listed");
        sessions.reverse();
        assert_eq!((page.items, page.next), (sessions, None));
        shop.clock.advance(Duration::from_secs(1));
        let later = latchkey_service::Clock::now(&*shop.clock);
        assert!(shop.payments.checkouts(later, None).await.expect("listed").items.is_empty());
    });
}

#[test]
fn st_28_receipts_and_the_customer_portal_are_fetched_on_request() {
    run(async {
        let shop = Shop::open();
        let price = shop.price(4_900, "usd", None).await;
        let session = shop.sold(&shop.checkout(&price, 1)).await;
        let intent = shop.double.payment_of(&session).expect("a payment");
        let links = shop.payments.receipt_links(&intent).await.expect("links");
        assert!(links.receipt.is_some() && links.invoice.is_some() && links.invoice_pdf.is_some());
        assert!(!format!("{links:?}").contains("http"));
        let invoice = shop.double.object(&session)["invoice"].as_str().expect("an invoice").to_owned();
        let only = shop.payments.receipt_links(&invoice).await.expect("links");
        assert_eq!((only.receipt, only.invoice), (None, links.invoice));
        let customer = shop.double.object(&session)["customer"].as_str().expect("a customer").to_owned();
        let url = shop.payments.customer_portal(&customer, "https://portal.example.com/portal").await.expect("a URL");
        assert!(url.starts_with(shop.double.base_url()), "{url}");
        let unknown = shop.payments.customer_portal("cus_unknown", "https://portal.example.com/portal").await;
        assert!(matches!(unknown, Err(PaymentsError::NotFound(_))), "{unknown:?}");
    });
}

#[test]
fn st_30_the_same_key_refunds_once() {
    run(async {
        let shop = Shop::open();
        let price = shop.price(4_900, "usd", None).await;
        let session = shop.sold(&shop.checkout(&price, 1)).await;
        let intent = shop.double.payment_of(&session).expect("a payment");
        shop.double.refund(&intent, Some(900)).expect("refunded");
        for key in ["order-1-all", "order-1-all", "another"] {
            shop.payments.refund(&intent, key).await.expect("refunded");
        }
        let refunds = shop.of_session(&session).await.payments.remove(0).refunds;
        let mut amounts: Vec<i64> = refunds.iter().map(|refund| refund.amount_minor).collect();
        amounts.sort_unstable();
        assert_eq!(amounts, [900, 4_000]);
        let unknown = shop.payments.refund("pi_unknown", "x").await;
        assert!(matches!(unknown, Err(PaymentsError::NotFound(_))), "{unknown:?}");
    });
}

#[test]
fn a_checkout_is_ended_once_and_only_if_it_is_open() {
    run(async {
        let shop = Shop::open();
        let price = shop.price(4_900, "usd", None).await;
        let open = shop.sell(&shop.checkout(&price, 1)).await;
        for _ in 0..2 {
            shop.payments.expire_checkout(&open).await.expect("ended");
            assert_eq!(shop.of_session(&open).await.checkout.state, Checkout::Expired);
        }
        shop.clock.advance(Duration::from_secs(1));
        let paid = shop.sold(&shop.checkout(&price, 1)).await;
        shop.payments.expire_checkout(&paid).await.expect("nothing to do");
        assert_eq!(shop.of_session(&paid).await.checkout.state, Checkout::Paid);
        let unknown = shop.payments.expire_checkout("cs_test_unknown").await;
        assert!(matches!(unknown, Err(PaymentsError::NotFound(_))), "{unknown:?}");
    });
}

#[test]
fn st_24_each_attempt_has_its_own_idempotency_key() {
    run(async {
        let shop = Shop::open();
        let price = shop.price(4_900, "usd", None).await;
        let mut checkout = shop.checkout(&price, 1);
        let first = shop.sell(&checkout).await;
        assert_eq!(shop.sell(&checkout).await, first, "the same attempt, sent twice");
        checkout.idempotency_key = uuid::Uuid::from_u128(99);
        assert_ne!(shop.sell(&checkout).await, first);
    });
}

#[test]
fn st_26_a_wrong_key_is_refused_without_being_shown() {
    run(async {
        let shop = Shop::open();
        let settings = Stripe {
            secret_key: Some(Secret::new("rk_test_51Hunter2example000000000000")),
            ..settings_for(&shop.double)
        };
        let key = settings.key().expect("valid").expect("a key");
        let payments = StripePayments::new(&settings, &key);
        let error = payments.checkouts(latchkey_service::Clock::now(&*shop.clock), None).await.expect_err("refused");
        assert!(matches!(error, PaymentsError::Refused(_)), "{error:?}");
        let printed = format!("{error} {error:?} {payments:?}");
        assert!(printed.contains("the key is wrong") && !printed.to_lowercase().contains("hunter2"), "{printed}");
        assert!(!error.is_temporary());
    });
}
