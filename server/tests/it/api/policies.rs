//! The terms of policies: trials, check-ins, uses, heartbeats, cores, expiry strategies.

use std::time::Duration;

use latchkey_licensing::{
    certificate::{self, FileKind},
    claims,
    license::Expiry,
    policy::{ExpiryBasis, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection, OverageStrategy},
};
use latchkey_service::{IssuedLicense, KeyRequest, LicenseChange, Notify, Operator};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{Desktop, TestApp, eventually, with_app};
use latchkey_testkit::on_both;

const DAY: Duration = Duration::from_hours(24);

/// How often the server records that it receives heartbeats.
const OFTEN: Duration = Duration::from_secs(10);

async fn code(desktop: &Desktop<'_>, license: &str, fingerprint: &str) -> (bool, String) {
    let body = json!({ "meta": { "scope": { "fingerprint": fingerprint } } });
    let answer = desktop.post(&format!("/v1/licenses/{license}/actions/validate"), body).await;
    let meta = &answer.body["meta"];
    (meta["valid"] == true, meta["code"].as_str().unwrap_or_default().to_owned())
}

/// A license whose policy requires heartbeats and does not resurrect dead machines.
async fn issue_with_heartbeats(app: &TestApp) -> IssuedLicense {
    app.add_policy("beating", |terms| {
        terms.requires_heartbeat = true;
        terms.cull = HeartbeatCull::DeactivateDead;
        terms.resurrection = HeartbeatResurrection::NoRevive;
    })
    .await;
    app.issue_under("ada@example.com", "beating").await
}

/// A machine with a heartbeat now is culled after its window and the allowed drift, 630 seconds, but not
/// before.
async fn dies_without_heartbeats(app: &TestApp) {
    for round in 1..=64 {
        app.kit.clock.advance(OFTEN);
        app.service().record_heartbeat_watch(OFTEN).await.expect("noted");
        let gone = app.service().cull_dead_machines().await.expect("looked");
        assert_eq!(gone, u64::from(round == 64), "{round}");
    }
}

fn attribute(answer: &crate::support::app::Answer, name: &str) -> Value {
    answer.body["data"]["attributes"][name].clone()
}

on_both!(
    with_app: trials_begin_with_the_first_use,
    a_check_out_begins_a_trial,
    check_ins_are_required,
    moving_to_a_policy_with_check_ins_invalidates_no_license,
    a_node_locked_license_has_one_machine,
    uses_are_counted_exactly,
    dead_machines_are_culled,
    a_dead_machine_is_activated_again,
    an_outage_kills_no_machine_and_resurrects_none,
    a_pause_kills_no_machine,
    outages_are_recorded_once,
    a_clock_that_was_ahead_has_no_lasting_effect,
    a_validation_does_not_wait_for_the_lock,
    cores_are_limited,
    the_expiry_strategy_decides_about_expired_licenses,
);

/// A trial begins with the use that its policy names, and ends after its duration.
async fn trials_begin_with_the_first_use(app: &TestApp) {
    for (policy, basis) in
        [("on-use", ExpiryBasis::FromFirstValidation), ("on-activation", ExpiryBasis::FromFirstActivation)]
    {
        app.add_policy(policy, |terms| {
            terms.duration = Some(DAY * 14);
            terms.expiry_basis = basis;
            terms.expiry_strategy = ExpiryStrategy::RestrictAccess;
            terms.is_strict = false;
        })
        .await;
        let issued = app.issue_under("ada@example.com", policy).await;
        assert_eq!(issued.view.license.expiry, Expiry::AfterFirstUse);
        let id = issued.view.license.id.to_string();
        let desktop = app.desktop(Some(issued.key.expose()));
        assert_eq!(attribute(&desktop.get("/v1/me").await, "expiry"), Value::Null);
        app.kit.clock.advance(DAY * 30);
        if basis == ExpiryBasis::FromFirstValidation {
            let body = json!({ "meta": {} });
            let answer = desktop.post(&format!("/v1/licenses/{id}/actions/validate"), body).await;
            assert!(attribute(&answer, "expiry").is_string(), "{answer:?}");
        } else {
            assert_eq!(code(&desktop, &id, "one").await.1, "NO_MACHINES");
            assert_eq!(
                attribute(&desktop.get("/v1/me").await, "expiry"),
                Value::Null,
                "it only begins with an activation"
            );
        }
        assert_eq!(desktop.activate("one").await.status, 201);
        let end = attribute(&desktop.get("/v1/me").await, "expiry");
        app.kit.clock.advance(Duration::from_secs(14 * 24 * 60 * 60 - 1));
        assert_eq!(code(&desktop, &id, "one").await, (true, "VALID".to_owned()));
        app.kit.clock.advance(Duration::from_secs(1));
        assert_eq!(code(&desktop, &id, "one").await, (false, "EXPIRED".to_owned()));
        assert_eq!(attribute(&desktop.get("/v1/me").await, "expiry"), end, "it begins once");
    }
}

