//! A server that sells, with Stripe's double.

use std::{sync::Arc, time::Duration};

use latchkey_licensing::price::{Interval, Price, ProvisionedPrice};
use latchkey_server::{
    adapters::StripePayments,
    settings::{Secret, Settings, Stripe},
};
use latchkey_service::{
    CatalogFile, Operator,
    ports::payments::{ObjectKind, ObjectRef},
};
use latchkey_testkit::{
    Backend, TestClock,
    stripe::{self, Endpoint, Payment, StripeDouble},
};
use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::support::app::{Browser, TestApp, location, run};

/// What the shop sells, besides the demo's license. The browser tests add the same.
const CATALOG: &str = include_str!("../../../../crates/testkit/data/catalog.toml");

/// A price whose amount is not known, which `latchkey stripe provision` would refuse.
const UNKNOWN: &str = r#"
[[prices]]
code = "chartgpt-unknown"
policy = "chartgpt-team"
stripe_price = "price_whose_amount_is_not_known"
"#;

/// The price of the demo's license.
pub(crate) const LIFETIME: &str = "chartgpt-lifetime";

/// The secret that webhooks are signed with.
pub(crate) const SECRET: &str = "whsec_0123456789abcdefghijklmnopqrstuv";

/// Runs a test against a server that sells. For [`latchkey_testkit::on_both`].
pub(crate) fn with_shop(backend: Backend, test: impl AsyncFnOnce(&Shop)) {
    run(async { test(&Shop::open(backend).await).await });
}

/// A server that sells, and the Stripe account of its vendor. They have the same clock.
pub(crate) struct Shop {
    pub(crate) app: TestApp,
    pub(crate) stripe: StripeDouble,
}

impl Shop {
    pub(crate) async fn open(backend: Backend) -> Self {
        let shop = Self::without_prices_at_stripe(backend, false, |_| {}).await;
        shop.app.add_to_catalog(&format!("{CATALOG}{UNKNOWN}")).await;
        shop.provision_all().await;
        shop
    }

    /// A shop that sells only the demo's license. Its webhook endpoint exists, and events wait until a test delivers them.
    pub(crate) async fn open_held(backend: Backend, change: impl FnOnce(&mut latchkey_service::Options)) -> Self {
        let shop = Self::without_prices_at_stripe(backend, true, change).await;
        shop.stripe.add_endpoint(&Endpoint::new(&format!("{}/webhooks/stripe", shop.app.origin()), SECRET));
        shop.provision_all().await;
        shop
    }

    async fn without_prices_at_stripe(
        backend: Backend,
        is_held: bool,
        change: impl FnOnce(&mut latchkey_service::Options),
    ) -> Self {
        let clock = Arc::new(TestClock::default());
        let options = stripe::Options { clock: clock.clone(), is_held, ..stripe::Options::default() };
        let stripe = StripeDouble::start(options);
        let settings = Stripe {
            secret_key: Some(Secret::new(stripe.api_key())),
            webhook_secrets: Some(Secret::new(SECRET)),
            api_url: stripe.base_url().to_owned(),
            ..Settings::default().stripe
        };
        let key = settings.key().expect("valid").expect("a key");
        let payments = Arc::new(StripePayments::new(&settings, &key));
        let app = TestApp::start_selling(backend, clock, Some(payments), |all, options| {
            all.stripe = settings;
            change(options);
        });
        Self { app: app.await, stripe }
    }

    async fn provision_all(&self) {
        for found in self.app.service().prices().await.expect("read") {
            if found.price.amount.is_some() {
                self.provision(&found.price).await;
            }
        }
    }

