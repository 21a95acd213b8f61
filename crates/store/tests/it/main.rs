//! Tests of the store.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use latchkey_licensing::time::Timestamp;

const T0: Timestamp = Timestamp::from_unix_micros(1_795_435_200_000_000);

/// Runs each test on both databases.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($store:ident: &Store) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$doc])*
            async fn check($store: &Store) $body

            #[tokio::test]
            async fn sqlite() {
                let database = TestDatabase::create(Backend::Sqlite).await;
                check(database.store()).await;
            }

            #[tokio::test]
            async fn postgres() {
                let database = TestDatabase::create(Backend::Postgres).await;
                check(database.store()).await;
            }
        }
    )+};
}

mod conformance;
mod errors;
mod fixtures;
mod group_commit;
mod healing;
mod interruptions;
mod lists;
mod lookups;
mod migrations;
mod pages;
mod parts;
mod snapshots;
mod stats;
mod support;