/// A check-out is a use as well: a file without an expiry must not be signed before a trial begins.
async fn a_check_out_begins_a_trial(app: &TestApp) {
    for (policy, basis) in
        [("on-use", ExpiryBasis::FromFirstValidation), ("on-activation", ExpiryBasis::FromFirstActivation)]
    {
        app.add_policy(policy, |terms| {
            terms.duration = Some(DAY * 14);
            terms.expiry_basis = basis;
            terms.expiry_strategy = ExpiryStrategy::RestrictAccess;
        })
        .await;
        let issued = app.issue_under("ada@example.com", policy).await;
        let desktop = app.desktop(Some(issued.key.expose()));
        let path = format!("/v1/licenses/{}/actions/check-out?ttl=null", issued.view.license.id);
        let (status, _, file) = desktop.text(&path).await;
        assert_eq!(status, 200);
        let dataset = certificate::open(FileKind::License, &file, &[app.public_key], None).expect("a good file");
        let claims = claims::read(FileKind::License, &dataset, app.service().now()).expect("good claims");
        assert_eq!(claims.license.expires_at, Some(app.service().now().plus(DAY * 14)), "{policy}");
        let history = app.kit.history(issued.view.license.id).await;
        assert_eq!(history.iter().filter(|verb| *verb == "license.begun").count(), 1, "{history:?}");
    }
}

async fn check_ins_are_required(app: &TestApp) {
    app.add_policy("weekly", |terms| terms.check_in_interval = Some(DAY * 7)).await;
    let issued = app.issue_under("ada@example.com", "weekly").await;
    let id = issued.view.license.id.to_string();
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let me = desktop.get("/v1/me").await;
    assert_eq!(
        (attribute(&me, "requireCheckIn"), attribute(&me, "nextCheckIn")),
        (json!(true), json!("2026-11-30T12:00:00.000Z"))
    );
    app.kit.clock.advance(DAY * 7);
    assert_eq!(code(&desktop, &id, "one").await.1, "VALID");
    app.kit.clock.advance(Duration::from_secs(1));
    assert_eq!(code(&desktop, &id, "one").await, (false, "OVERDUE".to_owned()));
    let checked = desktop.send(Method::POST, &format!("/v1/licenses/{id}/actions/check-in"), None).await;
    assert_eq!((checked.status, attribute(&checked, "lastCheckIn")), (200, json!("2026-11-30T12:00:01.000Z")));
    assert_eq!(code(&desktop, &id, "one").await.1, "VALID");
    app.service()
        .admin(Operator::Host)
        .suspend_license(issued.view.license.id, Notify::Nobody)
        .await
        .expect("suspended");
    let refused = desktop.send(Method::POST, &format!("/v1/licenses/{id}/actions/check-in"), None).await;
    assert_eq!(refused.code(), "LICENSE_SUSPENDED");
}

/// Check-ins that were not required before are not overdue.
async fn moving_to_a_policy_with_check_ins_invalidates_no_license(app: &TestApp) {
    app.add_policy("weekly", |terms| terms.check_in_interval = Some(DAY * 7)).await;
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id.to_string();
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    app.kit.clock.advance(DAY * 365);
    let change = LicenseChange { policy: Some("weekly".to_owned()), ..LicenseChange::default() };
    let admin = app.service().admin(Operator::Host);
    admin.change_license(issued.view.license.id, change).await.expect("moved");
    assert_eq!(code(&desktop, &id, "one").await.1, "VALID");
    app.kit.clock.advance(DAY * 7 + Duration::from_secs(1));
    assert_eq!(code(&desktop, &id, "one").await.1, "OVERDUE");
}

