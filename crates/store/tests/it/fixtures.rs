//! Rows for tests.

use std::time::Duration;

use latchkey_licensing::{
    account::{Account, Role},
    component::{ComponentTerms, ComponentUniqueness},
    email::EmailAddress,
    ids::{AccountId, LicenseId, MachineId, PolicyId, ProductId, SignInRequestId, SigningKeyId},
    license::{Expiry, License, Standing},
    license_key::KeyPrefix,
    machine::{Fingerprint, Machine, MachineFacts},
    policy::{
        DEFAULT_HEARTBEAT_WINDOW, ExpiryBasis, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection, KeyScheme,
        MatchingStrategy, OverageStrategy, Policy, RenewalBasis, SwapAllowance,
    },
    process::{ProcessLeasing, ProcessTerms},
    product::Product,
};
use latchkey_store::{NewSignInRequest, SignInRequestKind, SigningKeyRow, Store, StoreError, StoredKey, Tx};

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
        renewal_basis: RenewalBasis::FromNowIfExpired,
        max_machines: Some(2),
        max_cores: Some(64),
        max_uses: Some(100),
        processes: ProcessTerms { max: Some(5), leasing: ProcessLeasing::PerLicense, window: seconds(90) },
        components: ComponentTerms {
            matching: MatchingStrategy::Most,
            uniqueness: ComponentUniqueness::UniquePerLicense,
            are_required: true,
        },
        is_floating: true,
        is_strict: false,
        expiry_strategy: ExpiryStrategy::MaintainAccess,
        overage_strategy: OverageStrategy::Allow1_5x,
        machine_matching: MatchingStrategy::Most,
        requires_heartbeat: true,
        heartbeat_window: DEFAULT_HEARTBEAT_WINDOW,
        cull: HeartbeatCull::KeepDead,
        resurrection: HeartbeatResurrection::AlwaysRevive,
        check_in_interval: Some(seconds(7_200)),
        key_scheme: KeyScheme::Ed25519Sign,
        file_ttl: seconds(7_200),
        swap_allowance: Some(SwapAllowance { count: 6, window: seconds(86_400) }),
        customer_replaces_key: false,
        customer_frees_machines: false,
        customer_renames_machines: false,
        customer_downloads_files: false,
        customer_sees_history: false,
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
        expiry: Expiry::At(T0.plus(seconds(5))),
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
            memory: Some(17_179_869_184),
            disk: Some(0),
            ip: "2001:db8::1".parse().ok(),
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

/// Inserts a catalog, an account and a license.
pub(crate) async fn seed(store: &Store) {
    let mut tx = store.write().await.expect("a transaction");
    tx.insert_product(&product()).await.expect("inserted");
    tx.insert_policy(&policy()).await.expect("inserted");
    assert!(tx.insert_account(&account(1, "ada@example.com")).await.expect("inserted"));
    insert_license(&mut tx, &license(1), 1).await.expect("inserted");
    tx.commit().await.expect("committed");
}

pub(crate) async fn insert_license(tx: &mut Tx, license: &License, key: u8) -> Result<(), StoreError> {
    tx.insert_license(license, stored(&[key; 32])).await
}

pub(crate) fn stored(lookup: &[u8; 32]) -> StoredKey<'_> {
    StoredKey { ciphertext: b"sealed", lookup, signed_by: None }
}

pub(crate) fn signing_key(seed: u8) -> SigningKeyRow {
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

pub(crate) fn browser_request(seed: u8) -> NewSignInRequest<'static> {
    // Leaked on purpose: the address must live as long as the request.
    let email = Box::leak(Box::new(email("ada@example.com")));
    NewSignInRequest {
        id: SignInRequestId::new(T0, [seed; 10]),
        kind: SignInRequestKind::Browser,
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
