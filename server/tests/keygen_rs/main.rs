//! The public client crate `keygen-rs`, unmodified and with signature checking on, against the real
//! server on both databases.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test reports")]

#[path = "../it/app.rs"]
#[expect(dead_code, reason = "shared with the larger suite")]
mod app;

use app::{TestApp, run};
use keygen_rs::{
    config::KeygenConfig,
    license::{License, LicenseValidationCode, LicenseValidationRequest},
};
use latchkey_service::Operator;
use latchkey_testkit::Backend;

/// What an app is configured with: where the server is, its public key, a license key.
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

/// The whole life: validate, activate, twice, over the limit, list, heartbeat, deactivate, suspended,
/// bad key, and a server that does not hold the key it should.
async fn a_whole_life(backend: Backend) {
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
    admin.suspend_license(issued.view.license.id).await.expect("suspended");
    let request = LicenseValidationRequest::for_fingerprint("machine-three".to_owned());
    failed(keygen_rs::validate_with_config(config.clone(), &request).await, "LICENSE_SUSPENDED");
    let bare = KeygenConfig { license_key: None, ..config.clone() };
    let unauthenticated =
        License::from_key(issued.key.expose()).with_config(bare).validate_key(&request).await.expect("an answer");
    assert_eq!(LicenseValidationCode::parse(&unauthenticated.meta.code), LicenseValidationCode::Suspended);
    admin.reinstate_license(issued.view.license.id).await.expect("reinstated");
    assert_eq!(code(&config, "machine-three").await.1, LicenseValidationCode::Valid);

    let bad =
        KeygenConfig { license_key: Some("CGPT-0000-0000-0000-0000-0000-0000-0000".to_owned()), ..config.clone() };
    failed(keygen_rs::validate_with_config(bad, &request).await, "LICENSE_INVALID");

    // The check is real: with another public key every answer is refused.
    let fooled = KeygenConfig { public_key: Some("0".repeat(62) + "01"), ..config };
    assert!(keygen_rs::validate_with_config(fooled, &request).await.is_err());
}

#[test]
fn sqlite() {
    run(a_whole_life(Backend::Sqlite));
}

#[test]
fn postgres() {
    run(a_whole_life(Backend::Postgres));
}
