//! Processes: leases under a machine, which heartbeats keep and a policy limits.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey_licensing::{
    policy::{OverageStrategy, Policy},
    process::ProcessLeasing,
};
use latchkey_testkit::on_both;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{Answer, Desktop, TestApp, with_app, with_unlimited_app};

/// How often the server records that it receives heartbeats.
const OFTEN: Duration = Duration::from_secs(10);

on_both!(
    with_app: a_process_lives_from_spawn_to_end,
    bad_processes_are_not_spawned,
    processes_of_other_licenses_do_not_exist,
    a_limit_counts_what_the_policy_says,
    a_dead_process_gives_up_its_place,
    a_dead_process_is_culled,
    an_outage_ends_no_process,
    a_deactivated_machine_ends_its_processes,
    a_validation_counts_live_processes,
    processes_are_shown_to_their_owner_and_to_staff,
);
on_both!(
    with_unlimited_app: the_limit_is_exact,
    dead_processes_give_up_their_places_once,
    one_pid_is_one_process,
);

async fn spawn(desktop: &Desktop<'_>, machine: &str, pid: Value) -> Answer {
    let body = json!({ "data": {
        "type": "processes",
        "attributes": { "pid": pid, "metadata": { "window": 1 } },
        "relationships": { "machine": { "data": { "type": "machines", "id": machine } } },
    } });
    desktop.post("/v1/processes", body).await
}

/// The same, repeated while the server is overloaded, as apps do.
async fn spawn_when_available(desktop: &Desktop<'_>, machine: &str, pid: Value) -> Answer {
    let mut answer = spawn(desktop, machine, pid.clone()).await;
    for _ in 0..60 {
        if answer.status != 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        answer = spawn(desktop, machine, pid.clone()).await;
    }
    answer
}

fn id(answer: &Answer) -> String {
    answer.body["data"]["id"].as_str().unwrap_or_default().to_owned()
}

fn attribute(answer: &Answer, name: &str) -> Value {
    answer.body["data"]["attributes"][name].clone()
}

async fn ping(desktop: &Desktop<'_>, process: &str) -> Answer {
    desktop.send(Method::POST, &format!("/v1/processes/{process}/actions/ping"), None).await
}

async fn pids(desktop: &Desktop<'_>, machine: &str) -> Vec<String> {
    let listed = desktop.get(&format!("/v1/machines/{machine}/processes?limit=100")).await;
    let items = listed.body["data"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["attributes"]["pid"].as_str().unwrap_or_default().to_owned()).collect()
}

fn limited(max: u32, leasing: ProcessLeasing) -> impl Fn(&mut Policy) {
    move |policy| {
        policy.max_machines = None;
        policy.processes.max = Some(max);
        policy.processes.leasing = leasing;
    }
}

