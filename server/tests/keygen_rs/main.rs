//! The public client crate `keygen-rs`, unmodified and with signature verification, against the real server
//! on both databases.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "../it/support/app.rs"]
#[expect(dead_code, reason = "shared with the larger suite")]
mod app;
#[path = "../it/support/shelf.rs"]
mod shelf;

#[path = "../../../content/docs/keygen/unlock.rs"]
#[expect(unreachable_pub, reason = "the documentation shows it as a part of an app")]
mod documented;

use std::time::Duration;

use app::{TestApp, run};
use keygen_rs::{
    component::Component,
    config::KeygenConfig,
    license::{
        License, LicenseCheckoutOpts, LicenseFileAlgorithm, LicenseValidationCode, LicenseValidationRequest,
        LicenseValidationScope,
    },
    license_file::LicenseFile,
    machine::MachineCheckoutOpts,
    release::{Release, ReleaseChannel, ReleaseUpgradeRequest},
};
use latchkey_licensing::policy::{ExpiryStrategy, KeyScheme, MatchingStrategy, RenewalBasis};
use latchkey_service::{Notify, Operator, RateLimit};
use latchkey_testkit::Backend;
use shelf::Shelf;
use tokio::sync::Mutex;

/// Held by the test that uses the process's only configuration.
static CONFIGURED: Mutex<()> = Mutex::const_new(());

/// The configuration of an app: the server's address, its public key, and a license key.
fn config(app: &TestApp, key: &str) -> KeygenConfig {
    KeygenConfig {
        api_url: app.origin(),
        license_key: Some(key.to_owned()),
        public_key: Some(app.public_key.hex()),
        verify_keygen_signature: Some(true),
        ..KeygenConfig::default()
    }
}

async fn code(config: &KeygenConfig, fingerprint: &str) -> (bool, LicenseValidationCode, Option<License>) {
    let request = LicenseValidationRequest::for_fingerprint(fingerprint.to_owned());
    let result = keygen_rs::validate_with_config(config.clone(), &request).await.expect("an answer");
    (result.meta.valid, LicenseValidationCode::parse(&result.meta.code), result.license)
}

fn failed<T: std::fmt::Debug>(result: Result<T, keygen_rs::errors::Error>, code: &str) {
    let error = format!("{:?}", result.expect_err("refused"));
    assert!(error.contains(code), "{code} is not in {error}");
}

