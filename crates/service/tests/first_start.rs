//! Several processes that start at once on an empty database: one furnishes it, none fails.

#![expect(clippy::expect_used, reason = "a panic is how a test reports")]

use std::sync::Arc;

use latchkey_service::{AdoptError, ClaimError, Service, Vault};
use latchkey_testkit::{Backend, SeededEntropy, TestClock, TestDatabase};

fn service(database: &TestDatabase, seed: u64, master_secret: u8) -> Service {
    let options = latchkey_testkit::options("http://127.0.0.1", latchkey_testkit::UNLIMITED);
    let (clock, entropy) = (Arc::new(TestClock::default()), Arc::new(SeededEntropy::new(seed)));
    Service::new(database.store().clone(), clock, entropy, Vault::new(&[master_secret; 32]), options)
}

async fn starts_at_once(backend: Backend) {
    let database = TestDatabase::create(backend).await;
    let starts = (0..8).map(|seed| {
        let service = service(&database, seed, 1);
        tokio::spawn(async move {
            service.claim_database().await.expect("claimed");
            let keyring = service.refresh_keyring().await.expect("keys");
            assert_eq!(keyring.keys().len(), 1, "all start with one key");
            service.install_demo_catalog().await.expect("furnished")
        })
    });
    let mut furnished = 0;
    for start in starts.collect::<Vec<_>>() {
        furnished += u32::from(start.await.expect("no panic"));
    }
    assert_eq!(furnished, 1);
    // A given signing key is taken by a database without keys alone.
    let late = service(&database, 9, 1);
    assert!(matches!(late.adopt_signing_key(&[5; 32]).await, Err(AdoptError::OtherKey)));
    assert!(matches!(service(&database, 9, 2).claim_database().await, Err(ClaimError::OtherSecret)));
}

/// Earlier versions kept the signing key in a file: apps that embed it must go on trusting the server.
#[tokio::test]
async fn a_given_signing_key_is_taken_over() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let service = service(&database, 1, 1);
    service.claim_database().await.expect("claimed");
    for _ in 0..2 {
        service.adopt_signing_key(&[5; 32]).await.expect("taken");
        let keyring = service.refresh_keyring().await.expect("keys");
        assert_eq!((keyring.signer().to_bytes(), keyring.keys().len()), ([5; 32], 1));
    }
}

#[tokio::test]
async fn sqlite() {
    starts_at_once(Backend::Sqlite).await;
}

#[tokio::test]
async fn postgres() {
    starts_at_once(Backend::Postgres).await;
}
