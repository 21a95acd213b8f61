//! Selling: from the checkout to the license, and what refunds, disputes and lost events do to it. Stripe is the double.

mod access;
mod after_sale;
mod delivery;
mod events;
mod holds;
mod interleavings;
mod kills;
mod subscriptions;
mod upgrades;

use std::sync::Arc;

use latchkey_licensing::{
    ids::{LicenseId, OrderId},
    license::{License, Standing},
    order::{Order, OrderStatus},
    price::{Interval, Price, ProvisionedPrice},
};
use latchkey_server::{
    adapters::StripePayments,
    settings::{Secret, Settings},
};
use latchkey_service::{
    Buyer, ClientAddress, EventHandling, Operator, OrderView, Service, SignedIn, StartedCheckout, Wanted,
};
use latchkey_testkit::{
    Backend, TestClock,
    stripe::{Endpoint, Options, Order as Sequence, Payment, StripeDouble},
};
use serde_json::Value;

use crate::support::app::{TestApp, run};

const SECRET: &str = "whsec_0123456789abcdefghijklmnopqrstuv";

/// The price of the demo's catalog.
const PRICE: &str = "chartgpt-lifetime";

/// A server that sells the demo's catalog, and the Stripe account of its vendor. Events wait until a test delivers them,
/// and stored ones until it handles them.
pub(crate) struct Shop {
    pub(crate) app: TestApp,
    pub(crate) double: StripeDouble,
}

/// Runs a test with a shop. For [`latchkey_testkit::on_both`].
pub(crate) fn with_shop(backend: Backend, test: impl AsyncFnOnce(&Shop)) {
    run(async { test(&Shop::open(backend, |_, _| {}).await).await });
}

impl Shop {
    pub(crate) async fn open(
        backend: Backend,
        change: impl FnOnce(&mut Settings, &mut latchkey_service::Options),
    ) -> Self {
        let clock = Arc::new(TestClock::default());
        let double = StripeDouble::start(Options { clock: clock.clone(), is_held: true, ..Options::default() });
        let mut stripe = Settings::default().stripe;
        stripe.secret_key = Some(Secret::new(double.api_key()));
        stripe.webhook_secrets = Some(Secret::new(SECRET));
        double.base_url().clone_into(&mut stripe.api_url);
        let key = stripe.key().expect("valid").expect("a key");
        let payments = Arc::new(StripePayments::new(&stripe, &key));
        let app = TestApp::start_selling(backend, clock, Some(payments), |settings, options| {
            settings.stripe = stripe;
            change(settings, options);
        })
        .await;
        double.add_endpoint(&Endpoint::new(&format!("{}/webhooks/stripe", app.origin()), SECRET));
        let shop = Self { app, double };
        for price in shop.prices().await {
            shop.provision(&price).await;
        }
        shop
    }

    pub(crate) fn service(&self) -> &Service {
        self.app.service()
    }

    async fn prices(&self) -> Vec<Price> {
        self.service().prices().await.expect("read").into_iter().map(|found| found.price).collect()
    }

    async fn price(&self, code: &str) -> Price {
        self.prices().await.into_iter().find(|price| price.code == code).expect("a price")
    }

    /// Makes a price at Stripe, as `latchkey stripe provision` does.
    async fn provision(&self, price: &Price) {
        let product = self.post("products", &[("name", "ChartGPT")]).await;
        let amount = price.amount.expect("an amount");
        let (minor, currency) = (amount.minor.to_string(), amount.currency.to_string().to_lowercase());
        let product = product["id"].as_str().expect("an id");
        let mut form = vec![("product", product), ("currency", &*currency), ("unit_amount", &*minor)];
        let count = price.interval.map(|interval| interval.count.to_string());
        if let (Some(Interval { unit, .. }), Some(count)) = (price.interval, &count) {
            form.extend([("recurring[interval]", unit.as_str()), ("recurring[interval_count]", count)]);
        }
        let made = self.post("prices", &form).await;
        let id = made["id"].as_str().expect("an id").to_owned();
        let provisioned = ProvisionedPrice { id, is_live: false };
        self.service().admin(Operator::Host).set_provisioned_price(price.id, &provisioned).await.expect("recorded");
    }

    /// Adds a price to the catalog, like the demo's but changed, and makes it at Stripe.
    async fn sell_at(&self, code: &str, change: impl FnOnce(&mut Price)) -> Price {
        let mut price = self.price(PRICE).await;
        price.id = latchkey_licensing::ids::PriceId::new(
            self.service().now(),
            code.bytes().chain([0; 10]).take(10).collect::<Vec<_>>().try_into().expect("ten bytes"),
        );
        code.clone_into(&mut price.code);
        price.provisioned = None;
        change(&mut price);
        let mut tx = self.service().store().write().await.expect("a transaction");
        tx.insert_price(&price).await.expect("inserted");
        tx.commit().await.expect("committed");
        self.provision(&price).await;
        price
    }