/// A node-locked license has one machine, whatever its overage or individual limit.
async fn a_node_locked_license_has_one_machine(app: &TestApp) {
    for (policy, overage, own) in [
        ("locked", OverageStrategy::NoOverage, Some(5)),
        ("locked-twice", OverageStrategy::Allow2x, None),
        ("locked-any", OverageStrategy::AlwaysAllow, None),
    ] {
        app.add_policy(policy, |terms| {
            terms.is_floating = false;
            terms.max_machines = Some(1);
            terms.overage_strategy = overage;
        })
        .await;
        let issued = app.issue_under("ada@example.com", policy).await;
        let id = issued.view.license.id;
        if let Some(own) = own {
            let change = LicenseChange { max_machines: Some(Some(own)), ..LicenseChange::default() };
            let refusal = app.service().admin(Operator::Host).change_license(id, change).await.expect_err("refused");
            assert!(refusal.to_string().contains("node-locked"), "{refusal}");
        }
        let desktop = app.desktop(Some(issued.key.expose()));
        assert_eq!(desktop.activate("one").await.status, 201, "{policy}");
        assert_eq!(desktop.activate("two").await.code(), "MACHINE_LIMIT_EXCEEDED", "{policy}");
    }
}

/// The counter is exact under concurrency: the limit is reached and never exceeded.
async fn uses_are_counted_exactly(app: &TestApp) {
    app.add_policy("metered", |terms| terms.max_uses = Some(50)).await;
    let issued = app.issue_under("ada@example.com", "metered").await;
    let path = format!("/v1/licenses/{}/actions/increment-usage", issued.view.license.id);
    let desktop = app.desktop(Some(issued.key.expose()));
    let one = desktop.send(Method::POST, &path, None).await;
    assert_eq!((one.status, attribute(&one, "uses"), attribute(&one, "maxUses")), (200, json!(1), json!(50)));
    let three = desktop.post(&path, json!({ "meta": { "increment": 3 } })).await;
    assert_eq!(attribute(&three, "uses"), 4);
    for (increment, status, code) in [
        (json!(0), 422, "ATTRIBUTE_INVALID"),
        (json!(-1), 400, "DOCUMENT_INVALID"),
        (json!("2"), 400, "DOCUMENT_INVALID"),
        (json!(2_147_483_648_u32), 422, "ATTRIBUTE_INVALID"),
        (json!(47), 422, "USES_LIMIT_EXCEEDED"),
    ] {
        let answer = desktop.post(&path, json!({ "meta": { "increment": increment } })).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{increment}");
    }
    let service = app.service();
    let tries = (0..60).map(|_| {
        let (service, key) = (service.clone(), issued.key.expose().to_owned());
        tokio::spawn(async move {
            let app = service
                .apps()
                .authenticate(KeyRequest { counts: false, ..KeyRequest::new(&key, None) })
                .await
                .expect("known");
            app.increment_uses(1).await.is_ok()
        })
    });
    let mut counted = 0;
    for attempt in tries.collect::<Vec<_>>() {
        counted += u32::from(attempt.await.expect("no panic"));
    }
    assert_eq!(counted, 46);
    assert_eq!(attribute(&desktop.get("/v1/me").await, "uses"), 50);
}

