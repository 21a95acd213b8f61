//! Rotation of the signing key while the server is running.

use latchkey_licensing::{
    certificate::{self, FileKind},
    policy::KeyScheme,
    public_key::PublicKey,
};
use latchkey_service::{KeyState, Operator, RetireError};
use latchkey_wire::signature::{SignedHeaders, Target, verify};
use reqwest::Client;

use crate::support::app::{TestApp, with_app};
use latchkey_testkit::on_both;

async fn is_signed_by(app: &TestApp, key: &PublicKey) -> bool {
    let answer = Client::new().get(format!("{}/v1/ping", app.origin())).send().await.expect("an answer");
    let text = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    let signed = SignedHeaders { date: text("date"), digest: text("digest"), signature: text("keygen-signature") };
    let body = answer.bytes().await.expect("a body");
    let host = app.address.to_string();
    verify(key, Target { method: "GET", path_and_query: "/v1/ping", host: &host }, &signed, &body)
}

on_both!(
    with_app: lc_08_keys_are_rotated_and_retired,
    keys_in_use_are_not_retired,
    a_rotation_by_another_process_is_noticed,
    lc_08_a_replaced_key_signs_no_files_or_license_keys,
    concurrent_rotations_leave_one_active_key,
);

/// LC-08: the new key signs, the old one verifies until it is retired, and a retired key does not verify. The
/// account id stays the same.
async fn lc_08_keys_are_rotated_and_retired(app: &TestApp) {
    let admin = app.service().admin(Operator::Host);
    let old = app.public_key;
    let account = app.service().keyring().wire_account();
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let path = format!("/v1/licenses/{}/actions/check-out?ttl=86400", issued.view.license.id);
    let (_, _, old_file) = desktop.text(&path).await;

    // A key can be shipped before it signs. Preparing it twice creates one key.
    let next = admin.prepare_signing_key().await.expect("prepared");
    assert_eq!(admin.prepare_signing_key().await.expect("prepared").id, next.id);
    assert_eq!(next.state, KeyState::Waiting);
    assert!(is_signed_by(app, &old).await);

    let rotated = admin.rotate_signing_key(&Operator::Host.fresh()).await.expect("rotated");
    assert_eq!((rotated.id, rotated.state), (next.id, KeyState::Signing));
    assert!(is_signed_by(app, &next.public_key).await && !is_signed_by(app, &old).await);
    let keyring = app.service().keyring();
    assert_eq!(keyring.wire_account(), account);
    assert_eq!(keyring.verifying(), [old, next.public_key]);
    let opens = |file: &str, keys: &[PublicKey]| certificate::open(FileKind::License, file, keys, None).is_ok();
    let new_file = {
        let request = Client::new().get(format!("{}{path}", app.origin()));
        let request = request.header("authorization", format!("License {}", issued.key.expose()));
        request.send().await.expect("an answer").text().await.expect("a file")
    };
    // An app that embeds both keys accepts both; an app with one key accepts that one.
    for (file, keys, is_good) in [
        (&old_file, &[old, next.public_key][..], true),
        (&new_file, &[old, next.public_key][..], true),
        (&old_file, &[next.public_key][..], false),
        (&new_file, &[old][..], false),
    ] {
        assert_eq!(opens(file, keys), is_good);
    }

    // Files that it signed are still valid for a day, so retiring it must be confirmed.
    let keys = admin.signing_keys().await.expect("listed");
    let first = keys.first().expect("a key").id;
    assert!(matches!(
        admin.retire_signing_key(next.id, true, &Operator::Host.fresh()).await,
        Err(RetireError::IsSigning(_))
    ));
    let refusal = admin.retire_signing_key(first, false, &Operator::Host.fresh()).await;
    assert!(matches!(refusal, Err(RetireError::InUse { files_until: Some(_), licenses: 0, .. })), "{refusal:?}");
    assert_eq!(
        admin.retire_signing_key(first, true, &Operator::Host.fresh()).await.expect("retired").state,
        KeyState::Retired
    );
    assert_eq!(
        admin.retire_signing_key(first, true, &Operator::Host.fresh()).await.expect("again").state,
        KeyState::Retired
    );
    let verifying = app.service().keyring().verifying();
    assert_eq!(verifying, [next.public_key]);
    assert!(!opens(&old_file, &verifying) && opens(&new_file, &verifying));
    assert_eq!(app.service().keyring().wire_account(), account);
}

