//! Check-out: license files and machine files over HTTP.

use std::time::Duration;

use latchkey_licensing::{
    certificate::{self, FileKind, FileSecret},
    claims,
    license_key::LicenseKey,
    machine::Fingerprint,
    policy::{ExpiryStrategy, KeyScheme},
    signed_key,
};
use latchkey_service::{Notify, Operator};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{Desktop, TestApp, with_app};
use latchkey_testkit::on_both;

fn license_secret(key: &LicenseKey) -> FileSecret {
    FileSecret::of_license(key)
}

fn machine_secret(key: &LicenseKey, fingerprint: &str) -> FileSecret {
    FileSecret::of_machine(key, &Fingerprint::parse(fingerprint).expect("a fingerprint"))
}

fn opened(app: &TestApp, kind: FileKind, text: &str, secret: Option<&FileSecret>) -> Value {
    let dataset = certificate::open(kind, text, &[app.public_key], secret).expect("a good file");
    claims::read(kind, &dataset, app.service().now()).expect("good claims");
    serde_json::from_slice(&dataset).expect("JSON")
}

async fn post(desktop: &Desktop<'_>, path: &str) -> crate::support::app::Answer {
    desktop.send(Method::POST, path, None).await
}

on_both!(
    with_app: concurrent_check_outs_succeed,
    license_files_are_created_in_every_form,
    files_can_be_downloaded_as_text,
    machine_files_are_created_for_their_machine,
    invalid_options_name_their_parameter,
    lc_14_suspended_licenses_get_no_files,
    signed_keys_are_verified_offline,
);

/// Concurrent check-outs, each with a later expiry than the one before, all succeed.
async fn concurrent_check_outs_succeed(app: &TestApp) {
    let mut asks = Vec::new();
    for number in 0..12_u32 {
        let issued = app.issue(&format!("user{number}@example.com")).await;
        let days = 1 + number * 40;
        let path = format!("/v1/licenses/{}/actions/check-out?ttl={}", issued.view.license.id, days * 86_400);
        let request = reqwest::Client::new()
            .post(format!("{}{path}", app.origin()))
            .header("authorization", format!("License {}", issued.key.expose()));
        asks.push(request);
    }
    let asks: Vec<_> = asks
        .into_iter()
        .map(|ask| tokio::spawn(async move { ask.send().await.expect("an answer").status().as_u16() }))
        .collect();
    for ask in asks {
        assert_eq!(ask.await.expect("no panic"), 200);
    }
    let keys = app.service().admin(Operator::Host).signing_keys().await.expect("listed");
    let until = keys[0].files_until.expect("noted");
    assert!(until >= app.service().now().plus(Duration::from_hours(24 * 441)), "the latest expiry is recorded");
}

