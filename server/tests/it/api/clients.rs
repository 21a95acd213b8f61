//! What public clients of the protocol send and expect, beyond the calls of the other tests.

use std::time::Duration;

use latchkey_licensing::{
    certificate::{self, FileKind},
    policy::{ExpiryStrategy, MatchingStrategy, OverageStrategy},
};
use latchkey_testkit::{Backend, on_both};
use reqwest::{Client, Method, header};
use serde_json::{Value, json};

use crate::support::app::{Answer, Desktop, TestApp, run, with_app, with_unlimited_app};

// Hundreds of requests with one key exceed production's limits.
on_both!(with_unlimited_app: a_body_is_read_or_refused, no_body_is_read_by_position);

on_both!(
    with_app: facts_of_machines_are_kept_or_refused,
    whole_numbers_may_be_written_as_floats,
    enough_of_the_fingerprints_must_be_active,
    a_machine_that_died_is_dead_without_a_requirement,
    older_routes_of_clients_are_there,
    machines_are_renamed_and_nothing_else_changes,
    lists_are_newest_first,
    old_versions_have_their_names,
    expired_licenses_begin_no_use,
    heartbeats_of_unknown_machines_count_for_the_key,
);

fn machine(attributes: &Value) -> Value {
    json!({ "data": { "type": "machines", "attributes": attributes } })
}

async fn validate(desktop: &Desktop<'_>, license: &str, scope: Value) -> Answer {
    desktop.post(&format!("/v1/licenses/{license}/actions/validate"), json!({ "meta": { "scope": scope } })).await
}

/// An array where an object belongs was read as a list of the object's members. Each object of each body is replaced.
async fn no_body_is_read_by_position(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let license = issued.view.license.id.to_string();
    desktop.activate("one").await;
    let bodies = [
        (
            Method::POST,
            format!("/v1/licenses/{license}/actions/increment-usage"),
            json!({ "meta": { "increment": 5 } }),
        ),
        (
            Method::POST,
            format!("/v1/licenses/{license}/actions/validate"),
            json!({ "meta": { "key": "x", "scope": { "fingerprint": "one" }, "nonce": 1 } }),
        ),
        (
            Method::POST,
            "/v1/licenses/actions/validate-key".to_owned(),
            json!({ "meta": { "key": issued.key.expose(), "scope": { "fingerprint": "one" } } }),
        ),
        (Method::POST, format!("/v1/licenses/{license}/actions/check-out"), json!({ "meta": { "ttl": 3600 } })),
        (Method::POST, "/v1/machines/one/actions/check-out".to_owned(), json!({ "meta": { "ttl": 3600 } })),
        (
            Method::POST,
            "/v1/machines".to_owned(),
            json!({ "data": {
                "type": "machines",
                "attributes": { "fingerprint": "two", "metadata": { "a": 1 } },
                "relationships": { "license": { "data": { "type": "licenses", "id": license } } },
            } }),
        ),
        (
            Method::POST,
            "/v1/processes".to_owned(),
            json!({ "data": {
                "type": "processes",
                "attributes": { "pid": "1", "metadata": { "a": 1 } },
                "relationships": { "machine": { "data": { "type": "machines", "id": "one" } } },
            } }),
        ),
        (
            Method::PATCH,
            "/v1/machines/one".to_owned(),
            json!({ "data": { "type": "machines", "attributes": { "name": "Desk" } } }),
        ),
    ];
    for (method, path, body) in bodies {
        let mut places = Vec::new();
        find_objects(&body, String::new(), &mut places);
        for place in places {
            for by_position in [false, true] {
                let mut changed = body.clone();
                let object = changed.pointer_mut(&place).expect("an object");
                let members = object.as_object().expect("an object").values().cloned().collect();
                *object = if by_position { Value::Array(members) } else { json!([]) };
                let answer = desktop.send(method.clone(), &path, Some(changed.to_string())).await;
                assert_eq!((answer.status, answer.code()), (400, "DOCUMENT_INVALID"), "{path} {changed}");
                assert_eq!(answer.pointer(), place, "{path} {changed}");
            }
        }
        let answer = desktop.send(method, &path, Some(body.to_string())).await;
        assert!(answer.status < 300, "{path} {body}: {answer:?}");
    }
    assert_eq!(
        desktop.get("/v1/me").await.body["data"]["attributes"]["uses"],
        json!(5),
        "refused requests count nothing"
    );
}