/// A dead machine is deactivated automatically when the time for its resurrection has passed.
async fn dead_machines_are_culled(app: &TestApp) {
    app.add_policy("beating", |terms| {
        terms.requires_heartbeat = true;
        terms.cull = HeartbeatCull::DeactivateDead;
        terms.resurrection = HeartbeatResurrection::Within5Minutes;
    })
    .await;
    let issued = app.issue_under("ada@example.com", "beating").await;
    let id = issued.view.license.id.to_string();
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    assert_eq!(code(&desktop, &id, "one").await.1, "HEARTBEAT_NOT_STARTED");
    let ping = async || desktop.send(Method::POST, "/v1/machines/one/actions/ping", None).await;
    let beat = ping().await;
    assert_eq!(
        (attribute(&beat, "heartbeatStatus"), attribute(&beat, "nextHeartbeat")),
        (json!("ALIVE"), json!("2026-11-23T12:10:00.000Z"))
    );
    assert_eq!(code(&desktop, &id, "one").await.1, "VALID");
    app.kit.clock.advance(Duration::from_secs(631));
    assert_eq!(code(&desktop, &id, "one").await.1, "HEARTBEAT_DEAD");
    assert_eq!(app.service().cull_dead_machines().await.expect("looked"), 0, "it can still be resurrected");
    assert_eq!(attribute(&ping().await, "heartbeatStatus"), "RESURRECTED");
    assert_eq!(attribute(&ping().await, "heartbeatStatus"), "ALIVE");
    app.kit.clock.advance(Duration::from_secs(631 + 300));
    let late = ping().await;
    assert_eq!((late.status, late.code()), (422, "MACHINE_HEARTBEAT_DEAD"));
    assert_eq!(app.service().cull_dead_machines().await.expect("looked"), 1);
    assert_eq!(ping().await.status, 404);
    assert_eq!(desktop.activate("one").await.status, 201);
}

/// A dead machine that stays active and cannot be resurrected can be activated again.
async fn a_dead_machine_is_activated_again(app: &TestApp) {
    app.add_policy("keeping", |terms| {
        terms.requires_heartbeat = true;
        terms.cull = HeartbeatCull::KeepDead;
        terms.resurrection = HeartbeatResurrection::NoRevive;
        terms.max_machines = Some(1);
    })
    .await;
    let issued = app.issue_under("ada@example.com", "keeping").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let ping = async || desktop.send(Method::POST, "/v1/machines/one/actions/ping", None).await;
    ping().await;
    assert_eq!(desktop.activate("one").await.code(), "FINGERPRINT_TAKEN");
    app.kit.clock.advance(Duration::from_secs(631));
    assert_eq!(ping().await.code(), "MACHINE_HEARTBEAT_DEAD");
    assert_eq!(app.service().cull_dead_machines().await.expect("looked"), 0, "it still occupies its slot");
    assert_eq!(desktop.activate("two").await.code(), "MACHINE_LIMIT_EXCEEDED");
    assert_eq!(desktop.activate("one").await.status, 201);
}

/// During an outage no heartbeat can be received: live machines get their full window afterwards, and dead
/// ones stay dead. All processes and all responses agree.
async fn an_outage_kills_no_machine_and_resurrects_none(app: &TestApp) {
    app.add_policy("keeping", |terms| {
        terms.requires_heartbeat = true;
        terms.cull = HeartbeatCull::KeepDead;
        terms.resurrection = HeartbeatResurrection::NoRevive;
    })
    .await;
    let issued = app.issue_under("ada@example.com", "keeping").await;
    let id = issued.view.license.id.to_string();
    let desktop = app.desktop(Some(issued.key.expose()));
    let ping = async |name: &str| desktop.send(Method::POST, &format!("/v1/machines/{name}/actions/ping"), None).await;
    desktop.activate("early").await;
    assert_eq!(ping("early").await.status, 200);
    app.kit.clock.advance(Duration::from_secs(700));
    desktop.activate("one").await;
    assert_eq!(ping("one").await.status, 200);
    app.service().record_heartbeat_watch(OFTEN).await.expect("noted");
    app.kit.clock.advance(Duration::from_hours(5));
    let back = app.another_process().await;
    let there = back.apps().authenticate(KeyRequest::new(issued.key.expose(), None)).await.expect("known");
    for is_noted in [false, true] {
        if is_noted {
            back.record_heartbeat_watch(OFTEN).await.expect("noted");
        }
        for (name, code_of_it, status) in [("one", "VALID", "ALIVE"), ("early", "HEARTBEAT_DEAD", "DEAD")] {
            assert_eq!(code(&desktop, &id, name).await.1, code_of_it, "{name} {is_noted}");
            let shown = desktop.get(&format!("/v1/machines/{name}")).await;
            assert_eq!(attribute(&shown, "heartbeatStatus"), status, "{name} {is_noted}");
            let shown = there.machine(name).await.expect("found").expect("there");
            assert_eq!(shown.heartbeat.as_str(), status, "{name} {is_noted}");
        }
    }
    assert_eq!(ping("early").await.code(), "MACHINE_HEARTBEAT_DEAD");
    // A second round soon after is not another outage.
    app.kit.clock.advance(Duration::from_secs(20));
    back.record_heartbeat_watch(OFTEN).await.expect("noted");
    app.kit.clock.advance(Duration::from_secs(610));
    back.record_heartbeat_watch(Duration::from_hours(1)).await.expect("noted");
    assert_eq!(code(&desktop, &id, "one").await.1, "VALID", "another outage, just before the window ends");
    app.kit.clock.advance(Duration::from_secs(630));
    assert_eq!(attribute(&ping("one").await, "heartbeatStatus"), "ALIVE");
    app.kit.clock.advance(Duration::from_secs(631));
    assert_eq!(code(&desktop, &id, "one").await.1, "HEARTBEAT_DEAD");
}