    /// Calls Stripe's API as anyone with the key can.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let request = reqwest::Client::new().post(format!("{}/v1/{path}", self.double.base_url()));
        let answer = request.bearer_auth(self.double.api_key()).form(form).send().await.expect("an answer");
        let body: Value = answer.json().await.expect("JSON");
        assert!(body["error"].is_null(), "{body}");
        body
    }

    /// Opens a checkout as a visitor.
    pub(crate) async fn start(&self, price: &str, quantity: u32) -> StartedCheckout {
        self.start_as(None, &Wanted { price: price.to_owned(), quantity, upgrade: None }).await
    }

    async fn start_as(&self, who: Option<&SignedIn>, wanted: &Wanted) -> StartedCheckout {
        self.service().start_checkout(&visitor(who), wanted).await.expect("a checkout")
    }

    /// Opens a checkout and pays it by card.
    pub(crate) async fn buy(&self, email: &str, quantity: u32) -> StartedCheckout {
        let started = self.start(PRICE, quantity).await;
        self.pay(&started, &Payment::by_card(email)).await;
        started
    }

    async fn pay(&self, started: &StartedCheckout, payment: &Payment) {
        self.double.pay(&self.session(started.order).await, payment).expect("paid");
    }

    /// The id of an order's checkout session.
    async fn session(&self, order: OrderId) -> String {
        self.order(order).await.checkout.expect("a checkout")
    }

    /// The id of an order's payment.
    async fn payment(&self, order: OrderId) -> String {
        self.double.payment_of(&self.session(order).await).expect("a payment")
    }

    pub(crate) async fn order(&self, id: OrderId) -> Order {
        self.view(id).await.order
    }

    async fn view(&self, id: OrderId) -> OrderView {
        self.service().admin(Operator::Host).order(id).await.expect("read").expect("an order")
    }

    async fn licenses(&self, order: OrderId) -> Vec<License> {
        let ids: Vec<LicenseId> = self.view(order).await.lines.into_iter().flat_map(|line| line.licenses).collect();
        let mut reader = self.service().store().read().await.expect("a reader");
        let mut licenses = Vec::new();
        for id in ids {
            licenses.push(reader.find_license(id).await.expect("read").expect("a license"));
        }
        licenses
    }

    /// The status of an order and the standing of its first license.
    async fn state(&self, order: OrderId) -> (OrderStatus, Option<&'static str>) {
        let license = self.licenses(order).await.into_iter().next();
        let standing = license.map(|license| match license.standing {
            Standing::Good => "good",
            Standing::Suspended(_) => "suspended",
            Standing::Revoked(_) => "revoked",
        });
        (self.order(order).await.status, standing)
    }

    /// Delivers all waiting events in the order in which they were recorded, and handles them.
    pub(crate) async fn deliver(&self) {
        for attempt in self.double.deliver_waiting(Sequence::AsRecorded).await {
            assert_eq!(attempt.status, Some(200), "{attempt:?}");
        }
        self.handle_all().await;
    }

    /// Handles all stored events that are due.
    async fn handle_all(&self) {
        loop {
            match self.service().handle_one_event().await.expect("handled") {
                EventHandling::Idle => return,
                EventHandling::Done { .. } => {}
                EventHandling::Retry(why) | EventHandling::Failed(why) => panic!("{why}"),
            }
        }
    }

    /// The subjects of the mails that were sent since the last call, sorted.
    pub(crate) async fn mails(&self) -> Vec<String> {
        self.app.kit.deliver_mail().await;
        let mut subjects: Vec<String> = self.app.kit.mail.take().into_iter().map(|mail| mail.subject).collect();
        subjects.sort();
        subjects
    }

    /// A signed-in customer with this address, whose account exists.
    async fn sign_in(&self, email: &str) -> SignedIn {
        let email = email.parse_address();
        let mut reader = self.service().store().read().await.expect("a reader");
        let account = reader.find_account_by_email(&email).await.expect("read").expect("an account");
        let now = self.service().now();
        SignedIn {
            account,
            session: latchkey_licensing::ids::SessionId::new(now, [1; 10]),
            assurance: 1,
            expires_at: now.plus(std::time::Duration::from_hours(1)),
        }
    }
}

trait ParseAddress {
    fn parse_address(&self) -> latchkey_licensing::email::EmailAddress;
}

impl ParseAddress for str {
    fn parse_address(&self) -> latchkey_licensing::email::EmailAddress {
        latchkey_licensing::email::EmailAddress::parse(self).expect("an address")
    }
}

fn visitor(signed_in: Option<&SignedIn>) -> Buyer<'_> {
    Buyer { signed_in, browser: None, address: ClientAddress("192.0.2.7".parse().expect("an address")) }
}

/// The size of a long test. `cargo xtask soak` sets it.
#[expect(clippy::disallowed_methods, reason = "the size of a test is no setting of the program")]
fn size(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A small generator, so that a failing seed can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("fits")
    }
}
