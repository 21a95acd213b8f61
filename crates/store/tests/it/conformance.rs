//! The same promises on both databases: every test here runs on SQLite and on PostgreSQL.

use std::{sync::Arc, time::Duration};

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    entitlement::{Entitlement, EntitlementCode},
    ids::{
        AccountId, AuditId, EntitlementId, LicenseId, LoginRequestId, MachineId, MailId, PolicyId, ProductId,
        SessionId, SigningKeyId,
    },
    license::{End, License, Standing},
    license_key::KeyPrefix,
    machine::{Fingerprint, Machine, MachineFacts},
    policy::{
        DEFAULT_HEARTBEAT, ExpiryBasis, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection, KeyScheme,
        OverageStrategy, Policy, RenewalBasis, SwapAllowance,
    },
    product::Product,
};
use latchkey_store::{
    AuditRow, LoginKind, MachineEnd, NewLoginRequest, NewMail, NewSession, SigningKeyRow, Store, StoreError, StoredKey,
    Tx,
};
use latchkey_testkit::{Backend, TestDatabase};

use crate::T0;

pub(crate) fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

pub(crate) fn account(seed: u8, address: &str) -> Account {
    Account {
        id: AccountId::new(T0, [seed; 10]),
        email: email(address),
        name: Some("Ada".to_owned()),
        role: Role::Customer,
        disabled_at: None,
        created_at: T0,
    }
}

pub(crate) fn product() -> Product {
    Product {
        id: ProductId::new(T0, [1; 10]),
        code: "chartgpt".to_owned(),
        name: "ChartGPT".to_owned(),
        key_prefix: KeyPrefix::parse("CGPT").expect("a prefix"),
        created_at: T0,
    }
}

pub(crate) fn policy() -> Policy {
    Policy {
        id: PolicyId::new(T0, [1; 10]),
        product: product().id,
        code: "chartgpt-lifetime".to_owned(),
        name: "Lifetime".to_owned(),
        duration: Some(seconds(86_400)),
        expiry_basis: ExpiryBasis::FromFirstActivation,
        renewal: RenewalBasis::FromNowIfExpired,
        max_machines: Some(2),
        max_cores: Some(64),
        max_uses: Some(100),
        is_floating: true,
        is_strict: false,
        expiry: ExpiryStrategy::MaintainAccess,
        overage: OverageStrategy::Allow1_5x,
        requires_heartbeat: true,
        heartbeat: DEFAULT_HEARTBEAT,
        cull: HeartbeatCull::KeepDead,
        resurrection: HeartbeatResurrection::AlwaysRevive,
        check_in: Some(seconds(7_200)),
        scheme: KeyScheme::Ed25519Sign,
        offline_file: seconds(7_200),
        swaps: Some(SwapAllowance { count: 6, window: seconds(86_400) }),
        customer_rotates_key: false,
        created_at: T0,
        updated_at: T0,
    }
}

pub(crate) fn license(seed: u8) -> License {
    License {
        id: LicenseId::new(T0, [seed; 10]),
        account: account(1, "ada@example.com").id,
        product: product().id,
        policy: policy().id,
        key_prefix: "CGPT".to_owned(),
        key_tail: "7F3K".to_owned(),
        standing: Standing::Good,
        end: End::At(T0.plus(seconds(5))),
        max_machines: Some(7),
        max_cores: Some(9),
        max_uses: Some(11),
        uses: 3,
        metadata: r#"{"order":"ü"}"#.to_owned(),
        last_validated_at: None,
        last_check_in_at: Some(T0),
        last_check_out_at: None,
        created_at: T0,
        updated_at: T0,
    }
}

pub(crate) fn machine(seed: u8, slot: u32) -> Machine {
    Machine {
        id: MachineId::new(T0, [seed; 10]),
        license: license(1).id,
        slot,
        fingerprint: Fingerprint::parse(&format!("fp-{seed}")).expect("a fingerprint"),
        facts: MachineFacts {
            name: Some("Desk".to_owned()),
            hostname: None,
            platform: Some("linux".to_owned()),
            cores: Some(8),
            app_version: None,
        },
        metadata: r#"{"a":"ü"}"#.to_owned(),
        last_heartbeat_at: None,
        is_resurrected: true,
        last_check_out_at: Some(T0),
        last_seen_at: T0,
        created_at: T0,
        updated_at: T0,
    }
}