/// The places of all objects in a value.
fn find_objects(value: &Value, place: String, found: &mut Vec<String>) {
    if let Some(members) = value.as_object() {
        for (name, member) in members {
            find_objects(member, format!("{place}/{name}"), found);
        }
        found.push(place);
    }
}

/// A body that is cut off, or is no document at all, is never ignored, also by endpoints that read nothing from it.
async fn a_body_is_read_or_refused(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let license = issued.view.license.id.to_string();
    desktop.activate("one").await;
    let paths = [
        format!("/v1/licenses/{license}/actions/check-out"),
        format!("/v1/licenses/{license}/actions/check-in"),
        format!("/v1/licenses/{license}/actions/increment-usage"),
        format!("/v1/licenses/{license}/actions/validate"),
        "/v1/machines/one/actions/check-out".to_owned(),
        "/v1/machines/one/actions/ping".to_owned(),
        "/v1/machines/one/actions/ping-heartbeat".to_owned(),
    ];
    for path in &paths {
        for body in [r#"{"meta":{"encrypt":true,"ttl":3600"#, "{", "\0", "nothing", "[1]", "{} {}", "\"text\""] {
            let answer = desktop.send(Method::POST, path, Some(body.to_owned())).await;
            assert_eq!((answer.status, answer.code()), (400, "DOCUMENT_INVALID"), "{path} {body:?}");
        }
        for body in [None, Some(String::new()), Some("{}".to_owned()), Some(r#"{"data":{"any":[1]}}"#.to_owned())] {
            let answer = desktop.send(Method::POST, path, body.clone()).await;
            assert_eq!(answer.status, 200, "{path} {body:?}: {answer:?}");
        }
        let request = Client::new().post(format!("{}{path}", app.origin())).body("ttl=3600");
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.header(header::AUTHORIZATION, format!("License {}", issued.key.expose()));
        let answer = desktop.check(&Method::POST, path, request).await;
        assert_eq!((answer.status, answer.code()), (415, "MEDIA_TYPE_UNSUPPORTED"), "{path}");
    }
    let refused = desktop.send(Method::DELETE, "/v1/machines/one", Some("{".to_owned())).await;
    assert_eq!((refused.status, refused.code()), (400, "DOCUMENT_INVALID"));
    assert_eq!(desktop.get("/v1/machines/one").await.status, 200, "a refused request changes nothing");
}

async fn facts_of_machines_are_kept_or_refused(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let facts = json!({ "fingerprint": "one", "memory": 17_179_869_184_u64, "disk": 0, "ip": "2001:db8::1" });
    let made = desktop.post("/v1/machines", machine(&facts)).await;
    assert_eq!(made.status, 201, "{made:?}");
    for shown in [&made.body["data"], &desktop.get("/v1/machines/one").await.body["data"]] {
        for name in ["memory", "disk", "ip"] {
            assert_eq!(shown["attributes"][name], facts[name], "{name}");
        }
    }
    let named = json!({ "data": { "type": "machines", "id": "0190f3c2-0000-7000-8000-000000000000", "attributes": { "fingerprint": "two" } } });
    let refused = desktop.post("/v1/machines", named).await;
    assert_eq!((refused.status, refused.code(), refused.pointer()), (403, "ID_NOT_ALLOWED", "/data/id"));
    for (attributes, status, pointer) in [
        (json!({ "fingerprint": "two", "memory": -1 }), 400, "/data/attributes/memory"),
        (json!({ "fingerprint": "two", "memory": "8 GB" }), 400, "/data/attributes/memory"),
        (json!({ "fingerprint": "two", "disk": u64::MAX }), 422, "/data/attributes/disk"),
        (json!({ "fingerprint": "two", "ip": "localhost" }), 422, "/data/attributes/ip"),
        (json!({ "fingerprint": "two", "ip": 5 }), 400, "/data/attributes/ip"),
    ] {
        let answer = desktop.post("/v1/machines", machine(&attributes)).await;
        assert_eq!((answer.status, answer.pointer()), (status, pointer), "{attributes}");
    }
    // Clients send what they do not know as null or as an empty text.
    let empty = json!({ "data": { "type": "machines", "id": "", "attributes": { "fingerprint": "two", "memory": null, "disk": null, "ip": "" } } });
    assert_eq!(desktop.post("/v1/machines", empty).await.status, 201);
}

/// Languages without whole numbers, such as Lua, write 8 as 8.0.
async fn whole_numbers_may_be_written_as_floats(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let send = async |cores: &str| {
        let body = format!(r#"{{"data":{{"type":"machines","attributes":{{"fingerprint":"one","cores":{cores}}}}}}}"#);
        desktop.send(Method::POST, "/v1/machines", Some(body)).await
    };
    let made = send("8.0").await;
    assert_eq!((made.status, &made.body["data"]["attributes"]["cores"]), (201, &json!(8)));
    for cores in ["8.5", "-8.0", "1e300", "\"8\""] {
        assert_eq!(send(cores).await.pointer(), "/data/attributes/cores", "{cores}");
    }
    let path = format!("/v1/licenses/{}/actions/increment-usage", issued.view.license.id);
    let used = desktop.send(Method::POST, &path, Some(r#"{"meta":{"increment":2.0}}"#.to_owned())).await;
    assert_eq!(used.body["data"]["attributes"]["uses"], json!(2));
}

/// By default any of the fingerprints is enough, as the protocol has it. A policy can ask for more.
async fn enough_of_the_fingerprints_must_be_active(app: &TestApp) {
    app.add_policy("all", |policy| policy.machine_matching = MatchingStrategy::All).await;
    app.add_policy("most", |policy| policy.machine_matching = MatchingStrategy::Most).await;
    for (email, policy, codes) in [
        ("ada@example.com", None, ["VALID", "VALID", "FINGERPRINT_SCOPE_MISMATCH", "VALID"]),
        (
            "most@example.com",
            Some("most"),
            ["FINGERPRINT_SCOPE_MISMATCH", "VALID", "FINGERPRINT_SCOPE_MISMATCH", "VALID"],
        ),
        (
            "all@example.com",
            Some("all"),
            ["FINGERPRINT_SCOPE_MISMATCH", "FINGERPRINT_SCOPE_MISMATCH", "FINGERPRINT_SCOPE_MISMATCH", "VALID"],
        ),
    ] {
        let issued = match policy {
            Some(policy) => app.issue_under(email, policy).await,
            None => app.issue(email).await,
        };
        let license = issued.view.license.id.to_string();
        let desktop = app.desktop(Some(issued.key.expose()));
        desktop.activate("one").await;
        desktop.activate("two").await;
        let scopes =
            [json!(["one", "unknown"]), json!(["one", "two", "unknown"]), json!(["unknown"]), json!(["one", "one"])];
        for (scope, code) in scopes.into_iter().zip(codes) {
            let answer = validate(&desktop, &license, json!({ "fingerprints": scope })).await;
            assert_eq!(answer.body["meta"]["code"], code, "{policy:?} {scope}");
        }
        let both = json!({ "fingerprint": "unknown", "fingerprints": ["one"] });
        let answer = validate(&desktop, &license, both).await;
        assert_eq!(answer.body["meta"]["code"], "FINGERPRINT_SCOPE_MISMATCH", "{policy:?}");
    }
}

/// A machine that has ever sent heartbeats is dead when they stop, even if its policy does not require them.
async fn a_machine_that_died_is_dead_without_a_requirement(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let license = issued.view.license.id.to_string();
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    desktop.activate("silent").await;
    let beat = desktop.send(Method::POST, "/v1/machines/one/actions/ping", None).await;
    assert_eq!(beat.status, 200);
    assert!(beat.body["data"]["attributes"]["nextHeartbeat"].is_string(), "{:?}", beat.body);
    let code = async |scope: Value| validate(&desktop, &license, scope).await.body["meta"]["code"].clone();
    assert_eq!(code(json!({ "fingerprint": "one" })).await, "VALID");
    // The server must be seen running, or it counts as an outage in which nobody could send a heartbeat.
    for _ in 0..8 {
        app.kit.clock.advance(Duration::from_secs(100));
        app.service().record_heartbeat_watch(Duration::from_secs(100)).await.expect("recorded");
    }
    assert_eq!(code(json!({ "fingerprint": "one" })).await, "HEARTBEAT_DEAD");
    assert_eq!(code(json!({ "fingerprints": ["one"] })).await, "HEARTBEAT_DEAD");
    assert_eq!(code(json!({ "fingerprints": ["one", "silent"] })).await, "VALID");
    assert_eq!(code(json!({ "fingerprint": "silent" })).await, "VALID", "it has never sent one");
    assert_eq!(code(json!({})).await, "VALID", "the scope names no machine");
    assert_eq!(desktop.get("/v1/machines/one").await.status, 200, "it is not deactivated");
    assert_eq!(desktop.send(Method::POST, "/v1/machines/one/actions/ping", None).await.status, 200);
    assert_eq!(code(json!({ "fingerprint": "one" })).await, "VALID");
}

async fn older_routes_of_clients_are_there(app: &TestApp) {
    let (issued, other) = (app.issue("ada@example.com").await, app.issue("eve@example.com").await);
    let license = issued.view.license.id.to_string();
    let (desktop, stranger) = (app.desktop(Some(issued.key.expose())), app.desktop(Some(other.key.expose())));
    let made = desktop.activate("one").await;
    let id = made.body["data"]["id"].as_str().expect("an id").to_owned();

    let beat = desktop.send(Method::POST, "/v1/machines/one/actions/ping-heartbeat", None).await;
    assert_eq!((beat.status, &beat.body["data"]["attributes"]["heartbeatStatus"]), (200, &json!("ALIVE")));
    let listed = desktop.get("/v1/machines?limit=5").await;
    assert_eq!((listed.status, &listed.body["data"][0]["id"]), (200, &json!(id)));
    assert_eq!(stranger.get("/v1/machines").await.body["data"], json!([]));
    let licenses = desktop.get("/v1/licenses").await;
    assert_eq!((licenses.status, &licenses.body["data"][0]["id"]), (200, &json!(license)));
    assert_eq!(licenses.body["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(desktop.get("/v1/licenses?page[number]=2").await.body["data"], json!([]));
    let checked = desktop.get(&format!("/v1/licenses/{license}/actions/validate")).await;
    assert_eq!((checked.status, &checked.body["meta"]["code"]), (200, &json!("VALID")));
    assert_eq!(checked.body["meta"]["scope"], json!({}));

    let entitlement = &desktop.get(&format!("/v1/licenses/{license}/entitlements")).await.body["data"][0];
    let entitlement = entitlement["id"].as_str().expect("an id").to_owned();
    for (path, kind) in [
        (format!("/v1/licenses/{license}/machines/{id}"), "machines"),
        (format!("/v1/licenses/{license}/machines/one"), "machines"),
        (format!("/v1/machines/{id}/license"), "licenses"),
        ("/v1/machines/one/license".to_owned(), "licenses"),
        (format!("/v1/entitlements/{entitlement}"), "entitlements"),
        ("/v1/entitlements/CHART_ASSISTANT".to_owned(), "entitlements"),
        (format!("/v1/licenses/{license}/entitlements/{entitlement}"), "entitlements"),
    ] {
        let answer = desktop.get(&path).await;
        assert_eq!((answer.status, &answer.body["data"]["type"]), (200, &json!(kind)), "{path}");
        assert_eq!(app.desktop(None).get(&path).await.code(), "TOKEN_MISSING", "{path}");
        let missing = desktop.get(&format!("{path}x")).await;
        assert_eq!(missing.status, 404, "{path}x");
        // The stranger has the same entitlement.
        if !path.starts_with("/v1/entitlements") {
            let mut foreign = stranger.get(&path).await;
            foreign.body["meta"]["id"] = Value::Null;
            let mut missing = missing.body;
            missing["meta"]["id"] = Value::Null;
            assert_eq!((foreign.status, foreign.body), (404, missing), "{path}");
        }
    }
}

async fn machines_are_renamed_and_nothing_else_changes(app: &TestApp) {
    let (issued, other) = (app.issue("ada@example.com").await, app.issue("eve@example.com").await);
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let change = async |attributes: Value| {
        desktop.send(Method::PATCH, "/v1/machines/one", Some(machine(&attributes).to_string())).await
    };
    let named = change(json!({ "name": "Studio" })).await;
    assert_eq!((named.status, &named.body["data"]["attributes"]["name"]), (200, &json!("Studio")));
    let everything = change(named.body["data"]["attributes"].clone()).await;
    assert_eq!(everything.status, 200, "some clients send all attributes: {everything:?}");
    let before = app.kit.history(issued.view.license.id).await;
    assert_eq!(before.iter().filter(|verb| *verb == "machine.renamed").count(), 1, "{before:?}");
    let same = change(json!({ "name": "Studio", "fingerprint": "one", "cores": 4, "platform": "linux" })).await;
    assert_eq!(same.status, 200, "{same:?}");
    assert_eq!(app.kit.history(issued.view.license.id).await, before, "an unchanged name changes nothing");
    for (attributes, status, pointer) in [
        (json!({ "name": "a\nb" }), 422, "/data/attributes/name"),
        (json!({ "name": "x".repeat(256) }), 422, "/data/attributes/name"),
        (json!({ "name": 5 }), 400, "/data/attributes/name"),
        (json!({ "name": "New", "fingerprint": "two" }), 422, "/data/attributes/fingerprint"),
        (json!({ "name": "New", "cores": 64 }), 422, "/data/attributes/cores"),
        (json!({ "name": "New", "metadata": { "a": 1 } }), 422, "/data/attributes/metadata"),
        (json!({ "name": "New", "nonsense": 1 }), 422, "/data/attributes/nonsense"),
    ] {
        let answer = change(attributes.clone()).await;
        assert_eq!((answer.status, answer.pointer()), (status, pointer), "{attributes}");
    }
    let misnamed = json!({ "data": { "type": "machines", "id": "two", "attributes": { "name": "New" } } });
    let answer = desktop.send(Method::PATCH, "/v1/machines/one", Some(misnamed.to_string())).await;
    assert_eq!((answer.status, answer.pointer()), (422, "/data/id"));
    let stranger = app.desktop(Some(other.key.expose()));
    let body = Some(machine(&json!({ "name": "Mine" })).to_string());
    assert_eq!(stranger.send(Method::PATCH, "/v1/machines/one", body).await.status, 404);
    assert_eq!(desktop.get("/v1/machines/one").await.body["data"]["attributes"]["name"], "Studio");
    let unnamed = change(json!({ "name": null })).await;
    assert_eq!((unnamed.status, &unnamed.body["data"]["attributes"]["name"]), (200, &Value::Null));
}

async fn lists_are_newest_first(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    for name in ["one", "two"] {
        desktop.activate(name).await;
        app.kit.clock.advance(Duration::from_secs(1));
    }
    for path in ["/v1/machines".to_owned(), format!("/v1/licenses/{}/machines", issued.view.license.id)] {
        let listed = desktop.get(&path).await;
        let names: Vec<_> = (0..2).map(|at| listed.body["data"][at]["attributes"]["fingerprint"].clone()).collect();
        assert_eq!(names, ["two", "one"], "{path}");
    }
}

/// Clients that ask for an older version read some members under other names.
async fn old_versions_have_their_names(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let owner = issued.view.license.account.to_string();
    for (version, has_constant, has_user) in [
        ("1.0", true, true),
        ("1.1", true, true),
        ("1.2", false, true),
        ("1.5", false, true),
        ("1.6", false, false),
        ("1.8", false, false),
    ] {
        let send = async |method: Method, path: &str, body: Option<Value>| {
            let mut request = Client::new().request(method.clone(), format!("{}{path}", app.origin()));
            request = request.header("keygen-version", version);
            request = request.header(header::AUTHORIZATION, format!("License {}", issued.key.expose()));
            if let Some(body) = body {
                request = request.header(header::CONTENT_TYPE, "application/vnd.api+json").body(body.to_string());
            }
            let answer = desktop.check(&method, path, request).await;
            assert_eq!(answer.headers["keygen-version"], version);
            answer
        };
        let body = json!({ "meta": { "key": issued.key.expose() } });
        let checked = send(Method::POST, "/v1/licenses/actions/validate-key", Some(body)).await;
        let constant = checked.body["meta"].get("constant");
        assert_eq!(constant, has_constant.then(|| json!("VALID")).as_ref(), "{version}");
        for path in ["/v1/me", "/v1/machines/one", "/v1/machines"] {
            let answer = send(Method::GET, path, None).await;
            let data = &answer.body["data"];
            let resource = if data.is_array() { &data[0] } else { data };
            let user = resource.pointer("/relationships/user/data/id");
            assert_eq!(user, has_user.then(|| json!(owner)).as_ref(), "{version} {path}");
        }
        assert_eq!(send(Method::GET, "/v1/machines/x", None).await.status, 404);
    }
}

/// S8: only machines that exist have a limit of their own, so heartbeats with made-up names are counted for the key.
async fn heartbeats_of_unknown_machines_count_for_the_key(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let mut refused = 0;
    for n in 0..100 {
        let answer = desktop.send(Method::POST, &format!("/v1/machines/made-up-{n}/actions/ping"), None).await;
        assert!(matches!(answer.status, 404 | 429), "{answer:?}");
        refused += u32::from(answer.status == 429);
    }
    assert!(refused >= 30, "the key's burst is 60: {refused} of 100 were refused");
    let beat = desktop.send(Method::POST, "/v1/machines/one/actions/ping", None).await;
    assert_eq!(beat.status, 200, "a machine that exists has its own limit");
}

/// An expired license takes no place and gives out no file that apps refuse, unless its policy lets it be used.
async fn expired_licenses_begin_no_use(app: &TestApp) {
    for (at, strategy) in ExpiryStrategy::ALL.iter().enumerate() {
        let (code, email) = (format!("expiry-{at}"), format!("user{at}@example.com"));
        app.add_policy(&code, |policy| {
            policy.duration = Some(Duration::from_hours(24));
            policy.expiry_strategy = *strategy;
            policy.max_machines = Some(2);
        })
        .await;
        let issued = app.issue_under(&email, &code).await;
        let desktop = app.desktop(Some(issued.key.expose()));
        assert_eq!(desktop.activate("before").await.status, 201, "{strategy:?}");
        app.kit.clock.advance(Duration::from_hours(25));
        let may = matches!(strategy, ExpiryStrategy::MaintainAccess | ExpiryStrategy::AllowAccess);
        let license = issued.view.license.id;
        for path in
            [format!("/v1/licenses/{license}/actions/check-out"), "/v1/machines/before/actions/check-out".to_owned()]
        {
            let file = desktop.send(Method::POST, &path, None).await;
            if may {
                assert_eq!(file.status, 200, "{strategy:?} {path}");
            } else {
                assert_eq!((file.status, file.code()), (403, "LICENSE_EXPIRED"), "{strategy:?} {path}");
            }
        }
        let made = desktop.activate("after").await;
        let expected = if may { (201, "") } else { (403, "LICENSE_EXPIRED") };
        assert_eq!((made.status, if may { "" } else { made.code() }), expected, "{strategy:?}");
    }
}

/// Pages of other origins may use the API only if the settings name them, and never with cookies.
#[test]
fn pages_of_named_origins_may_use_the_api() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.api.cors_origins = serde_json::from_str(r#""https://app.example.com, null""#).expect("origins");
        })
        .await;
        let desktop = app.desktop(None);
        let url = format!("{}/v1/machines", app.origin());
        let ask = async |origin: &str, method: Method| {
            let mut request = Client::new().request(method.clone(), &url).header(header::ORIGIN, origin);
            if method == Method::OPTIONS {
                request = request.header("access-control-request-method", "POST");
                request = request.header("access-control-request-headers", "authorization,content-type");
            }
            // Each answer is signed, preflights included.
            desktop.check(&method, "/v1/machines", request).await
        };
        for origin in ["https://app.example.com", "null"] {
            let preflight = ask(origin, Method::OPTIONS).await;
            assert_eq!(preflight.status, 200);
            assert_eq!(preflight.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], origin);
            let methods = preflight.headers[header::ACCESS_CONTROL_ALLOW_METHODS].to_str().expect("text");
            assert!(["POST", "PATCH", "DELETE"].iter().all(|method| methods.contains(method)), "{methods}");
            let headers = preflight.headers[header::ACCESS_CONTROL_ALLOW_HEADERS].to_str().expect("text");
            assert!(headers.contains("authorization") && headers.contains("keygen-version"), "{headers}");
            let answer = ask(origin, Method::POST).await;
            assert_eq!(answer.status, 401);
            assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], origin);
            let exposed = answer.headers[header::ACCESS_CONTROL_EXPOSE_HEADERS].to_str().expect("text");
            for name in ["keygen-signature", "keygen-digest", "keygen-date", "digest", "retry-after"] {
                assert!(exposed.contains(name), "{exposed}");
            }
            assert!(answer.headers.get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS).is_none());
            assert!(
                answer
                    .headers
                    .get_all(header::VARY)
                    .iter()
                    .any(|vary| vary == "origin" || vary.to_str().is_ok_and(|text| text.contains("origin")))
            );
        }
        for origin in ["https://evil.example", "https://app.example.com.evil.example"] {
            for method in [Method::OPTIONS, Method::POST] {
                let answer = ask(origin, method).await;
                assert!(answer.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none(), "{origin}");
            }
        }
    });
}

