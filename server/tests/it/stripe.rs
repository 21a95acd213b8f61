//! The payment provider: its webhooks over HTTP, calls to it, and the commands about it. Stripe is the double.

mod adapter;
mod commands;
mod faults;
mod subscriptions;
mod webhooks;

use std::sync::Arc;

use latchkey_licensing::{ids::OrderId, time::Timestamp};
use latchkey_server::{
    adapters::StripePayments,
    settings::{Secret, Settings, Stripe},
};
use latchkey_service::{
    Clock,
    ports::payments::{NewCheckout, NewCheckoutLine, ObjectKind, ObjectRef, OrderSnapshot, Payments, PaymentsError},
};
use latchkey_testkit::{
    TestClock,
    stripe::{Options, Payment, StripeDouble},
};
use serde_json::Value;

/// What [`Settings`] require of a secret.
const SECRET: &str = "whsec_0123456789abcdefghijklmnopqrstuv";
const OTHER_SECRET: &str = "whsec_vutsrqponmlkjihgfedcba9876543210";

/// Settings with the double's key.
fn settings_for(double: &StripeDouble) -> Stripe {
    Stripe {
        secret_key: Some(Secret::new(double.api_key())),
        webhook_secrets: Some(Secret::new(SECRET)),
        api_url: double.base_url().to_owned(),
        ..Settings::default().stripe
    }
}

/// A Stripe account, and calls to it.
struct Shop {
    double: StripeDouble,
    clock: Arc<TestClock>,
    payments: StripePayments,
}

impl Shop {
    fn open() -> Self {
        let clock = Arc::new(TestClock::default());
        let double = StripeDouble::start(Options { clock: clock.clone(), ..Options::default() });
        let settings = settings_for(&double);
        let key = settings.key().expect("valid").expect("a key");
        let payments = StripePayments::new(&settings, &key);
        Self { double, clock, payments }
    }

    /// Calls the API as anyone with the key can.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let request = reqwest::Client::new().post(format!("{}/v1/{path}", self.double.base_url()));
        let answer = request.bearer_auth(self.double.api_key()).form(form).send().await.expect("an answer");
        let body: Value = answer.json().await.expect("JSON");
        assert!(body["error"].is_null(), "{body}");
        body
    }

    /// A new price.
    async fn price(&self, amount: i64, currency: &str, interval: Option<&str>) -> String {
        let product = self.post("products", &[("name", "Acme Draw")]).await;
        let amount = amount.to_string();
        let product = product["id"].as_str().expect("an id");
        let mut form = vec![("product", product), ("currency", currency), ("unit_amount", &amount)];
        form.extend(interval.map(|interval| ("recurring[interval]", interval)));
        let price = self.post("prices", &form).await;
        price["id"].as_str().expect("an id").to_owned()
    }

    fn order(&self) -> OrderId {
        OrderId::new(self.clock.now(), [3; 10])
    }

    fn checkout(&self, price: &str, quantity: u32) -> NewCheckout {
        NewCheckout {
            order: self.order(),
            is_subscription: false,
            lines: vec![NewCheckoutLine { price: price.to_owned(), quantity }],
            customer: None,
            email: None,
            success_url: "https://portal.example.com/thanks".to_owned(),
            cancel_url: "https://portal.example.com/pricing".to_owned(),
            expires_at: self.clock.now().plus(std::time::Duration::from_hours(1)),
            idempotency_key: uuid::Uuid::from_u128(u128::from(self.clock.now().unix_millis())),
        }
    }

    /// The id of a new session.
    async fn sell(&self, checkout: &NewCheckout) -> String {
        self.payments.open_checkout(checkout).await.expect("opened").id
    }

    /// A session that was paid by card.
    async fn sold(&self, checkout: &NewCheckout) -> String {
        let session = self.sell(checkout).await;
        self.double.pay(&session, &Payment::by_card("ada@example.com")).expect("paid");
        session
    }

    async fn snapshot(&self, kind: ObjectKind, id: &str) -> Option<OrderSnapshot> {
        self.try_snapshot(kind, id).await.expect("read")
    }

    /// Everything about the checkout of an object.
    async fn try_snapshot(&self, kind: ObjectKind, id: &str) -> Result<Option<OrderSnapshot>, PaymentsError> {
        let mut object = ObjectRef { kind, id: id.to_owned() };
        while object.kind != ObjectKind::Checkout {
            match self.payments.parent(&object).await? {
                Some(parent) => object = parent,
                None => return Ok(None),
            }
        }
        self.payments.order_snapshot(&object.id, None).await
    }

    async fn of_session(&self, session: &str) -> OrderSnapshot {
        self.snapshot(ObjectKind::Checkout, session).await.expect("a checkout")
    }
}

fn at(seconds: &Value) -> Timestamp {
    Timestamp::from_unix_micros(seconds.as_i64().expect("a time") * 1_000_000)
}
