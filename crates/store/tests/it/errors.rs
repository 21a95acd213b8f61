//! What the errors say.

use latchkey_licensing::{
    account::Account,
    ids::{AccountId, LicenseId},
    license::License,
    policy::Policy,
};
use latchkey_store::{Constraint, Store, StoreError};
use latchkey_testkit::{Backend, TestDatabase};

use crate::{
    T0,
    fixtures::{account, license, machine, policy, seed, stored},
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
        let same_id = Account { email: crate::fixtures::email("bob@example.com"), ..account(1, "x@example.com") };
        assert_eq!(constraint(tx.insert_account(&same_id).await), unique("pk_accounts"));
    }

    async fn changes_of_missing_rows_are_errors(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let gone = License { id: LicenseId::new(T0, [9; 10]), ..license(1) };
        let error = tx.update_license(&gone).await.expect_err("refused");
        assert!(matches!(&error, StoreError::Corrupt { table: "licenses", id, .. } if *id == gone.id.to_string()), "{error}");
        // Recording when a missing row was used is not an error.
        tx.note_licenses_validated(&[(gone.id, T0), (license(1).id, T0)]).await.expect("written");
        let noted = tx.find_license(license(1).id).await.expect("read").expect("there");
        assert_eq!(noted.last_validated_at, Some(T0));
    }
}
