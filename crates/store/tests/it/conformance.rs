//! What is written is read back, and the constraints and the atomic statements hold, on both databases.

use std::sync::Arc;

use latchkey_licensing::{
    entitlement::{Entitlement, EntitlementCode},
    ids::{
        AccountId, AuditId, CeremonyId, EntitlementId, MailId, PasskeyId, PolicyId, PriceId, ProductId, SessionId,
        SigningKeyId,
    },
    license::{Expiry, License, Standing},
    machine::Machine,
    money::Money,
    policy::{HeartbeatCull, HeartbeatResurrection, Policy},
    price::{Price, TaxBehavior},
    product::Product,
};
use latchkey_store::{
    AuditRow, CeremonyBinding, Conn, DeactivatedBy, EventState, KeyLookup, NewCeremony, NewMail, NewSession,
    NewStripeEvent, PasskeyRow, SigningKeyRow, Store, StoreError, Tx,
};
use latchkey_testkit::{Backend, TestDatabase};

use crate::{
    T0,
    fixtures::{
        account, browser_request, email, insert_license, license, machine, policy, product, seconds, seed, signing_key,
        stored,
    },
};

async fn license_with_key(conn: &mut Conn, key: u8) -> Option<License> {
    let lookup = KeyLookup { key_lookup: [key; 32], bucket: String::new(), with_machines: false };
    let found = conn.find_licenses_by_keys(&[lookup]).await.expect("read").pop().expect("an answer").expect("read");
    found.map(|found| found.record.license)
}