async fn a_process_lives_from_spawn_to_end(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let machine = id(&desktop.activate("one").await);
    app.kit.clock.advance(Duration::from_mins(2));
    let made = spawn(&desktop, &machine, json!("1234")).await;
    assert_eq!(made.status, 201, "{made:?}");
    let process = id(&made);
    assert_eq!(made.headers["location"], format!("/v1/processes/{process}"));
    assert_eq!(made.body["data"]["type"], "processes");
    assert_eq!(
        (
            attribute(&made, "pid"),
            attribute(&made, "status"),
            attribute(&made, "interval"),
            attribute(&made, "metadata")
        ),
        (json!("1234"), json!("ALIVE"), json!(600), json!({ "window": 1 }))
    );
    let now = app.service().now();
    assert_eq!(
        [attribute(&made, "created"), attribute(&made, "lastHeartbeat"), attribute(&made, "nextHeartbeat")],
        [json!(now.rfc3339()), json!(now.rfc3339()), json!(now.plus(Duration::from_mins(10)).rfc3339())]
    );
    assert_eq!(made.body["data"]["relationships"]["machine"]["data"], json!({ "type": "machines", "id": machine }));
    let shown = desktop.get(&format!("/v1/processes/{process}")).await;
    assert_eq!((shown.status, &shown.body), (200, &made.body));

    // A number is read as text, and the machine may be named by its fingerprint.
    app.kit.clock.advance(Duration::from_secs(1));
    assert_eq!(attribute(&spawn(&desktop, "one", json!(77)).await, "pid"), "77");
    assert_eq!(pids(&desktop, "one").await, ["77", "1234"], "the newest first");
    let first = desktop.get(&format!("/v1/machines/{machine}/processes?limit=1")).await;
    let next = first.body["links"]["next"].as_str().expect("a link").to_owned();
    let second = desktop.get(&next).await;
    assert_eq!(
        (second.body["data"][0]["id"].as_str(), &second.body["links"]["next"]),
        (Some(process.as_str()), &Value::Null)
    );

    app.kit.clock.advance(Duration::from_mins(9));
    let beaten = ping(&desktop, &process).await;
    assert_eq!((beaten.status, attribute(&beaten, "status")), (200, json!("ALIVE")), "{beaten:?}");
    assert_eq!(attribute(&beaten, "lastHeartbeat"), app.service().now().rfc3339());
    assert_eq!(attribute(&beaten, "created"), attribute(&made, "created"));
    let mut reader = app.service().store().read().await.expect("a reader");
    let seen = reader.find_machine(issued.view.license.id, machine.parse().expect("an id")).await.expect("read");
    assert_eq!(seen.expect("active").last_seen_at, app.service().now(), "the app on the machine was seen");
    drop(reader);

    let gone = desktop.delete(&format!("/v1/processes/{process}")).await;
    assert_eq!((gone.status, &gone.body), (204, &Value::Null));
    assert_eq!(desktop.delete(&format!("/v1/processes/{process}")).await.status, 404);
    assert_eq!(desktop.get(&format!("/v1/processes/{process}")).await.status, 404);
    assert_eq!(ping(&desktop, &process).await.status, 404);
    assert_eq!(pids(&desktop, "one").await, ["77"]);
    assert_eq!(desktop.get("/v1/machines/two/processes").await.status, 404);
}

async fn bad_processes_are_not_spawned(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    desktop.activate("two").await;
    assert_eq!(spawn(&desktop, "one", json!("7")).await.status, 201);
    let taken = spawn(&desktop, "one", json!("7")).await;
    assert_eq!((taken.status, taken.code(), taken.pointer()), (422, "PID_TAKEN", "/data/attributes/pid"));
    assert_eq!(spawn(&desktop, "two", json!("7")).await.status, 201, "another machine has other processes");
    for (pid, status, code) in [
        (json!(null), 422, "ATTRIBUTE_INVALID"),
        (json!(""), 422, "ATTRIBUTE_INVALID"),
        (json!("a\nb"), 422, "ATTRIBUTE_INVALID"),
        (json!("x".repeat(256)), 422, "ATTRIBUTE_INVALID"),
        (json!([1]), 400, "DOCUMENT_INVALID"),
        (json!(1.5), 400, "DOCUMENT_INVALID"),
        (json!(-1), 400, "DOCUMENT_INVALID"),
    ] {
        let refused = spawn(&desktop, "one", pid.clone()).await;
        assert_eq!(
            (refused.status, refused.code(), refused.pointer()),
            (status, code, "/data/attributes/pid"),
            "{pid}"
        );
    }
    let unknown = spawn(&desktop, "three", json!("8")).await;
    assert_eq!((unknown.status, unknown.pointer()), (404, "/data/relationships/machine"));
    for (data, status, pointer) in [
        (json!({ "type": "processes", "attributes": { "pid": "8" } }), 400, "/data/relationships/machine"),
        (json!({ "type": "machines", "attributes": { "pid": "8" } }), 400, "/data/type"),
        (json!({ "attributes": { "pid": "8", "metadata": 1 } }), 400, "/data/attributes/metadata"),
        (json!({ "type": "processes" }), 400, "/data"),
    ] {
        let refused = desktop.post("/v1/processes", json!({ "data": data })).await;
        assert_eq!((refused.status, refused.pointer()), (status, pointer), "{refused:?}");
    }
    assert_eq!(pids(&desktop, "one").await, ["7"]);
}

