//! Components and processes of machines.

use latchkey_licensing::{
    component::{Component, HeldComponent},
    ids::{ComponentId, LicenseId, ProcessId},
    machine::{Fingerprint, Machine},
    policy::Policy,
    process::{Process, ProcessCensus, ProcessTerms},
};
use latchkey_store::{ProcessCount, Store, StoreError};
use latchkey_testkit::{Backend, TestDatabase};

use crate::{
    T0,
    fixtures::{account, insert_license, license, machine, policy, seconds, seed},
};

fn component(seed: u8, machine: &Machine) -> Component {
    Component {
        id: ComponentId::new(T0.plus(seconds(seed.into())), [seed; 10]),
        license: machine.license,
        machine: machine.id,
        fingerprint: Fingerprint::parse(&format!("part-{seed}")).expect("valid"),
        name: "BOARD".to_owned(),
        metadata: r#"{"a":"ü"}"#.to_owned(),
        created_at: T0,
    }
}

fn process(seed: u8, machine: &Machine) -> Process {
    Process {
        id: ProcessId::new(T0.plus(seconds(seed.into())), [seed; 10]),
        license: machine.license,
        machine: machine.id,
        pid: seed.to_string(),
        metadata: r#"{"a":"ü"}"#.to_owned(),
        last_heartbeat_at: T0.plus(seconds(seed.into())),
        created_at: T0,
    }
}

/// Two machines of one license.
async fn seed_machines(store: &Store) -> [Machine; 2] {
    seed(store).await;
    let mut tx = store.write().await.expect("a transaction");
    let machines = [machine(1, 1), machine(2, 2)];
    for (machine, hash) in machines.iter().zip([1, 2]) {
        tx.insert_machine(machine, &[hash; 32]).await.expect("inserted");
    }
    tx.commit().await.expect("committed");
    machines
}