on_both! {
    async fn written_rows_are_read_back(store: &Store) {
        seed(store).await;
        let mut reader = store.read().await.expect("a reader");
        assert_eq!(reader.find_account_by_email(&email("ADA@example.com")).await.expect("read"), Some(account(1, "ada@example.com")));
        assert_eq!(reader.find_product(product().id).await.expect("read"), Some(product()));
        assert_eq!(reader.find_policy(policy().id).await.expect("read"), Some(policy()));
        assert_eq!(reader.list_policies().await.expect("read"), [policy()]);
        assert_eq!(reader.find_license(license(1).id).await.expect("read"), Some(license(1)));
        assert_eq!(license_with_key(&mut reader, 1).await, Some(license(1)));
        assert_eq!(license_with_key(&mut reader, 2).await, None);
        assert_eq!(reader.get_key_ciphertext(license(1).id).await.expect("read"), b"sealed");
    }

    async fn an_address_has_one_account(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.insert_account(&account(1, "ada@example.com")).await.expect("inserted"));
        assert!(!tx.insert_account(&account(2, "Ada@Example.com")).await.expect("no error"));
        assert_eq!(tx.count_accounts().await.expect("read"), 1);
    }

    async fn a_dropped_transaction_is_rolled_back(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_account(&account(1, "ada@example.com")).await.expect("inserted");
        drop(tx);
        assert_eq!(store.read().await.expect("a reader").count_accounts().await.expect("read"), 0);
    }

    async fn constraints_reject_invalid_rows(store: &Store) {
        seed(store).await;
        // A duplicate key.
        let mut tx = store.write().await.expect("a transaction");
        assert!(matches!(insert_license(&mut tx, &license(2), 1).await, Err(StoreError::Conflict(_))));
        drop(tx);
        // A license whose owner does not exist.
        let mut tx = store.write().await.expect("a transaction");
        let orphan = License { account: AccountId::new(T0, [9; 10]), ..license(2) };
        assert!(matches!(insert_license(&mut tx, &orphan, 2).await, Err(StoreError::Conflict(_))));
        drop(tx);
        // A license for another product than its policy's.
        let mut tx = store.write().await.expect("a transaction");
        let other = Product { id: ProductId::new(T0, [2; 10]), code: "other".to_owned(), ..product() };
        tx.insert_product(&other).await.expect("inserted");
        let crossed = License { product: other.id, ..license(2) };
        assert!(matches!(insert_license(&mut tx, &crossed, 2).await, Err(StoreError::Conflict(_))));
        drop(tx);
        // A node-locked policy with several machines.
        let mut tx = store.write().await.expect("a transaction");
        let wide = Policy { id: PolicyId::new(T0, [2; 10]), code: "wide".to_owned(), is_floating: false, ..policy() };
        assert!(tx.insert_policy(&wide).await.is_err());
    }

    async fn a_slot_and_a_fingerprint_belong_to_one_machine(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_machine(&machine(1, 1), &[1; 32]).await.expect("inserted");
        tx.commit().await.expect("committed");
        for (other, hash) in [(machine(2, 1), [2; 32]), (machine(2, 2), [1; 32])] {
            let mut tx = store.write().await.expect("a transaction");
            assert!(matches!(tx.insert_machine(&other, &hash).await, Err(StoreError::Conflict(_))));
        }
        // After deactivation both are available again, and the deactivation is recorded.
        let mut tx = store.write().await.expect("a transaction");
        assert!(!tx.was_active_machine(license(1).id, machine(1, 1).id).await.expect("read"));
        assert!(tx.set_machine_deactivated(machine(1, 1).id, DeactivatedBy::Customer, T0).await.expect("written"));
        assert!(!tx.set_machine_deactivated(machine(1, 1).id, DeactivatedBy::Customer, T0).await.expect("written"));
        assert!(tx.was_active_machine(license(1).id, machine(1, 1).id).await.expect("read"));
        tx.insert_machine(&machine(2, 1), &[1; 32]).await.expect("inserted");
        assert_eq!(tx.list_machines(license(1).id, None, 10).await.expect("read"), [machine(2, 1)]);
    }

    async fn machines_are_listed_newest_first(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        for seed in 1..=5 {
            tx.insert_machine(&machine(seed, u32::from(seed)), &[seed; 32]).await.expect("inserted");
        }
        let first = tx.list_machines(license(1).id, None, 2).await.expect("read");
        let second = tx.list_machines(license(1).id, first.last().map(|m| m.id), 2).await.expect("read");
        let third = tx.list_machines(license(1).id, second.last().map(|m| m.id), 2).await.expect("read");
        assert_eq!(first.iter().chain(&second).chain(&third).map(|m| m.slot).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
        assert_eq!(tx.machine_id_at_position(license(1).id, 1).await.expect("read"), first.last().map(|m| m.id));
        assert_eq!(tx.machine_id_at_position(license(1).id, 4).await.expect("read"), third.first().map(|m| m.id));
        assert_eq!(tx.machine_id_at_position(license(1).id, 5).await.expect("read"), None);
    }

    async fn the_standing_of_a_license_is_stored(store: &Store) {
        seed(store).await;
        for standing in [Standing::Suspended(T0), Standing::Revoked(T0), Standing::Good] {
            let mut tx = store.write().await.expect("a transaction");
            tx.update_license(&License { standing, ..license(1) }).await.expect("written");
            tx.commit().await.expect("committed");
            let found = store.read().await.expect("a reader").find_license(license(1).id).await.expect("read");
            assert_eq!(found.map(|license| license.standing), Some(standing));
        }
    }

    /// Everything that a decision can change is read back as written, for each way in which a license can end.
    async fn licenses_can_be_changed(store: &Store) {
        seed(store).await;
        for (expiry, uses) in [(Expiry::Never, 4), (Expiry::AfterFirstUse, 5), (Expiry::At(T0), 6)] {
            let mut tx = store.write().await.expect("a transaction");
            let changed = License { expiry, uses, max_cores: None, metadata: "{}".to_owned(), last_check_out_at: Some(T0), ..license(1) };
            tx.update_license(&changed).await.expect("written");
            assert_eq!(tx.find_license(license(1).id).await.expect("read"), Some(changed));
            tx.commit().await.expect("committed");
        }
        let mut tx = store.write().await.expect("a transaction");
        tx.set_license_key(license(1).id, stored(&[9; 32]), "key", "abcd", T0).await.expect("written");
        assert!(license_with_key(&mut tx, 1).await.is_none(), "the old key is not found");
        let found = license_with_key(&mut tx, 9).await.expect("found");
        assert_eq!((found.key_prefix.as_str(), found.key_tail.as_str()), ("key", "abcd"));
        assert_eq!(tx.count_licenses_under(policy().id).await.expect("read"), 1);
        assert_eq!(tx.count_licenses_by_policy().await.expect("read"), [(policy().id, 1)]);
        assert_eq!(tx.list_licenses(None, 5).await.expect("read").len(), 1);
        assert_eq!(tx.list_licenses(Some(license(1).id), 5).await.expect("read").len(), 0);
    }

    async fn invalid_licenses_are_not_inserted(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.update_license(&License { uses: u32::MAX, ..license(1) }).await.is_err());
        drop(tx);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.update_license(&License { max_cores: Some(0), ..license(1) }).await.is_err());
    }

    async fn policies_can_be_changed(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.find_policy(policy().id).await.expect("read"), Some(policy()));
        let changed = Policy { swap_allowance: None, check_in_interval: None, max_cores: None, customer_replaces_key: true, name: "Other".to_owned(), ..policy() };
        tx.update_policy(&changed).await.expect("written");
        assert_eq!(tx.find_policy(policy().id).await.expect("read"), Some(changed));
        // Always resurrecting dead machines and culling them immediately exclude each other.
        let odd = Policy { cull: HeartbeatCull::DeactivateDead, ..policy() };
        assert!(tx.update_policy(&odd).await.is_err());
        drop(tx);
        let mut tx = store.write().await.expect("a transaction");
        assert!(matches!(tx.delete_policy(policy().id).await, Err(StoreError::Conflict(_))), "it has a license");
    }

    async fn machines_can_be_changed_and_swaps_are_counted(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        for seed in 1..=3 {
            tx.insert_machine(&machine(seed, u32::from(seed)), &[seed; 32]).await.expect("inserted");
        }
        let mut changed = machine(1, 1);
        changed.facts.name = None;
        changed.is_resurrected = false;
        changed.last_heartbeat_at = Some(T0);
        assert!(tx.update_machine(&changed).await.expect("written"));
        assert_eq!(tx.find_machine(license(1).id, changed.id).await.expect("read"), Some(changed.clone()));
        tx.set_machine_deactivated(machine(1, 1).id, DeactivatedBy::Customer, T0.plus(seconds(5))).await.expect("written");
        tx.set_machine_deactivated(machine(2, 1).id, DeactivatedBy::App, T0.plus(seconds(5))).await.expect("written");
        assert!(!tx.update_machine(&changed).await.expect("written"), "a deactivated machine cannot be changed");
        for (since, times) in [(0, vec![T0.plus(seconds(5))]), (4, vec![T0.plus(seconds(5))]), (5, vec![])] {
            let since = T0.plus(seconds(since));
            assert_eq!(tx.list_deactivations_by_customer(license(1).id, since).await.expect("read"), times);
        }
    }

    async fn late_machines_are_found(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let silent = Machine { last_heartbeat_at: Some(T0), ..machine(1, 1) };
        tx.insert_machine(&silent, &[1; 32]).await.expect("inserted");
        let (alive, late) = (T0.plus(seconds(630)), T0.plus(seconds(631)));
        assert_eq!(tx.list_licenses_with_late_machines(late, 9).await.expect("read"), [], "this policy does not cull dead machines");
        let culling = Policy {
            cull: HeartbeatCull::DeactivateDead,
            resurrection: HeartbeatResurrection::NoRevive,
            ..policy()
        };
        tx.update_policy(&culling).await.expect("written");
        assert_eq!(tx.list_licenses_with_late_machines(alive, 9).await.expect("read"), []);
        assert_eq!(tx.list_licenses_with_late_machines(late, 9).await.expect("read"), [license(1).id]);
    }

    /// LC-08: at most one key is active and at most one is waiting.
    async fn lc_08_one_key_is_active(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_signing_key(&signing_key(1)).await.expect("inserted");
        tx.set_signing_key_activated(signing_key(1).id, T0).await.expect("written");
        tx.insert_signing_key(&signing_key(2)).await.expect("inserted");
        tx.commit().await.expect("committed");
        for conflict in [
            SigningKeyRow { activated_at: Some(T0), ..signing_key(3) },
            signing_key(3),
            SigningKeyRow { id: SigningKeyId::new(T0, [9; 10]), retired_at: Some(T0), ..signing_key(1) },
        ] {
            let mut tx = store.write().await.expect("a transaction");
            assert!(matches!(tx.insert_signing_key(&conflict).await, Err(StoreError::Conflict(_))), "{conflict:?}");
        }
        for impossible in [
            SigningKeyRow { replaced_at: Some(T0), ..signing_key(3) },
            SigningKeyRow { activated_at: Some(T0), retired_at: Some(T0), ..signing_key(3) },
        ] {
            let mut tx = store.write().await.expect("a transaction");
            assert!(tx.insert_signing_key(&impossible).await.is_err(), "{impossible:?}");
        }
        let mut tx = store.write().await.expect("a transaction");
        tx.set_signing_key_replaced(signing_key(1).id, T0).await.expect("written");
        tx.set_signing_key_activated(signing_key(2).id, T0).await.expect("written");
        tx.extend_signing_key_use(signing_key(1).id, T0.plus(seconds(9))).await.expect("written");
        tx.extend_signing_key_use(signing_key(1).id, T0.plus(seconds(5))).await.expect("written");
        let keys = tx.list_signing_keys().await.expect("read");
        let expected = [
            SigningKeyRow { activated_at: Some(T0), replaced_at: Some(T0), files_until: Some(T0.plus(seconds(9))), ..signing_key(1) },
            SigningKeyRow { activated_at: Some(T0), ..signing_key(2) },
        ];
        assert_eq!(keys, expected);
    }

    async fn entitlements_come_from_policy_and_license(store: &Store) {
        seed(store).await;
        let entitlement = |seed: u8, code: &str| Entitlement {
            id: EntitlementId::new(T0, [seed; 10]),
            code: EntitlementCode::parse(code).expect("a code"),
            name: code.to_owned(),
            created_at: T0,
            updated_at: T0,
        };
        let (first, second) = (entitlement(1, "ONE"), entitlement(2, "TWO"));
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_entitlement(&first).await.expect("inserted");
        tx.insert_entitlement(&second).await.expect("inserted");
        tx.add_policy_entitlement(policy().id, first.id).await.expect("granted");
        tx.add_license_entitlement(license(1).id, second.id).await.expect("granted");
        tx.add_license_entitlement(license(1).id, first.id).await.expect("granted");
        let held = tx.list_entitlements(license(1).id, policy().id, None, 9).await.expect("read");
        assert_eq!(held, [second.clone(), first.clone()], "each once");
        for (skipped, id) in [(0, Some(second.id)), (1, Some(first.id)), (2, None)] {
            assert_eq!(tx.entitlement_id_at_position(license(1).id, policy().id, skipped).await.expect("read"), id);
        }
        assert_eq!(tx.list_policy_entitlements(policy().id).await.expect("read"), std::slice::from_ref(&first));
        assert_eq!(tx.list_license_entitlements(license(1).id).await.expect("read"), [first.clone(), second.clone()]);
        assert_eq!(tx.count_licenses_holding(second.id).await.expect("read"), 1);
        tx.remove_license_entitlement(license(1).id, second.id).await.expect("revoked");
        tx.remove_policy_entitlement(policy().id, first.id).await.expect("revoked");
        assert_eq!(tx.list_entitlements(license(1).id, policy().id, None, 9).await.expect("read"), [first]);
        tx.delete_entitlement(second.id).await.expect("deleted");
        assert_eq!(tx.list_all_entitlements().await.expect("read").len(), 1);
    }

    /// ML-05: of any number of callers, exactly one uses the request.
    async fn ml_05_a_request_is_used_once(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_sign_in_request(&browser_request(1)).await.expect("inserted");
        tx.commit().await.expect("committed");
        let store = Arc::new(store.clone());
        let tries = (0..100).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut tx = store.write().await.expect("a transaction");
                let used = tx.use_sign_in_request(browser_request(1).id, T0).await.expect("written");
                tx.commit().await.expect("committed");
                used
            })
        });
        let mut wins = 0;
        for attempt in tries.collect::<Vec<_>>() {
            wins += u32::from(attempt.await.expect("no panic"));
        }
        assert_eq!(wins, 1);
    }

    /// ML-08: of any number of attempts, exactly five are counted.
    async fn ml_08_attempts_are_counted(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_sign_in_request(&browser_request(1)).await.expect("inserted");
        tx.commit().await.expect("committed");
        let store = Arc::new(store.clone());
        let tries = (0..200).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut tx = store.write().await.expect("a transaction");
                let open = tx.count_sign_in_attempt(&[201; 32]).await.expect("written");
                tx.commit().await.expect("committed");
                open.is_some()
            })
        });
        let mut counted = 0;
        for attempt in tries.collect::<Vec<_>>() {
            counted += u32::from(attempt.await.expect("no panic"));
        }
        assert_eq!(counted, 5);
    }

    /// ML-07: a request expires exactly on time, by the clock of the caller.
    async fn ml_07_requests_expire(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_sign_in_request(&browser_request(1)).await.expect("inserted");
        let id = browser_request(1).id;
        assert!(!tx.use_sign_in_request(id, T0.plus(seconds(600))).await.expect("written"));
        // It can only end earlier.
        tx.set_sign_in_request_end(id, T0.plus(seconds(700))).await.expect("written");
        assert!(!tx.use_sign_in_request(id, T0.plus(seconds(600))).await.expect("written"));
        tx.set_sign_in_request_end(id, T0.plus(seconds(500))).await.expect("written");
        assert!(!tx.use_sign_in_request(id, T0.plus(seconds(500))).await.expect("written"));
        let found = tx.find_sign_in_request_of_browser(&[201; 32]).await.expect("read").expect("found even if expired");
        assert_eq!((found.id, found.expires_at, found.used_at), (id, T0.plus(seconds(500)), None));
        assert!(tx.use_sign_in_request(id, T0.plus(seconds(499))).await.expect("written"));
        let used = tx.find_sign_in_request_by_token(&found.token_hash).await.expect("read").expect("found even if used");
        assert_eq!((used.id, used.used_at), (id, Some(T0.plus(seconds(499)))));
    }

    async fn sessions_can_be_deleted_individually_or_together(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let owner = account(1, "ada@example.com").id;
        for seed in 1..=3 {
            let session = NewSession {
                id: SessionId::new(T0, [seed; 10]),
                token_hash: [seed; 32],
                account: owner,
                agent: "Firefox on Windows",
                network: "192.0.2.0/24",
                now: T0,
                expires_at: T0.plus(seconds(60)),
                second_factor_at: None,
                may_enroll_until: None,
            };
            tx.insert_session(&session).await.expect("inserted");
        }
        let (session, account) = tx.find_session_with_account(&[1; 32]).await.expect("read").expect("a session");
        assert_eq!(tx.find_session(&[1; 32]).await.expect("read"), Some(session));
        assert_eq!(tx.find_account(owner).await.expect("read"), Some(account));
        assert!(tx.find_session_with_account(&[4; 32]).await.expect("read").is_none());
        let stranger = AccountId::new(T0, [9; 10]);
        assert!(!tx.delete_session(stranger, SessionId::new(T0, [1; 10])).await.expect("written"));
        assert!(tx.delete_session(owner, SessionId::new(T0, [1; 10])).await.expect("written"));
        assert!(tx.find_session(&[1; 32]).await.expect("read").is_none());
        assert_eq!(tx.list_sessions_of(owner).await.expect("read").len(), 2);
        assert_eq!(tx.delete_sessions_of(owner).await.expect("written"), 2);
    }

    /// A ceremony is taken once, by its session and for its purpose, before it expires. It ends with its session.
    async fn a_ceremony_is_taken_once(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let owner = account(1, "ada@example.com").id;
        let session = SessionId::new(T0, [1; 10]);
        let new = NewSession { id: session, token_hash: [1; 32], account: owner, agent: "Firefox", network: "192.0.2.0/24", now: T0, expires_at: T0.plus(seconds(600)), second_factor_at: None, may_enroll_until: None };
        tx.insert_session(&new).await.expect("inserted");
        let (enroll, confirm, sign_in) = (CeremonyBinding::Enroll(owner, session), CeremonyBinding::Confirm(owner, session), CeremonyBinding::SignIn([7; 32]));
        for (number, binding, state) in [(1, enroll, "old"), (2, enroll, "new"), (3, confirm, "confirm"), (4, sign_in, "sign in")] {
            let ceremony = NewCeremony { id: CeremonyId::new(T0, [number; 10]), binding, state, expires_at: T0.plus(seconds(300)) };
            tx.insert_ceremony(&ceremony).await.expect("inserted");
        }
        let stranger = CeremonyBinding::Enroll(AccountId::new(T0, [9; 10]), session);
        assert_eq!(tx.take_ceremony(stranger, T0).await.expect("taken"), None);
        assert_eq!(tx.take_ceremony(enroll, T0.plus(seconds(299))).await.expect("taken").as_deref(), Some("new"));
        assert_eq!(tx.take_ceremony(enroll, T0).await.expect("taken"), None);
        assert_eq!(tx.take_ceremony(CeremonyBinding::SignIn([8; 32]), T0).await.expect("taken"), None);
        assert_eq!(tx.take_ceremony(sign_in, T0.plus(seconds(300))).await.expect("taken"), None, "expired");
        assert!(tx.raise_session(session, &[2; 32], T0).await.expect("raised"));
        assert!(tx.find_session(&[1; 32]).await.expect("read").is_none());
        assert_eq!(tx.find_session(&[2; 32]).await.expect("read").and_then(|session| session.second_factor_at), Some(T0));
        tx.delete_sessions_of(owner).await.expect("deleted");
        assert_eq!(tx.take_ceremony(confirm, T0).await.expect("taken"), None);
        assert!(!tx.raise_session(session, &[3; 32], T0).await.expect("asked"));
    }

    /// The counter of a passkey only grows, unless the authenticator does not count. A recovery code is used once.
    async fn passkeys_and_codes_are_not_used_twice(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let owner = account(1, "ada@example.com").id;
        let passkey = PasskeyRow { id: PasskeyId::new(T0, [1; 10]), account: owner, credential_id: vec![1; 20], credential: "{}".to_owned(), sign_count: 0, name: "Key".to_owned(), created_at: T0, last_used_at: None };
        tx.insert_passkey(&passkey).await.expect("inserted");
        assert_eq!(tx.list_passkeys_of(owner).await.expect("read"), std::slice::from_ref(&passkey));
        for (count, is_used) in [(0, true), (0, true), (5, true), (5, false), (4, false), (0, false), (6, true)] {
            assert_eq!(tx.note_passkey_used(passkey.id, "{}", count, T0).await.expect("written"), is_used, "{count}");
        }
        assert_eq!(tx.find_passkey(&[1; 20]).await.expect("read").map(|found| (found.sign_count, found.last_used_at)), Some((6, Some(T0))));
        assert!(!tx.delete_passkey(AccountId::new(T0, [9; 10]), passkey.id).await.expect("asked"));
        assert_eq!(tx.delete_passkeys_of(owner).await.expect("deleted"), 1);
        tx.insert_recovery_codes(owner, &[[1; 32], [2; 32]], T0).await.expect("inserted");
        assert!(!tx.use_recovery_code(AccountId::new(T0, [9; 10]), &[1; 32], T0).await.expect("asked"));
        assert!(tx.use_recovery_code(owner, &[1; 32], T0).await.expect("used"));
        assert!(!tx.use_recovery_code(owner, &[1; 32], T0).await.expect("asked"));
        assert_eq!(tx.count_recovery_codes(owner).await.expect("read"), 1);
        assert_eq!(tx.delete_recovery_codes_of(owner).await.expect("deleted"), 2);
    }

    /// Of several mails with one deduplication key, only the first is queued, even while another transaction queues it.
    async fn a_mail_with_a_key_is_queued_once(store: &Store) {
        let recipient = email("ada@example.com");
        let mail = |seed: u8, dedupe_key| NewMail { id: MailId::new(T0, [seed; 10]), kind: "purchase", recipient: &recipient, account: None, payload: b"sealed", now: T0, expires_at: T0.plus(seconds(600)), dedupe_key };
        let mut tx = store.write().await.expect("a transaction");
        let mails = [mail(1, Some("purchase:1")), mail(2, Some("purchase:2")), mail(3, None), mail(4, None), mail(5, Some("purchase:1"))];
        assert_eq!(tx.insert_mails(&mails).await.expect("inserted"), 4);
        assert_eq!(tx.insert_mails(&[mail(6, Some("purchase:2"))]).await.expect("inserted"), 0);
        assert_eq!(tx.insert_mails(&[]).await.expect("inserted"), 0);
        tx.commit().await.expect("committed");
        let shared = Arc::new(store.clone());
        let racers = (10..20).map(|seed| {
            let store = Arc::clone(&shared);
            tokio::spawn(async move {
                let recipient = email("ada@example.com");
                let mail = NewMail { id: MailId::new(T0, [seed; 10]), kind: "purchase", recipient: &recipient, account: None, payload: b"sealed", now: T0, expires_at: T0.plus(seconds(600)), dedupe_key: Some("purchase:3") };
                let mut tx = store.write().await.expect("a transaction");
                let queued = tx.insert_mails(&[mail]).await.expect("inserted");
                tx.commit().await.expect("committed");
                queued
            })
        });
        let mut queued = 0;
        for racer in racers.collect::<Vec<_>>() {
            queued += racer.await.expect("no panic");
        }
        assert_eq!(queued, 1);
        // The key of a mail that was sent is taken for as long as its row is kept.
        let mut tx = store.write().await.expect("a transaction");
        while let Some(leased) = tx.lease_mail(T0, T0.plus(seconds(60))).await.expect("leased") {
            assert!(tx.set_mail_sent(leased.id, T0).await.expect("written"));
        }
        let (early, late) = (T0, T0.plus(seconds(1)));
        assert_eq!(tx.delete_mails_before(late, early).await.expect("deleted"), 2, "those without a key");
        assert_eq!(tx.insert_mails(&[mail(7, Some("purchase:1"))]).await.expect("inserted"), 0);
        assert_eq!(tx.delete_mails_before(late, late).await.expect("deleted"), 3);
        assert_eq!(tx.insert_mails(&[mail(8, Some("purchase:1"))]).await.expect("inserted"), 1);
    }

    /// Prices are a part of the catalog, also what is read from the provider about them.
    async fn prices_count_as_changes_of_the_catalog(store: &Store) {
        seed(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let mut version = tx.catalog_version().await.expect("read");
        let price = Price {
            id: PriceId::new(T0, [1; 10]),
            code: "once".to_owned(),
            product: product().id,
            policy: policy().id,
            amount: None,
            stripe_price: Some("price_1".to_owned()),
            provisioned: None,
            interval: None,
            min_quantity: 1,
            max_quantity: 1,
            tax_behavior: TaxBehavior::Unspecified,
            upgrade_from: Vec::new(),
            position: 0,
            created_at: T0,
            updated_at: T0,
        };
        let amount = Money::new(4_900, "USD".parse().expect("a currency"));
        for change in 0..4 {
            match change {
                0 => tx.insert_price(&price).await.expect("inserted"),
                1 => tx.set_price_amount(price.id, amount, T0).await.expect("written"),
                2 => tx.update_price(&Price { max_quantity: 5, ..price.clone() }).await.expect("written"),
                _ => tx.delete_price(price.id).await.expect("deleted"),
            }
            let after = tx.catalog_version().await.expect("read");
            assert!(after > version, "change {change}");
            version = after;
        }
    }

    /// A mail belongs to the account that it is for, or else to the one that has the address, and keeps it.
    async fn mails_belong_to_accounts(store: &Store) {
        let (ada, eve) = (account(1, "ada@example.com"), account(2, "eve@example.com"));
        let mut tx = store.write().await.expect("a transaction");
        for account in [&ada, &eve] {
            assert!(tx.insert_account(account).await.expect("inserted"));
        }
        let addresses = ["ada@example.com", "new@example.com", "nobody@example.com", "eve@example.com"].map(email);
        let mail = |seed: u8, recipient, account| NewMail { id: MailId::new(T0, [seed; 10]), kind: "purchase", recipient, account, payload: b"sealed", now: T0, expires_at: T0.plus(seconds(600)), dedupe_key: None };
        let mails = [
            mail(1, &addresses[0], None),
            mail(2, &addresses[1], Some(ada.id)),
            mail(3, &addresses[2], None),
            mail(4, &addresses[3], None),
        ];
        assert_eq!(tx.insert_mails(&mails).await.expect("inserted"), 4);
        tx.set_account_email(ada.id, &addresses[1], T0).await.expect("written");
        // The address that was hers is free, and what it got before is not its next owner's.
        tx.set_account_email(eve.id, &addresses[0], T0).await.expect("written");
        let ids = |seeds: &[u8]| seeds.iter().map(|seed| MailId::new(T0, [*seed; 10])).collect::<Vec<_>>();
        let of = async |tx: &mut Tx, account, address| {
            let found = tx.list_mails_of(account, address, None, 9).await.expect("read");
            found.iter().map(|mail| mail.id).collect::<Vec<_>>()
        };
        assert_eq!(of(&mut tx, ada.id, &addresses[1]).await, ids(&[2, 1]));
        assert_eq!(of(&mut tx, eve.id, &addresses[0]).await, ids(&[4]));
        assert_eq!(of(&mut tx, eve.id, &addresses[2]).await, ids(&[4, 3]), "mails that are for no account");
        assert_eq!(tx.delete_mails_of(ada.id, &addresses[1]).await.expect("deleted"), 2);
        assert_eq!(tx.delete_mails_of(ada.id, &addresses[0]).await.expect("deleted"), 0);
        assert_eq!(tx.delete_mails_of(eve.id, &addresses[2]).await.expect("deleted"), 2);
    }

    /// The bodies of all events that name an object are erased, and no others.
    async fn events_are_erased_by_the_objects_that_they_name(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        let named = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let events = [
            ("evt_1", Some(("charge", "ch_1")), named(&["ch_1", "cus_1"])),
            ("evt_2", None, named(&["cus_1", "in_1"])),
            ("evt_3", Some(("payment_intent", "pi_1")), Vec::new()),
            ("evt_4", None, named(&["cus_2", "pi_11"])),
        ];
        for (id, object, named_objects) in &events {
            let event = NewStripeEvent { id, kind: "charge.refunded", is_live: false, api_version: None, object: *object, body: b"{}", named_objects, is_from_sync: false, state: EventState::Done, problem: None, created_at: T0, now: T0 };
            assert!(tx.insert_stripe_event(&event).await.expect("inserted"));
            assert!(!tx.insert_stripe_event(&event).await.expect("known"));
        }
        let many: Vec<String> = (0..6_000).map(|number| format!("re_{number}")).chain(named(&["cus_1", "pi_1"])).collect();
        assert_eq!(tx.erase_stripe_event_bodies(&many).await.expect("erased"), 3);
        assert_eq!(tx.erase_stripe_event_bodies(&[]).await.expect("erased"), 0);
        for (id, is_erased) in [("evt_1", true), ("evt_2", true), ("evt_3", true), ("evt_4", false)] {
            let (_, body) = tx.find_stripe_event(id).await.expect("read").expect("an event");
            assert_eq!(body != b"{}", is_erased, "{id}");
        }
    }

    /// What waits is counted, with since when, and the database says what it is.
    async fn the_state_of_the_database_is_read(store: &Store) {
        let recipient = email("ada@example.com");
        let mail = |seed: u8, now| NewMail { id: MailId::new(now, [seed; 10]), kind: "purchase", recipient: &recipient, account: None, payload: b"sealed", now, expires_at: T0.plus(seconds(600)), dedupe_key: None };
        let mut tx = store.write().await.expect("a transaction");
        let none = tx.find_queue_states().await.expect("read");
        assert_eq!((none.mails.waiting, none.mails.oldest, none.events.waiting, none.audits.failed), (0, None, 0, 0));
        let later = T0.plus(seconds(5));
        let mails = [mail(1, later), mail(2, T0), mail(3, T0)];
        assert_eq!(tx.insert_mails(&mails).await.expect("inserted"), 3);
        assert!(tx.set_mail_failed(mails[2].id, later, "refused").await.expect("written"));
        let state = tx.find_queue_states().await.expect("read").mails;
        assert_eq!((state.waiting, state.oldest, state.failed), (2, Some(T0), 1));
        assert!(tx.list_api_versions(10).await.expect("read").is_empty());
        let facts = tx.find_database_facts().await.expect("read");
        assert_eq!(facts.migration, store.last_migration());
        assert!(facts.size_bytes > 0 && !facts.version.is_empty(), "{facts:?}");
        assert_eq!(facts.clock.is_some(), store.kind() == "PostgreSQL");
    }

    /// No two workers claim the same mail. It can be claimed again when its lease ends.
    async fn mails_are_claimed_once(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        let recipient = email("ada@example.com");
        for seed in 1..=20 {
            let mail = NewMail { id: MailId::new(T0, [seed; 10]), kind: "sign_in", recipient: &recipient, account: None, payload: b"sealed", now: T0, expires_at: T0.plus(seconds(600)), dedupe_key: None };
            assert_eq!(tx.insert_mails(&[mail]).await.expect("inserted"), 1);
        }
        tx.commit().await.expect("committed");
        let store = Arc::new(store.clone());
        let workers = (0..60).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut tx = store.write().await.expect("a transaction");
                let claimed = tx.lease_mail(T0, T0.plus(seconds(120))).await.expect("claimed");
                tx.commit().await.expect("committed");
                claimed.map(|mail| mail.id)
            })
        });
        let mut claimed = Vec::new();
        for worker in workers.collect::<Vec<_>>() {
            claimed.extend(worker.await.expect("no panic"));
        }
        let many = claimed.len();
        claimed.sort();
        claimed.dedup();
        assert_eq!(claimed.len(), many, "a mail was claimed twice");
        let mut tx = store.write().await.expect("a transaction");
        let again = tx.lease_mail(T0.plus(seconds(121)), T0.plus(seconds(300))).await.expect("claimed").expect("the first lease has ended");
        assert!(again.attempts >= 1);
        tx.set_mail_sent(again.id, T0).await.expect("written");
        tx.commit().await.expect("committed");
    }

    /// WH-13: of 400 parallel callers, exactly the burst passes. Then the rate applies.
    async fn wh_13_limits_are_exact(store: &Store) {
        let shared = Arc::new(store.clone());
        let (minute, burst_of_five) = (60_000_000, 240_000_000);
        let calls = (0..400).map(|_| {
            let store = Arc::clone(&shared);
            tokio::spawn(async move {
                let mut tx = store.write().await.expect("a transaction");
                let taken = tx.take_token("login:network:192.0.2.1", T0, minute, burst_of_five).await.expect("decided");
                tx.commit().await.expect("committed");
                taken
            })
        });
        let mut passed = 0;
        for call in calls.collect::<Vec<_>>() {
            passed += u32::from(call.await.expect("no panic"));
        }
        assert_eq!(passed, 5);
        for (after, passes) in [(59, false), (60, true), (61, false), (120, true), (86_400, true)] {
            let mut tx = store.write().await.expect("a transaction");
            let taken = tx.take_token("login:network:192.0.2.1", T0.plus(seconds(after)), minute, burst_of_five).await;
            tx.commit().await.expect("committed");
            assert_eq!(taken.expect("decided"), passes, "{after} s");
        }
        // The bucket was used under a clock that is a day ahead. After the clock is corrected, nobody is locked out
        // for a day. Small differences between the clocks of instances do not refill the bucket.
        for (before, passes) in [(0, true), (60, true), (120, true), (180, false), (300, false)] {
            let mut tx = store.write().await.expect("a transaction");
            let now = T0.plus(seconds(86_400 + 86_400)).minus(seconds(before));
            let taken = tx.take_token("set back", now, minute, burst_of_five).await.expect("decided");
            tx.commit().await.expect("committed");
            assert_eq!(taken, passes, "{before} s earlier");
        }
        let mut tx = store.write().await.expect("a transaction");
        let corrected = T0.plus(seconds(86_400));
        assert!(tx.take_token("set back", corrected, minute, burst_of_five).await.expect("decided"));
        let bucket = tx.find_bucket("set back").await.expect("read").expect("filled");
        assert_eq!(bucket, corrected.plus(seconds(60)));
    }

    async fn the_audit_log_is_append_only(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        let row = AuditRow {
            id: AuditId::new(T0, [1; 10]),
            at: T0,
            actor_kind: "host".to_owned(),
            actor_id: None,
            network: Some("192.0.2.0/24".to_owned()),
            verb: "account.made".to_owned(),
            subject_kind: "account".to_owned(),
            subject_id: "x".to_owned(),
            detail: "{}".to_owned(),
        };
        tx.insert_audits(std::slice::from_ref(&row)).await.expect("inserted");
        assert_eq!(tx.list_audit_of("account", "x", 10).await.expect("read"), [row]);
    }

    async fn the_secret_check_is_not_overwritten(store: &Store) {
        for (given, stored) in [([1; 32], [1; 32]), ([2; 32], [1; 32])] {
            let mut tx = store.write().await.expect("a transaction");
            tx.insert_instance(&given, T0).await.expect("written");
            assert_eq!(tx.find_secret_check().await.expect("read"), Some(stored));
            tx.commit().await.expect("committed");
        }
    }

    async fn expired_rows_are_deleted(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_sign_in_request(&browser_request(1)).await.expect("inserted");
        tx.take_token("bucket", T0, 1, 1).await.expect("decided");
        assert_eq!(tx.delete_sign_in_requests_before(T0).await.expect("deleted"), 0);
        assert_eq!(tx.delete_sign_in_requests_before(T0.plus(seconds(601))).await.expect("deleted"), 1);
        assert_eq!(tx.delete_buckets_before(T0.plus(seconds(1))).await.expect("deleted"), 1);
    }
}