/// Validation, activation (also twice and over the limit), listing, heartbeats, deactivation, suspension, an
/// invalid key, and a server with the wrong key.
async fn the_client_works_from_activation_to_revocation(backend: Backend) {
    let app = TestApp::start(backend).await;
    let issued = app.issue("ada@example.com").await;
    let config = config(&app, issued.key.expose());

    let ping =
        keygen_rs::KeygenClient::new(config.clone()).expect("a client").service_info().await.expect("a signed ping");
    assert_eq!(ping.api_version.as_deref(), Some("1.8"));

    let (valid, first, license) = code(&config, "machine-one").await;
    assert_eq!((valid, first), (false, LicenseValidationCode::NoMachines));
    let license = license.expect("the license");
    assert_eq!(license.id, issued.view.license.id.to_string());
    assert_eq!(license.key, issued.key.expose());

    let machine = license.activate("machine-one", &[]).await.expect("activated");
    assert_eq!(machine.fingerprint, "machine-one");
    assert_eq!(code(&config, "machine-one").await.1, LicenseValidationCode::Valid);
    assert_eq!(code(&config, "machine-two").await.1, LicenseValidationCode::FingerprintScopeMismatch);
    failed(license.activate("machine-one", &[]).await, "FINGERPRINT_TAKEN");

    license.activate("machine-two", &[]).await.expect("activated");
    failed(license.activate("machine-three", &[]).await, "MACHINE_LIMIT_EXCEEDED");

    let listed = license.machines(None).await.expect("a list");
    let mut fingerprints: Vec<_> = listed.data.iter().map(|machine| machine.fingerprint.as_str()).collect();
    fingerprints.sort_unstable();
    assert_eq!(fingerprints, ["machine-one", "machine-two"]);
    let held = license.entitlements(None).await.expect("a list");
    assert_eq!(held.data.iter().map(|held| held.code.as_str()).collect::<Vec<_>>(), ["CHART_ASSISTANT"]);

    let beat = machine.ping().await.expect("a heartbeat");
    assert_eq!(beat.id, machine.id);
    assert_eq!(license.machine("machine-one").await.expect("found by fingerprint").id, machine.id);

    machine.deactivate().await.expect("deactivated");
    failed(machine.deactivate().await, "NOT_FOUND");
    license.activate("machine-three", &[]).await.expect("the slot is open");
    license.deactivate("machine-two").await.expect("deactivated by fingerprint");

    let admin = app.service().admin(Operator::Host);
    admin.suspend_license(issued.view.license.id, Notify::Nobody).await.expect("suspended");
    let request = LicenseValidationRequest::for_fingerprint("machine-three".to_owned());
    failed(keygen_rs::validate_with_config(config.clone(), &request).await, "LICENSE_SUSPENDED");
    let bare = KeygenConfig { license_key: None, ..config.clone() };
    let unauthenticated =
        License::from_key(issued.key.expose()).with_config(bare).validate_key(&request).await.expect("an answer");
    assert_eq!(LicenseValidationCode::parse(&unauthenticated.meta.code), LicenseValidationCode::Suspended);
    admin.reinstate_license(issued.view.license.id, Notify::Nobody).await.expect("reinstated");
    assert_eq!(code(&config, "machine-three").await.1, LicenseValidationCode::Valid);

    let bad =
        KeygenConfig { license_key: Some("CGPT-0000-0000-0000-0000-0000-0000-0000".to_owned()), ..config.clone() };
    failed(keygen_rs::validate_with_config(bad, &request).await, "LICENSE_INVALID");

    offline_work(&app, &config, &license, "machine-three").await;
    // The client understands the server's responses for renewals, check-ins and uses.
    assert!(license.check_in().await.expect("checked in").last_check_in.is_some());
    assert_eq!(license.increment_usage(Some(3)).await.expect("counted").uses, Some(3));
    assert_eq!(license.increment_usage(None).await.expect("counted").uses, Some(4));

    // Signatures are really verified: with another public key every response is rejected.
    let fooled = KeygenConfig { public_key: Some("0".repeat(62) + "01"), ..config.clone() };
    assert!(keygen_rs::validate_with_config(fooled, &request).await.is_err());

    // Rotation: the next version of the app embeds the new key. The old version rejects responses, but what
    // the old key signed is still valid.
    let old_file = license.checkout(&LicenseCheckoutOpts::perpetual()).await.expect("a file");
    let rotated = admin.rotate_signing_key(&Operator::Host.fresh()).await.expect("rotated").public_key.hex();
    assert!(keygen_rs::validate_with_config(config.clone(), &request).await.is_err());
    let next = KeygenConfig { public_key: Some(rotated.clone()), ..config.clone() };
    let result = keygen_rs::validate_with_config(next, &request).await.expect("an answer");
    assert!(result.meta.valid);
    assert!(old_file.verify_with_key(config.public_key.as_deref().expect("a key")).is_ok());
    assert!(old_file.verify_with_key(&rotated).is_err());

    // Revocation is permanent.
    admin.revoke_license(issued.view.license.id, Notify::Nobody).await.expect("revoked");
    let next = KeygenConfig { public_key: Some(rotated), ..config };
    failed(keygen_rs::validate_with_config(next, &request).await, "LICENSE_SUSPENDED");
}

