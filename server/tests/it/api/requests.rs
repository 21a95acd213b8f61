//! The activation API.

use reqwest::{Client, Method, header};
use serde_json::{Value, json};

use crate::support::app::{Desktop, TestApp, run, with_app, with_unlimited_app};
use latchkey_testkit::on_both;

async fn validate(app: &Desktop<'_>, license: &str, scope: Value) -> Value {
    let answer =
        app.post(&format!("/v1/licenses/{license}/actions/validate"), json!({ "meta": { "scope": scope } })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["meta"]["code"].clone()
}

// Hundreds of requests with one key within a moment exceed production's limits.
on_both!(with_unlimited_app: lc_10_the_limit_is_exact);

on_both!(
    with_app: every_response_is_signed,
    a_machine_is_activated_shown_and_deactivated,
    lc_11_taken_fingerprints_and_full_licenses_are_refused,
    lc_11_machines_of_others_do_not_exist,
    one_fingerprint_is_one_machine,
    validation_by_key_needs_no_credential,
    lc_12_invalid_keys_get_the_same_response,
    lc_14_decisions_affect_the_next_validation,
    lists_have_pages,
    errors_point_to_the_invalid_input,
);

/// All responses under /v1 have a valid signature: the desktop app of these tests checks each one.
async fn every_response_is_signed(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id;
    let (known, nobody) = (app.desktop(Some(issued.key.expose())), app.desktop(None));
    for (path, status) in [
        ("/v1/ping", 200),
        ("/v1/ping?", 200),
        ("/v1/ping?x=%2f&y", 200),
        ("/v1/me", 200),
        ("/v1", 404),
        ("/v1/", 404),
        ("/v1/nothing", 404),
        ("/v1/nothing?x=1", 404),
        ("/v1/accounts/acct/ping", 200),
        ("/v1/accounts/acct/me", 200),
        ("//v1/ping", 200),
        ("/v1/machines/x", 404),
        ("/v1/machines/%ff", 404),
        ("/v1/machines/%2e%2e%2fx", 404),
        ("/v1/licenses", 200),
        ("/v1/machines", 200),
        ("/v1/licenses/actions/validate-key", 405),
    ] {
        assert_eq!(known.get(path).await.status, status, "{path}");
    }
    assert_eq!(known.get(&format!("/v1/licenses/{id}")).await.status, 200);
    assert_eq!(known.get(&format!("/v1/licenses/{}", issued.key.expose())).await.status, 200);
    assert_eq!(nobody.get("/v1/ping").await.status, 200);
    assert_eq!(nobody.get("/v1/me").await.status, 401);
    for method in [Method::PUT, Method::PATCH, Method::TRACE, Method::OPTIONS] {
        let answer = known.send(method.clone(), "/v1/ping", None).await;
        assert_eq!((answer.status, answer.code()), (405, "METHOD_NOT_ALLOWED"), "{method}");
    }
    let answer = known.send(Method::POST, "/v1/machines", Some("x".repeat(20_000))).await;
    assert_eq!((answer.status, answer.code()), (413, "PAYLOAD_TOO_LARGE"));
    let head = known.send(Method::HEAD, "/v1/ping", None).await;
    assert_eq!(head.status, 200);
}

async fn a_machine_is_activated_shown_and_deactivated(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let license = issued.view.license.id.to_string();
    let desktop = app.desktop(Some(issued.key.expose()));
    assert_eq!(validate(&desktop, &license, json!({ "fingerprint": "one" })).await, "NO_MACHINES");

    let made = desktop.activate("one").await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.body["data"]["id"].as_str().expect("an id").to_owned();
    let place = made.headers.get(header::LOCATION).expect("a place");
    assert_eq!(place.to_str().ok(), Some(format!("/v1/machines/{id}").as_str()));
    let attributes = &made.body["data"]["attributes"];
    assert_eq!(
        (&attributes["fingerprint"], &attributes["name"], &attributes["cores"]),
        (&json!("one"), &json!("PC one"), &json!(4))
    );
    assert_eq!(
        (&attributes["requireHeartbeat"], &attributes["heartbeatStatus"]),
        (&json!(false), &json!("NOT_STARTED"))
    );
    assert_eq!(made.body["data"]["relationships"]["license"]["data"]["id"], json!(license));

    assert_eq!(validate(&desktop, &license, json!({ "fingerprint": "one" })).await, "VALID");
    assert_eq!(validate(&desktop, &license, json!({ "fingerprint": "two" })).await, "FINGERPRINT_SCOPE_MISMATCH");
    assert_eq!(validate(&desktop, &license, json!({ "machine": id })).await, "VALID");
    assert_eq!(
        validate(&desktop, &license, json!({ "machine": id, "fingerprint": "two" })).await,
        "FINGERPRINT_SCOPE_MISMATCH"
    );
    assert_eq!(validate(&desktop, &license, json!({ "entitlements": ["CHART_ASSISTANT"] })).await, "VALID");
    assert_eq!(validate(&desktop, &license, json!({ "entitlements": ["MORE"] })).await, "ENTITLEMENTS_MISSING");
    assert_eq!(validate(&desktop, &license, json!({ "product": "" })).await, "VALID");
    assert_eq!(validate(&desktop, &license, json!({ "product": "other" })).await, "PRODUCT_SCOPE_MISMATCH");

    assert_eq!(desktop.get(&format!("/v1/machines/{id}")).await.status, 200);
    assert_eq!(desktop.get("/v1/machines/one").await.body["data"]["id"], json!(id));
    let beat = desktop.send(Method::POST, "/v1/machines/one/actions/ping", None).await;
    assert_eq!((beat.status, &beat.body["data"]["attributes"]["heartbeatStatus"]), (200, &json!("ALIVE")));

    let gone = desktop.delete(&format!("/v1/machines/{id}")).await;
    assert_eq!((gone.status, gone.body), (204, Value::Null));
    assert_eq!(desktop.delete(&format!("/v1/machines/{id}")).await.status, 404);
    assert_eq!(validate(&desktop, &license, json!({ "fingerprint": "one" })).await, "NO_MACHINES");
}

/// LC-11: activating a fingerprint twice changes nothing. If a license is full, the error lists its machines.
async fn lc_11_taken_fingerprints_and_full_licenses_are_refused(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    assert_eq!(desktop.activate("one").await.status, 201);
    let again = desktop.activate("one").await;
    assert_eq!(
        (again.status, again.code(), again.pointer()),
        (422, "FINGERPRINT_TAKEN", "/data/attributes/fingerprint")
    );
    assert_eq!(desktop.activate("two").await.status, 201);
    let full = desktop.activate("three").await;
    assert_eq!((full.status, full.code()), (422, "MACHINE_LIMIT_EXCEEDED"));
    let error = &full.body["errors"][0];
    assert!(error["detail"].as_str().is_some_and(|text| text.contains("PC one, PC two")), "{error}");
    assert_eq!(
        error["links"]["about"],
        json!(format!("{}/portal/licenses/{}", app.portal_origin(), issued.view.license.id))
    );
    assert_eq!(error["meta"]["machines"].as_array().map(Vec::len), Some(2));
    assert_eq!(desktop.activate("one").await.code(), "FINGERPRINT_TAKEN");
}

/// LC-11: another license's machine does not exist.
async fn lc_11_machines_of_others_do_not_exist(app: &TestApp) {
    let (ada, eve) = (app.issue("ada@example.com").await, app.issue("eve@example.com").await);
    let (hers, theirs) = (app.desktop(Some(ada.key.expose())), app.desktop(Some(eve.key.expose())));
    let id = hers.activate("one").await.body["data"]["id"].as_str().expect("an id").to_owned();
    for name in [id.as_str(), "one"] {
        assert_eq!(theirs.get(&format!("/v1/machines/{name}")).await.status, 404);
        assert_eq!(theirs.delete(&format!("/v1/machines/{name}")).await.status, 404);
        assert_eq!(theirs.send(Method::POST, &format!("/v1/machines/{name}/actions/ping"), None).await.status, 404);
    }
    let license = ada.view.license.id;
    for path in ["", "/machines", "/entitlements"] {
        assert_eq!(theirs.get(&format!("/v1/licenses/{license}{path}")).await.status, 404);
    }
    let body = json!({ "data": { "attributes": { "fingerprint": "x" }, "relationships": { "license": { "data": { "type": "licenses", "id": license.to_string() } } } } });
    assert_eq!(theirs.post("/v1/machines", body).await.status, 404);
    assert_eq!(hers.get("/v1/machines/one").await.status, 200);
}

/// LC-10: of 200 concurrent activations exactly as many as the limit allows succeed, and none fails
/// otherwise.
async fn lc_10_the_limit_is_exact(app: &TestApp) {
    for n in 0..4 {
        let issued = app.issue(&format!("user{n}@example.com")).await;
        let desktop = app.desktop(Some(issued.key.expose()));
        // Opens the connections of the client and the database, so that the activations are concurrent.
        futures_util::future::join_all((0..64).map(async |_| desktop.get("/v1/me").await)).await;
        let tries = (0..200).map(async |n| desktop.activate_when_available(&format!("fp-{n}")).await);
        let answers = futures_util::future::join_all(tries).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        let refused = answers.iter().filter(|answer| answer.code() == "MACHINE_LIMIT_EXCEEDED").count();
        assert_eq!((made, refused), (2, 198), "round {n}");
        let listed = desktop.get(&format!("/v1/licenses/{}/machines?limit=100", issued.view.license.id)).await;
        assert_eq!(listed.body["data"].as_array().map(Vec::len), Some(2));
    }
}

/// Concurrent activations of one fingerprint create one machine.
async fn one_fingerprint_is_one_machine(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let answers =
        futures_util::future::join_all((0..50).map(async |_| desktop.activate_when_available("same").await)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.code() == "FINGERPRINT_TAKEN").count(), 49);
}

