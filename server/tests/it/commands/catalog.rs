//! Changes of the catalog: a change that would make licenses invalid is refused, and the refusal names the field.

use std::time::Duration;

use latchkey_licensing::{
    ids::LicenseId,
    policy::{ExpiryStrategy, HeartbeatCull, HeartbeatResurrection, OverageStrategy, Policy},
};
use latchkey_service::{CatalogError, CatalogObstacle, HumanDuration, LicenseChange, Notify, Operator, PolicyEntry};
use reqwest::Method;

use crate::support::app::{TestApp, with_app};
use latchkey_testkit::on_both;

const DAY: Duration = Duration::from_hours(24);

/// A change of a policy, and its effect on a license that is in use.
struct Case {
    name: &'static str,
    /// The existing policy.
    policy: fn(&mut Policy),
    /// An individual machine limit of the license.
    own_limit: Option<u32>,
    /// How many machines the license is active on.
    machines: u32,
    /// How long the license has been in use.
    age: Duration,
    /// The change in the file.
    change: fn(&mut PolicyEntry),
    /// The field in the refusal. `None` if no license becomes invalid.
    refused: Option<&'static str>,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            name: "",
            policy: |_| {},
            own_limit: None,
            machines: 1,
            age: Duration::ZERO,
            change: |_| {},
            refused: None,
        }
    }
}

fn cases() -> Vec<Case> {
    let beating: fn(&mut Policy) = |policy| {
        policy.requires_heartbeat = true;
        policy.heartbeat_window = Duration::from_hours(1);
        policy.cull = HeartbeatCull::KeepDead;
        policy.resurrection = HeartbeatResurrection::AlwaysRevive;
    };
    let usual = Case::default;
    vec![
        Case {
            name: "limit",
            machines: 2,
            change: |e| e.max_machines = Some(1),
            refused: Some("max_machines"),
            ..usual()
        },
        Case { name: "limit-unused", change: |e| e.max_machines = Some(1), ..usual() },
        Case { name: "limit-own", machines: 2, own_limit: Some(2), change: |e| e.max_machines = Some(1), ..usual() },
        Case {
            name: "limit-uncounted",
            machines: 2,
            policy: |policy| policy.is_strict = false,
            change: |e| e.max_machines = Some(1),
            ..usual()
        },
        Case {
            name: "overage",
            machines: 4,
            own_limit: Some(2),
            policy: |policy| policy.overage_strategy = OverageStrategy::Allow2x,
            change: |e| e.overage_strategy = OverageStrategy::NoOverage,
            refused: Some("overage_strategy"),
            ..usual()
        },
        // Each machine has four cores.
        Case { name: "cores", machines: 2, change: |e| e.max_cores = Some(7), refused: Some("max_cores"), ..usual() },
        Case { name: "cores-enough", machines: 2, change: |e| e.max_cores = Some(8), ..usual() },
        Case {
            name: "strict",
            machines: 0,
            policy: |policy| policy.is_strict = false,
            change: |e| e.strict = true,
            refused: Some("strict"),
            ..usual()
        },
        Case {
            name: "expiry",
            age: DAY * 2,
            policy: |policy| policy.duration = Some(DAY),
            change: |e| e.expiry_strategy = ExpiryStrategy::RestrictAccess,
            refused: Some("expiry_strategy"),
            ..usual()
        },
        Case {
            name: "check-in",
            age: DAY * 2,
            policy: |policy| policy.check_in_interval = Some(DAY * 30),
            change: |e| e.check_in = Some(HumanDuration(DAY)),
            refused: Some("check_in"),
            ..usual()
        },
        Case {
            name: "check-in-begins",
            change: |e| e.check_in = Some(HumanDuration(DAY)),
            refused: Some("check_in"),
            ..usual()
        },
        Case {
            name: "window",
            age: Duration::from_mins(30),
            policy: beating,
            change: |e| e.heartbeat.window = HumanDuration(Duration::from_mins(10)),
            refused: Some("heartbeat"),
            ..usual()
        },
        Case {
            name: "cull-lost",
            age: DAY,
            policy: |policy| {
                policy.requires_heartbeat = true;
                policy.cull = HeartbeatCull::KeepDead;
                policy.resurrection = HeartbeatResurrection::NoRevive;
            },
            change: |e| e.heartbeat.cull = HeartbeatCull::DeactivateDead,
            ..usual()
        },
        Case { name: "entitlement", change: |e| e.entitlements.clear(), refused: Some("entitlements"), ..usual() },
        Case { name: "name", change: |e| "Another name".clone_into(&mut e.name), ..usual() },
    ]
}

