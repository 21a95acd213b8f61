//! The database cost of requests: statements and commits, counted with production settings.

use latchkey_service::{ApiLimits, RateLimit};
use latchkey_testkit::{Backend, on_both};
use reqwest::Client;
use serde_json::json;

use crate::support::app::{Desktop, TestApp, with_backend};

on_both!(
    with_backend: a_validation_costs_a_read,
    an_activation_costs_a_commit,
    a_process_costs_a_commit,
    a_license_page_costs_the_same_for_many,
);

/// Limits that are enforced but not reached by the test.
async fn start(backend: Backend) -> TestApp {
    TestApp::start_with(backend, |_, options| {
        let limit = RateLimit { burst: 400, per_minute: 400 };
        options.api_limits = ApiLimits { per_key: limit, per_network: limit };
    })
    .await
}

/// Validating a valid key costs one read, and a share of a commit for bookkeeping.
async fn a_validation_costs_a_read(backend: Backend) {
    let app = start(backend).await;
    let issued = app.issue("ada@example.com").await;
    let (id, key) = (issued.view.license.id, issued.key.expose().to_owned());
    assert_eq!(app.desktop(Some(&key)).activate("office").await.status, 201);
    let url = format!("{}/v1/licenses/{id}/actions/validate", app.origin());
    let client = Client::new();
    let validate = async || {
        let request = client.post(&url).header("authorization", format!("License {key}"));
        let body = json!({ "meta": { "scope": { "fingerprint": "office" } } }).to_string();
        let answer = request.header("content-type", "application/vnd.api+json").body(body).send().await;
        assert_eq!(answer.expect("an answer").status(), 200);
    };
    validate().await;
    app.service().write_bookkeeping().await.expect("written");
    let before = app.service().store().counters();
    for _ in 0..100 {
        validate().await;
    }
    app.service().write_bookkeeping().await.expect("written");
    let after = app.service().store().counters();
    let (statements, commits) = (after.statements - before.statements, after.commits - before.commits);
    assert!(statements <= 3 * 100, "{statements} statements for 100 validations");
    assert!(commits <= 10, "{commits} commits for 100 validations");
}

/// An activation costs a few statements and at most one commit.
async fn an_activation_costs_a_commit(backend: Backend) {
    let app = start(backend).await;
    app.add_policy("many", |policy| policy.max_machines = None).await;
    let issued = app.issue_under("ada@example.com", "many").await;
    let desktop = Desktop { writes_bookkeeping: false, ..app.desktop(Some(issued.key.expose())) };
    // The first ones fill caches and lease tokens.
    for n in 0..60 {
        assert_eq!(desktop.activate(&format!("earlier-{n}")).await.status, 201);
    }
    let before = app.service().store().counters();
    assert_eq!(desktop.activate("counted").await.status, 201);
    let after = app.service().store().counters();
    let (statements, commits) = (after.statements - before.statements, after.commits - before.commits);
    assert!(statements <= 8 + 1, "{statements} statements: one for looking up the key, eight in the transaction");
    assert!(commits <= 1, "{commits} commits for one activation");
}

/// Spawning a process costs a few statements and one commit, and so does one for which a dead one has to give up its
/// place. A heartbeat costs one statement and one commit besides looking up the key.
async fn a_process_costs_a_commit(backend: Backend) {
    let app = start(backend).await;
    app.add_policy("leased", |policy| policy.processes.max = Some(3)).await;
    let issued = app.issue_under("ada@example.com", "leased").await;
    let desktop = Desktop { writes_bookkeeping: false, ..app.desktop(Some(issued.key.expose())) };
    let machine = desktop.activate("one").await.body["data"]["id"].as_str().expect("an id").to_owned();
    let spawn = async |pid: &str| {
        let answer = desktop.post(
            "/v1/processes",
            json!({ "data": {
            "attributes": { "pid": pid },
            "relationships": { "machine": { "data": { "id": machine } } },
        } }),
        );
        let answer = answer.await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["data"]["id"].as_str().expect("an id").to_owned()
    };
    let ping = async |process: &str| {
        let path = format!("/v1/processes/{process}/actions/ping");
        assert_eq!(desktop.send(reqwest::Method::POST, &path, None).await.status, 200);
    };
    let cost = || {
        let counters = app.service().store().counters();
        (counters.statements, counters.commits)
    };
    // The first ones fill caches and lease tokens.
    for _ in 0..60 {
        assert_eq!(desktop.get("/v1/me").await.status, 200);
    }
    let first = spawn("1").await;
    for _ in 0..60 {
        ping(&first).await;
    }
    app.service().write_bookkeeping().await.expect("written");
    let before = cost();
    ping(&first).await;
    let after = cost();
    assert!(after.0 - before.0 <= 2 && after.1 - before.1 <= 1, "{before:?} {after:?} for a heartbeat");
    let before = cost();
    spawn("2").await;
    let after = cost();
    assert!(after.0 - before.0 <= 8 && after.1 - before.1 <= 1, "{before:?} {after:?} for a process");
    spawn("3").await;
    app.kit.clock.advance(std::time::Duration::from_secs(631));
    assert_eq!(desktop.get("/v1/me").await.status, 200);
    let before = cost();
    spawn("4").await;
    let after = cost();
    assert!(after.0 - before.0 <= 8 + 1 && after.1 - before.1 <= 1, "{before:?} {after:?} in place of a dead one");
}

/// The license page has the same cost for any number of licenses and machines.
async fn a_license_page_costs_the_same_for_many(backend: Backend) {
    let app = start(backend).await;
    app.add_policy("many", |policy| policy.max_machines = None).await;
    let issued = app.issue_under("ada@example.com", "many").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    assert_eq!(desktop.activate("first").await.status, 201);
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let page = format!("/portal/licenses/{}", issued.view.license.id);
    let cost = async |path: &str| {
        app.service().write_bookkeeping().await.expect("written");
        let before = app.service().store().counters().statements;
        assert_eq!(browser.get(path).await.status(), 200);
        app.service().store().counters().statements - before
    };
    let few = (cost(&page).await, cost("/portal").await, cost("/portal/licenses").await);
    for n in 0..12 {
        app.issue_under("ada@example.com", "many").await;
        assert_eq!(desktop.activate(&format!("more-{n}")).await.status, 201);
    }
    let many = (cost(&page).await, cost("/portal").await, cost("/portal/licenses").await);
    assert_eq!(few, many, "statements for the license page, the overview and the list");
    assert!(few.0 <= 8, "{} statements for a license page", few.0);
}
