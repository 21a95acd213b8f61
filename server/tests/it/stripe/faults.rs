//! ST-25: a Stripe that is slow, broken or lying costs bounded time and memory.

use std::time::{Duration, Instant};

use latchkey_service::ports::payments::{ObjectKind, ObjectRef, Payments, PaymentsError};
use latchkey_testkit::stripe::Fault;

use super::Shop;
use crate::support::app::run;

const RETURN_URL: &str = "https://portal.example.com/portal";

async fn checkouts(shop: &Shop) -> Result<usize, PaymentsError> {
    let page = shop.payments.checkouts(latchkey_licensing::time::Timestamp::from_unix_micros(0), None).await?;
    Ok(page.items.len())
}

#[test]
fn st_25_a_call_is_repeated_after_a_failure_that_passes() {
    run(async {
        for fault in [Fault::TooManyRequests, Fault::ServerError, Fault::Cut] {
            let shop = Shop::open();
            let price = shop.price(4_900, "usd", None).await;
            shop.double.fail_next("/v1/checkout/sessions", fault, 2);
            assert_eq!(checkouts(&shop).await, Ok(0), "{fault:?}");
            // A checkout is opened once, because each repetition has the same idempotency key.
            shop.double.fail_next("/v1/checkout/sessions", fault, 2);
            shop.sell(&shop.checkout(&price, 1)).await;
            assert_eq!(shop.double.objects("checkout.session").len(), 1, "{fault:?}");
        }
    });
}

#[test]
fn st_25_a_call_without_an_idempotency_key_is_not_repeated() {
    run(async {
        let shop = Shop::open();
        shop.double.fail_next("/v1/billing_portal", Fault::ServerError, 1);
        let answer = shop.payments.customer_portal("cus_unknown", RETURN_URL).await;
        assert!(matches!(answer, Err(PaymentsError::Unavailable(_))), "{answer:?}");
        assert_eq!(shop.double.count_calls("/v1/billing_portal"), 1);
    });
}

#[test]
fn st_25_answers_that_are_not_json_or_are_giant_are_refused() {
    run(async {
        for (fault, why) in [(Fault::Malformed, "line "), (Fault::Giant, "it is too large")] {
            let shop = Shop::open();
            let price = shop.price(4_900, "usd", None).await;
            shop.double.fail_next("/v1/checkout/sessions", fault, 2);
            let answers = [
                checkouts(&shop).await.expect_err("refused"),
                shop.payments.open_checkout(&shop.checkout(&price, 1)).await.expect_err("refused"),
            ];
            for error in answers {
                assert!(matches!(&error, PaymentsError::Unreadable(said) if said.starts_with(why)), "{error:?}");
            }
            assert_eq!(checkouts(&shop).await, Ok(1), "{fault:?}: the next answer is read");
        }
    });
}

#[test]
fn st_25_a_slow_stripe_costs_at_most_ten_seconds() {
    run(async {
        let shop = Shop::open();
        shop.double.fail_next("/v1", Fault::Slow(Duration::from_secs(30)), 100);
        let started = Instant::now();
        let object = ObjectRef { kind: ObjectKind::Charge, id: "ch_1".to_owned() };
        let (one, other) =
            tokio::join!(shop.payments.parent(&object), shop.payments.customer_portal("cus_1", RETURN_URL));
        for error in [one.map(|_| ()).expect_err("late"), other.map(|_| ()).expect_err("late")] {
            assert!(matches!(error, PaymentsError::Unavailable(_)), "{error:?}");
        }
        // With some time for a busy machine.
        assert!(started.elapsed() < Duration::from_secs(12), "{:?}", started.elapsed());
    });
}

#[test]
fn st_25_calls_fail_at_once_while_stripe_is_down() {
    run(async {
        let shop = Shop::open();
        shop.double.fail_next("/v1", Fault::ServerError, 1_000);
        for _ in 0..3 {
            assert!(checkouts(&shop).await.expect_err("down").is_temporary());
        }
        let calls = shop.double.count_calls("/v1/checkout/sessions");
        assert_eq!(calls, 5, "the fifth failure opens the circuit");
        let started = Instant::now();
        for _ in 0..100 {
            assert!(matches!(checkouts(&shop).await, Err(PaymentsError::Unavailable(_))));
        }
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        assert_eq!(shop.double.count_calls("/v1/checkout/sessions"), calls);
    });
}

#[test]
fn st_25_nobody_listens() {
    run(async {
        let shop = Shop::open();
        let settings = super::settings_for(&shop.double);
        let key = settings.key().expect("valid").expect("a key");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let settings = latchkey_server::settings::Stripe { api_url: format!("http://{free}"), ..settings };
        let payments = latchkey_server::adapters::StripePayments::new(&settings, &key);
        let answer = payments.customer_portal("cus_1", RETURN_URL).await;
        assert_eq!(answer, Err(PaymentsError::Unavailable("it cannot be reached".to_owned())));
        // A server that does not speak TLS.
        let secure = latchkey_server::settings::Stripe {
            api_url: shop.double.base_url().replace("http:", "https:"),
            ..super::settings_for(&shop.double)
        };
        let payments = latchkey_server::adapters::StripePayments::new(&secure, &key);
        let answer = payments.customer_portal("cus_1", RETURN_URL).await;
        assert_eq!(answer, Err(PaymentsError::Unavailable("it cannot be reached".to_owned())));
        assert_eq!(shop.double.count_calls("/v1"), 0);
    });
}
