//! A database that fails reports it in time, and works again as soon as it can.

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
    conformance::{email, seconds},
};

/// A small file system, which only root can mount.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(folder).output();
        mount.is_ok_and(|output| output.status.success()).then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The folder is deleted with the test in any case.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Queues a mail of 20 kB.
async fn write_much(store: &Store, seed: u8, round: u8) -> Result<(), StoreError> {
    let recipient = email("ada@example.com");
    let payload = vec![7; 20_000];
    let mut tx = store.write().await?;
    tx.insert_mail(&NewMail {
        id: latchkey_licensing::ids::MailId::new(T0, [seed, round, 0, 0, 0, 0, 0, 0, 0, 0]),
        kind: "test",
        recipient: &recipient,
        payload: &payload,
        now: T0,
        expires_at: T0.plus(seconds(600)),
    })
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
    // More than the database and its log together: the log of a thrown-away connection is moved into the database while
    // both exist, and needs its size once more.
    fs::write(&ballast, vec![0; 4_000_000]).expect("written");
    // Several concurrent writers, so that groups are in progress when the disk is full.
    let tasks: Vec<_> = (0..8)
        .map(|seed| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut results = Vec::new();
                for round in 0..20 {
                    results.push(write_much(&store, seed, round).await);
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
    // What is left of the disk goes too, and the log may be empty again: it takes some more to fill it.
    fill(&folder.path().join("rest"));
    let mut is_full = false;
    for round in 0..200 {
        match write_much(&store, 8, round).await {
            Ok(()) => acknowledged += 1,
            Err(error) => {
                assert!(error.is_unavailable(), "{error:?}");
                is_full = true;
                break;
            }
        }
    }
    assert!(is_full, "the disk takes everything");
    fs::remove_file(&ballast).expect("removed");
    fs::remove_file(folder.path().join("rest")).expect("removed");
    store.check_writer().await.expect("the writer works again");
    write_much(&store, 9, 0).await.expect("written");
    let mut claimed = 0;
    let mut tx = store.write().await.expect("a transaction");
    while tx.claim_mail(T0, T0.plus(seconds(60))).await.expect("claimed").is_some() {
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
    // Queued callers wait no longer than the first one.
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

/// SQLite can roll back by itself, here because of a trigger. No later statement may be committed on its own.
#[tokio::test]
async fn a_rollback_by_the_database_itself_ends_the_group() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let store = database.store();
    let mut other = sqlx::SqliteConnection::connect(database.url()).await.expect("connected");
    let trigger = "CREATE TRIGGER breaks BEFORE INSERT ON outages BEGIN SELECT RAISE(ROLLBACK, 'rolled back'); END";
    other.execute(trigger).await.expect("made");
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
    assert!(store.read_one().await.expect("a reader").find_secret_check().await.expect("read").is_none());
    // The next one works.
    let mut tx = store.write().await.expect("a transaction");
    tx.insert_instance(&[2; 32], T0).await.expect("inserted");
    tx.commit().await.expect("committed");
    assert!(store.read_one().await.expect("a reader").find_secret_check().await.expect("read").is_some());
}