/// Without the setting, browsers get no permission at all.
#[test]
fn by_default_no_page_may_use_the_api() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let desktop = app.desktop(None);
        for (method, status) in [(Method::OPTIONS, 405), (Method::GET, 401)] {
            let request = Client::new().request(method.clone(), format!("{}/v1/me", app.origin()));
            let answer =
                desktop.check(&method, "/v1/me", request.header(header::ORIGIN, "https://app.example.com")).await;
            assert_eq!(answer.status, status);
            assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
        }
    });
}

/// S7, LC-13: many keys behind one address are no flood.
#[test]
fn lc_13_good_keys_behind_one_address_do_not_share_a_limit() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        for n in 0..200 {
            let issued = app.issue(&format!("user{n}@example.com")).await;
            let answer = app.desktop(Some(issued.key.expose())).get("/v1/me").await;
            assert_eq!(answer.status, 200, "key {n}");
        }
    });
}

/// A file names the overage as `keygen-rs` reads it.
#[test]
fn files_name_the_overage_as_clients_read_it() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        for (at, strategy) in OverageStrategy::ALL.iter().enumerate() {
            let code = format!("policy-{at}");
            app.add_policy(&code, |policy| policy.overage_strategy = *strategy).await;
            let issued = app.issue_under(&format!("user{at}@example.com"), &code).await;
            let desktop = app.desktop(Some(issued.key.expose()));
            let path = format!("/v1/licenses/{}/actions/check-out?include=policy", issued.view.license.id);
            let file = desktop.send(Method::POST, &path, None).await;
            let text = file.body["data"]["attributes"]["certificate"].as_str().expect("a file");
            let dataset = certificate::open(FileKind::License, text, &[app.public_key], None).expect("a good file");
            let dataset: Value = serde_json::from_slice(&dataset).expect("JSON");
            assert_eq!(dataset["included"][0]["attributes"]["overageStrategy"], strategy.wire_word());
        }
    });
}