mod raw {
    //! Changes that the store has no method for, attempted in plain SQL.

    use sqlx::{AssertSqlSafe, Connection, Executor};

    use super::*;

    #[tokio::test]
    async fn sqlite() {
        let database = TestDatabase::create(Backend::Sqlite).await;
        let mut connection = sqlx::SqliteConnection::connect(database.url()).await.expect("connected");
        connection.execute(ROW).await.expect("inserted");
        let entry = "INSERT INTO audit_chain (position, audit_id, mac) SELECT 1, id, zeroblob(32) FROM audit_log";
        connection.execute(entry).await.expect("inserted");
        for change in CHANGES {
            let error = connection.execute(*change).await.expect_err("refused");
            assert!(error.to_string().contains("append-only"), "{error}");
        }
        for replacement in REPLACEMENTS {
            let error = connection.execute(*replacement).await.expect_err(replacement);
            assert!(error.to_string().contains("append-only"), "{replacement}: {error}");
        }
        let pragma: (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(&mut connection).await.expect("read");
        assert_eq!(pragma.0, "wal");
    }

    #[tokio::test]
    async fn postgres() {
        let database = TestDatabase::create(Backend::Postgres).await;
        let mut connection = sqlx::PgConnection::connect(database.url()).await.expect("connected");
        connection.execute(ROW_POSTGRES).await.expect("inserted");
        let replace = format!("{ROW_POSTGRES} ON CONFLICT (id) DO UPDATE SET verb = 'w'");
        let error = connection.execute(AssertSqlSafe(replace)).await.expect_err("refused");
        assert!(error.to_string().contains("append-only"), "{error}");
        for change in CHANGES {
            let error = connection.execute(*change).await.expect_err("refused");
            assert!(error.to_string().contains("append-only"), "{error}");
        }
    }

    const ROW: &str = "INSERT INTO audit_log (id, at, actor_kind, actor_id, verb, subject_kind, subject_id, detail) VALUES (x'00000000000000000000000000000001', 1, 'host', NULL, 'v', 's', 'x', '{}')";
    const ROW_POSTGRES: &str = "INSERT INTO audit_log (id, at, actor_kind, actor_id, verb, subject_kind, subject_id, detail) VALUES ('00000000-0000-0000-0000-000000000001', 1, 'host', NULL, 'v', 's', 'x', '{}')";
    /// Insertions that would replace a row of the same key.
    const REPLACEMENTS: &[&str] = &[
        "INSERT OR REPLACE INTO audit_log (id, at, actor_kind, verb, subject_kind, subject_id, detail) SELECT id, at, actor_kind, 'w', subject_kind, subject_id, detail FROM audit_log",
        "REPLACE INTO audit_log (rowid, id, at, actor_kind, verb, subject_kind, subject_id, detail) SELECT rowid, randomblob(16), at, actor_kind, 'w', subject_kind, subject_id, detail FROM audit_log",
        "UPDATE OR REPLACE audit_log SET verb = 'w'",
        "INSERT OR REPLACE INTO audit_chain (position, audit_id, mac) SELECT position, audit_id, zeroblob(32) FROM audit_chain",
        "REPLACE INTO audit_chain (position, audit_id, mac) SELECT position + 1, audit_id, zeroblob(32) FROM audit_chain",
    ];
    const CHANGES: &[&str] = &["UPDATE audit_log SET verb = 'w'", "DELETE FROM audit_log"];
}

#[tokio::test]
async fn invalid_addresses_are_refused() {
    for bad in ["mysql://x", "", "sqlite://", "sqlite::memory:", "postgres"] {
        let error = Store::open(bad, 1).await.expect_err("refused");
        assert!(matches!(error, StoreError::Address(_)), "{bad}: {error}");
    }
}