async fn processes_of_other_licenses_do_not_exist(app: &TestApp) {
    let (ada, eve) = (app.issue("ada@example.com").await, app.issue("eve@example.com").await);
    let (hers, theirs) = (app.desktop(Some(ada.key.expose())), app.desktop(Some(eve.key.expose())));
    let machine = id(&hers.activate("one").await);
    let process = id(&spawn(&hers, "one", json!("7")).await);
    let path = format!("/v1/processes/{process}");
    for refused in [
        theirs.get(&path).await,
        theirs.delete(&path).await,
        ping(&theirs, &process).await,
        theirs.get(&format!("/v1/machines/{machine}/processes")).await,
        spawn(&theirs, &machine, json!("8")).await,
        hers.get("/v1/processes/7").await,
        ping(&hers, "7").await,
        hers.delete("/v1/processes/7").await,
    ] {
        assert_eq!((refused.status, refused.code()), (404, "NOT_FOUND"));
    }
    for nobody in [
        app.desktop(None).get(&path).await,
        ping(&app.desktop(None), &process).await,
        ping(&app.desktop(Some("CGPT-0000-0000-0000-0000-0000-0000-0000")), &process).await,
    ] {
        assert_eq!(nobody.status, 401);
    }
    assert_eq!(hers.get(&path).await.status, 200);
}

async fn a_limit_counts_what_the_policy_says(app: &TestApp) {
    use ProcessLeasing::{PerLicense, PerMachine};
    for (name, leasing, overage, on_one, on_two) in [
        ("per-machine", PerMachine, OverageStrategy::NoOverage, 2, 2),
        ("per-license", PerLicense, OverageStrategy::NoOverage, 2, 0),
        ("with-overage", PerMachine, OverageStrategy::Allow1_5x, 3, 3),
        ("always", PerLicense, OverageStrategy::AlwaysAllow, 4, 4),
    ] {
        app.add_policy(name, |policy| {
            limited(2, leasing)(policy);
            policy.overage_strategy = overage;
        })
        .await;
        let issued = app.issue_under("ada@example.com", name).await;
        let desktop = app.desktop(Some(issued.key.expose()));
        let made = desktop.activate("one").await;
        desktop.activate("two").await;
        assert_eq!(attribute(&made, "maxProcesses"), 2, "{name}");
        assert_eq!(attribute(&desktop.get("/v1/me").await, "maxProcesses"), 2, "{name}");
        for (machine, expected) in [("one", on_one), ("two", on_two)] {
            for n in 0..4 {
                let answer = spawn(&desktop, machine, json!(n)).await;
                if n < expected {
                    assert_eq!(answer.status, 201, "{name} {machine} {n}");
                    continue;
                }
                assert_eq!(
                    (answer.status, answer.code(), answer.pointer()),
                    (422, "MACHINE_PROCESS_LIMIT_EXCEEDED", "/data"),
                    "{name} {machine} {n}"
                );
                let page = answer.body["errors"][0]["links"]["about"].as_str().expect("a page");
                assert!(page.contains("/portal/licenses/"), "{page}");
            }
        }
        if on_one < 4 {
            let listed = desktop.get("/v1/machines/one/processes").await;
            let ended = listed.body["data"][0]["id"].as_str().expect("an id");
            assert_eq!(desktop.delete(&format!("/v1/processes/{ended}")).await.status, 204);
            assert_eq!(spawn(&desktop, "one", json!("next")).await.status, 201, "{name}: the place is free");
            assert_eq!(spawn(&desktop, "one", json!("more")).await.status, 422, "{name}");
        }
    }
}