/// A key that signed license keys is not retired by accident. A waiting key can be discarded.
async fn keys_in_use_are_not_retired(app: &TestApp) {
    let admin = app.service().admin(Operator::Host);
    app.add_policy("signed", |policy| policy.key_scheme = KeyScheme::Ed25519Sign).await;
    app.issue_under("ada@example.com", "signed").await;
    let first = admin.signing_keys().await.expect("listed")[0].id;
    admin.rotate_signing_key(&Operator::Host.fresh()).await.expect("rotated");
    let refusal = admin.retire_signing_key(first, false, &Operator::Host.fresh()).await.expect_err("in use");
    assert!(matches!(refusal, RetireError::InUse { files_until: None, licenses: 1, .. }), "{refusal:?}");
    let waiting = admin.prepare_signing_key().await.expect("prepared");
    assert_eq!(
        admin.retire_signing_key(waiting.id, false, &Operator::Host.fresh()).await.expect("discarded").state,
        KeyState::Retired
    );
    let another = admin.prepare_signing_key().await.expect("prepared");
    assert_ne!(another.id, waiting.id);
}

/// Another process rotates: this one follows when it reads the keys again.
async fn a_rotation_by_another_process_is_noticed(app: &TestApp) {
    let other = app.another_process().await;
    let key = other.admin(Operator::Host).rotate_signing_key(&Operator::Host.fresh()).await.expect("rotated");
    assert!(is_signed_by(app, &app.public_key).await);
    app.service().refresh_keyring().await.expect("read");
    assert!(is_signed_by(app, &key.public_key).await);
}

/// LC-08: files and license keys are never signed with a key that another process has replaced or retired,
/// however recently.
async fn lc_08_a_replaced_key_signs_no_files_or_license_keys(app: &TestApp) {
    app.add_policy("signed", |policy| policy.key_scheme = KeyScheme::Ed25519Sign).await;
    let issued = app.issue("ada@example.com").await;
    let other = app.another_process().await;
    let old = app.service().keyring().signer_id();
    let admin = other.admin(Operator::Host);
    let key = admin.rotate_signing_key(&Operator::Host.fresh()).await.expect("rotated");
    admin.retire_signing_key(old, false, &Operator::Host.fresh()).await.expect("nothing of it is about");
    let request = Client::new()
        .get(format!("{}/v1/licenses/{}/actions/check-out?ttl=86400", app.origin(), issued.view.license.id))
        .header("authorization", format!("License {}", issued.key.expose()));
    let file = request.send().await.expect("an answer").text().await.expect("a file");
    assert!(certificate::open(FileKind::License, &file, &[key.public_key], None).is_ok());
    assert_eq!(app.service().keyring().signer_id(), key.id, "it has learned of the rotation");

    let next = admin.rotate_signing_key(&Operator::Host.fresh()).await.expect("rotated");
    let signed = app.issue_under("ada@example.com", "signed").await;
    assert!(latchkey_licensing::signed_key::verify(signed.key.expose(), &[next.public_key]).is_ok());
}

/// Several concurrent rotations leave one active key.
async fn concurrent_rotations_leave_one_active_key(app: &TestApp) {
    let tries = (0..8).map(|_| {
        let service = app.service().clone();
        tokio::spawn(async move {
            service.admin(Operator::Host).rotate_signing_key(&Operator::Host.fresh()).await.map(|key| key.id)
        })
    });
    let mut done = 0;
    for rotation in tries.collect::<Vec<_>>() {
        done += u32::from(rotation.await.expect("no panic").is_ok());
    }
    assert!(done >= 1);
    let keys = app.service().admin(Operator::Host).signing_keys().await.expect("listed");
    assert_eq!(keys.iter().filter(|key| key.state == KeyState::Signing).count(), 1);
}
