//! What tests of every layer share: a clock they set, randomness from a seed, a mailer that keeps
//! what it is given, and a database of their own on SQLite and on PostgreSQL.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "this crate is for tests alone, where a panic is the report"
)]

mod clock;
mod database;
mod entropy;
mod mailer;

pub use clock::TestClock;
pub use database::{Backend, TestDatabase};
pub use entropy::SeededEntropy;
pub use mailer::KeptMail;

use std::sync::Arc;

use latchkey_licensing::{brand::Brand, ids::LicenseId};
use latchkey_service::{ApiLimits, Options, RateLimit, Service, Vault};

/// Writes a test once and runs it on both databases: `on_both!(runner: test, another_test)`. The runner is a
/// function in scope that takes a [`Backend`] and a test, starts what its tests work on, and runs the test.
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

/// No limits on apps, for a test that asks more than one app does and says so.
pub const UNLIMITED: ApiLimits = ApiLimits { per_key: RateLimit::UNLIMITED, per_network: RateLimit::UNLIMITED };

/// Options for tests: closed signup, mail enough for all, and the limits on apps that the test names.
pub fn options(portal_url: &str, api_limits: ApiLimits) -> Options {
    Options {
        portal_url: portal_url.to_owned(),
        allow_signup: false,
        hourly_mail_budget: 1_000,
        api_limits,
        brand: Brand::default(),
    }
}

/// Use cases on a database, with the clock and the mail that they use.
#[derive(Debug)]
pub struct TestService {
    /// The use cases.
    pub service: Service,
    /// Their clock.
    pub clock: Arc<TestClock>,
    /// Where the test sends their mail.
    pub mail: Arc<KeptMail>,
    /// Their database, removed at the end.
    pub database: TestDatabase,
}

impl TestService {
    /// Use cases on a fresh database with the demo's catalog.
    pub async fn with_options(backend: Backend, options: Options) -> Self {
        let database = TestDatabase::create(backend).await;
        let clock = Arc::new(TestClock::default());
        let entropy = Arc::new(SeededEntropy::new(7));
        let store = database.store().clone();
        let service = Service::open(store, clock.clone(), entropy, Vault::new(&[42; 32]), options, None);
        let service = service.await.expect("the use cases open");
        service.install_demo_catalog().await.expect("the demo's catalog installs");
        Self { service, clock, mail: Arc::new(KeptMail::default()), database }
    }

    /// What happened to a license, by the verbs of the audit log, the newest first.
    pub async fn history(&self, license: LicenseId) -> Vec<String> {
        let mut reader = self.service.store().read().await.expect("a reader");
        let rows = reader.list_audit_of("license", &license.to_string(), 1_000).await.expect("read");
        rows.into_iter().map(|row| row.verb).collect()
    }

    /// Sends every mail that is due.
    pub async fn deliver_mail(&self) {
        while self.service.deliver_one(&*self.mail).await.expect("the outbox works") != latchkey_service::Delivery::Idle
        {
        }
    }
}
