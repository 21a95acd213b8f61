//! Queries about several records at once.

use latchkey_licensing::{
    entitlement::{Entitlement, EntitlementCode},
    ids::{EntitlementId, PolicyId},
    license::License,
    machine::Machine,
};
use latchkey_store::{DeactivatedBy, MachineCount, Store, StoreError};
use latchkey_testkit::{Backend, TestDatabase};

use crate::{
    T0,
    fixtures::{account, insert_license, license, machine, seconds, seed},
};

on_both! {
    async fn queries_about_several_licenses_answer_for_each(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        for seed in 2..=4 {
            let other = License { key_tail: format!("TAI{seed}"), ..license(seed) };
            insert_license(&mut tx, &other, seed).await.expect("inserted");
        }
        let ids = [license(1).id, license(2).id, license(4).id];
        let of = |seed: u8, owner: u8, slot: u32| Machine {
            license: license(owner).id,
            last_seen_at: T0.plus(seconds(u64::from(seed))),
            ..machine(seed, slot)
        };
        // The third license is not in the query, and the fourth has no machines.
        let machines = [of(1, 1, 2), of(2, 1, 1), of(3, 1, 3), of(4, 2, 1), of(5, 3, 1)];
        for (machine, hash) in machines.iter().zip(1..) {
            tx.insert_machine(machine, &[hash; 32]).await.expect("inserted");
        }
        let count = |owner: u8, machines: u32, seed: u64| MachineCount {
            license: license(owner).id,
            machines,
            last_seen_at: Some(T0.plus(seconds(seed))),
        };
        let mut counts = tx.count_machines(&ids).await.expect("read");
        counts.sort_by_key(|count| count.license);
        assert_eq!(counts, [count(1, 3, 3), count(2, 1, 4)]);
        let first = tx.list_first_machines(&ids, 2).await.expect("read");
        assert_eq!(first, [of(2, 1, 1), of(1, 1, 2), of(4, 2, 1)]);
        assert_eq!(tx.list_first_machines(&ids[..1], 2).await.expect("read"), first[..2]);
        assert_eq!(tx.list_machines_of(&ids).await.expect("read"), machines[..4]);

        let (early, late) = (T0.plus(seconds(10)), T0.plus(seconds(20)));
        for (machine, by, at) in
            [(1, DeactivatedBy::Customer, late), (2, DeactivatedBy::App, late), (4, DeactivatedBy::Customer, early)]
        {
            assert!(tx.set_machine_deactivated(machines[machine - 1].id, by, at).await.expect("written"));
        }
        let releases = [(license(2).id, early), (license(1).id, late)];
        assert_eq!(tx.list_customer_deactivations_of(&ids, T0).await.expect("read"), releases);
        assert_eq!(tx.list_customer_deactivations_of(&ids, early).await.expect("read"), releases[1..]);
        let counts = tx.count_machines(&ids).await.expect("read");
        assert_eq!(counts, [count(1, 1, 3)]);

        for (seed, code) in [(1, "B"), (2, "A")] {
            let id = EntitlementId::new(T0, [seed; 10]);
            let code = EntitlementCode::parse(code).expect("a code");
            let one = Entitlement { id, code, name: "One".to_owned(), created_at: T0, updated_at: T0 };
            tx.insert_entitlement(&one).await.expect("inserted");
            for owner in [1, 3] {
                assert!(tx.add_license_entitlement(license(owner).id, id).await.expect("written"));
            }
        }
        let held = tx.list_individual_entitlements(&ids).await.expect("read");
        let held: Vec<_> = held.iter().map(|(owner, code, name)| (*owner, code.as_str(), name.as_str())).collect();
        assert_eq!(held, [(license(1).id, "A", "One"), (license(1).id, "B", "One")]);

        let mut keys = tx.list_key_ciphertexts(&ids).await.expect("read");
        keys.sort();
        assert_eq!(keys, ids.map(|id| (id, b"sealed".to_vec())));
        let owners = [account(1, "ada@example.com").id, account(2, "bob@example.com").id];
        assert_eq!(tx.list_accounts(&owners).await.expect("read"), [account(1, "ada@example.com")]);
    }

    async fn a_missing_row_that_must_exist_is_reported_as_corrupt(store: &Store) {
        let mut reader = store.read().await.expect("a reader");
        let missing = PolicyId::new(T0, [9; 10]);
        let error = reader.get_policy(missing).await.expect_err("missing");
        assert!(
            matches!(&error, StoreError::Corrupt { table: "policies", id, .. } if *id == missing.to_string()),
            "{error}"
        );
    }
}