async fn validation_by_key_needs_no_credential(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let nobody = app.desktop(None);
    let ask =
        |key: String| json!({ "meta": { "key": key, "scope": { "fingerprint": "x", "more": [1] }, "nonce": 42 } });
    let path = "/v1/licenses/actions/validate-key";
    let known = nobody.post(path, ask(issued.key.expose().to_lowercase())).await;
    assert_eq!((known.status, &known.body["meta"]["code"]), (200, &json!("NO_MACHINES")));
    assert_eq!((&known.body["meta"]["nonce"], &known.body["meta"]["scope"]["more"]), (&json!(42), &json!([1])));
    for (nonce, is_exact) in [
        ("-9223372036854775808", true),
        ("18446744073709551615", true),
        ("18446744073709551616", false),
        ("1.5", false),
    ] {
        let body = format!(r#"{{"meta":{{"key":"{}","nonce":{nonce}}}}}"#, issued.key.expose());
        let answer = nobody.send(Method::POST, "/v1/licenses/actions/validate-key", Some(body)).await;
        if is_exact {
            assert_eq!(answer.body["meta"]["nonce"].to_string(), nonce);
        } else {
            assert_eq!((answer.status, answer.pointer()), (400, "/meta/nonce"), "{nonce}");
        }
    }
    assert_eq!(known.body["meta"]["ts"], json!("2026-11-23T12:00:00.000Z"));
    assert_eq!(known.body["data"]["attributes"]["key"], json!(issued.key.expose()));
    assert_eq!(known.body["data"]["attributes"]["metadata"], json!({}));
    let bare = nobody.post(path, json!({ "meta": { "key": issued.key.expose() } })).await;
    assert_eq!(bare.body["meta"]["scope"], json!({}));
    for unknown in ["CGPT-0000-0000-0000-0000-0000-0000-0000", "nonsense", "key/a.b"] {
        let answer = nobody.post(path, ask(unknown.to_owned())).await;
        assert_eq!(
            (answer.status, &answer.body["meta"]["code"], &answer.body["data"]),
            (200, &json!("NOT_FOUND"), &Value::Null)
        );
    }
}

/// LC-12: unknown, malformed and other licenses' keys get the same response.
async fn lc_12_invalid_keys_get_the_same_response(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let wrong_letter = issued.key.expose().replacen('-', "-0", 1);
    let mut seen = Vec::new();
    for key in ["CGPT-0000-0000-0000-0000-0000-0000-0000", "nonsense", wrong_letter.as_str(), "' OR 1=1 --"] {
        let mut answer = app.desktop(Some(key)).get("/v1/me").await;
        assert_eq!((answer.status, answer.code()), (401, "LICENSE_INVALID"));
        answer.body["meta"]["id"] = Value::Null;
        seen.push(answer.body);
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
}

/// LC-14: a decision affects the next request, with and without a credential.
async fn lc_14_decisions_affect_the_next_validation(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id;
    let admin = app.service().admin(latchkey_service::Operator::Host);
    let (known, nobody) = (app.desktop(Some(issued.key.expose())), app.desktop(None));
    known.activate("one").await;
    let by_key = async || {
        let body = json!({ "meta": { "key": issued.key.expose(), "scope": { "fingerprint": "one" } } });
        let answer = nobody.post("/v1/licenses/actions/validate-key", body).await;
        (answer.body["meta"]["code"].clone(), answer.body["meta"]["detail"].clone())
    };
    assert_eq!(by_key().await.0, "VALID");
    admin.suspend_license(id, latchkey_service::Notify::Nobody).await.expect("suspended");
    assert_eq!(by_key().await, (json!("SUSPENDED"), json!("is suspended")));
    let refused = known.activate("two").await;
    assert_eq!((refused.status, refused.code()), (403, "LICENSE_SUSPENDED"));
    admin.reinstate_license(id, latchkey_service::Notify::Nobody).await.expect("reinstated");
    assert_eq!(by_key().await.0, "VALID");
    admin.revoke_license(id, latchkey_service::Notify::Nobody).await.expect("revoked");
    assert_eq!(by_key().await, (json!("SUSPENDED"), json!("is revoked")));
    assert_eq!(known.get("/v1/me").await.code(), "LICENSE_SUSPENDED");
    assert!(admin.reinstate_license(id, latchkey_service::Notify::Nobody).await.is_err());
    let ada = latchkey_licensing::email::EmailAddress::parse("ada@example.com").expect("an address");
    admin.disable_account(&ada).await.expect("disabled");
    assert_eq!(by_key().await.0, "BANNED");
    assert_eq!(known.get("/v1/me").await.code(), "LICENSE_BANNED");
}

async fn lists_have_pages(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    app.kit.clock.advance(std::time::Duration::from_secs(1));
    desktop.activate("two").await;
    let path = format!("/v1/licenses/{}/machines", issued.view.license.id);
    let first = desktop.get(&format!("{path}?page[size]=1&page[cursor]=")).await;
    assert_eq!(first.body["data"][0]["attributes"]["fingerprint"], "two");
    let next = first.body["links"]["next"].as_str().expect("a next page").to_owned();
    let second = desktop.get(&next).await;
    assert_eq!(second.body["data"][0]["attributes"]["fingerprint"], "one");
    assert_eq!(second.body["links"]["next"], Value::Null);
    let numbered = desktop.get(&format!("{path}?page[size]=1&page[number]=2")).await;
    assert_eq!(numbered.body["data"][0]["attributes"]["fingerprint"], "one");
    assert_eq!(numbered.body["data"].as_array().map(Vec::len), Some(1));
    for beyond in ["page[size]=1&page[number]=3", "page[size]=100&page[number]=1000"] {
        let answer = desktop.get(&format!("{path}?{beyond}")).await;
        assert_eq!((&answer.body["data"], &answer.body["links"]["next"]), (&json!([]), &Value::Null), "{beyond}");
    }
    assert_eq!(desktop.get(&format!("{path}?limit=100")).await.body["data"].as_array().map(Vec::len), Some(2));
    for bad in ["limit=0", "limit=101", "limit=x", "page[cursor]=x", "page[number]=0"] {
        let answer = desktop.get(&format!("{path}?{bad}")).await;
        assert_eq!((answer.status, answer.code()), (400, "PARAMETER_INVALID"), "{bad}");
    }
    let held = desktop.get(&format!("/v1/licenses/{}/entitlements?limit=100", issued.view.license.id)).await;
    assert_eq!(held.body["data"][0]["attributes"]["code"], "CHART_ASSISTANT");
    let count = held.body["data"].as_array().map_or(0, Vec::len);
    let page = format!("/v1/licenses/{}/entitlements?page[size]=1&page[number]=", issued.view.license.id);
    let last = desktop.get(&format!("{page}{count}")).await;
    assert_eq!(last.body["data"][0], held.body["data"][count - 1]);
    assert_eq!(desktop.get(&format!("{page}{}", count + 1)).await.body["data"], json!([]));
}

async fn errors_point_to_the_invalid_input(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let long = "x".repeat(5_000);
    let machine = |attributes: Value| json!({ "data": { "type": "machines", "attributes": attributes } });
    for (body, status, code, pointer) in [
        (json!([]), 400, "DOCUMENT_INVALID", ""),
        (json!({}), 400, "DOCUMENT_INVALID", ""),
        (json!({ "data": { "type": "machines" } }), 400, "DOCUMENT_INVALID", "/data"),
        (
            json!({ "data": { "type": "licenses", "attributes": { "fingerprint": "x" } } }),
            400,
            "DOCUMENT_INVALID",
            "/data/type",
        ),
        (machine(json!({})), 422, "FINGERPRINT_MISSING", "/data/attributes/fingerprint"),
        (machine(json!({ "fingerprint": "" })), 422, "FINGERPRINT_MISSING", "/data/attributes/fingerprint"),
        (machine(json!({ "fingerprint": 5 })), 400, "DOCUMENT_INVALID", "/data/attributes/fingerprint"),
        (machine(json!({ "fingerprint": "a\u{0}b" })), 422, "FINGERPRINT_INVALID", "/data/attributes/fingerprint"),
        (machine(json!({ "fingerprint": long })), 422, "FINGERPRINT_INVALID", "/data/attributes/fingerprint"),
        (machine(json!({ "fingerprint": "x", "cores": -1 })), 400, "DOCUMENT_INVALID", "/data/attributes/cores"),
        (
            machine(json!({ "fingerprint": "x", "cores": 3_000_000_000_u32 })),
            422,
            "ATTRIBUTE_INVALID",
            "/data/attributes/cores",
        ),
        (machine(json!({ "fingerprint": "x", "name": "a\nb" })), 422, "ATTRIBUTE_INVALID", "/data/attributes/name"),
        (
            machine(json!({ "fingerprint": "x", "hostname": "h".repeat(256) })),
            422,
            "ATTRIBUTE_INVALID",
            "/data/attributes/hostname",
        ),
        (machine(json!({ "fingerprint": "x", "metadata": [] })), 400, "DOCUMENT_INVALID", "/data/attributes/metadata"),
    ] {
        let answer = desktop.post("/v1/machines", body.clone()).await;
        assert_eq!((answer.status, answer.code(), answer.pointer()), (status, code, pointer), "{body}");
    }
    let attached = json!({ "data": { "type": "machines", "attributes": { "fingerprint": "x" }, "relationships": { "components": { "data": [{ "type": "components" }] } } } });
    let answer = desktop.post("/v1/machines", attached).await;
    assert_eq!((answer.status, answer.pointer()), (400, "/data/relationships/components/data/0"));
    for text in ["{", "nul", "{} {}", "\u{feff}{}", &"[".repeat(5_000)] {
        let answer = desktop.send(Method::POST, "/v1/machines", Some(text.to_owned())).await;
        assert_eq!((answer.status, answer.code()), (400, "DOCUMENT_INVALID"), "{text:.20}");
    }
    let scope = json!({ "meta": { "scope": { "entitlements": "PRO" } } });
    let answer = desktop.post(&format!("/v1/licenses/{}/actions/validate", issued.view.license.id), scope).await;
    assert_eq!((answer.status, answer.pointer()), (400, "/meta/scope/entitlements"));
    let answer = app.desktop(None).post("/v1/licenses/actions/validate-key", json!({ "meta": {} })).await;
    assert_eq!((answer.status, answer.pointer()), (400, "/meta/key"));
    // Nothing was partly written.
    let listed = desktop.get(&format!("/v1/licenses/{}/machines", issued.view.license.id)).await;
    assert_eq!(listed.body["data"], json!([]));
}

#[test]
fn headers_are_checked() {
    run(async {
        let app = TestApp::start(latchkey_testkit::Backend::Sqlite).await;
        let desktop = app.desktop(None);
        let url = format!("{}/v1/machines", app.origin());
        for (name, value, status, code) in [
            ("authorization", "Bearer token", 401, "TOKEN_INVALID"),
            ("authorization", "Nonsense", 401, "TOKEN_FORMAT_INVALID"),
            ("keygen-version", "2.0", 400, "INVALID_API_VERSION"),
            ("keygen-version", "1.7", 401, "TOKEN_MISSING"),
        ] {
            let request = Client::new().post(&url).header(name, value);
            let answer = desktop.check(&Method::POST, "/v1/machines", request).await;
            assert_eq!((answer.status, answer.code()), (status, code), "{name}: {value}");
        }
        let issued = app.issue("ada@example.com").await;
        let request = Client::new().post(&url).header("authorization", format!("License {}", issued.key.expose()));
        let request = request.header("content-type", "text/plain").body("{}");
        let answer = desktop.check(&Method::POST, "/v1/machines", request).await;
        assert_eq!((answer.status, answer.code()), (415, "MEDIA_TYPE_UNSUPPORTED"));
    });
}

/// A configured URL determines the signed host and path, whatever the client's Host header says.
#[test]
fn a_configured_url_is_signed() {
    run(async {
        use latchkey_wire::signature::{SignedHeaders, Target, verify};
        let app = TestApp::start_with(latchkey_testkit::Backend::Sqlite, |settings, _| {
            settings.server.api_url = Some("https://api.example.com/x".to_owned());
        })
        .await;
        let key = app.public_key;
        for path in ["/x/v1/ping", "/x//v1/ping", "/v1/ping"] {
            let answer = Client::new()
                .get(format!("{}{path}", app.origin()))
                .header("host", "evil.example")
                .send()
                .await
                .expect("an answer");
            assert_eq!(answer.status().as_u16(), 200, "{path}");
            let text = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
            let signed =
                SignedHeaders { date: text("date"), digest: text("digest"), signature: text("keygen-signature") };
            let body = answer.bytes().await.expect("a body");
            assert!(
                verify(&key, Target { method: "GET", path_and_query: path, host: "api.example.com" }, &signed, &body),
                "{path}"
            );
        }
    });
}