/// Files are checked out, verified and decrypted with the client's own code. It uses the system's clock, so
/// the files are valid as long as possible.
async fn offline_work(app: &TestApp, config: &KeygenConfig, license: &License, fingerprint: &str) {
    let public_key = config.public_key.as_deref().expect("a key");
    let key = license.key.as_str();
    let plain =
        LicenseCheckoutOpts { include: Some(vec!["entitlements".to_owned()]), ..LicenseCheckoutOpts::perpetual() };
    let file = license.checkout(&plain).await.expect("a license file");
    let dataset = file.verify_and_decode(public_key, LicenseFileAlgorithm::Base64Ed25519).expect("verified");
    assert_eq!((dataset.license.id.as_str(), dataset.ttl), (license.id.as_str(), i32::MAX));
    let codes: Vec<_> =
        dataset.offline_entitlements().expect("included").iter().map(|held| held.code.clone()).collect();
    assert_eq!(codes, ["CHART_ASSISTANT"]);

    let sealed = license.checkout(&plain.clone().with_encrypt(true)).await.expect("a license file");
    let algorithm = LicenseFileAlgorithm::Aes256GcmEd25519;
    let dataset = sealed.verify_and_decrypt(public_key, key, algorithm).expect("verified and decrypted");
    assert_eq!(dataset.license.key, key);
    assert!(sealed.verify_and_decrypt(public_key, "another key", algorithm).is_err());
    let text = license.checkout_certificate(&plain.with_algorithm(algorithm)).await.expect("the text itself");
    assert!(LicenseFile::from_cert(key, &text).is_ok());

    let machine = license.machine(fingerprint).await.expect("the machine");
    let options = MachineCheckoutOpts { ttl: Some(i64::from(i32::MAX)), include: None };
    let file = machine.checkout(&options).await.expect("a machine file");
    // Machine files are verified with the process's only configuration.
    let turn = CONFIGURED.lock().await;
    keygen_rs::config::set_config(config.clone()).expect("configured");
    file.verify().expect("verified");
    let dataset = file.decrypt(&format!("{key}{fingerprint}")).expect("decrypted");
    assert_eq!((dataset.machine.fingerprint.as_str(), dataset.license.id.as_str()), (fingerprint, license.id.as_str()));
    assert_eq!(file.entitlements(&format!("{key}{fingerprint}")).expect("included").len(), 1);
    assert!(file.decrypt(&format!("{key}other")).is_err());

    drop(turn);

    // The client reports the server's refusals.
    failed(license.checkout(&LicenseCheckoutOpts::with_ttl(10)).await, "CHECKOUT_TTL_INVALID");
    failed(
        license.checkout(&LicenseCheckoutOpts::with_include(vec!["x".to_owned()])).await,
        "CHECKOUT_INCLUDE_INVALID",
    );

    // A signed key is verified without a file.
    app.add_policy("signed", |policy| policy.key_scheme = KeyScheme::Ed25519Sign).await;
    let signed = app.issue_under("ada@example.com", "signed").await;
    let by_key = KeygenConfig { license_key: Some(signed.key.expose().to_owned()), ..config.clone() };
    let request = LicenseValidationRequest::for_fingerprint("x".to_owned());
    let found = keygen_rs::validate_with_config(by_key, &request).await.expect("an answer").license.expect("a license");
    let payload = found.verify().expect("verified");
    assert!(String::from_utf8(payload).expect("text").contains(&signed.view.license.id.to_string()));
}

/// The program that the documentation shows activates, is content with an active machine, and reports the limit.
async fn the_documented_program_unlocks(backend: Backend) {
    let app = TestApp::start(backend).await;
    let issued = app.issue("ada@example.com").await;
    let config = documented::config(&app.origin(), &app.public_key.hex(), issued.key.expose());
    for fingerprint in ["one", "one", "two"] {
        let license = documented::unlock(&config, fingerprint).await.expect("an answer").expect("unlocked");
        assert_eq!(license.id, issued.view.license.id.to_string());
    }
    failed(documented::unlock(&config, "three").await, "MACHINE_LIMIT_EXCEEDED");
    app.add_policy("ended", |policy| {
        policy.duration = Some(Duration::from_hours(24));
        policy.expiry_strategy = ExpiryStrategy::RestrictAccess;
    })
    .await;
    let ended = app.issue_under("ada@example.com", "ended").await;
    let config = documented::config(&app.origin(), &app.public_key.hex(), ended.key.expose());
    assert!(documented::unlock(&config, "one").await.expect("an answer").is_some());
    app.kit.clock.advance(Duration::from_hours(25));
    assert!(documented::unlock(&config, "one").await.expect("an answer").is_none());
}

