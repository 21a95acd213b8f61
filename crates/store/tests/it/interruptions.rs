//! Requests that are interrupted at any point leave no open transaction.

use std::time::{Duration, Instant};

use latchkey_store::Store;
use latchkey_testkit::{Backend, TestDatabase};
use sqlx::Connection;
use tokio::time::timeout;

use crate::fixtures::{account, license, seed};

/// Interrupts reads and writes at random moments.
async fn interrupt(store: &Store) {
    let mut tasks = Vec::new();
    for number in 0..1_500_u64 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let limit = Duration::from_micros(number * 7_919 % 4_000);
            let _ = timeout(limit, async {
                if number % 3 == 0 {
                    let mut reader = store.read().await?;
                    reader.find_license(license(1).id).await?;
                    reader.list_products().await?;
                    return Ok(());
                }
                let mut tx = store.write().await?;
                tx.lock_license(license(1).id).await?;
                tx.note_licenses_validated(&[(license(1).id, crate::T0)]).await?;
                tx.commit().await
            })
            .await;
        }));
        if number % 50 == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    for task in tasks {
        task.await.expect("no panic");
    }
}

async fn check_that_it_works(store: &Store) {
    for _ in 0..30 {
        let mut tx = store.write().await.expect("a transaction");
        tx.lock_license(license(1).id).await.expect("locked");
        assert!(tx.find_license(license(1).id).await.expect("read").is_some());
        tx.set_account_name(account(1, "x@example.com").id, Some("Bea"), crate::T0).await.expect("written");
        tx.commit().await.expect("committed");
        let mut reader = store.read().await.expect("a reader");
        assert_eq!(reader.list_products().await.expect("read").len(), 1);
    }
    store.check_writer().await.expect("it accepts writes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    seed(database.store()).await;
    interrupt(database.store()).await;
    check_that_it_works(database.store()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    let database = TestDatabase::create(Backend::Postgres).await;
    seed(database.store()).await;
    interrupt(database.store()).await;
    let mut connection = sqlx::PgConnection::connect(database.url()).await.expect("connected");
    let sql = "SELECT COUNT(*) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let busy: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("read");
        if busy == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{busy} connections are still in a transaction");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    check_that_it_works(database.store()).await;
}