/// Of 100 concurrent spawns on two machines, exactly as many as the limit allows succeed, and none fails otherwise. Some
/// of those that run are ended at the same time, and each makes exactly one place.
async fn the_limit_is_exact(app: &TestApp) {
    app.add_policy("leased", limited(7, ProcessLeasing::PerLicense)).await;
    for round in 0..2 {
        let issued = app.issue_under(&format!("user{round}@example.com"), "leased").await;
        let desktop = app.desktop(Some(issued.key.expose()));
        desktop.activate("m0").await;
        desktop.activate("m1").await;
        join_all((0..32).map(async |_| desktop.get("/v1/me").await)).await;
        let spawn_all = async |from: usize| {
            let tries = (from..from + 100).map(async |n| {
                let answer = spawn_when_available(&desktop, &format!("m{}", n % 2), json!(n)).await;
                (answer.status == 201, answer.code() == "MACHINE_PROCESS_LIMIT_EXCEEDED", id(&answer))
            });
            join_all(tries).await
        };
        let answers = spawn_all(0).await;
        let made: Vec<String> = answers.iter().filter(|answer| answer.0).map(|answer| answer.2.clone()).collect();
        let refused = answers.iter().filter(|answer| answer.1).count();
        assert_eq!((made.len(), refused), (7, 93), "round {round}");
        let count = async || pids(&desktop, "m0").await.len() + pids(&desktop, "m1").await.len();
        assert_eq!(count().await, 7);

        let ends = made[..3].iter().map(async |process| desktop.delete(&format!("/v1/processes/{process}")).await);
        let (ended, answers) = tokio::join!(join_all(ends), spawn_all(1_000));
        assert!(ended.iter().all(|answer| answer.status == 204), "{ended:?}");
        let made = answers.iter().filter(|answer| answer.0).count();
        assert!(made <= 3 && answers.iter().all(|answer| answer.0 || answer.1), "{made} in round {round}");
        // If a place was not taken while it became free, it is free.
        for n in made..3 {
            assert_eq!(spawn(&desktop, "m0", json!(2_000 + n)).await.status, 201);
        }
        assert_eq!(spawn(&desktop, "m1", json!("last")).await.status, 422);
        assert_eq!(count().await, 7);
    }
}

/// The places of dead processes are taken once, also while they are being culled.
async fn dead_processes_give_up_their_places_once(app: &TestApp) {
    app.add_policy("leased", limited(5, ProcessLeasing::PerMachine)).await;
    let issued = app.issue_under("ada@example.com", "leased").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let mut old = Vec::new();
    for n in 0..5 {
        old.push(id(&spawn(&desktop, "one", json!(n)).await));
    }
    app.kit.clock.advance(Duration::from_mins(10));
    for alive in &old[..2] {
        assert_eq!(ping(&desktop, alive).await.status, 200);
    }
    app.kit.clock.advance(Duration::from_secs(31));
    let tries = (0..100).map(async |n| spawn_when_available(&desktop, "one", json!(100 + n)).await.status);
    let culls = (0..5).map(async |_| app.service().cull_dead_processes().await);
    let (statuses, culled) = tokio::join!(join_all(tries), join_all(culls));
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 3, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 97, "{statuses:?}");
    assert!(culled.iter().all(Result::is_ok), "{culled:?}");
    for (at, process) in old.iter().enumerate() {
        let status = desktop.get(&format!("/v1/processes/{process}")).await.status;
        assert_eq!(status, if at < 2 { 200 } else { 404 }, "{at}");
    }
}

async fn one_pid_is_one_process(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let answers = join_all((0..50).map(async |_| spawn_when_available(&desktop, "one", json!("7")).await)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.code() == "PID_TAKEN").count(), 49);
}

async fn a_dead_process_gives_up_its_place(app: &TestApp) {
    app.add_policy("leased", |policy| {
        limited(1, ProcessLeasing::PerMachine)(policy);
        policy.processes.window = Duration::from_mins(1);
    })
    .await;
    let issued = app.issue_under("ada@example.com", "leased").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let first = spawn(&desktop, "one", json!("7")).await;
    assert_eq!(attribute(&first, "interval"), 60, "the policy's");
    let first = id(&first);
    app.kit.clock.advance(Duration::from_secs(90));
    let path = format!("/v1/processes/{first}");
    assert_eq!(attribute(&desktop.get(&path).await, "status"), "ALIVE");
    assert_eq!(spawn(&desktop, "one", json!("8")).await.code(), "MACHINE_PROCESS_LIMIT_EXCEEDED");
    assert_eq!(spawn(&desktop, "one", json!("7")).await.code(), "PID_TAKEN");
    app.kit.clock.advance(Duration::from_secs(1));
    assert_eq!(attribute(&desktop.get(&path).await, "status"), "DEAD");
    let listed = desktop.get("/v1/machines/one/processes").await;
    assert_eq!(listed.body["data"][0]["attributes"]["status"], "DEAD");
    let late = ping(&desktop, &first).await;
    assert_eq!((late.status, late.code()), (422, "PROCESS_HEARTBEAT_DEAD"));
    assert_eq!(attribute(&desktop.get(&path).await, "status"), "DEAD", "a late heartbeat changes nothing");
    // Both its place and its pid are free.
    assert_eq!(spawn(&desktop, "one", json!("7")).await.status, 201);
    assert_eq!(ping(&desktop, &first).await.status, 404);
    assert_eq!(pids(&desktop, "one").await, ["7"]);
}

