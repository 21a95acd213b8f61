//! Components of machines: kept by an activation, listed, compared by validations, and shown in both portals.

use latchkey_licensing::{
    certificate::{self, FileKind},
    component::ComponentUniqueness,
    email::EmailAddress,
    policy::MatchingStrategy,
};
use latchkey_service::Operator;
use latchkey_testkit::on_both;
use serde_json::{Value, json};

use crate::support::app::{Answer, Desktop, TestApp, with_app, with_unlimited_app};

on_both!(
    with_app: components_are_kept_with_their_machine,
    components_of_other_licenses_do_not_exist,
    an_activation_with_bad_components_changes_nothing,
    a_component_can_be_limited_to_one_machine,
    machine_files_include_components,
    components_are_shown_to_their_owner_and_to_staff,
    components_are_a_part_of_personal_data,
);
on_both!(with_unlimited_app: validations_compare_components_as_the_policy_says);

fn component(fingerprint: &str, name: &str) -> Value {
    json!({ "type": "components", "attributes": { "fingerprint": fingerprint, "name": name } })
}

/// Activates a machine with components in the form that clients send.
async fn activate(desktop: &Desktop<'_>, fingerprint: &str, components: Value) -> Answer {
    let body = json!({ "data": {
        "type": "machines",
        "attributes": { "fingerprint": fingerprint },
        "relationships": { "components": { "data": components } },
    } });
    desktop.post("/v1/machines", body).await
}

