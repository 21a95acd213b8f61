//! What the tests of all layers share: a clock that tests set, seeded randomness, a mailer that stores the mails, a
//! separate database for each test, on SQLite or PostgreSQL, and a Stripe server.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "this crate is for tests, which fail by panicking")]

mod clock;
mod database;
mod entropy;
mod mailer;
pub mod stripe;

pub use clock::TestClock;
pub use database::{Backend, TestDatabase};
pub use entropy::SeededEntropy;
pub use mailer::SentMail;

use std::sync::Arc;

use latchkey_licensing::{brand::Brand, ids::LicenseId};
use latchkey_service::{
    ApiLimits, BillingOptions, MailColors, Options, Ports, RateLimit, Service, Vault, ports::payments::Payments,
};

/// Runs tests on both databases: `on_both!(runner: test, another_test)`. The runner is a function in scope.
/// It takes a [`Backend`] and a test, starts what the test needs, and runs the test.
#[macro_export]
macro_rules! on_both {
    ($runner:ident: $($test:ident),+ $(,)?) => {$(
        mod $test {
            #[test]
            fn sqlite() {
                super::$runner($crate::Backend::Sqlite, super::$test);
            }

            #[test]
            fn postgres() {
                super::$runner($crate::Backend::Postgres, super::$test);
            }
        }
    )+};
}

/// No rate limits for apps, for tests that send more requests than one app would.
pub const UNLIMITED: ApiLimits = ApiLimits { per_key: RateLimit::UNLIMITED, per_network: RateLimit::UNLIMITED };

/// Options for tests: closed signup, a generous mail limit, and the given limits for apps.
pub fn options(portal_url: &str, api_limits: ApiLimits) -> Options {
    Options {
        portal_url: portal_url.to_owned(),
        admin_url: portal_url.to_owned(),
        pages_url: portal_url.to_owned(),
        allow_signup: false,
        hourly_mail_budget: 1_000,
        new_computer_notice: false,
        api_limits,
        brand: Brand::default(),
        billing: BillingOptions::default(),
        mail_colors: MailColors::default(),
    }
}

/// The service on a database of its own, with its clock and mails.
#[derive(Debug)]
pub struct TestService {
    pub service: Service,
    pub clock: Arc<TestClock>,
    /// The mails that the service has sent.
    pub mail: Arc<SentMail>,
    pub database: TestDatabase,
}

impl TestService {
    /// A service with the demo catalog.
    pub async fn with_options(backend: Backend, options: Options) -> Self {
        Self::with_payments(backend, options, Arc::new(TestClock::default()), None).await
    }

    /// A service with the demo catalog and a payment provider, which can share the clock.
    pub async fn with_payments(
        backend: Backend,
        options: Options,
        clock: Arc<TestClock>,
        payments: Option<Arc<dyn Payments>>,
    ) -> Self {
        let database = TestDatabase::create(backend).await;
        let ports = Ports { clock: clock.clone(), entropy: Arc::new(SeededEntropy::new(7)), payments };
        let store = database.store().clone();
        let service = Service::open(store, ports, Vault::new(&[42; 32]), options, None);
        let service = service.await.expect("the service opens");
        service.install_demo_catalog().await.expect("the demo catalog is installed");
        Self { service, clock, mail: Arc::new(SentMail::default()), database }
    }

    /// The verbs in the audit log of a license, newest first.
    pub async fn history(&self, license: LicenseId) -> Vec<String> {
        let mut reader = self.service.store().read().await.expect("a reader");
        let rows = reader.list_audit_of("license", &license.to_string(), 1_000).await.expect("read");
        rows.into_iter().map(|row| row.verb).collect()
    }

    pub async fn deliver_mail(&self) {
        while self.service.deliver_one(&*self.mail).await.expect("the outbox works") != latchkey_service::Delivery::Idle
        {
        }
    }
}