    /// Makes a price at Stripe, as `latchkey stripe provision` does.
    pub(crate) async fn provision(&self, price: &Price) {
        let product = self.post("products", &[("name", "ChartGPT")]).await;
        let product = product["id"].as_str().expect("an id");
        let amount = price.amount.expect("an amount");
        let (minor, currency) = (amount.minor.to_string(), amount.currency.to_string().to_lowercase());
        let mut form = vec![("product", product), ("unit_amount", &*minor), ("currency", &*currency)];
        let count = price.interval.map(|interval| interval.count.to_string());
        if let (Some(Interval { unit, .. }), Some(count)) = (price.interval, &count) {
            form.extend([("recurring[interval]", unit.as_str()), ("recurring[interval_count]", count)]);
        }
        let made = self.post("prices", &form).await;
        let id = made["id"].as_str().expect("an id").to_owned();
        let admin = self.app.service().admin(Operator::Host);
        admin.set_provisioned_price(price.id, &ProvisionedPrice { id, is_live: false }).await.expect("recorded");
    }

    /// Calls Stripe's API as anyone with the key can.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let request = reqwest::Client::new().post(format!("{}/v1/{path}", self.stripe.base_url()));
        let answer = request.bearer_auth(self.stripe.api_key()).form(form).send().await.expect("an answer");
        let body: Value = answer.json().await.expect("JSON");
        assert!(body["error"].is_null(), "{body}");
        body
    }

    /// Opens a checkout as the form does, and returns the path of the page to which the buyer returns, and Stripe's session.
    pub(crate) async fn check_out(&self, browser: &Browser<'_>, fields: &[(&str, &str)]) -> (String, String) {
        let answer = browser.submit("/checkout", fields).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert!(location(&answer).starts_with(self.stripe.base_url()), "{}", location(&answer));
        let session = self.session_of(&answer);
        let success = self.stripe.object(&session)["success_url"].as_str().expect("a URL").to_owned();
        (success.strip_prefix(&self.app.portal_origin()).expect("our page").to_owned(), session)
    }

    /// The session on whose page a response leads.
    pub(crate) fn session_of(&self, answer: &Response) -> String {
        let sessions = self.stripe.objects("checkout.session");
        let of_page = |session: &&Value| session["url"].as_str() == Some(location(answer));
        let session = sessions.iter().find(of_page).expect("a session");
        session["id"].as_str().expect("an id").to_owned()
    }

    /// Buys licenses, and returns the path of the order's page after the checkout, and the payment.
    pub(crate) async fn buy(&self, browser: &Browser<'_>, email: &str, quantity: &str) -> (String, String) {
        let (placed, session) = self.check_out(browser, &[("price", LIFETIME), ("quantity", quantity)]).await;
        self.stripe.pay(&session, &Payment::by_card(email)).expect("paid");
        assert_eq!(browser.get(&placed).await.status(), StatusCode::OK);
        (placed, self.stripe.payment_of(&session).expect("a payment"))
    }

    /// Brings all orders up to date, as Stripe's events do.
    pub(crate) async fn sync(&self) {
        for session in self.stripe.objects("checkout.session") {
            let id = session["id"].as_str().expect("an id").to_owned();
            let object = ObjectRef { kind: ObjectKind::Checkout, id };
            self.app.service().refresh_order(&object).await.expect("refreshed");
        }
    }

    /// Lets enough time pass that Stripe is asked again about an order that somebody is waiting for.
    pub(crate) fn wait(&self) {
        self.app.kit.clock.advance(Duration::from_secs(5));
    }
}

/// The id of the order in the path of a page.
pub(crate) fn order_in(path: &str) -> String {
    path.split('/').nth(2).expect("an id").to_owned()
}

impl TestApp {
    /// Adds entries to the catalog as `latchkey catalog apply` does.
    pub(crate) async fn add_to_catalog(&self, text: &str) {
        let admin = self.service().admin(Operator::Host);
        let added: CatalogFile = toml::from_str(text).expect("a catalog");
        let (mut file, _) = admin.catalog().await.expect("read");
        file.policies.extend(added.policies);
        file.prices.extend(added.prices);
        self.apply_catalog(&file).await;
    }

    pub(crate) async fn apply_catalog(&self, file: &CatalogFile) {
        let admin = self.service().admin(Operator::Host);
        let plan = admin.plan_catalog(file).await.expect("a plan");
        admin.apply_catalog(file, &plan, &Operator::Host.fresh()).await.expect("applied");
    }
}
