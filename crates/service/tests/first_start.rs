//! Several processes start at the same time on an empty database: one initializes it, and none fails.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::sync::Arc;

use latchkey_service::{AdoptError, ClaimError, OpenError, Ports, Service, Vault};
use latchkey_testkit::{Backend, SeededEntropy, TestClock, TestDatabase};

async fn open(
    database: &TestDatabase,
    seed: u64,
    master_secret: u8,
    given_key: Option<[u8; 32]>,
) -> Result<Service, OpenError> {
    let options = latchkey_testkit::options("http://127.0.0.1", latchkey_testkit::UNLIMITED);
    let (clock, entropy) = (Arc::new(TestClock::default()), Arc::new(SeededEntropy::new(seed)));
    let ports = Ports { clock, entropy, payments: None };
    let vault = Vault::new(&[master_secret; 32]);
    Service::open(database.store().clone(), ports, vault, options, given_key.as_ref()).await
}

async fn concurrent_starts(backend: Backend) {
    let database = Arc::new(TestDatabase::create(backend).await);
    let starts = (0..8).map(|seed| {
        let database = database.clone();
        tokio::spawn(async move {
            let service = open(&database, seed, 1, None).await.expect("opened");
            assert_eq!(service.keyring().keys().len(), 1, "all start with one key");
            service.install_demo_catalog().await.expect("installed")
        })
    });
    let mut installed = 0;
    for start in starts.collect::<Vec<_>>() {
        installed += u32::from(start.await.expect("no panic"));
    }
    assert_eq!(installed, 1);
    // Only a database without keys adopts a given signing key.
    let late = open(&database, 9, 1, Some([5; 32])).await;
    assert!(matches!(late, Err(OpenError::Adopt(AdoptError::OtherKey))));
    assert!(matches!(open(&database, 9, 2, None).await, Err(OpenError::Claim(ClaimError::OtherSecret))));
}

/// Earlier versions kept the signing key in a file. Apps that embed its public key must still trust the server.
#[tokio::test]
async fn a_given_signing_key_is_adopted() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    for _ in 0..2 {
        let service = open(&database, 1, 1, Some([5; 32])).await.expect("taken");
        let keyring = service.keyring();
        assert_eq!((keyring.signer().to_bytes(), keyring.keys().len()), ([5; 32], 1));
    }
}

#[tokio::test]
async fn sqlite() {
    concurrent_starts(Backend::Sqlite).await;
}

#[tokio::test]
async fn postgres() {
    concurrent_starts(Backend::Postgres).await;
}