async fn license_files_are_created_in_every_form(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id.to_string();
    let desktop = app.desktop(Some(issued.key.expose()));
    let path = format!("/v1/licenses/{id}/actions/check-out");

    let plain = post(&desktop, &format!("{path}?ttl=86400")).await;
    assert_eq!(plain.status, 200, "{plain:?}");
    let data = &plain.body["data"];
    assert_eq!(data["type"], "license-files");
    assert_eq!(data["relationships"]["license"]["data"], json!({ "type": "licenses", "id": id }));
    assert!(data["relationships"]["account"]["data"]["id"].is_string() && data["id"].is_string());
    let attributes = &data["attributes"];
    assert_eq!(
        (&attributes["algorithm"], &attributes["includes"], &attributes["ttl"]),
        (&json!("base64+ed25519"), &json!([]), &json!(86_400))
    );
    assert_eq!(
        (&attributes["issued"], &attributes["expiry"]),
        (&json!("2026-11-23T12:00:00.000Z"), &json!("2026-11-24T12:00:00.000Z"))
    );
    let text = attributes["certificate"].as_str().expect("a certificate");
    assert!(text.starts_with("-----BEGIN LICENSE FILE-----\n") && text.ends_with("\n-----END LICENSE FILE-----\n"));
    assert!(!text.contains('\r'));
    let dataset = opened(app, FileKind::License, text, None);
    assert_eq!(dataset["data"]["attributes"]["key"], issued.key.expose());
    assert_eq!(dataset["data"]["attributes"]["lastCheckOut"], "2026-11-23T12:00:00.000Z");
    assert_eq!(
        dataset["meta"],
        json!({ "issued": "2026-11-23T12:00:00.000Z", "expiry": "2026-11-24T12:00:00.000Z", "ttl": 86_400 })
    );
    assert_eq!(dataset["included"], json!([]));

    let sealed =
        post(&desktop, &format!("{path}?encrypt=true&include=entitlements,product,policy,owner&ttl=86400")).await;
    let attributes = &sealed.body["data"]["attributes"];
    assert_eq!(attributes["algorithm"], "aes-256-gcm+ed25519");
    assert_eq!(attributes["includes"], json!(["entitlements", "product", "policy", "owner"]));
    let text = attributes["certificate"].as_str().expect("a certificate");
    let dataset = opened(app, FileKind::License, text, Some(&license_secret(&issued.key)));
    let kinds: Vec<_> = dataset["included"].as_array().expect("a list").iter().map(|one| one["type"].clone()).collect();
    assert_eq!(kinds, ["entitlements", "products", "policies", "users"]);
    assert!(!dataset.to_string().contains("ada@example.com"), "files contain no e-mail address");

    // By default the policy's duration. `null` and an empty value mean as long as clients accept.
    for (query, ttl) in
        [("", 2_592_000_i64), ("?ttl=null", 2_147_483_647), ("?ttl=", 2_147_483_647), ("?ttl=3600", 3_600)]
    {
        let answer = post(&desktop, &format!("{path}{query}")).await;
        assert_eq!(answer.body["data"]["attributes"]["ttl"], ttl, "{query}");
    }
    let forever = post(&desktop, &format!("{path}?ttl=null")).await;
    assert_eq!(forever.body["data"]["attributes"]["expiry"], "2094-12-11T15:14:07.000Z");

    // The same under `meta` in a body. A body without options is accepted.
    let body = json!({ "meta": { "encrypt": true, "ttl": 7200, "include": ["entitlements"] } });
    let answer = desktop.post(&path, body).await;
    assert_eq!(
        (&answer.body["data"]["attributes"]["ttl"], &answer.body["data"]["attributes"]["algorithm"]),
        (&json!(7_200), &json!("aes-256-gcm+ed25519"))
    );
    assert_eq!(desktop.send(Method::POST, &path, Some("{}".to_owned())).await.status, 200);
}

async fn files_can_be_downloaded_as_text(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id.to_string();
    let desktop = app.desktop(Some(issued.key.expose()));
    let made = desktop.activate("one").await;
    let machine = made.body["data"]["id"].as_str().expect("an id").to_owned();
    for (path, name, kind) in [
        (format!("/v1/licenses/{id}/actions/check-out?ttl=86400"), &id, FileKind::License),
        (format!("/v1/machines/{machine}/actions/check-out?ttl=86400"), &machine, FileKind::Machine),
    ] {
        let (status, headers, text) = desktop.text(&path).await;
        assert_eq!(status, 200, "{text}");
        assert_eq!(headers["content-type"], "application/octet-stream");
        assert_eq!(headers["content-disposition"], format!("attachment; filename=\"{name}.lic\""));
        opened(app, kind, &text, None);
    }
}