/// Catalog, one account and one license.
pub(crate) async fn furnish(store: &Store) {
    let mut tx = store.write().await.expect("a transaction");
    tx.insert_product(&product()).await.expect("inserted");
    tx.insert_policy(&policy()).await.expect("inserted");
    assert!(tx.insert_account(&account(1, "ada@example.com")).await.expect("inserted"));
    insert_license(&mut tx, &license(1), 1).await.expect("inserted");
    tx.commit().await.expect("committed");
}

pub(crate) async fn insert_license(tx: &mut Tx, license: &License, key: u8) -> Result<(), StoreError> {
    tx.insert_license(license, kept(&[key; 32])).await
}

pub(crate) fn kept(lookup: &[u8; 32]) -> StoredKey<'_> {
    StoredKey { ciphertext: b"sealed", lookup, signed_by: None }
}

fn signing_key(seed: u8) -> SigningKeyRow {
    SigningKeyRow {
        id: SigningKeyId::new(T0, [seed; 10]),
        public_key: [seed; 32],
        seed_ciphertext: vec![seed; 60],
        created_at: T0,
        activated_at: None,
        replaced_at: None,
        retired_at: None,
        files_until: None,
    }
}

fn browser_request(seed: u8) -> NewLoginRequest<'static> {
    // Leaked on purpose: a test's address lives as long as the test.
    let email = Box::leak(Box::new(email("ada@example.com")));
    NewLoginRequest {
        id: LoginRequestId::new(T0, [seed; 10]),
        kind: LoginKind::Browser,
        account: None,
        email,
        token_hash: [seed; 32],
        code_hash: Some([seed + 100; 32]),
        browser_hash: Some([seed + 200; 32]),
        next_path: Some("/portal/account"),
        created_at: T0,
        expires_at: T0.plus(seconds(600)),
    }
}