/// A renewal affects the next validation.
async fn a_renewal_affects_the_next_validation(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.add_policy("yearly", |policy| {
        policy.duration = Some(Duration::from_hours(365 * 24));
        policy.expiry_strategy = ExpiryStrategy::RestrictAccess;
        policy.renewal_basis = RenewalBasis::FromNowIfExpired;
    })
    .await;
    let issued = app.issue_under("ada@example.com", "yearly").await;
    let config = config(&app, issued.key.expose());
    let license = code(&config, "one").await.2.expect("the license");
    license.activate("one", &[]).await.expect("activated");
    assert_eq!(code(&config, "one").await.1, LicenseValidationCode::Valid);
    app.kit.clock.advance(Duration::from_hours(365 * 24));
    assert_eq!((code(&config, "one").await.0, code(&config, "one").await.1), (false, LicenseValidationCode::Expired));
    let admin = app.service().admin(Operator::Host);
    admin.renew_license(issued.view.license.id, Notify::Nobody).await.expect("renewed");
    assert_eq!(code(&config, "one").await.1, LicenseValidationCode::Valid);
}

/// The client activates a machine with its components, validates some of them, and reads them in a file.
async fn components_are_compared(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.add_policy("parts", |policy| policy.components.matching = MatchingStrategy::Two).await;
    let issued = app.issue_under("ada@example.com", "parts").await;
    let config = config(&app, issued.key.expose());
    let license = code(&config, "one").await.2.expect("the license");
    let part = |fingerprint: &str| Component {
        fingerprint: fingerprint.to_owned(),
        name: fingerprint.to_uppercase(),
        ..Component::default()
    };
    failed(license.activate("one", &[part("board"), part("board")]).await, "COMPONENTS_FINGERPRINT_CONFLICT");
    let machine = license.activate("one", &[part("board"), part("disk"), part("gpu")]).await.expect("activated");
    for (wanted, expected) in [
        (&["board", "disk", "new"][..], LicenseValidationCode::Valid),
        (&["board", "new", "newer"], LicenseValidationCode::ComponentsScopeMismatch),
        (&[], LicenseValidationCode::ComponentsScopeEmpty),
    ] {
        let scope = LicenseValidationScope {
            fingerprint: Some("one".to_owned()),
            components: Some(wanted.iter().map(|wanted| (*wanted).to_owned()).collect()),
            ..LicenseValidationScope::default()
        };
        let request = LicenseValidationRequest { nonce: None, scope };
        let result = keygen_rs::validate_with_config(config.clone(), &request).await.expect("an answer");
        assert_eq!(LicenseValidationCode::parse(&result.meta.code), expected, "{wanted:?}");
    }
    let options = MachineCheckoutOpts { ttl: Some(i64::from(i32::MAX)), include: Some(vec!["components".to_owned()]) };
    let file = machine.checkout(&options).await.expect("a machine file");
    let _turn = CONFIGURED.lock().await;
    keygen_rs::config::set_config(config.clone()).expect("configured");
    file.verify().expect("verified");
    let dataset = file.decrypt(&format!("{}one", issued.key.expose())).expect("decrypted");
    let mut names: Vec<_> =
        dataset.offline_components().expect("included").iter().map(|part| part.name.clone()).collect();
    names.sort();
    assert_eq!(names, ["BOARD", "DISK", "GPU"]);
}

