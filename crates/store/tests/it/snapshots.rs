//! Snapshots.

use latchkey_store::Store;
use latchkey_testkit::{Backend, TestDatabase};

use crate::fixtures::account;

on_both! {
    async fn a_reader_is_a_snapshot(store: &Store) {
        let mut snapshot = store.read().await.expect("a reader");
        let mut current = store.read_without_snapshot().await.expect("a reader");
        assert_eq!(snapshot.count_accounts().await.expect("read"), 0);
        assert_eq!(current.count_accounts().await.expect("read"), 0);
        // Writers do not wait for it.
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.insert_account(&account(1, "ada@example.com")).await.expect("inserted"));
        tx.commit().await.expect("committed");
        assert_eq!(snapshot.count_accounts().await.expect("read"), 0);
        assert_eq!(current.count_accounts().await.expect("read"), 1);
        drop(snapshot);
        assert_eq!(store.read().await.expect("a reader").count_accounts().await.expect("read"), 1);
    }

    /// Takes more snapshots in a row than there are connections.
    async fn snapshots_release_their_connections(store: &Store) {
        for _ in 0..50 {
            let mut reader = store.read().await.expect("a reader");
            assert_eq!(reader.count_accounts().await.expect("read"), 0);
        }
    }
}
