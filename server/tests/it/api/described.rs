//! The API's responses match its description.

use latchkey_server::http::api;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    app::{Answer, TestApp, with_app},
    shelf::Shelf,
};
use latchkey_testkit::{Backend, on_both};

/// The differences between a value and a schema, for the part of JSON Schema that the description uses:
/// missing members, undescribed members, and values of another type.
fn differences(description: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = description.pointer(reference.trim_start_matches('#')).expect("the reference leads somewhere");
        return differences(description, target, value, place);
    }
    if let Some(alternatives) = schema["oneOf"].as_array() {
        let fits = |one: &&Value| differences(description, one, value, place).is_empty();
        let real = alternatives.iter().find(|one| one["type"] != "null").expect("an alternative");
        let is_one = alternatives.iter().any(|one| fits(&one));
        return if is_one { Vec::new() } else { differences(description, real, value, place) };
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allows = |declared: &Value| declared == kind || (declared == "number" && kind == "integer");
    let is_described =
        schema["type"].as_array().map_or_else(|| allows(&schema["type"]), |declared| declared.iter().any(allows));
    if !is_described {
        return vec![format!("{place} is {kind}, described as {}", schema["type"])];
    }
    match value {
        Value::Object(members) if schema["properties"].is_object() => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let missing = required.iter().filter_map(Value::as_str).filter(|name| !members.contains_key(*name));
            let missing = missing.map(|name| format!("{place}/{name} is missing"));
            let inner = members.iter().flat_map(|(name, member)| match schema["properties"].get(name) {
                Some(schema) => differences(description, schema, member, &format!("{place}/{name}")),
                None => vec![format!("{place}/{name} is not described")],
            });
            missing.chain(inner).collect()
        }
        Value::Array(items) if schema["items"].is_object() => {
            let all = items.iter().flat_map(|item| differences(description, &schema["items"], item, place));
            all.collect()
        }
        _ => Vec::new(),
    }
}

fn agree(description: &Value, method: &str, path: &str, answer: &Answer) {
    let responses = &description["paths"][path][method]["responses"];
    let described = match &responses[answer.status.to_string()] {
        Value::Null => &responses["default"],
        described => described,
    };
    let name = format!("{method} {path} {}", answer.status);
    assert!(described.is_object(), "{name} is not described");
    let schema = &described["content"]["application/vnd.api+json"]["schema"];
    if schema.is_null() {
        assert_eq!(answer.body, Value::Null, "{name} has no body");
        return;
    }
    let found = differences(description, schema, &answer.body, "");
    assert!(found.is_empty(), "{name}: {found:?} in {}", answer.body);
}

on_both!(with_app: every_response_is_as_described);

