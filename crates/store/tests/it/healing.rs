//! Failures of the database are reported in time, and the store works again as soon as the database does.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use latchkey_store::{NewMail, Store, StoreError};
use latchkey_testkit::{Backend, TestDatabase};
use sqlx::{Connection, Executor};

use crate::{
    T0,
    fixtures::{email, seconds},
};

/// A small file system. Only root can mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(folder).output();
        mount.is_ok_and(|output| output.status.success()).then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The test deletes the folder in any case.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Queues a mail of 20 kB.
async fn queue_large_mail(store: &Store, seed: u8, round: u8) -> Result<(), StoreError> {
    let recipient = email("ada@example.com");
    let payload = vec![7; 20_000];
    let mut tx = store.write().await?;
    tx.insert_mails(&[NewMail {
        id: latchkey_licensing::ids::MailId::new(T0, [seed, round, 0, 0, 0, 0, 0, 0, 0, 0]),
        kind: "test",
        recipient: &recipient,
        account: None,
        payload: &payload,
        now: T0,
        expires_at: T0.plus(seconds(600)),
        dedupe_key: None,
    }])
    .await?;
    tx.commit().await
}

/// Writes until the disk takes no more.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).expect("a file");
    while file.write_all(&[0; 4096]).is_ok() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_work_again_after_the_disk_was_full() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        eprintln!("skipped: only root can mount a small file system");
        return;
    };
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let store = Store::open(&url, 4).await.expect("opens");
    store.migrate().await.expect("migrates");
    let mut tx = store.write().await.expect("a transaction");
    tx.insert_instance(&[1; 32], T0).await.expect("inserted");
    tx.commit().await.expect("committed");
    let ballast = folder.path().join("ballast");
    // Larger than the database and its log together: when a failed connection is replaced, the log is copied into the
    // database, which needs as much space again.
    fs::write(&ballast, vec![0; 4_000_000]).expect("written");
    // With several concurrent writers, groups are in progress when the disk is full.
    let tasks: Vec<_> = (0..8)
        .map(|seed| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut results = Vec::new();
                for round in 0..20 {
                    results.push(queue_large_mail(&store, seed, round).await);
                }
                results
            })
        })
        .collect();
    let mut acknowledged = 0;
    let mut refused = 0;
    for task in tasks {
        for result in task.await.expect("no panic") {
            match result {
                Ok(()) => acknowledged += 1,
                Err(error) => {
                    assert!(error.is_unavailable(), "{error:?}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 0, "the disk is too large for this test");
    // The log may have been emptied, so there may be space in it. Fill the rest of the disk and write until that is used.
    fill(&folder.path().join("rest"));
    let mut is_full = false;
    for round in 0..200 {
        match queue_large_mail(&store, 8, round).await {
            Ok(()) => acknowledged += 1,
            Err(error) => {
                assert!(error.is_unavailable(), "{error:?}");
                is_full = true;
                break;
            }
        }
    }
    assert!(is_full, "the disk is never full");
    fs::remove_file(&ballast).expect("removed");
    fs::remove_file(folder.path().join("rest")).expect("removed");
    store.check_writer().await.expect("the writer works again");
    queue_large_mail(&store, 9, 0).await.expect("written");
    let mut claimed = 0;
    let mut tx = store.write().await.expect("a transaction");
    while tx.lease_mail(T0, T0.plus(seconds(60))).await.expect("claimed").is_some() {
        claimed += 1;
    }
    assert_eq!(claimed, acknowledged + 1, "exactly the acknowledged mails are stored");
    drop(tx);
    store.close().await;
    drop(disk);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_of_another_process_is_reported_as_busy_in_time() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let store = database.store();
    let mut other = sqlx::SqliteConnection::connect(database.url()).await.expect("connected");
    other.execute("BEGIN IMMEDIATE").await.expect("locked");
    let began = Instant::now();
    assert!(matches!(store.check_writer().await, Err(StoreError::Busy)));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    // Callers in the queue do not wait longer than the first.
    let began = Instant::now();
    let tries: Vec<_> = (0..3)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.write().await.map(drop) })
        })
        .collect();
    for attempt in tries {
        assert!(matches!(attempt.await.expect("no panic"), Err(StoreError::Busy)));
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    // Reading still works.
    assert_eq!(store.read().await.expect("a reader").count_accounts().await.expect("read"), 0);
    other.execute("ROLLBACK").await.expect("unlocked");
    store.check_writer().await.expect("writes work again");
}

/// SQLite can roll back by itself, here because of a trigger. Later statements of the transaction must not be
/// committed without the earlier ones.
#[tokio::test]
async fn a_rollback_by_the_database_itself_ends_the_group() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let store = database.store();
    let mut other = sqlx::SqliteConnection::connect(database.url()).await.expect("connected");
    let trigger = "CREATE TRIGGER breaks BEFORE INSERT ON outages BEGIN SELECT RAISE(ROLLBACK, 'rolled back'); END";
    other.execute(trigger).await.expect("created");
    let mut first = store.write().await.expect("a transaction");
    first.insert_instance(&[1; 32], T0).await.expect("inserted");
    let second = tokio::spawn({
        let store = store.clone();
        async move { store.write().await }
    });
    tokio::task::yield_now().await;
    let committing = tokio::spawn(first.commit());
    let mut second = second.await.expect("no panic").expect("a transaction");
    let outage = latchkey_licensing::outage::Outage::new(T0, T0.plus(seconds(1))).expect("an outage");
    assert!(second.insert_outage(outage).await.is_err());
    assert!(second.commit().await.is_err());
    assert!(committing.await.expect("no panic").is_err(), "its work is lost");
    assert!(store.read_without_snapshot().await.expect("a reader").find_secret_check().await.expect("read").is_none());
    // The next one works.
    let mut tx = store.write().await.expect("a transaction");
    tx.insert_instance(&[2; 32], T0).await.expect("inserted");
    tx.commit().await.expect("committed");
    assert!(store.read_without_snapshot().await.expect("a reader").find_secret_check().await.expect("read").is_some());
}