/// The process is running but receives nothing for a while, because it or its database was paused.
async fn a_pause_kills_no_machine(app: &TestApp) {
    let issued = issue_with_heartbeats(app).await;
    let id = issued.view.license.id.to_string();
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let ping = async || desktop.send(Method::POST, "/v1/machines/one/actions/ping", None).await;
    assert_eq!(ping().await.status, 200);
    for _ in 0..30 {
        app.kit.clock.advance(OFTEN);
        app.service().record_heartbeat_watch(OFTEN).await.expect("noted");
        assert_eq!(app.service().cull_dead_machines().await.expect("looked"), 0);
    }
    app.kit.clock.advance(Duration::from_hours(2));
    assert_eq!(app.service().cull_dead_machines().await.expect("looked"), 0, "no heartbeat could be received");
    app.service().record_heartbeat_watch(OFTEN).await.expect("noted");
    assert_eq!(app.service().cull_dead_machines().await.expect("looked"), 0, "no heartbeat could be received");
    assert_eq!(code(&desktop, &id, "one").await.1, "VALID");
    assert_eq!(ping().await.status, 200);
    // Now it misses heartbeats that could be received.
    dies_without_heartbeats(app).await;
}

/// Two processes that resume after the same outage record it once, and setting a clock back ends no outage.
async fn outages_are_recorded_once(app: &TestApp) {
    let (one, two) = (app.service().clone(), app.another_process().await);
    one.record_heartbeat_watch(OFTEN).await.expect("noted");
    app.kit.clock.advance(Duration::from_hours(1));
    let (first, second) = tokio::join!(one.record_heartbeat_watch(OFTEN), two.record_heartbeat_watch(OFTEN));
    first.and(second).expect("noted");
    let outages = async || app.service().store().read().await.expect("read").list_outages().await.expect("listed");
    let recorded = outages().await;
    assert_eq!(
        recorded.iter().map(|outage| outage.ended_at().since(outage.began_at())).collect::<Vec<_>>(),
        [Duration::from_hours(1)]
    );
    // Another process whose clock is behind: the one that is ahead had no outage in between.
    app.kit.clock.set_back(Duration::from_mins(5));
    two.record_heartbeat_watch(OFTEN).await.expect("noted");
    app.kit.clock.advance(Duration::from_mins(5) + OFTEN);
    one.record_heartbeat_watch(OFTEN).await.expect("noted");
    assert_eq!(outages().await, recorded);
    // After a clock is set back, outages in its future have not happened.
    app.kit.clock.set_back(DAY);
    one.record_heartbeat_watch(OFTEN).await.expect("noted");
    app.kit.clock.advance(OFTEN);
    two.record_heartbeat_watch(OFTEN).await.expect("noted");
    assert_eq!(outages().await, []);
}