async fn a_dead_process_is_culled(app: &TestApp) {
    app.add_policy("short", |policy| policy.processes.window = Duration::from_mins(1)).await;
    let (long, short) = (app.issue("ada@example.com").await, app.issue_under("ada@example.com", "short").await);
    let mut processes = Vec::new();
    for issued in [&long, &short] {
        let desktop = app.desktop(Some(issued.key.expose()));
        desktop.activate("one").await;
        processes.push(id(&spawn(&desktop, "one", json!("7")).await));
    }
    let status = async |at: usize| {
        let issued = [&long, &short][at];
        app.desktop(Some(issued.key.expose())).get(&format!("/v1/processes/{}", processes[at])).await.status
    };
    let cull = async || app.service().cull_dead_processes().await.expect("looked");
    app.service().record_heartbeat_watch(Duration::from_hours(1)).await.expect("noted");
    app.kit.clock.advance(Duration::from_secs(90));
    assert_eq!(cull().await, 0);
    app.kit.clock.advance(Duration::from_secs(1));
    assert_eq!((cull().await, status(0).await, status(1).await), (1, 200, 404));
    app.kit.clock.advance(Duration::from_secs(539));
    assert_eq!((cull().await, status(0).await), (0, 200));
    app.kit.clock.advance(Duration::from_secs(1));
    assert_eq!((cull().await, status(0).await), (1, 404));
    assert_eq!(cull().await, 0);
}

/// The same rule as for machines.
async fn an_outage_ends_no_process(app: &TestApp) {
    app.add_policy("leased", limited(2, ProcessLeasing::PerMachine)).await;
    let issued = app.issue_under("ada@example.com", "leased").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let (dead, alive) = (spawn(&desktop, "one", json!("1")).await, spawn(&desktop, "one", json!("2")).await);
    let (dead, alive) = (id(&dead), id(&alive));
    for _ in 0..60 {
        app.kit.clock.advance(OFTEN);
        app.service().record_heartbeat_watch(OFTEN).await.expect("noted");
    }
    assert_eq!(ping(&desktop, &alive).await.status, 200);
    for _ in 0..4 {
        app.kit.clock.advance(OFTEN);
        app.service().record_heartbeat_watch(OFTEN).await.expect("noted");
    }
    // Nothing is received for a day.
    app.kit.clock.advance(Duration::from_hours(24));
    for is_noted in [false, true] {
        if is_noted {
            app.service().record_heartbeat_watch(OFTEN).await.expect("noted");
        }
        for (process, status) in [(&dead, "DEAD"), (&alive, "ALIVE")] {
            let shown = desktop.get(&format!("/v1/processes/{process}")).await;
            assert_eq!(attribute(&shown, "status"), status, "{is_noted}");
        }
        let path = format!("/v1/licenses/{}/actions/validate", issued.view.license.id);
        assert_eq!(desktop.post(&path, json!({})).await.body["meta"]["code"], "VALID");
    }
    assert_eq!(ping(&desktop, &dead).await.code(), "PROCESS_HEARTBEAT_DEAD");
    assert_eq!(spawn(&desktop, "one", json!("3")).await.status, 201, "only the dead one gives up its place");
    assert_eq!(spawn(&desktop, "one", json!("4")).await.status, 422);
    assert_eq!(app.service().cull_dead_processes().await.expect("looked"), 0);
    assert_eq!(ping(&desktop, &alive).await.status, 200);
    assert_eq!(pids(&desktop, "one").await, ["3", "2"]);
}