/// LC-13: the client recognizes a signed refusal because of too many requests.
async fn too_many_requests(backend: Backend) {
    let app = TestApp::start_with(backend, |_, options| {
        options.api_limits.per_key = RateLimit { burst: 2, per_minute: 10 };
    })
    .await;
    let issued = app.issue("ada@example.com").await;
    let config = config(&app, issued.key.expose());
    let request = LicenseValidationRequest::for_fingerprint("x".to_owned());
    for _ in 0..2 {
        keygen_rs::validate_with_config(config.clone(), &request).await.expect("an answer");
    }
    failed(keygen_rs::validate_with_config(config, &request).await, "RateLimitExceeded");
}

/// The client finds updates, lists their files and downloads one. It asks about releases with the process's only configuration.
async fn updates_are_found(backend: Backend) {
    let mut shelf = Shelf::new();
    shelf.release("1.0.0", "2026-10-01", "").file("acme-1.0.0.exe", "windows", b"one", "arch = \"x64\"");
    shelf.release("1.1.0", "2026-11-01", "").file("acme-1.1.0.exe", "windows", b"one and one", "arch = \"x64\"");
    shelf.release("2.0.0-beta.1", "2026-11-02", "channel = \"beta\"").file("beta.exe", "windows", b"two", "");
    shelf.write();
    let folder = shelf.folder.path().to_owned();
    let app = TestApp::start_with(backend, |settings, _| settings.content.folder = Some(folder)).await;
    let issued = app.issue("ada@example.com").await;
    let _turn = CONFIGURED.lock().await;
    keygen_rs::config::set_config(config(&app, issued.key.expose())).expect("configured");
    let current = Release::get("1.0.0").await.expect("the version that the app has");
    let product = Some(issued.view.product.id.to_string());
    let request = ReleaseUpgradeRequest { product: product.clone(), ..ReleaseUpgradeRequest::default() };
    let newer = current.upgrade(Some(&request)).await.expect("an update");
    assert_eq!((newer.version.as_str(), newer.product_id), ("1.1.0", product));
    assert_eq!((newer.channel, newer.package_id), (ReleaseChannel::Stable, None));
    let beta = ReleaseUpgradeRequest { channel: Some(ReleaseChannel::Beta), ..request.clone() };
    assert_eq!(current.upgrade(Some(&beta)).await.expect("an update").version, "2.0.0-beta.1");
    let pinned = ReleaseUpgradeRequest { constraint: Some("1.0".to_owned()), ..beta };
    assert_eq!(current.upgrade(Some(&pinned)).await.expect("an update").version, "1.1.0");
    let newest = Release::get("1.1.0").await.expect("a release");
    failed(newest.upgrade(Some(&request)).await, "NOT_FOUND");
    failed(newest.upgrade(None).await, "NOT_FOUND");
    failed(Release::get("9.9.9").await, "NOT_FOUND");

    let files = newest.artifacts(None).await.expect("a list");
    let [file] = files.as_slice() else { return assert_eq!(files.len(), 1) };
    assert_eq!(
        (file.filename.as_str(), file.filesize, file.platform.as_deref()),
        ("acme-1.1.0.exe", Some(11), Some("windows"))
    );
    let led = newest.download_artifact(&file.id).await.expect("a link");
    let url = led.location.replace(&app.portal_origin(), &app.origin());
    let content = reqwest::get(url).await.expect("an answer").bytes().await.expect("a body");
    assert_eq!(content, "one and one");
}

#[test]
fn sqlite() {
    run(the_client_works_from_activation_to_revocation(Backend::Sqlite));
    run(a_renewal_affects_the_next_validation(Backend::Sqlite));
    run(components_are_compared(Backend::Sqlite));
    run(too_many_requests(Backend::Sqlite));
    run(updates_are_found(Backend::Sqlite));
    run(the_documented_program_unlocks(Backend::Sqlite));
}

#[test]
fn postgres() {
    run(the_client_works_from_activation_to_revocation(Backend::Postgres));
    run(a_renewal_affects_the_next_validation(Backend::Postgres));
    run(components_are_compared(Backend::Postgres));
    run(too_many_requests(Backend::Postgres));
    run(updates_are_found(Backend::Postgres));
    run(the_documented_program_unlocks(Backend::Postgres));
}