on_both! {
    async fn what_is_written_reads_back(store: &Store) {
        furnish(store).await;
        let mut reader = store.read().await.expect("a reader");
        assert_eq!(reader.find_account_by_email(&email("ADA@example.com")).await.expect("read"), Some(account(1, "ada@example.com")));
        assert_eq!(reader.find_product(product().id).await.expect("read"), Some(product()));
        assert_eq!(reader.find_policy(policy().id).await.expect("read"), Some(policy()));
        assert_eq!(reader.list_policies().await.expect("read"), [policy()]);
        assert_eq!(reader.find_license(license(1).id).await.expect("read"), Some(license(1)));
        assert_eq!(reader.find_license_by_key(&[1; 32]).await.expect("read"), Some(license(1)));
        assert_eq!(reader.find_license_by_key(&[2; 32]).await.expect("read"), None);
        assert_eq!(reader.get_key_ciphertext(license(1).id).await.expect("read"), b"sealed");
    }

    async fn an_address_has_one_account(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.insert_account(&account(1, "ada@example.com")).await.expect("inserted"));
        assert!(!tx.insert_account(&account(2, "Ada@Example.com")).await.expect("no error"));
        assert_eq!(tx.count_accounts().await.expect("read"), 1);
    }

    async fn a_dropped_transaction_leaves_no_trace(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_account(&account(1, "ada@example.com")).await.expect("inserted");
        drop(tx);
        assert_eq!(store.read().await.expect("a reader").count_accounts().await.expect("read"), 0);
    }

    async fn constraints_refuse_what_must_not_be(store: &Store) {
        furnish(store).await;
        // A key twice.
        let mut tx = store.write().await.expect("a transaction");
        assert!(matches!(insert_license(&mut tx, &license(2), 1).await, Err(StoreError::Conflict(_))));
        drop(tx);
        // A license whose owner does not exist.
        let mut tx = store.write().await.expect("a transaction");
        let orphan = License { account: AccountId::new(T0, [9; 10]), ..license(2) };
        assert!(matches!(insert_license(&mut tx, &orphan, 2).await, Err(StoreError::Conflict(_))));
        drop(tx);
        // A license for a product that is not its policy's.
        let mut tx = store.write().await.expect("a transaction");
        let other = Product { id: ProductId::new(T0, [2; 10]), code: "other".to_owned(), ..product() };
        tx.insert_product(&other).await.expect("inserted");
        let crossed = License { product: other.id, ..license(2) };
        assert!(matches!(insert_license(&mut tx, &crossed, 2).await, Err(StoreError::Conflict(_))));
        drop(tx);
        // A node-locked policy for several machines.
        let mut tx = store.write().await.expect("a transaction");
        let wide = Policy { id: PolicyId::new(T0, [2; 10]), code: "wide".to_owned(), is_floating: false, ..policy() };
        assert!(tx.insert_policy(&wide).await.is_err());
    }

    async fn a_slot_and_a_fingerprint_have_one_holder(store: &Store) {
        furnish(store).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_machine(&machine(1, 1), &[1; 32]).await.expect("inserted");
        tx.commit().await.expect("committed");
        for (other, hash) in [(machine(2, 1), [2; 32]), (machine(2, 2), [1; 32])] {
            let mut tx = store.write().await.expect("a transaction");
            assert!(matches!(tx.insert_machine(&other, &hash).await, Err(StoreError::Conflict(_))));
        }
        // Once it is let go, both are open again, and it is remembered.
        let mut tx = store.write().await.expect("a transaction");
        assert!(!tx.was_machine(license(1).id, machine(1, 1).id).await.expect("read"));
        assert!(tx.set_machine_deactivated(machine(1, 1).id, MachineEnd::Customer, T0).await.expect("written"));
        assert!(!tx.set_machine_deactivated(machine(1, 1).id, MachineEnd::Customer, T0).await.expect("written"));
        assert!(tx.was_machine(license(1).id, machine(1, 1).id).await.expect("read"));
        tx.insert_machine(&machine(2, 1), &[1; 32]).await.expect("inserted");
        assert_eq!(tx.list_machines(license(1).id, None, 10).await.expect("read"), [machine(2, 1)]);
    }

    async fn machines_page_by_id(store: &Store) {
        furnish(store).await;
        let mut tx = store.write().await.expect("a transaction");
        for seed in 1..=5 {
            tx.insert_machine(&machine(seed, u32::from(seed)), &[seed; 32]).await.expect("inserted");
        }
        let first = tx.list_machines(license(1).id, None, 2).await.expect("read");
        let second = tx.list_machines(license(1).id, first.last().map(|m| m.id), 2).await.expect("read");
        let third = tx.list_machines(license(1).id, second.last().map(|m| m.id), 2).await.expect("read");
        assert_eq!(first.iter().chain(&second).chain(&third).map(|m| m.slot).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(tx.machine_at(license(1).id, 1).await.expect("read"), first.last().map(|m| m.id));
        assert_eq!(tx.machine_at(license(1).id, 4).await.expect("read"), third.first().map(|m| m.id));
        assert_eq!(tx.machine_at(license(1).id, 5).await.expect("read"), None);
    }

    async fn standing_is_one_of_three(store: &Store) {
        furnish(store).await;
        for standing in [Standing::Suspended(T0), Standing::Revoked(T0), Standing::Good] {
            let mut tx = store.write().await.expect("a transaction");
            tx.update_license(&License { standing, ..license(1) }).await.expect("written");
            tx.commit().await.expect("committed");
            let found = store.read().await.expect("a reader").find_license(license(1).id).await.expect("read");
            assert_eq!(found.map(|license| license.standing), Some(standing));
        }
    }

    /// What a decision may change comes back as it was written, in every form that a license's end has.
    async fn licenses_change(store: &Store) {
        furnish(store).await;
        for (end, uses) in [(End::Never, 4), (End::AfterFirstUse, 5), (End::At(T0), 6)] {
            let mut tx = store.write().await.expect("a transaction");
            let changed = License { end, uses, max_cores: None, metadata: "{}".to_owned(), last_check_out_at: Some(T0), ..license(1) };
            tx.update_license(&changed).await.expect("written");
            assert_eq!(tx.find_license(license(1).id).await.expect("read"), Some(changed));
            tx.commit().await.expect("committed");
        }
        let mut tx = store.write().await.expect("a transaction");
        tx.set_license_key(license(1).id, kept(&[9; 32]), "key", "abcd", T0).await.expect("written");
        assert!(tx.find_license_by_key(&[1; 32]).await.expect("read").is_none(), "the old key is gone");
        let found = tx.find_license_by_key(&[9; 32]).await.expect("read").expect("found");
        assert_eq!((found.key_prefix.as_str(), found.key_tail.as_str()), ("key", "abcd"));
        assert_eq!(tx.count_licenses_under(policy().id).await.expect("read"), 1);
        assert_eq!(tx.list_licenses(None, 5).await.expect("read").len(), 1);
        assert_eq!(tx.list_licenses(Some(license(1).id), 5).await.expect("read").len(), 0);
    }

    async fn impossible_licenses_do_not_insert(store: &Store) {
        furnish(store).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.update_license(&License { uses: u32::MAX, ..license(1) }).await.is_err());
        drop(tx);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.update_license(&License { max_cores: Some(0), ..license(1) }).await.is_err());
    }

    async fn policies_change(store: &Store) {
        furnish(store).await;
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.find_policy(policy().id).await.expect("read"), Some(policy()));
        let changed = Policy { swaps: None, check_in: None, max_cores: None, customer_rotates_key: true, name: "Other".to_owned(), ..policy() };
        tx.update_policy(&changed).await.expect("written");
        assert_eq!(tx.find_policy(policy().id).await.expect("read"), Some(changed));
        // Reviving for ever and letting go at once exclude each other.
        let odd = Policy { cull: HeartbeatCull::DeactivateDead, ..policy() };
        assert!(tx.update_policy(&odd).await.is_err());
        drop(tx);
        let mut tx = store.write().await.expect("a transaction");
        assert!(matches!(tx.delete_policy(policy().id).await, Err(StoreError::Conflict(_))), "a license is under it");
    }

    async fn machines_change_and_swaps_are_counted(store: &Store) {
        furnish(store).await;
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
        tx.set_machine_deactivated(machine(1, 1).id, MachineEnd::Customer, T0.plus(seconds(5))).await.expect("written");
        tx.set_machine_deactivated(machine(2, 1).id, MachineEnd::App, T0.plus(seconds(5))).await.expect("written");
        assert!(!tx.update_machine(&changed).await.expect("written"), "it is history");
        for (since, times) in [(0, vec![T0.plus(seconds(5))]), (4, vec![T0.plus(seconds(5))]), (5, vec![])] {
            let since = T0.plus(seconds(since));
            assert_eq!(tx.list_machine_releases(license(1).id, since).await.expect("read"), times);
        }
    }

    async fn late_machines_are_found(store: &Store) {
        furnish(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let beaten = Machine { last_heartbeat_at: Some(T0), ..machine(1, 1) };
        tx.insert_machine(&beaten, &[1; 32]).await.expect("inserted");
        let (alive, late) = (T0.plus(seconds(630)), T0.plus(seconds(631)));
        assert_eq!(tx.list_licenses_with_late_machines(late, 9).await.expect("read"), [], "this policy keeps the dead");
        let culling = Policy {
            cull: HeartbeatCull::DeactivateDead,
            resurrection: HeartbeatResurrection::NoRevive,
            ..policy()
        };
        tx.update_policy(&culling).await.expect("written");
        assert_eq!(tx.list_licenses_with_late_machines(alive, 9).await.expect("read"), []);
        assert_eq!(tx.list_licenses_with_late_machines(late, 9).await.expect("read"), [license(1).id]);
    }

    /// LC-08: of all keys one signs and one waits, whatever is written.
    async fn lc_08_one_key_signs(store: &Store) {
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
        tx.note_signed_file(signing_key(1).id, T0.plus(seconds(9))).await.expect("written");
        tx.note_signed_file(signing_key(1).id, T0.plus(seconds(5))).await.expect("written");
        let keys = tx.list_signing_keys().await.expect("read");
        let expected = [
            SigningKeyRow { activated_at: Some(T0), replaced_at: Some(T0), files_until: Some(T0.plus(seconds(9))), ..signing_key(1) },
            SigningKeyRow { activated_at: Some(T0), ..signing_key(2) },
        ];
        assert_eq!(keys, expected);
    }

    async fn entitlements_come_from_policy_and_license(store: &Store) {
        furnish(store).await;
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
        tx.add_policy_entitlement(policy().id, first.id).await.expect("given");
        tx.add_license_entitlement(license(1).id, second.id).await.expect("given");
        tx.add_license_entitlement(license(1).id, first.id).await.expect("given");
        let held = tx.list_entitlements(license(1).id, policy().id, None, 9).await.expect("read");
        assert_eq!(held, [first.clone(), second.clone()], "each once");
        for (skipped, id) in [(0, Some(first.id)), (1, Some(second.id)), (2, None)] {
            assert_eq!(tx.entitlement_at(license(1).id, policy().id, skipped).await.expect("read"), id);
        }
        assert_eq!(tx.list_policy_entitlements(policy().id).await.expect("read"), std::slice::from_ref(&first));
        assert_eq!(tx.list_license_entitlements(license(1).id).await.expect("read"), [first.clone(), second.clone()]);
        assert_eq!(tx.count_licenses_holding(second.id).await.expect("read"), 1);
        tx.remove_license_entitlement(license(1).id, second.id).await.expect("taken");
        tx.remove_policy_entitlement(policy().id, first.id).await.expect("taken");
        assert_eq!(tx.list_entitlements(license(1).id, policy().id, None, 9).await.expect("read"), [first]);
        tx.delete_entitlement(second.id).await.expect("deleted");
        assert_eq!(tx.list_all_entitlements().await.expect("read").len(), 1);
    }

    /// ML-05: of any number of callers, one uses a request up.
    async fn ml_05_a_request_is_used_once(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_login_request(&browser_request(1)).await.expect("inserted");
        tx.commit().await.expect("committed");
        let store = Arc::new(store.clone());
        let tries = (0..100).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut tx = store.write().await.expect("a transaction");
                let used = tx.use_login_request(browser_request(1).id, T0).await.expect("written");
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

    /// ML-08: tries are counted before anything is compared, and end at five.
    async fn ml_08_tries_are_counted(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_login_request(&browser_request(1)).await.expect("inserted");
        tx.commit().await.expect("committed");
        let store = Arc::new(store.clone());
        let tries = (0..200).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut tx = store.write().await.expect("a transaction");
                let open = tx.count_login_try(&[201; 32], T0).await.expect("written");
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

    /// ML-07: a request ends with its time, to the microsecond of the given clock.
    async fn ml_07_requests_end(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_login_request(&browser_request(1)).await.expect("inserted");
        for (after, open) in [(599, true), (600, false), (601, false)] {
            let now = T0.plus(seconds(after));
            assert_eq!(tx.find_open_login(&[201; 32], now).await.expect("read").is_some(), open, "{after} s");
        }
        assert!(!tx.use_login_request(browser_request(1).id, T0.plus(seconds(601))).await.expect("written"));
    }

    async fn sessions_end_one_by_one_or_together(store: &Store) {
        furnish(store).await;
        let mut tx = store.write().await.expect("a transaction");
        let owner = account(1, "ada@example.com").id;
        for seed in 1..=3 {
            let session = NewSession {
                id: SessionId::new(T0, [seed; 10]),
                token_hash: [seed; 32],
                account: owner,
                assurance: 1,
                agent: "Firefox on Windows",
                network: "192.0.2.0/24",
                now: T0,
                expires_at: T0.plus(seconds(60)),
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

    /// A mail is sent by one worker at a time, comes back when its lease ends, and leaves no payload.
    async fn mails_are_claimed_once(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        let recipient = email("ada@example.com");
        for seed in 1..=20 {
            let mail = NewMail { id: MailId::new(T0, [seed; 10]), kind: "sign_in", recipient: &recipient, payload: b"sealed", now: T0, expires_at: T0.plus(seconds(600)) };
            tx.insert_mail(&mail).await.expect("inserted");
        }
        tx.commit().await.expect("committed");
        let store = Arc::new(store.clone());
        let workers = (0..60).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut tx = store.write().await.expect("a transaction");
                let claimed = tx.claim_mail(T0, T0.plus(seconds(120))).await.expect("claimed");
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
        let again = tx.claim_mail(T0.plus(seconds(121)), T0.plus(seconds(300))).await.expect("claimed").expect("a lease ended");
        assert!(again.attempts >= 1);
        tx.set_mail_sent(again.id, T0).await.expect("written");
        tx.commit().await.expect("committed");
    }

    /// WH-13: under 400 parallel callers exactly the burst passes, and the pace holds after it.
    async fn wh_13_limits_are_exact(store: &Store) {
        let shared = Arc::new(store.clone());
        let (minute, burst_of_five) = (60_000_000, 240_000_000);
        let calls = (0..400).map(|_| {
            let store = Arc::clone(&shared);
            tokio::spawn(async move {
                let mut tx = store.write().await.expect("a transaction");
                let taken = tx.take_token("login:network:192.0.2.1", T0, minute, burst_of_five).await.expect("asked");
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
            assert_eq!(taken.expect("asked"), passes, "{after} s");
        }
        // A clock that ran a day ahead filled the bucket. Set right, it locks nobody out for a day; clocks
        // of instances that differ a little refill nothing.
        for (before, passes) in [(0, true), (60, true), (120, true), (180, false), (300, false)] {
            let mut tx = store.write().await.expect("a transaction");
            let now = T0.plus(seconds(86_400 + 86_400)).minus(seconds(before));
            let taken = tx.take_token("set back", now, minute, burst_of_five).await.expect("asked");
            tx.commit().await.expect("committed");
            assert_eq!(taken, passes, "{before} s back");
        }
        let mut tx = store.write().await.expect("a transaction");
        let set_right = T0.plus(seconds(86_400));
        assert!(tx.take_token("set back", set_right, minute, burst_of_five).await.expect("asked"));
        let bucket = tx.find_bucket("set back").await.expect("read").expect("filled");
        assert_eq!(bucket, set_right.plus(seconds(60)));
    }

    async fn the_audit_log_is_append_only(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        let row = AuditRow {
            id: AuditId::new(T0, [1; 10]),
            at: T0,
            actor_kind: "host".to_owned(),
            actor_id: None,
            verb: "account.made".to_owned(),
            subject_kind: "account".to_owned(),
            subject_id: "x".to_owned(),
            detail: "{}".to_owned(),
        };
        tx.insert_audits(std::slice::from_ref(&row)).await.expect("inserted");
        assert_eq!(tx.list_audit_of("account", "x", 10).await.expect("read"), [row]);
    }

    async fn the_secret_mark_stays(store: &Store) {
        for (given, kept) in [([1; 32], [1; 32]), ([2; 32], [1; 32])] {
            let mut tx = store.write().await.expect("a transaction");
            tx.insert_instance(&given, T0).await.expect("written");
            assert_eq!(tx.find_secret_check().await.expect("read"), Some(kept));
            tx.commit().await.expect("committed");
        }
    }

    async fn what_has_run_out_is_removed(store: &Store) {
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_login_request(&browser_request(1)).await.expect("inserted");
        tx.take_token("bucket", T0, 1, 1).await.expect("asked");
        assert_eq!(tx.delete_login_requests_before(T0).await.expect("removed"), 0);
        assert_eq!(tx.delete_login_requests_before(T0.plus(seconds(601))).await.expect("removed"), 1);
        assert_eq!(tx.delete_buckets_before(T0.plus(seconds(1))).await.expect("removed"), 1);
    }
}

mod raw {
    //! What the program never does, tried past it with plain SQL.

    use sqlx::{Connection, Executor};

    use super::*;

    #[tokio::test]
    async fn sqlite() {
        let database = TestDatabase::create(Backend::Sqlite).await;
        let mut connection = sqlx::SqliteConnection::connect(database.url()).await.expect("connected");
        connection.execute(ROW).await.expect("inserted");
        for change in CHANGES {
            let error = connection.execute(*change).await.expect_err("refused");
            assert!(error.to_string().contains("append-only"), "{error}");
        }
        let pragma: (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(&mut connection).await.expect("read");
        assert_eq!(pragma.0, "wal");
    }

    #[tokio::test]
    async fn postgres() {
        let database = TestDatabase::create(Backend::Postgres).await;
        let mut connection = sqlx::PgConnection::connect(database.url()).await.expect("connected");
        connection.execute(ROW_POSTGRES).await.expect("inserted");
        for change in CHANGES {
            let error = connection.execute(*change).await.expect_err("refused");
            assert!(error.to_string().contains("append-only"), "{error}");
        }
    }

    const ROW: &str =
        "INSERT INTO audit_log VALUES (x'00000000000000000000000000000001', 1, 'host', NULL, 'v', 's', 'x', '{}')";
    const ROW_POSTGRES: &str =
        "INSERT INTO audit_log VALUES ('00000000-0000-0000-0000-000000000001', 1, 'host', NULL, 'v', 's', 'x', '{}')";
    const CHANGES: &[&str] = &["UPDATE audit_log SET verb = 'w'", "DELETE FROM audit_log"];
}

/// A database that a newer program has migrated is refused, and stays as it is.
#[tokio::test]
async fn a_newer_schema_is_refused() {
    use sqlx::{Connection, Executor};
    let database = TestDatabase::create(Backend::Sqlite).await;
    let mut connection = sqlx::SqliteConnection::connect(database.url()).await.expect("connected");
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)";
    connection.execute(newer).await.expect("inserted");
    let error = Store::open(database.url(), 1).await.expect("opens").migrate().await.expect_err("refused");
    assert!(matches!(error, StoreError::NewerSchema(9999)));
    assert!(error.to_string().contains("newer"), "{error}");
}

#[tokio::test]
async fn addresses_that_are_none_are_refused() {
    for bad in ["mysql://x", "", "sqlite://", "sqlite::memory:", "postgres"] {
        let error = Store::open(bad, 1).await.expect_err("refused");
        assert!(matches!(error, StoreError::Address(_)), "{bad}: {error}");
    }
}