on_both! {
    async fn components_are_listed_and_found(store: &Store) {
        let [one, two] = seed_machines(store).await;
        let (first, second, other) = (component(1, &one), component(2, &one), component(3, &two));
        let mut tx = store.write().await.expect("a transaction");
        let all = [(first.clone(), [1; 32]), (second.clone(), [2; 32]), (other.clone(), [3; 32])];
        tx.insert_components(&all).await.expect("inserted");
        let license = license(1).id;
        assert_eq!(tx.find_component(license, first.id).await.expect("read"), Some(first.clone()));
        assert_eq!(tx.find_component(LicenseId::new(T0, [9; 10]), first.id).await.expect("read"), None);
        for (before, skipped, limit, expected) in [
            (None, 0, 9, &[&second, &first][..]),
            (None, 1, 9, &[&first]),
            (None, 0, 1, &[&second]),
            (Some(second.id), 0, 9, &[&first]),
        ] {
            let listed = tx.list_components(one.id, before, skipped, limit).await.expect("read");
            assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{before:?} {skipped} {limit}");
        }
        let of_all = tx.list_components_of(&[one.id, two.id]).await.expect("read");
        assert_eq!(of_all, [first.clone(), second, other.clone()]);
        assert_eq!(tx.list_components_of(&[]).await.expect("read"), []);
        let held = tx.list_held_components(license, &[[1; 32], [3; 32], [9; 32]]).await.expect("read");
        let mut held: Vec<HeldComponent> = held;
        held.sort_by_key(|held| held.machine);
        let expected = [&first, &other].map(|part| HeldComponent { machine: part.machine, fingerprint: part.fingerprint.clone() });
        assert_eq!(held, expected);
        assert_eq!(tx.erase_component_names_of(account(1, "ada@example.com").id).await.expect("written"), 3);
        let erased = tx.find_component(license, first.id).await.expect("read").expect("there");
        assert_eq!((erased.name.as_str(), erased.metadata.as_str()), ("", "{}"));
        assert_eq!(tx.delete_components_on(one.id).await.expect("deleted"), 2);
        assert_eq!(tx.list_components_of(&[one.id, two.id]).await.expect("read").len(), 1);
    }

    async fn a_component_is_once_on_a_machine(store: &Store) {
        let [one, two] = seed_machines(store).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_components(&[(component(1, &one), [1; 32]), (component(2, &two), [1; 32])]).await.expect("inserted");
        let again = tx.insert_components(&[(component(3, &one), [1; 32])]).await;
        assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    }

    async fn processes_are_counted_and_listed(store: &Store) {
        let [one, two] = seed_machines(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let (first, second, other) = (process(1, &one), process(2, &one), process(3, &two));
        for process in [&first, &second, &other] {
            tx.insert_process(process).await.expect("inserted");
        }
        let license = license(1).id;
        assert_eq!(tx.find_process(license, first.id).await.expect("read"), Some(first.clone()));
        assert!(tx.has_process(license, first.id).await.expect("read"));
        let foreign = LicenseId::new(T0, [9; 10]);
        assert_eq!(tx.find_process(foreign, first.id).await.expect("read"), None);
        assert!(!tx.has_process(foreign, first.id).await.expect("read"));
        assert_eq!(tx.list_processes(one.id, None, 0, 9).await.expect("read"), [second.clone(), first.clone()]);
        assert_eq!(tx.list_processes(one.id, Some(second.id), 0, 9).await.expect("read"), std::slice::from_ref(&first));
        assert_eq!(tx.list_processes(one.id, None, 1, 1).await.expect("read"), std::slice::from_ref(&first));
        assert_eq!(tx.list_processes_of(&[one.id, two.id]).await.expect("read"), [first.clone(), second, other]);
        for (machine, pid, of_machine, is_pid_taken) in
            [(one.id, "2", 2, true), (two.id, "2", 1, false), (one.id, "9", 2, false)]
        {
            let census = tx.count_process_places(license, machine, pid).await.expect("read");
            assert_eq!(census, ProcessCensus { of_machine, of_license: 3, is_pid_taken });
        }
        let none = tx.count_process_places(foreign, one.id, "1").await.expect("read");
        assert_eq!(none, ProcessCensus { of_machine: 0, of_license: 0, is_pid_taken: false });
        let mut counts = tx.count_processes(license, T0.plus(seconds(2))).await.expect("read");
        counts.sort_by_key(|count| count.machine);
        assert_eq!(
            counts,
            [ProcessCount { machine: one.id, alive: 1, late: 1 }, ProcessCount { machine: two.id, alive: 1, late: 0 }]
        );
        assert_eq!(tx.erase_process_metadata_of(account(1, "ada@example.com").id).await.expect("written"), 3);
        assert_eq!(tx.find_process(license, first.id).await.expect("read").expect("there").metadata, "{}");
        assert!(tx.delete_process(license, first.id).await.expect("deleted"));
        assert!(!tx.delete_process(license, first.id).await.expect("deleted"));
        assert_eq!(tx.delete_processes_on(one.id).await.expect("deleted"), 1);
        assert_eq!(tx.list_processes_of(&[one.id, two.id]).await.expect("read").len(), 1);
        tx.commit().await.expect("committed");
        let mut tx = store.write().await.expect("a transaction");
        let taken = tx.insert_process(&Process { id: ProcessId::new(T0, [9; 10]), ..process(3, &two) }).await;
        assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    }

    async fn only_live_processes_are_kept_alive(store: &Store) {
        let [one, _] = seed_machines(store).await;
        let license = license(1).id;
        let beating = process(10, &one);
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_process(&beating).await.expect("inserted");
        let (at, late, now) = (beating.last_heartbeat_at, beating.last_heartbeat_at.plus(seconds(1)), T0.plus(seconds(99)));
        assert_eq!(tx.set_process_heartbeat(license, beating.id, late, now).await.expect("written"), None, "too old");
        assert_eq!(tx.set_process_heartbeat(LicenseId::new(T0, [9; 10]), beating.id, at, now).await.expect("written"), None);
        let beaten = tx.set_process_heartbeat(license, beating.id, at, now).await.expect("written");
        let expected = Process { last_heartbeat_at: now, ..beating.clone() };
        assert_eq!(beaten.as_ref(), Some(&expected));
        let back = tx.set_process_heartbeat(license, beating.id, at, at).await.expect("written");
        assert_eq!(back, Some(expected), "a time never moves back");
    }

    /// The windows of the policies decide which licenses have late processes.
    async fn late_processes_are_found_and_deleted(store: &Store) {
        let [one, two] = seed_machines(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let patient = Policy {
            id: latchkey_licensing::ids::PolicyId::new(T0, [7; 10]),
            code: "patient".to_owned(),
            processes: ProcessTerms { window: seconds(3_600), ..policy().processes },
            ..policy()
        };
        tx.insert_policy(&patient).await.expect("inserted");
        let other = latchkey_licensing::license::License { policy: patient.id, ..license(2) };
        insert_license(&mut tx, &other, 2).await.expect("inserted");
        let far = Machine { id: latchkey_licensing::ids::MachineId::new(T0, [5; 10]), license: other.id, ..machine(5, 1) };
        tx.insert_machine(&far, &[5; 32]).await.expect("inserted");
        for process in [process(1, &one), process(2, &two), process(3, &far)] {
            tx.insert_process(&process).await.expect("inserted");
        }
        // The window of the license's policy is 90 seconds, and the drift 30.
        let late = async |tx: &mut latchkey_store::Tx, at: u64| {
            tx.list_licenses_with_late_processes(T0.plus(seconds(at)), 9).await.expect("read")
        };
        assert_eq!(late(&mut tx, 121).await, []);
        assert_eq!(late(&mut tx, 122).await, [license(1).id]);
        assert_eq!(late(&mut tx, 3_633).await, [license(1).id]);
        assert_eq!(late(&mut tx, 3_634).await, [license(1).id, other.id]);
        let gone = tx.delete_dead_processes(license(1).id, T0.plus(seconds(2))).await.expect("deleted");
        assert_eq!(gone, [(one.id, "1".to_owned())]);
        assert_eq!(tx.delete_dead_processes(license(1).id, T0.plus(seconds(2))).await.expect("deleted"), []);
        assert_eq!(tx.list_processes_of(&[one.id, two.id, far.id]).await.expect("read").len(), 2);
    }
}
