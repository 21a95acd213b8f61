//! Several processes that start at once on an empty database: one furnishes it, none fails.

#![expect(clippy::expect_used, reason = "a panic is how a test reports")]

use std::sync::Arc;

use latchkey_service::{ClaimError, Options, Service, Vault};
use latchkey_testkit::{Backend, SeededEntropy, TestClock, TestDatabase};

fn service(database: &TestDatabase, seed: u64, master_secret: u8) -> Service {
    let options = Options { portal_url: "http://127.0.0.1".to_owned(), allow_signup: false, hourly_mail_budget: 10 };
    let (clock, entropy) = (Arc::new(TestClock::default()), Arc::new(SeededEntropy::new(seed)));
    Service::new(database.store().clone(), clock, entropy, Vault::new(&[master_secret; 32]), options)
}

async fn starts_at_once(backend: Backend) {
    let database = TestDatabase::create(backend).await;
    let starts = (0..8).map(|seed| {
        let service = service(&database, seed, 1);
        tokio::spawn(async move {
            service.claim_database().await.expect("claimed");
            service.install_default_catalog().await.expect("furnished")
        })
    });
    let mut furnished = 0;
    for start in starts.collect::<Vec<_>>() {
        furnished += u32::from(start.await.expect("no panic"));
    }
    assert_eq!(furnished, 1);
    assert!(matches!(service(&database, 9, 2).claim_database().await, Err(ClaimError::OtherSecret)));
}

#[tokio::test]
async fn sqlite() {
    starts_at_once(Backend::Sqlite).await;
}

#[tokio::test]
async fn postgres() {
    starts_at_once(Backend::Postgres).await;
}