async fn a_deactivated_machine_ends_its_processes(app: &TestApp) {
    app.add_policy("leased", limited(1, ProcessLeasing::PerLicense)).await;
    let issued = app.issue_under("ada@example.com", "leased").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    for machine in ["one", "two"] {
        desktop.activate(machine).await;
        let process = spawn(&desktop, machine, json!("7")).await;
        assert_eq!(process.status, 201, "{process:?}");
        assert_eq!(desktop.delete(&format!("/v1/machines/{machine}")).await.status, 204);
        assert_eq!(ping(&desktop, &id(&process)).await.status, 404);
        assert_eq!(spawn(&desktop, machine, json!("8")).await.status, 404);
    }
}

async fn a_validation_counts_live_processes(app: &TestApp) {
    let mut policy = app.add_policy("leased", limited(3, ProcessLeasing::PerLicense)).await;
    let issued = app.issue_under("ada@example.com", "leased").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    desktop.activate("two").await;
    for (machine, pid) in [("one", 1), ("one", 2), ("two", 3)] {
        assert_eq!(spawn(&desktop, machine, json!(pid)).await.status, 201);
    }
    let path = format!("/v1/licenses/{}/actions/validate", issued.view.license.id);
    let code = async |fingerprint: Option<&str>| {
        let scope = fingerprint.map_or_else(|| json!({}), |fingerprint| json!({ "fingerprint": fingerprint }));
        let meta = desktop.post(&path, json!({ "meta": { "scope": scope } })).await.body["meta"].clone();
        meta["code"].as_str().unwrap_or_default().to_owned()
    };
    let mut apply = async |change: &dyn Fn(&mut Policy)| {
        change(&mut policy);
        let mut tx = app.service().store().write().await.expect("a transaction");
        tx.update_policy(&policy).await.expect("written");
        tx.commit().await.expect("committed");
    };
    assert_eq!(code(None).await, "VALID");
    apply(&|policy| policy.processes.max = Some(2)).await;
    assert_eq!((code(None).await, code(Some("two")).await), ("TOO_MANY_PROCESSES".into(), "TOO_MANY_PROCESSES".into()));
    apply(&|policy| {
        policy.processes = latchkey_licensing::process::ProcessTerms { max: Some(1), ..Default::default() }
    })
    .await;
    assert_eq!((code(None).await, code(Some("one")).await), ("TOO_MANY_PROCESSES".into(), "TOO_MANY_PROCESSES".into()));
    assert_eq!(code(Some("two")).await, "VALID", "its only process is within the limit of a machine");
    apply(&|policy| policy.is_strict = false).await;
    assert_eq!(code(None).await, "VALID");
    apply(&|policy| policy.is_strict = true).await;
    app.kit.clock.advance(Duration::from_secs(631));
    assert_eq!(code(None).await, "VALID", "dead processes do not count");
}

async fn processes_are_shown_to_their_owner_and_to_staff(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let machine = id(&desktop.activate("one").await);
    for n in 1..=51 {
        // Within the rate limit of the key.
        app.kit.clock.advance(Duration::from_secs(6));
        assert_eq!(spawn(&desktop, "one", json!(format!("pid-{n}."))).await.status, 201);
    }
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let path = format!("/portal/licenses/{}/machines/{machine}", issued.view.license.id);
    let shown = browser.get(&path).await.text().await.expect("a page");
    assert!(shown.contains("Running now") && shown.contains("pid-51."), "{shown}");
    assert!(shown.contains("The newest 50.") && !shown.contains("pid-1."), "a bounded list");
    let support = app.support().await;
    let shown = support.get(&format!("/admin/machines/{machine}")).await.text().await.expect("a page");
    assert!(
        shown.contains("The newest 50 processes") && shown.contains("pid-51.") && !shown.contains("pid-1."),
        "{shown}"
    );
}