async fn machine_files_are_created_for_their_machine(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let made = desktop.activate("one").await;
    let machine = made.body["data"]["id"].as_str().expect("an id").to_owned();
    let by_fingerprint = "/v1/machines/one/actions/check-out?encrypt=1&include=license.entitlements&ttl=86400";
    let by_id = format!("/v1/machines/{machine}/actions/check-out?encrypt=1&include=license.entitlements&ttl=86400");
    for path in [by_fingerprint, by_id.as_str()] {
        let answer = post(&desktop, path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let data = &answer.body["data"];
        assert_eq!(
            (&data["type"], &data["attributes"]["includes"]),
            (&json!("machine-files"), &json!(["license.entitlements"]))
        );
        assert_eq!(data["relationships"]["machine"]["data"]["id"], json!(machine));
        let text = data["attributes"]["certificate"].as_str().expect("a certificate");
        let dataset = opened(app, FileKind::Machine, text, Some(&machine_secret(&issued.key, "one")));
        assert_eq!(dataset["data"]["attributes"]["fingerprint"], "one");
        let kinds: Vec<_> =
            dataset["included"].as_array().expect("a list").iter().map(|one| one["type"].clone()).collect();
        assert_eq!(kinds, ["licenses", "entitlements"], "the license is implied");
        for wrong in [machine_secret(&issued.key, "two"), license_secret(&issued.key)] {
            assert!(certificate::open(FileKind::Machine, text, &[app.public_key], Some(&wrong)).is_err());
        }
    }
    assert_eq!(post(&desktop, "/v1/machines/two/actions/check-out").await.status, 404);
    desktop.delete("/v1/machines/one").await;
    assert_eq!(post(&desktop, by_fingerprint).await.status, 404);
}

async fn invalid_options_name_their_parameter(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    for (path, code, parameter) in [
        (format!("/v1/licenses/{id}/actions/check-out?ttl=3599"), "CHECKOUT_TTL_INVALID", "ttl"),
        (format!("/v1/licenses/{id}/actions/check-out?ttl=-5"), "CHECKOUT_TTL_INVALID", "ttl"),
        (format!("/v1/licenses/{id}/actions/check-out?ttl=1.5"), "CHECKOUT_TTL_INVALID", "ttl"),
        (format!("/v1/licenses/{id}/actions/check-out?include=secrets"), "CHECKOUT_INCLUDE_INVALID", "include"),
        ("/v1/machines/one/actions/check-out?include=entitlements".to_owned(), "CHECKOUT_INCLUDE_INVALID", "include"),
        (format!("/v1/licenses/{id}/actions/check-out?algorithm=rsa"), "CHECKOUT_ALGORITHM_INVALID", "algorithm"),
    ] {
        for method in [Method::POST, Method::GET] {
            let answer = desktop.send(method, &path, None).await;
            assert_eq!((answer.status, answer.code()), (400, code), "{path}");
            assert_eq!(answer.body["errors"][0]["source"]["parameter"], parameter, "{path}");
        }
    }
    let head = desktop.send(Method::HEAD, &format!("/v1/licenses/{id}/actions/check-out"), None).await;
    assert_eq!(head.status, 405, "HEAD must not create a file");
    // The query takes precedence over the client's body, but neither may be invalid.
    let path = format!("/v1/licenses/{id}/actions/check-out");
    for (query, meta, source) in [
        ("ttl=1", json!({ "ttl": 86_400 }), json!({ "parameter": "ttl" })),
        ("ttl=86400", json!({ "ttl": 86_400.5 }), json!({ "pointer": "/meta/ttl" })),
        ("ttl=86400", json!({ "ttl": 9_223_372_036_854_775_808_u64 }), json!({ "pointer": "/meta/ttl" })),
        ("include=product", json!({ "include": "secrets" }), json!({ "pointer": "/meta/include" })),
        ("encrypt=0", json!({ "algorithm": "rsa" }), json!({ "pointer": "/meta/algorithm" })),
        ("algorithm=ed25519", json!({ "ttl": 1.5 }), json!({ "pointer": "/meta/ttl" })),
        ("encrypt=1&ttl=x", json!({ "encrypt": "perhaps", "algorithm": "rsa" }), json!({ "parameter": "ttl" })),
    ] {
        let answer =
            desktop.send(Method::POST, &format!("{path}?{query}"), Some(json!({ "meta": meta }).to_string())).await;
        assert_eq!((answer.status, &answer.body["errors"][0]["source"]), (400, &source), "{query} {meta}");
    }
    let admin = app.service().admin(Operator::Host);
    let before = admin.license(id, &Operator::Host.fresh()).await.expect("there").view.license.last_check_out_at;
    assert_eq!(before, None, "a refusal is not recorded as a check-out");
    for (query, meta, algorithm) in [
        ("ttl=86400", json!({ "ttl": 7_200 }), "base64+ed25519"),
        ("algorithm=aes-256-gcm%2Bed25519", json!({ "encrypt": false }), "aes-256-gcm+ed25519"),
        ("encrypt=0", json!({ "algorithm": "aes-256-gcm+ed25519" }), "base64+ed25519"),
        ("algorithm=ed25519", json!({ "encrypt": true }), "aes-256-gcm+ed25519"),
        ("encrypt=", json!({ "algorithm": "aes-256-gcm+ed25519" }), "aes-256-gcm+ed25519"),
    ] {
        let answer =
            desktop.send(Method::POST, &format!("{path}?{query}"), Some(json!({ "meta": meta }).to_string())).await;
        assert_eq!(answer.body["data"]["attributes"]["algorithm"], algorithm, "{query} {meta} {answer:?}");
    }
    let other = app.issue("bob@example.com").await;
    let foreign = format!("/v1/licenses/{}/actions/check-out", other.view.license.id);
    assert_eq!(post(&desktop, &foreign).await.status, 404);
    assert_eq!(post(&app.desktop(None), &foreign).await.code(), "TOKEN_MISSING");
}

/// LC-14: once a license is suspended or revoked, no file is created. An existing file is valid until it
/// expires.
async fn lc_14_suspended_licenses_get_no_files(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let path = format!("/v1/licenses/{id}/actions/check-out?ttl=86400");
    let file =
        post(&desktop, &path).await.body["data"]["attributes"]["certificate"].as_str().expect("a file").to_owned();
    let admin = app.service().admin(Operator::Host);
    admin.suspend_license(id, Notify::Nobody).await.expect("suspended");
    for path in [path.as_str(), "/v1/machines/one/actions/check-out"] {
        for method in [Method::POST, Method::GET] {
            let answer = desktop.send(method, path, None).await;
            assert_eq!((answer.status, answer.code()), (403, "LICENSE_SUSPENDED"));
        }
    }
    let dataset = certificate::open(FileKind::License, &file, &[app.public_key], None).expect("good");
    let claims = claims::read(FileKind::License, &dataset, app.service().now()).expect("good");
    assert!(!claims.is_expired(app.service().now()));
    app.kit.clock.advance(Duration::from_hours(24));
    assert!(claims.is_expired(app.service().now()));
    admin.revoke_license(id, Notify::Nobody).await.expect("revoked");
    assert_eq!(post(&desktop, &path).await.code(), "LICENSE_SUSPENDED");
}

/// A signed key names its license and can be verified offline. It works as a credential like any other key.
async fn signed_keys_are_verified_offline(app: &TestApp) {
    app.add_policy("signed", |policy| {
        policy.key_scheme = KeyScheme::Ed25519Sign;
        policy.duration = Some(Duration::from_hours(24));
        policy.expiry_strategy = ExpiryStrategy::RestrictAccess;
    })
    .await;
    let issued = app.issue_under("ada@example.com", "signed").await;
    let text = issued.key.expose();
    let claims = signed_key::verify(text, &[app.public_key]).expect("a good key");
    assert_eq!((claims.license, claims.expires_at), (issued.view.license.id, issued.view.license.expiry.at()));
    assert!(!text.contains("ada"), "a key contains no personal data");
    let desktop = app.desktop(Some(text));
    let me = desktop.get("/v1/me").await;
    let attributes = &me.body["data"]["attributes"];
    assert_eq!((&attributes["scheme"], &attributes["key"]), (&json!("ED25519_SIGN"), &json!(text)));
    assert_eq!(desktop.activate("one").await.status, 201);
    let file = post(&desktop, "/v1/machines/one/actions/check-out?encrypt=1").await;
    let file = file.body["data"]["attributes"]["certificate"].as_str().expect("a file");
    opened(app, FileKind::Machine, file, Some(&machine_secret(&issued.key, "one")));
    // Changing one letter makes a different key, which is unknown.
    let changed = text.replacen("key/ey", "key/ez", 1);
    assert_eq!(app.desktop(Some(&changed)).get("/v1/me").await.code(), "LICENSE_INVALID");
}