async fn every_response_is_as_described(app: &TestApp) {
    let description = api::description();
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id.to_string();
    let desktop = app.desktop(Some(issued.key.expose()));
    let nobody = app.desktop(None);
    let see = |method: &str, path: &str, answer: &Answer| agree(&description, method, path, answer);

    see("get", "/v1/ping", &nobody.get("/v1/ping").await);
    see("post", "/v1/machines", &desktop.activate("one").await);
    see("post", "/v1/machines", &desktop.activate("one").await);
    desktop.activate("two").await;
    let full = desktop.activate("three").await;
    assert!(full.body["errors"][0]["links"].is_object() && full.body["errors"][0]["meta"].is_object());
    see("post", "/v1/machines", &full);
    see("post", "/v1/machines", &desktop.post("/v1/machines", json!({ "data": 5 })).await);
    see("get", "/v1/me", &desktop.get("/v1/me").await);
    see("get", "/v1/me", &nobody.get("/v1/me").await);
    see("get", "/v1/licenses/{license}", &desktop.get(&format!("/v1/licenses/{id}")).await);
    see("get", "/v1/licenses/{license}", &desktop.get("/v1/licenses/x").await);
    let path = format!("/v1/licenses/{id}/machines");
    see("get", "/v1/licenses/{license}/machines", &desktop.get(&format!("{path}?limit=1")).await);
    see("get", "/v1/licenses/{license}/machines", &desktop.get(&format!("{path}?limit=101")).await);
    see("get", "/v1/licenses/{license}/entitlements", &desktop.get(&format!("/v1/licenses/{id}/entitlements")).await);
    for key in [issued.key.expose(), "CGPT-0000-0000-0000-0000-0000-0000-0000"] {
        let body = json!({ "meta": { "key": key, "nonce": 7, "scope": { "fingerprint": "one" } } });
        let answer = nobody.post("/v1/licenses/actions/validate-key", body).await;
        assert_eq!((answer.status, &answer.body["meta"]["nonce"]), (200, &json!(7)));
        see("post", "/v1/licenses/actions/validate-key", &answer);
    }
    let validate = format!("/v1/licenses/{id}/actions/validate");
    see("post", "/v1/licenses/{license}/actions/validate", &desktop.send(Method::POST, &validate, None).await);
    for action in ["check-in", "increment-usage", "check-out"] {
        let answer = desktop.send(Method::POST, &format!("/v1/licenses/{id}/actions/{action}"), None).await;
        assert_eq!(answer.status, 200, "{action}");
        see("post", &format!("/v1/licenses/{{license}}/actions/{action}"), &answer);
    }
    let short = desktop.send(Method::POST, &format!("/v1/licenses/{id}/actions/check-out?ttl=1"), None).await;
    see("post", "/v1/licenses/{license}/actions/check-out", &short);
    see("get", "/v1/machines/{machine}", &desktop.get("/v1/machines/one").await);
    let machine =
        async |action: &str| desktop.send(Method::POST, &format!("/v1/machines/one/actions/{action}"), None).await;
    see("post", "/v1/machines/{machine}/actions/ping", &machine("ping").await);
    see("post", "/v1/machines/{machine}/actions/check-out", &machine("check-out").await);
    see("delete", "/v1/machines/{machine}", &desktop.delete("/v1/machines/one").await);
    see("delete", "/v1/machines/{machine}", &desktop.delete("/v1/machines/one").await);
    for path in
        ["/v1/releases/{release}", "/v1/releases/{release}/upgrade", "/v1/releases/{release}/artifacts/{artifact}"]
    {
        see("get", path, &desktop.get(&path.replace("{release}", "1.0.0").replace("{artifact}", "x")).await);
    }
    // Responses that any path may give.
    see("get", "/v1/me", &desktop.send(Method::PATCH, "/v1/me", None).await);
    see("post", "/v1/machines", &desktop.send(Method::POST, "/v1/machines", Some("x".repeat(20_000))).await);
}

/// The same for releases, of a server that has some.
#[test]
fn every_response_about_releases_is_as_described() {
    crate::support::app::run(async {
        let description = api::description();
        let mut shelf = Shelf::new();
        shelf.release("1.0.0", "2026-10-01", "").file("acme.exe", "windows", b"one", "arch = \"x64\"\npublic = true");
        shelf.write();
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.content.folder = Some(shelf.folder.path().to_owned());
        })
        .await;
        let nobody = app.desktop(None);
        for (described, path, status) in [
            ("/v1/releases/{release}", "/v1/releases/1.0.0", 200),
            ("/v1/releases/{release}/upgrade", "/v1/releases/0.9.0/upgrade", 200),
            ("/v1/releases/{release}/upgrade", "/v1/releases/x/upgrade", 400),
            ("/v1/releases/{release}/upgrade", "/v1/releases/1.0.0/upgrade", 404),
            ("/v1/artifacts", "/v1/artifacts?release=1.0.0", 200),
            ("/v1/artifacts", "/v1/artifacts", 400),
            ("/v1/releases/{release}/artifacts/{artifact}", "/v1/releases/1.0.0/artifacts/acme.exe", 303),
        ] {
            let answer = nobody.get(path).await;
            assert_eq!(answer.status, status, "{path}");
            agree(&description, "get", described, &answer);
        }
    });
}