fn fingerprints(answer: &Answer) -> Vec<String> {
    let list = answer.body["data"].as_array().cloned().unwrap_or_default();
    list.iter().map(|item| item["attributes"]["fingerprint"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn components_are_kept_with_their_machine(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let mut board = component("board-1", "BOARD");
    board["attributes"]["metadata"] = json!({ "vendor": "Acme" });
    // Some clients put each item under `data`.
    let components = json!([board, component("disk-1", ""), { "data": component("gpu-1", "GPU") }]);
    let made = activate(&desktop, "one", components).await;
    assert_eq!(made.status, 201, "{made:?}");
    let machine = made.body["data"]["id"].as_str().expect("an id").to_owned();

    let all = desktop.get("/v1/machines/one/components").await;
    assert_eq!(all.status, 200, "{all:?}");
    let mut listed = fingerprints(&all);
    // They are equally new: ids decide.
    let ids: Vec<&str> =
        all.body["data"].as_array().expect("a list").iter().map(|item| item["id"].as_str().expect("an id")).collect();
    assert!(ids.is_sorted_by(|one, other| one > other), "the newest first: {ids:?}");
    listed.sort();
    assert_eq!(listed, ["board-1", "disk-1", "gpu-1"]);
    let find = |fingerprint: &str| {
        let items = all.body["data"].as_array().expect("a list");
        items.iter().find(|item| item["attributes"]["fingerprint"] == fingerprint).cloned().expect("listed")
    };
    let board = find("board-1");
    assert_eq!(board["type"], "components");
    assert_eq!(
        (&board["attributes"]["name"], &board["attributes"]["metadata"]["vendor"]),
        (&json!("BOARD"), &json!("Acme"))
    );
    assert_eq!(board["relationships"]["machine"]["data"], json!({ "type": "machines", "id": machine }));
    assert_eq!(find("disk-1")["attributes"]["name"], "", "clients expect a text");

    let first = desktop.get(&format!("/v1/machines/{machine}/components?limit=2")).await;
    assert_eq!(fingerprints(&first).len(), 2);
    let next = first.body["links"]["next"].as_str().expect("a link").to_owned();
    let second = desktop.get(&next).await;
    assert_eq!((fingerprints(&second).len(), &second.body["links"]["next"]), (1, &Value::Null));
    let numbered = desktop.get("/v1/machines/one/components?page[number]=2&page[size]=2").await;
    assert_eq!(fingerprints(&numbered), fingerprints(&second));

    let path = board["links"]["self"].as_str().expect("a path").to_owned();
    let shown = desktop.get(&path).await;
    assert_eq!((shown.status, &shown.body["data"]), (200, &board));

    // They are gone with the machine, and can be activated again.
    assert_eq!(desktop.delete("/v1/machines/one").await.status, 204);
    assert_eq!(desktop.get(&path).await.status, 404);
    assert_eq!(desktop.get("/v1/machines/one/components").await.status, 404);
    assert_eq!(activate(&desktop, "one", json!([component("board-1", "BOARD")])).await.status, 201);
    assert_eq!(fingerprints(&desktop.get("/v1/machines/one/components").await), ["board-1"]);
}

async fn components_of_other_licenses_do_not_exist(app: &TestApp) {
    let (ada, eve) = (app.issue("ada@example.com").await, app.issue("eve@example.com").await);
    let (hers, theirs) = (app.desktop(Some(ada.key.expose())), app.desktop(Some(eve.key.expose())));
    let made = activate(&hers, "one", json!([component("board-1", "BOARD")])).await;
    let machine = made.body["data"]["id"].as_str().expect("an id");
    let listed = hers.get(&format!("/v1/machines/{machine}/components")).await;
    let id = listed.body["data"][0]["id"].as_str().expect("an id");
    for path in [
        format!("/v1/components/{id}"),
        format!("/v1/machines/{machine}/components"),
        "/v1/machines/one/components".to_owned(),
        "/v1/components/board-1".to_owned(),
        "/v1/components/0190f3c2-0000-7000-8000-000000000000".to_owned(),
    ] {
        let refused = theirs.get(&path).await;
        assert_eq!((refused.status, refused.code()), (404, "NOT_FOUND"), "{path}");
    }
    // The same parts may be in a machine of another license.
    assert_eq!(activate(&theirs, "one", json!([component("board-1", "BOARD")])).await.status, 201);
    let scope = json!({ "meta": { "scope": { "components": ["board-1"] } } });
    let path = format!("/v1/licenses/{}/actions/validate", eve.view.license.id);
    assert_eq!(theirs.post(&path, scope.clone()).await.body["meta"]["code"], "VALID");
    theirs.delete("/v1/machines/one").await;
    theirs.activate("one").await;
    assert_eq!(theirs.post(&path, scope).await.body["meta"]["code"], "COMPONENTS_SCOPE_MISMATCH");
}

async fn an_activation_with_bad_components_changes_nothing(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let many: Vec<Value> = (0..65).map(|n| component(&format!("c{n}"), "")).collect();
    for (components, status, code, pointer) in [
        (
            json!([component("a", ""), component("b", ""), component("a", "")]),
            422,
            "COMPONENTS_FINGERPRINT_CONFLICT",
            "/data/relationships/components/data/2/attributes/fingerprint",
        ),
        (json!(many), 422, "ATTRIBUTE_INVALID", "/data/relationships/components/data"),
        (
            json!([component("a", ""), component("", "")]),
            422,
            "FINGERPRINT_MISSING",
            "/data/relationships/components/data/1/attributes/fingerprint",
        ),
        (
            json!([component("a\n", "")]),
            422,
            "FINGERPRINT_INVALID",
            "/data/relationships/components/data/0/attributes/fingerprint",
        ),
        (
            json!([component("a", &"x".repeat(256))]),
            422,
            "ATTRIBUTE_INVALID",
            "/data/relationships/components/data/0/attributes/name",
        ),
        (json!([{ "type": "components" }]), 400, "DOCUMENT_INVALID", "/data/relationships/components/data/0"),
        (json!("board"), 400, "DOCUMENT_INVALID", "/data/relationships/components/data"),
    ] {
        let refused = activate(&desktop, "one", components).await;
        assert_eq!((refused.status, refused.code(), refused.pointer()), (status, code, pointer), "{refused:?}");
        assert_eq!(desktop.get("/v1/machines/one").await.status, 404, "{code}");
    }
    // As many as are allowed.
    let made = activate(&desktop, "one", json!(many[..64])).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(fingerprints(&desktop.get("/v1/machines/one/components?limit=100").await).len(), 64);
    for none in [json!(null), json!([])] {
        let made = activate(&desktop, "two", none).await;
        assert_eq!(made.status, 201, "{made:?}");
        desktop.delete("/v1/machines/two").await;
    }
}

async fn a_component_can_be_limited_to_one_machine(app: &TestApp) {
    app.add_policy("unique", |policy| policy.components.uniqueness = ComponentUniqueness::UniquePerLicense).await;
    for (policy, status) in [("chartgpt-lifetime", 201), ("unique", 422)] {
        let issued = app.issue_under("ada@example.com", policy).await;
        let desktop = app.desktop(Some(issued.key.expose()));
        assert_eq!(activate(&desktop, "one", json!([component("board", "")])).await.status, 201);
        let second = activate(&desktop, "two", json!([component("disk", ""), component("board", "")])).await;
        assert_eq!(second.status, status, "{policy}: {second:?}");
        if status == 201 {
            continue;
        }
        assert_eq!(
            (second.code(), second.pointer()),
            ("COMPONENTS_FINGERPRINT_TAKEN", "/data/relationships/components/data/1/attributes/fingerprint")
        );
        assert_eq!(desktop.get("/v1/machines/two").await.status, 404, "the machine is not active without them");
        assert_eq!(desktop.delete("/v1/machines/one").await.status, 204);
        let again = activate(&desktop, "two", json!([component("disk", ""), component("board", "")])).await;
        assert_eq!(again.status, 201, "{again:?}");
    }
}

async fn validations_compare_components_as_the_policy_says(app: &TestApp) {
    use MatchingStrategy as M;
    for (number, (matching, wanted, code)) in [
        (M::Any, &["a", "x"][..], "VALID"),
        (M::Any, &["x", "y"], "COMPONENTS_SCOPE_MISMATCH"),
        (M::Two, &["a", "b", "x"], "VALID"),
        (M::Two, &["a", "x"], "COMPONENTS_SCOPE_MISMATCH"),
        (M::Most, &["a", "b", "x"], "VALID"),
        (M::Most, &["a", "x"], "COMPONENTS_SCOPE_MISMATCH"),
        (M::All, &["a", "b", "c"], "VALID"),
        (M::All, &["a", "b", "c", "x"], "COMPONENTS_SCOPE_MISMATCH"),
        (M::Any, &[], "COMPONENTS_SCOPE_EMPTY"),
        (M::Any, &[""], "COMPONENTS_SCOPE_EMPTY"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("{number}-matching");
        app.add_policy(&name, |policy| policy.components.matching = matching).await;
        let issued = app.issue_under("ada@example.com", &name).await;
        let desktop = app.desktop(Some(issued.key.expose()));
        let parts = json!([component("a", ""), component("b", ""), component("c", "")]);
        assert_eq!(activate(&desktop, "one", parts).await.status, 201);
        let scope = json!({ "fingerprint": "one", "components": wanted });
        let path = format!("/v1/licenses/{}/actions/validate", issued.view.license.id);
        let answer = desktop.post(&path, json!({ "meta": { "scope": scope } })).await;
        assert_eq!(answer.body["meta"]["code"], code, "{matching:?} {wanted:?}");
        assert_eq!(answer.body["meta"]["scope"], scope, "the scope as sent");
        let body = json!({ "meta": { "key": issued.key.expose(), "scope": scope } });
        let by_key = app.desktop(None).post("/v1/licenses/actions/validate-key", body).await;
        assert_eq!(by_key.body["meta"]["code"], code, "{matching:?} {wanted:?}");
    }
    app.add_policy("required", |policy| policy.components.are_required = true).await;
    let issued = app.issue_under("ada@example.com", "required").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    assert_eq!(activate(&desktop, "one", json!([component("a", "")])).await.status, 201);
    let path = format!("/v1/licenses/{}/actions/validate", issued.view.license.id);
    for (scope, code) in [
        (json!({ "fingerprint": "one" }), "COMPONENTS_SCOPE_REQUIRED"),
        (json!({ "fingerprint": "two" }), "FINGERPRINT_SCOPE_MISMATCH"),
        (json!({ "fingerprint": "one", "components": ["a"] }), "VALID"),
    ] {
        assert_eq!(desktop.post(&path, json!({ "meta": { "scope": scope } })).await.body["meta"]["code"], code);
    }
}

async fn machine_files_include_components(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    activate(&desktop, "one", json!([component("board", "BOARD"), component("disk", "DISK")])).await;
    for (include, expected) in
        [("license", &["licenses"][..]), ("components", &["licenses", "components", "components"])]
    {
        let (status, _, text) = desktop.text(&format!("/v1/machines/one/actions/check-out?include={include}")).await;
        assert_eq!(status, 200, "{text}");
        let dataset = certificate::open(FileKind::Machine, &text, &[app.public_key], None).expect("a valid file");
        let dataset: Value = serde_json::from_slice(&dataset).expect("JSON");
        let included = dataset["included"].as_array().expect("a list");
        let kinds: Vec<&str> = included.iter().map(|item| item["type"].as_str().expect("a type")).collect();
        assert_eq!(kinds, expected, "{include}");
        let listed = desktop.get("/v1/machines/one/components").await.body["data"].clone();
        for component in included.iter().filter(|item| item["type"] == "components") {
            assert!(listed.as_array().expect("a list").contains(component), "the same as in the list: {component}");
        }
    }
}

async fn components_are_shown_to_their_owner_and_to_staff(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let made = activate(&desktop, "one", json!([component("0123456789abcdef", "Main <board>")])).await;
    let bare = desktop.activate("two").await;
    let id = |answer: &Answer| answer.body["data"]["id"].as_str().expect("an id").to_owned();
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let page = |machine: String| format!("/portal/licenses/{}/machines/{machine}", issued.view.license.id);
    let shown = browser.get(&page(id(&made))).await.text().await.expect("a page");
    assert!(shown.contains("Main &lt;board&gt;") && shown.contains("…89abcdef"), "{shown}");
    assert!(!shown.contains("0123456789abcdef"), "only the end of the fingerprint");
    assert!(!shown.contains("Running now"), "no process runs");
    let shown = browser.get(&page(id(&bare))).await.text().await.expect("a page");
    assert!(!shown.contains(">Parts<"), "{shown}");
    let stranger = app.customer("eve@example.com").await;
    assert_eq!(stranger.get(&page(id(&made))).await.status(), 404);

    let support = app.support().await;
    let shown = support.get(&format!("/admin/machines/{}", id(&made))).await.text().await.expect("a page");
    assert!(shown.contains("Main &lt;board&gt;") && shown.contains("0123456789abcdef"), "{shown}");
}

async fn components_are_a_part_of_personal_data(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let mut board = component("board", "Ada's board");
    board["attributes"]["metadata"] = json!({ "owner": "Ada" });
    activate(&desktop, "one", json!([board])).await;
    let admin = app.service().admin(Operator::Host);
    let email = EmailAddress::parse("ada@example.com").expect("an address");
    let data = admin.export_account(&email, &Operator::Host.fresh()).await.expect("exported");
    assert_eq!(
        data["licenses"][0]["machines"][0]["components"],
        json!([{ "fingerprint": "board", "name": "Ada's board", "metadata": { "owner": "Ada" } }])
    );
    admin.delete_account(&issued.owner, &Operator::Host.fresh()).await.expect("deleted");
    let shown = desktop.get("/v1/machines/one/components").await;
    let attributes = &shown.body["data"][0]["attributes"];
    assert_eq!(
        (&attributes["fingerprint"], &attributes["name"], &attributes["metadata"]),
        (&json!("board"), &json!(""), &json!({}))
    );
}
