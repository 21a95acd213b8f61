//! Lookups of licenses by key, which share statements.

use futures_util::future::join_all;
use latchkey_licensing::license::License;
use latchkey_store::{KeyLookup, Store, StoreError};
use latchkey_testkit::{Backend, TestDatabase};
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};

use crate::fixtures::{account, insert_license, license, machine, seed};

fn by_key(key: u8, with_machines: bool) -> KeyLookup {
    KeyLookup { key_lookup: [key; 32], bucket: "api:key".to_owned(), with_machines }
}

/// Licenses with the keys 1 to 80. The first has two machines, and the key of the last belongs to another account.
async fn fill(store: &Store) {
    seed(store).await;
    let mut tx = store.write().await.expect("a transaction");
    for (seed, slot) in [(2, 2), (1, 1)] {
        tx.insert_machine(&machine(seed, slot), &[seed; 32]).await.expect("inserted");
    }
    for key in 2..80 {
        insert_license(&mut tx, &license(key), key).await.expect("inserted");
    }
    assert!(tx.insert_account(&account(2, "bea@example.com")).await.expect("inserted"));
    let other = License { account: account(2, "bea@example.com").id, ..license(80) };
    insert_license(&mut tx, &other, 80).await.expect("inserted");
    tx.lock_bucket("api:key").await.expect("locked");
    tx.set_bucket("api:key", crate::T0).await.expect("set");
    tx.commit().await.expect("committed");
}

on_both! {
    /// Each gets the license of its own key, whatever others look up, and few statements are needed.
    async fn concurrent_lookups_share_statements(store: &Store) {
        fill(store).await;
        let before = store.counters().statements;
        let lookups = (0..200).map(|n| (n % 100, n % 3 > 0));
        let found = join_all(lookups.clone().map(|(key, with)| store.find_license_by_key(by_key(key, with)))).await;
        let statements = store.counters().statements - before;
        assert!(statements <= 9, "{statements} statements for 200 lookups");
        for ((key, with_machines), found) in lookups.zip(found) {
            let found = found.expect("read");
            assert_eq!(found.is_some(), (1..=80).contains(&key), "{key}");
            let Some(found) = found else { continue };
            assert_eq!(found.record.key_lookup, [key; 32]);
            assert_eq!(found.record.license.id, license(key).id);
            assert_eq!(found.record.owner.email.as_str(), if key == 80 { "bea@example.com" } else { "ada@example.com" });
            assert_eq!(found.next_allowed_at, Some(crate::T0));
            let slots = found.machines.map(|machines| machines.iter().map(|machine| machine.slot).collect::<Vec<_>>());
            let expected = if key == 1 { vec![1, 2] } else { vec![] };
            assert_eq!(slots, with_machines.then_some(expected), "{key}");
        }
    }

    /// A lookup sees what was committed before it, and a single one needs no other to be answered.
    async fn a_lookup_sees_what_is_committed(store: &Store) {
        fill(store).await;
        // Others keep statements running, whose answers would be too old.
        let others: Vec<_> = (0..40)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move { loop { store.find_license_by_key(by_key(5 + n % 2, n % 3 == 0)).await.expect("read"); } })
            })
            .collect();
        for uses in 1..20 {
            let mut tx = store.write().await.expect("a transaction");
            tx.update_license(&License { uses, ..license(5) }).await.expect("written");
            tx.commit().await.expect("committed");
            let found = store.find_license_by_key(by_key(5, false)).await.expect("read").expect("found");
            assert_eq!(found.record.license.uses, uses);
        }
        for other in others {
            other.abort();
        }
    }

    /// Callers that give up neither keep others waiting nor stop later lookups.
    async fn dropped_lookups_do_not_disturb_others(store: &Store) {
        fill(store).await;
        for round in 0..50 {
            let given_up: Vec<_> = (0..40)
                .map(|key| {
                    let store = store.clone();
                    tokio::spawn(async move { store.find_license_by_key(by_key(key, true)).await.map(drop) })
                })
                .collect();
            let kept = store.find_license_by_key(by_key(3, true));
            for _ in 0..=round % 5 {
                tokio::task::yield_now().await;
            }
            for lookup in &given_up {
                lookup.abort();
            }
            assert!(kept.await.expect("read").is_some());
        }
    }
}

const DAMAGE: &str = "UPDATE accounts SET email = 'damaged' WHERE email = 'bea@example.com'";

/// A damaged row is reported to those who look it up, and to nobody else.
async fn damage_stays_with_its_lookup(store: &Store) {
    let found = join_all((70..=80).map(|key| store.find_license_by_key(by_key(key, true)))).await;
    for (key, found) in (70..=80).zip(found) {
        match found {
            Ok(found) => assert!(key < 80 && found.is_some(), "{key}"),
            Err(error) => {
                assert_eq!(key, 80);
                assert!(matches!(&error, StoreError::Corrupt { table: "accounts", .. }), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn damage_stays_with_its_lookup_on_sqlite() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    fill(database.store()).await;
    let mut conn = SqliteConnection::connect(database.url()).await.expect("connected");
    conn.execute(DAMAGE).await.expect("damaged");
    damage_stays_with_its_lookup(database.store()).await;
}

#[tokio::test]
async fn damage_stays_with_its_lookup_on_postgres() {
    let database = TestDatabase::create(Backend::Postgres).await;
    fill(database.store()).await;
    let mut conn = PgConnection::connect(database.url()).await.expect("connected");
    conn.execute(DAMAGE).await.expect("damaged");
    damage_stays_with_its_lookup(database.store()).await;
}
