//! Queries are counted and timed.

use latchkey_store::Store;
use latchkey_testkit::{Backend, TestDatabase};

on_both! {
    async fn queries_are_counted_and_timed(store: &Store) {
        let before = store.counters();
        let mut tx = store.write().await.expect("a transaction");
        tx.count_accounts().await.expect("read");
        tx.count_accounts().await.expect("read");
        tx.commit().await.expect("committed");
        let mut reader = store.read().await.expect("a reader");
        reader.count_accounts().await.expect("read");
        drop(reader);
        let after = store.counters();
        assert_eq!(after.statements - before.statements, 3);
        assert_eq!((after.begins - before.begins, after.commits - before.commits), (1, 1));
        assert_eq!(after.snapshots - before.snapshots, 1);
        let stats = store.query_stats();
        let counted = stats.iter().find(|stats| stats.method == "count_accounts").expect("listed");
        assert_eq!((counted.table, counted.count()), ("accounts", 3));
        for method in ["update_policy", "lock_license", "list_outages", "lease_mail"] {
            assert!(stats.iter().any(|stats| stats.method == method), "{method} is not timed");
        }
    }
}
