//! What errors contain.

use latchkey_licensing::{
    account::Account,
    ids::{AccountId, LicenseId},
    license::License,
    policy::Policy,
};
use latchkey_store::{Constraint, LicenseFilter, Store, StoreError};
use latchkey_testkit::{Backend, TestDatabase};

use crate::{
    T0,
    conformance::{account, license, machine, policy, seed, stored},
};

fn constraint<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Constraint {
    match result {
        Err(StoreError::Conflict(constraint)) => constraint,
        other => unreachable!("not a conflict: {other:?}"),
    }
}

fn unique(name: &'static str) -> Constraint {
    Constraint::Unique(name.into())
}

on_both! {
    async fn conflicts_name_their_constraint(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(constraint(tx.insert_license(&license(2), stored(&[1; 32])).await), unique("uq_licenses_key"));
        // The transaction accepts nothing more and cannot be committed.
        assert!(matches!(tx.count_accounts().await, Err(StoreError::Aborted)));
        assert!(matches!(tx.commit().await, Err(StoreError::Aborted)));
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(constraint(tx.insert_license(&license(1), stored(&[2; 32])).await), unique("pk_licenses"));
        drop(tx);
        let mut tx = store.write().await.expect("a transaction");
        let orphan = License { account: AccountId::new(T0, [9; 10]), ..license(2) };
        assert_eq!(constraint(tx.insert_license(&orphan, stored(&[2; 32])).await), Constraint::ForeignKey);
        drop(tx);
        let mut tx = store.write().await.expect("a transaction");
        let wide = Policy { code: "wide".to_owned(), is_floating: false, id: latchkey_licensing::ids::PolicyId::new(T0, [2; 10]), ..policy() };
        assert_eq!(constraint(tx.insert_policy(&wide).await), Constraint::Check("ck_policies_node_locked".into()));
        drop(tx);
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_machine(&machine(1, 1), &[1; 32]).await.expect("inserted");
        assert_eq!(constraint(tx.insert_machine(&machine(2, 1), &[2; 32]).await), unique("uq_machines_active_slot"));
        drop(tx);
        let mut tx = store.write().await.expect("a transaction");
        let same_id = Account { email: crate::conformance::email("bob@example.com"), ..account(1, "x@example.com") };
        assert_eq!(constraint(tx.insert_account(&same_id).await), unique("pk_accounts"));
    }

    async fn changes_of_missing_rows_are_errors(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let gone = License { id: LicenseId::new(T0, [9; 10]), ..license(1) };
        let error = tx.update_license(&gone).await.expect_err("refused");
        assert!(matches!(&error, StoreError::Corrupt { table: "licenses", id, .. } if *id == gone.id.to_string()), "{error}");
        // Bookkeeping for a missing row is not an error.
        tx.note_licenses_validated(&[(gone.id, T0), (license(1).id, T0)]).await.expect("written");
        let noted = tx.find_license(license(1).id).await.expect("read").expect("there");
        assert_eq!(noted.last_validated_at, Some(T0));
    }

    async fn lists_are_filtered_page_by_page(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.insert_account(&account(2, "b_b@example.com")).await.expect("inserted"));
        for seed in 2..=5 {
            let other = License { account: account(2, "x@example.com").id, key_tail: format!("TAI{seed}"), ..license(seed) };
            tx.insert_license(&other, stored(&[seed; 32])).await.expect("inserted");
        }
        tx.commit().await.expect("committed");
        let mut reader = store.read_one().await.expect("a reader");
        let mut found = async |filter: LicenseFilter, after, limit| {
            let page = reader.list_licenses_by(&filter, after, limit).await.expect("read");
            (page.items.iter().map(|license| license.id).collect::<Vec<_>>(), page.next)
        };
        let id = |seed: u8| license(seed).id;
        let filter = |text: &str| LicenseFilter { text: Some(text.to_owned()), ..LicenseFilter::default() };
        assert_eq!(found(LicenseFilter::default(), None, 3).await, (vec![id(1), id(2), id(3)], Some(id(3))));
        assert_eq!(found(LicenseFilter::default(), Some(id(3)), 3).await, (vec![id(4), id(5)], None));
        let of_ada = LicenseFilter { account: Some(account(1, "x@example.com").id), ..LicenseFilter::default() };
        assert_eq!(found(of_ada, None, 9).await, (vec![id(1)], None));
        let under = LicenseFilter { policy: Some(policy().id), ..LicenseFilter::default() };
        assert_eq!(found(under, None, 9).await.0.len(), 5);
        assert_eq!(found(filter("ADA@"), None, 9).await.0, [id(1)]);
        assert_eq!(found(filter("tai4"), None, 9).await.0, [id(4)]);
        assert_eq!(found(filter("b_b"), None, 9).await.0.len(), 4);
        // SQL wildcards are matched literally.
        assert_eq!(found(filter("b%b"), None, 9).await.0, []);
        assert_eq!(found(filter("_"), None, 9).await.0.len(), 4);
    }

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
    }
}
