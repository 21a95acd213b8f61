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

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, LicenseId, OrderId},
    license::{License, Standing},
    order::{Order, OrderStatus},
    price::Price,
};
use latchkey_service::{
    Admin, Buyer, ClientAddress, EventHandling, Notify, Operator, OrderView, Proof, ReleaseError, Service,
    SignInOrigin, SignedIn, StartedCheckout, Wanted,
};
use latchkey_testkit::{
    Backend,
    stripe::{Order as Sequence, Payment},
};

use crate::support::{app::run, shop::Shop};

/// The price of the demo's catalog.
const PRICE: &str = "chartgpt-lifetime";

/// Runs a test with a shop whose events wait until the test delivers them, and stored ones until it handles them. For
/// [`latchkey_testkit::on_both`].
pub(crate) fn with_shop(backend: Backend, test: impl AsyncFnOnce(&Shop)) {
    run(async { test(&Shop::open_held(backend, |_| {}).await).await });
}

impl Shop {
    pub(crate) fn service(&self) -> &Service {
        self.app.service()
    }

    async fn prices(&self) -> Vec<Price> {
        self.service().prices().await.expect("read").into_iter().map(|found| found.price).collect()
    }

    async fn price(&self, code: &str) -> Price {
        self.prices().await.into_iter().find(|price| price.code == code).expect("a price")
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

    /// Opens a checkout as a visitor.
    pub(crate) async fn start(&self, price: &str, quantity: u32) -> StartedCheckout {
        self.start_as(None, &Wanted { price: price.to_owned(), quantity, upgrade: None }).await
    }

    async fn start_as(&self, who: Option<&SignedIn>, wanted: &Wanted) -> StartedCheckout {
        self.service().start_checkout(&visitor(who), wanted).await.expect("a checkout")
    }

    /// Opens a checkout and pays it by card.
    pub(crate) async fn buy_by_card(&self, email: &str, quantity: u32) -> StartedCheckout {
        let started = self.start(PRICE, quantity).await;
        self.pay(&started, &Payment::by_card(email)).await;
        started
    }

    /// Subscribes for a month. Returns the order and the subscription.
    pub(crate) async fn subscribe_to(&self, code: &str, payment: &Payment) -> (OrderId, String) {
        let month = std::time::Duration::from_hours(24 * 31);
        let policy = self.app.add_policy(code, |policy| policy.duration = Some(month)).await;
        let interval =
            latchkey_licensing::price::Interval { unit: latchkey_licensing::price::IntervalUnit::Month, count: 1 };
        self.sell_at(code, |price| {
            price.policy = policy.id;
            price.interval = Some(interval);
        })
        .await;
        let started = self.start(code, 1).await;
        self.pay(&started, payment).await;
        self.deliver().await;
        let subscription = self.order(started.order).await.subscription.expect("a subscription").id;
        (started.order, subscription)
    }

    async fn pay(&self, started: &StartedCheckout, payment: &Payment) {
        self.stripe.pay(&self.session(started.order).await, payment).expect("paid");
    }

    /// The id of an order's checkout session.
    async fn session(&self, order: OrderId) -> String {
        self.order(order).await.checkout.expect("a checkout")
    }

    /// The id of an order's payment.
    async fn payment(&self, order: OrderId) -> String {
        self.stripe.payment_of(&self.session(order).await).expect("a payment")
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
        for attempt in self.stripe.deliver_waiting(Sequence::AsRecorded).await {
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

    /// The account with this address, which is created if there is none.
    async fn account(&self, email: &str) -> AccountId {
        let added = self.service().admin(Operator::Host).add_customer(&email.parse_address(), None).await;
        added.expect("added").0.id
    }

    /// A signed-in customer with this address, whose account exists.
    async fn sign_in(&self, email: &str) -> SignedIn {
        let admin = self.service().admin(Operator::Host);
        let link = admin.sign_in_link(&email.parse_address(), &Operator::Host.fresh()).await.expect("a link");
        let token = link.url.rsplit('/').next().expect("a token");
        let origin = SignInOrigin { ip: "192.0.2.7".parse().expect("an address"), agent: "Firefox", known: None };
        let confirmed = self.service().confirm_sign_in(Proof::Host { token }, origin, None).await.expect("signed in");
        self.service().find_session(&confirmed.token).await.expect("read").expect("a session")
    }
}

/// Releases a held order, with the mail that this causes.
async fn release(
    admin: &Admin<'_>,
    order: OrderId,
    receiver: Option<&EmailAddress>,
) -> Result<OrderStatus, ReleaseError> {
    let released = admin.release_order(order, receiver, Notify::Customer, &Operator::Host.fresh()).await;
    released.map(|released| released.status)
}

trait ParseAddress {
    fn parse_address(&self) -> EmailAddress;
}

impl ParseAddress for str {
    fn parse_address(&self) -> EmailAddress {
        EmailAddress::parse(self).expect("an address")
    }
}

fn visitor(signed_in: Option<&SignedIn>) -> Buyer<'_> {
    Buyer { signed_in, browser: None, address: ClientAddress("192.0.2.7".parse().expect("an address")) }
}

/// The size of a long test. `cargo xtask soak` sets it.
#[expect(clippy::disallowed_methods, reason = "the size of a test is no setting of the program")]
pub(crate) fn size(name: &str, default: u64) -> u64 {
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
