//! Group commit: transactions that share a commit keep their guarantees.

use std::{sync::Arc, time::Duration};

use latchkey_licensing::{account::Account, ids::AccountId};
use latchkey_store::{Store, StoreError};
use latchkey_testkit::{Backend, TestDatabase};
use tokio::{sync::Barrier, time::timeout};

use crate::{
    T0,
    fixtures::{account, email},
};

/// A separate account for each number.
fn numbered(number: u32) -> Account {
    let [a, b, c, d] = number.to_be_bytes();
    let address = email(&format!("a{number}@example.com"));
    Account { id: AccountId::new(T0, [0, 0, 0, 0, 0, 0, a, b, c, d]), email: address, ..account(1, "x@example.com") }
}

async fn exists(store: &Store, number: u32) -> bool {
    let mut reader = store.read_without_snapshot().await.expect("a reader");
    reader.find_account(numbered(number).id).await.expect("read").is_some()
}

/// The outcome of a transaction, as far as its caller knows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Acknowledged,
    RolledBack,
    Unknown,
}

/// Runs a transaction. The number decides how it ends.
async fn run(store: &Store, number: u32) -> Outcome {
    let ending = (number / 10 + number) % 6;
    if ending == 5 {
        // Dropped while it begins, or before its first statement.
        let limit = Duration::from_micros(u64::from(number * 53 % 400));
        drop(timeout(limit, store.write()).await);
        return Outcome::RolledBack;
    }
    let mut tx = store.write().await.expect("a transaction");
    assert!(tx.insert_account(&numbered(number)).await.expect("inserted"));
    // The tasks proceed in step, so that each round contains all outcomes.
    match ending {
        0 => Outcome::RolledBack,
        1 => {
            let twice = Account { email: email(&format!("b{number}@example.com")), ..numbered(number) };
            assert!(matches!(tx.insert_account(&twice).await, Err(StoreError::Conflict(_))));
            assert!(matches!(tx.commit().await, Err(StoreError::Aborted)));
            Outcome::RolledBack
        }
        2 => {
            let limit = Duration::from_micros(u64::from(number * 37 % 900));
            match timeout(limit, tx.commit()).await {
                Ok(result) => {
                    result.expect("committed");
                    Outcome::Acknowledged
                }
                Err(_) => Outcome::Unknown,
            }
        }
        _ => {
            tx.commit().await.expect("committed");
            Outcome::Acknowledged
        }
    }
}

on_both! {
    async fn acknowledged_transactions_persist_and_others_do_not(store: &Store) {
        let tasks: Vec<_> = (0..40)
            .map(|task| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut outcomes = Vec::new();
                    for round in 0..10 {
                        let number = task * 10 + round;
                        outcomes.push((number, run(&store, number).await));
                    }
                    outcomes
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.extend(task.await.expect("no panic"));
        }
        // This transaction waits for all that began earlier.
        store.write().await.expect("a transaction").commit().await.expect("committed");
        for (number, outcome) in outcomes {
            match outcome {
                Outcome::Acknowledged => assert!(exists(store, number).await, "{number} was lost"),
                Outcome::RolledBack => assert!(!exists(store, number).await, "{number} was not rolled back"),
                Outcome::Unknown => {}
            }
        }
    }
}

/// A member that is rolled back takes nothing of its predecessor with it, whose savepoint is still open.
#[tokio::test]
async fn a_member_is_rolled_back_alone() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let store = database.store();
    let mut first = store.write().await.expect("a transaction");
    assert!(first.insert_account(&numbered(1)).await.expect("inserted"));
    let before = store.counters().commits;
    // They wait for their turns in this order.
    let members: Vec<_> = (2..=5)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut tx = store.write().await.expect("a transaction");
                assert!(tx.insert_account(&numbered(number)).await.expect("inserted"));
                if number % 2 == 1 {
                    return Ok(());
                }
                tx.commit().await
            })
        })
        .collect();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    first.commit().await.expect("committed");
    for member in members {
        member.await.expect("no panic").expect("ended as planned");
    }
    for (number, is_kept) in [(1, true), (2, true), (3, false), (4, true), (5, false)] {
        assert_eq!(exists(store, number).await, is_kept, "{number}");
    }
    assert!(store.counters().commits - before < 3, "they shared commits");
}

/// Turns that are given up while they begin leave the group of the others whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turns_given_up_while_they_begin_disturb_nobody() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let store = database.store();
    let tasks: Vec<_> = (0..24_u32)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for round in 0..40 {
                    let number = task * 40 + round;
                    if task % 3 == 0 {
                        let limit = Duration::from_micros(u64::from(number * 131 % 3_000));
                        drop(timeout(limit, store.write()).await);
                    } else {
                        let mut tx = store.write().await.expect("a transaction");
                        assert!(tx.insert_account(&numbered(number)).await.expect("inserted"));
                        tx.commit().await.expect("committed");
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let mut reader = store.read_without_snapshot().await.expect("a reader");
    assert_eq!(reader.count_accounts().await.expect("read"), 16 * 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_writer_commits_alone_and_many_share_commits() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let store = database.store();
    let before = store.counters();
    for number in 0..3 {
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_account(&numbered(number)).await.expect("inserted");
        tx.commit().await.expect("committed");
    }
    let alone = store.counters();
    assert_eq!((alone.begins - before.begins, alone.commits - before.commits), (3, 3));

    let start = Arc::new(Barrier::new(64));
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let (store, start) = (store.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                for round in 0..5 {
                    let mut tx = store.write().await.expect("a transaction");
                    tx.insert_account(&numbered(100 + task * 5 + round)).await.expect("inserted");
                    tx.commit().await.expect("committed");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let together = store.counters().commits - alone.commits;
    assert!(together < 320 / 4, "{together} commits for 320 transactions");
    let mut reader = store.read_without_snapshot().await.expect("a reader");
    assert_eq!(reader.count_accounts().await.expect("read"), 323);
}

/// Until a group is committed, its members are not acknowledged, and no reader sees their work.
#[tokio::test]
async fn nothing_is_acknowledged_before_the_commit() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let store = database.store();
    let mut first = store.write().await.expect("a transaction");
    first.insert_account(&numbered(1)).await.expect("inserted");
    let second = tokio::spawn({
        let store = store.clone();
        async move { store.write().await }
    });
    tokio::task::yield_now().await;
    let committing = tokio::spawn(first.commit());
    let mut second = second.await.expect("no panic").expect("a transaction");
    // The first has passed the connection on, but is not acknowledged.
    assert!(!committing.is_finished());
    assert!(!exists(store, 1).await);
    assert!(second.find_account(numbered(1).id).await.expect("read").is_some(), "members see each other");
    second.insert_account(&numbered(2)).await.expect("inserted");
    drop(second);
    committing.await.expect("no panic").expect("committed");
    assert!(exists(store, 1).await);
    assert!(!exists(store, 2).await);
}