/// A clock that was far ahead for a moment has no lasting effect on machines.
async fn a_clock_that_was_ahead_has_no_lasting_effect(app: &TestApp) {
    let issued = issue_with_heartbeats(app).await;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let ping = async || desktop.send(Method::POST, "/v1/machines/one/actions/ping", None).await;
    app.service().record_heartbeat_watch(OFTEN).await.expect("noted");
    app.kit.clock.advance(DAY * 365);
    app.service().record_heartbeat_watch(OFTEN).await.expect("noted");
    app.kit.clock.set_back(DAY * 365);
    app.kit.clock.advance(OFTEN);
    app.service().record_heartbeat_watch(OFTEN).await.expect("noted");
    assert_eq!(ping().await.status, 200);
    dies_without_heartbeats(app).await;
}

/// A process that holds the database's lock for long, such as an import, does not delay apps.
async fn a_validation_does_not_wait_for_the_lock(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id;
    let desktop = app.desktop(Some(issued.key.expose()));
    desktop.activate("one").await;
    let seen = async || {
        app.service()
            .store()
            .read()
            .await
            .expect("read")
            .find_license(id)
            .await
            .expect("found")
            .expect("there")
            .last_validated_at
    };
    app.kit.clock.advance(Duration::from_mins(2));
    let mut held = app.service().store().write().await.expect("begun");
    held.lock_license(id).await.expect("locked");
    let waiting = Desktop { writes_bookkeeping: false, ..app.desktop(Some(issued.key.expose())) };
    // More than may be spent on credit.
    for _ in 0..12 {
        assert_eq!(code(&waiting, &id.to_string(), "one").await, (true, "VALID".to_owned()));
    }
    assert_eq!(seen().await, None, "nobody could note it");
    drop(held);
    assert_eq!(code(&desktop, &id.to_string(), "one").await, (true, "VALID".to_owned()));
    eventually(Some(app.service().now()), seen).await;
}

async fn cores_are_limited(app: &TestApp) {
    app.add_policy("cores", |terms| {
        terms.max_machines = None;
        terms.max_cores = Some(10);
    })
    .await;
    let issued = app.issue_under("ada@example.com", "cores").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    // Each has four cores.
    assert_eq!((desktop.activate("one").await.status, desktop.activate("two").await.status), (201, 201));
    let refused = desktop.activate("three").await;
    assert_eq!(
        (refused.status, refused.code(), refused.pointer()),
        (422, "MACHINE_CORE_LIMIT_EXCEEDED", "/data/attributes/cores")
    );
    let me = desktop.get("/v1/me").await;
    assert_eq!(
        (&me.body["data"]["relationships"]["machines"]["meta"]["cores"], attribute(&me, "maxCores")),
        (&json!(8), json!(10))
    );
}

/// The four expiry strategies over HTTP: the code is the same, but what is still allowed differs.
async fn the_expiry_strategy_decides_about_expired_licenses(app: &TestApp) {
    for (strategy, is_valid, may_ask) in [
        (ExpiryStrategy::RestrictAccess, false, true),
        (ExpiryStrategy::RevokeAccess, false, false),
        (ExpiryStrategy::MaintainAccess, true, true),
        (ExpiryStrategy::AllowAccess, true, true),
    ] {
        let name = strategy.as_str().to_ascii_lowercase();
        app.add_policy(&name, |terms| {
            terms.duration = Some(DAY);
            terms.expiry_strategy = strategy;
        })
        .await;
        let issued = app.issue_under("ada@example.com", &name).await;
        let desktop = app.desktop(Some(issued.key.expose()));
        desktop.activate("one").await;
        app.kit.clock.advance(DAY);
        let body = json!({ "meta": { "key": issued.key.expose(), "scope": { "fingerprint": "one" } } });
        let answer = app.desktop(None).post("/v1/licenses/actions/validate-key", body).await;
        assert_eq!(
            (&answer.body["meta"]["valid"], &answer.body["meta"]["code"]),
            (&json!(is_valid), &json!("EXPIRED")),
            "{name}"
        );
        let status = desktop.get("/v1/me").await.status;
        assert_eq!(status, if may_ask { 200 } else { 403 }, "{name}");
    }
}