async fn set_up(app: &TestApp, case: &Case) -> LicenseId {
    let policy = app.add_policy(case.name, case.policy).await;
    let mut tx = app.service().store().write().await.expect("a transaction");
    let given = tx.list_all_entitlements().await.expect("read").remove(0);
    tx.add_policy_entitlement(policy.id, given.id).await.expect("given");
    tx.commit().await.expect("committed");
    let issued = app.issue_under("ada@example.com", case.name).await;
    let id = issued.view.license.id;
    if let Some(limit) = case.own_limit {
        let change = LicenseChange { max_machines: Some(Some(limit)), ..LicenseChange::default() };
        app.service().admin(Operator::Host).change_license(id, change).await.expect("changed");
    }
    let desktop = app.desktop(Some(issued.key.expose()));
    for number in 0..case.machines {
        assert_eq!(desktop.activate(&format!("m{number}")).await.status, 201, "{}", case.name);
        desktop.send(Method::POST, &format!("/v1/machines/m{number}/actions/ping"), None).await;
    }
    app.kit.clock.advance(case.age);
    id
}

on_both!(
    with_app: changes_that_make_licenses_invalid_are_refused,
    a_new_license_does_not_invalidate_a_plan,
    granted_entitlements_are_recorded,
);

async fn changes_that_make_licenses_invalid_are_refused(app: &TestApp) {
    let admin = app.service().admin(Operator::Host);
    for case in cases() {
        let id = set_up(app, &case).await;
        let (mut file, _) = admin.catalog().await.expect("read");
        let entry = file.policies.iter_mut().find(|entry| entry.code == case.name).expect("the policy");
        (case.change)(entry);
        let planned = admin.plan_catalog(&file).await;
        assert_eq!(planned.is_err(), case.refused.is_some(), "{}: {planned:?}", case.name);
        match (planned, case.refused) {
            (Ok(plan), _) => {
                admin.apply_catalog(&file, &plan, &Operator::Host.fresh()).await.expect("applied");
                let again = admin.plan_catalog(&file).await.expect("planned");
                assert!(again.steps.is_empty(), "{}: {again:?}", case.name);
            }
            (Err(error), field) => {
                let field = field.expect("a field");
                let said = error.to_string();
                assert!(said.starts_with(&format!("policies.{}.{field}", case.name)), "{}: {said}", case.name);
                // The commands add what to do about it.
                let names_it = match &error {
                    CatalogError::Obstacle(CatalogObstacle::WouldInvalidate { found, .. }) => found.examples == [id],
                    CatalogError::Obstacle(CatalogObstacle::NewRequirement { .. }) => true,
                    _ => false,
                };
                assert!(names_it, "{said}");
                // Revoked licenses do not prevent a change.
                admin.revoke_license(id, Notify::Nobody).await.expect("revoked");
                if case.name != "check-in-begins" {
                    admin.plan_catalog(&file).await.expect("no license becomes invalid");
                }
            }
        }
    }
}

/// Licenses can be issued between planning and applying.
async fn a_new_license_does_not_invalidate_a_plan(app: &TestApp) {
    let admin = app.service().admin(Operator::Host);
    app.issue("ada@example.com").await;
    let (mut file, _) = admin.catalog().await.expect("read");
    "Another name".clone_into(&mut file.policies[0].name);
    let plan = admin.plan_catalog(&file).await.expect("planned");
    app.issue("bob@example.com").await;
    admin.apply_catalog(&file, &plan, &Operator::Host.fresh()).await.expect("applied");
    // A different change is a different plan.
    "A third name".clone_into(&mut file.policies[0].name);
    let refusal = admin.apply_catalog(&file, &plan, &Operator::Host.fresh()).await.expect_err("refused");
    assert!(refusal.to_string().contains("plan again"), "{refusal}");
}

/// The audit log records granted and removed entitlements, and nothing if nothing changed.
async fn granted_entitlements_are_recorded(app: &TestApp) {
    app.add_entitlement("EXTRA").await;
    let admin = app.service().admin(Operator::Host);
    let id = app.issue("ada@example.com").await.view.license.id;
    let give = LicenseChange { add_entitlements: vec!["EXTRA".to_owned()], ..LicenseChange::default() };
    for _ in 0..2 {
        admin.change_license(id, give.clone()).await.expect("given");
    }
    let mut reader = app.service().store().read().await.expect("a reader");
    let rows = reader.list_audit_of("license", &id.to_string(), 10).await.expect("read");
    let details: Vec<_> = rows.iter().filter(|row| row.verb == "license.changed").map(|row| &row.detail).collect();
    assert_eq!(details, [r#"{"entitlements_added":["EXTRA"]}"#]);
}
