//! The first page of the portal and the order of the list of licenses.

use std::time::Duration;

use latchkey_licensing::{
    ids::MachineId,
    machine::{Fingerprint, Machine, MachineFacts},
    policy::{ExpiryBasis, Policy},
};
use latchkey_service::{IssuedLicense, LicenseChange, Notify, Operator};
use latchkey_testkit::{Backend, on_both};
use reqwest::StatusCode;

use crate::support::app::{Browser, TestApp, run, with_app};

const DAY: Duration = Duration::from_hours(24);

async fn page(browser: &Browser<'_>, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.expect("a page")
}

/// What readers see of a page, with single spaces.
fn text(page: &str) -> String {
    let main = page.split_once("<main").map_or(page, |(_, main)| main);
    let main = main.split_once("</main>").map_or(main, |(main, _)| main);
    let mut text = String::new();
    for part in main.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn trial(policy: &mut Policy) {
    policy.duration = Some(DAY * 14);
    policy.expiry_basis = ExpiryBasis::FromFirstActivation;
    policy.max_machines = Some(3);
}

on_both!(
    with_app: the_end_of_a_license_is_a_date,
    the_first_page_is_short_for_any_number_of_computers,
    more_than_three_licenses_are_a_table,
    licenses_that_have_ended_come_last,
    recent_activity_is_that_of_the_owner,
    what_a_license_includes_is_shown,
);

/// A trial that has not begun does not claim to be perpetual, and an expired one does not invite anyone to use it.
async fn the_end_of_a_license_is_a_date(app: &TestApp) {
    app.add_policy("trial", trial).await;
    let issued = app.issue_under("ada@example.com", "trial").await;
    let path = format!("/portal/licenses/{}", issued.view.license.id);
    let ada = app.customer("ada@example.com").await;
    for path in ["/portal", &path, "/portal/licenses"] {
        let shown = text(&page(&ada, path).await);
        assert!(shown.contains("14 days from first use") && !shown.contains("Never"), "{path}: {shown}");
    }
    let shown = text(&page(&ada, "/portal").await);
    assert!(shown.contains("3 places free") && shown.contains("Next: enter your key in the app"), "{shown}");

    assert_eq!(app.desktop(Some(issued.key.expose())).activate("one").await.status, 201);
    let ends = app.service().now().plus(DAY * 14).human_date();
    for path in ["/portal", &path] {
        let shown = text(&page(&ada, path).await);
        assert!(
            shown.contains(&format!("Ends {ends}, 14 days left")) && shown.contains("2 places free"),
            "{path}: {shown}"
        );
    }

    app.kit.clock.advance(DAY * 15);
    let ada = app.customer("ada@example.com").await;
    for path in ["/portal", &path] {
        let shown = text(&page(&ada, path).await);
        assert!(shown.contains(&format!("Ended {ends}")), "{path}: {shown}");
        assert!(!shown.contains("places free") && !shown.contains("Enter your key in the app"), "{path}: {shown}");
    }

    app.issue("eve@example.com").await;
    let eve = app.customer("eve@example.com").await;
    assert!(text(&page(&eve, "/portal").await).contains("Never ends"));
}

async fn add_computers(app: &TestApp, issued: &IssuedLicense, count: u8) {
    let now = app.service().now();
    let mut tx = app.service().store().write().await.expect("a transaction");
    for slot in 1..=count {
        let machine = Machine {
            id: MachineId::new(now, [slot; 10]),
            license: issued.view.license.id,
            slot: u32::from(slot),
            fingerprint: Fingerprint::parse(&format!("pc-{slot}")).expect("a fingerprint"),
            facts: MachineFacts { name: Some(format!("Desk {slot}")), ..MachineFacts::default() },
            metadata: "{}".to_owned(),
            last_heartbeat_at: None,
            is_resurrected: false,
            last_check_out_at: None,
            last_seen_at: now,
            created_at: now,
            updated_at: now,
        };
        tx.insert_machine(&machine, &[slot; 32]).await.expect("inserted");
    }
    tx.commit().await.expect("committed");
}

async fn the_first_page_is_short_for_any_number_of_computers(app: &TestApp) {
    app.add_policy("site", |policy| policy.max_machines = Some(100)).await;
    let issued = app.issue_under("ada@example.com", "site").await;
    add_computers(app, &issued, 60).await;
    let ada = app.customer("ada@example.com").await;
    let first = page(&ada, "/portal").await;
    let shown = text(&first);
    for part in ["60 of 100 computers in use", "Desk 3", "40 places free", "Show all 60 computers"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!first.contains("Desk 4"), "{shown}");
    assert!(first.contains(&format!("href=\"/portal/licenses/{}#computers\"", issued.view.license.id)), "{first}");
    assert!(first.len() < 40_000, "{} bytes", first.len());
}

async fn more_than_three_licenses_are_a_table(app: &TestApp) {
    for _ in 0..3 {
        app.issue("ada@example.com").await;
    }
    let ada = app.customer("ada@example.com").await;
    let rows = |page: &str| page.matches("class=\"row-link\"").count();
    let few = page(&ada, "/portal").await;
    assert_eq!((few.matches("<article").count(), rows(&few)), (3, 0), "{few}");
    for _ in 0..37 {
        app.issue("ada@example.com").await;
    }
    let many = page(&ada, "/portal").await;
    assert_eq!((many.matches("<article").count(), rows(&many)), (0, 10), "{many}");
    assert!(many.contains("See all licenses") && many.contains("role=\"search\""), "{many}");
    assert!(many.len() < 40_000, "{} bytes", many.len());
    let list = page(&ada, "/portal/licenses").await;
    assert!(rows(&list) == 25 && list.contains("0 of 2") && list.contains("Never ends"), "{list}");
}

async fn licenses_that_have_ended_come_last(app: &TestApp) {
    let admin = app.service().admin(Operator::Host);
    let mut issued = Vec::new();
    for _ in 0..30 {
        issued.push(app.issue("ada@example.com").await);
    }
    issued.sort_by_key(|issued| issued.view.license.id);
    let now = app.service().now();
    let id = |at: usize| issued[at].view.license.id;
    for at in [0, 2] {
        admin.revoke_license(id(at), Notify::Nobody).await.expect("revoked");
    }
    for (at, expiry) in [(1, now.plus(DAY)), (3, now.plus(DAY * 90))] {
        let change = LicenseChange { expiry: Some(Some(expiry)), ..LicenseChange::default() };
        admin.change_license(id(at), change).await.expect("changed");
    }
    app.kit.clock.advance(DAY * 2);
    let ada = app.customer("ada@example.com").await;
    let listed = |page: &str| -> Vec<String> {
        let rows = page.split("<th scope=\"row\"><a href=\"/portal/licenses/").skip(1);
        rows.filter_map(|row| row.split('"').next()).map(str::to_owned).collect()
    };
    let first = page(&ada, "/portal/licenses").await;
    let next = first.split("href=\"/portal/licenses?").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let second = page(&ada, &format!("/portal/licenses?{next}")).await;
    let order = (3..30).chain([0, 1, 2]).map(|at| id(at).to_string());
    let found: Vec<String> = listed(&first).into_iter().chain(listed(&second)).collect();
    assert_eq!(found, order.collect::<Vec<_>>());
    // The page after one that has ended.
    let last = page(&ada, &format!("/portal/licenses?after={}", id(1))).await;
    assert_eq!(listed(&last), [id(2).to_string()]);
}

/// What happened before a license came to its owner is not shown, nor is the history if the policy hides it.
async fn recent_activity_is_that_of_the_owner(app: &TestApp) {
    let issued = app.issue("eve@example.com").await;
    let id = issued.view.license.id;
    let desktop = app.desktop(Some(issued.key.expose()));
    assert_eq!(desktop.activate("before").await.status, 201);
    app.kit.clock.advance(DAY);
    let owner = latchkey_licensing::email::EmailAddress::parse("ada@example.com").ok();
    app.issue("ada@example.com").await;
    let change = LicenseChange { owner, ..LicenseChange::default() };
    app.service().admin(Operator::Host).change_license(id, change).await.expect("moved");
    app.kit.clock.advance(DAY);
    assert_eq!(desktop.activate("after").await.status, 201);
    let ada = app.customer("ada@example.com").await;
    let shown = text(&page(&ada, "/portal").await);
    let (_, activity) = shown.split_once("Recent activity").expect("activity");
    assert!(activity.contains("PC after activated") && !activity.contains("PC before activated"), "{activity}");

    app.add_policy("quiet", |policy| policy.customer_sees_history = false).await;
    app.issue_under("bob@example.com", "quiet").await;
    let bob = app.customer("bob@example.com").await;
    assert!(!text(&page(&bob, "/portal").await).contains("Recent activity"));
}

async fn what_a_license_includes_is_shown(app: &TestApp) {
    app.add_entitlement("PRO").await;
    let issued = app.issue("ada@example.com").await;
    let change = LicenseChange { add_entitlements: vec!["PRO".to_owned()], ..LicenseChange::default() };
    app.service().admin(Operator::Host).change_license(issued.view.license.id, change).await.expect("changed");
    let ada = app.customer("ada@example.com").await;
    for path in ["/portal", &format!("/portal/licenses/{}", issued.view.license.id)] {
        let shown = text(&page(&ada, path).await);
        let names = shown.split_once("Includes ").and_then(|(_, rest)| rest.split_once('.')).map(|(names, _)| names);
        assert!(names.is_some_and(|names| names.split(", ").any(|name| name == "Extra")), "{path}: {shown}");
    }
}

/// The account menu has the address and signs out, and the way to help names the license.
#[test]
fn pages_say_who_is_signed_in_and_where_help_is() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.brand.support = Some("help@acme.example".to_owned());
            settings.brand.download_url = Some("https://acme.example/download".to_owned());
        })
        .await;
        let issued = app.issue("ada@example.com").await;
        let id = issued.view.license.id;
        let ada = app.customer("ada@example.com").await;
        let shown = page(&ada, "/portal/account").await;
        let menu = shown.split("account-menu").nth(1).and_then(|rest| rest.split("</details>").next()).expect("a menu");
        for part in ["ada@example.com", "action=\"/fn/sign_out\"", "name=\"theme\""] {
            assert!(menu.contains(part), "{part}: {menu}");
        }
        assert_eq!(shown.matches("action=\"/fn/sign_out\"").count(), 1, "{shown}");
        let about = format!(
            "mailto:help@acme.example?subject=ChartGPT%2C%20license%20key%20ending%20in%20{}",
            issued.key.tail()
        );
        for path in ["/portal", &format!("/portal/licenses/{id}")] {
            let shown = page(&ada, path).await;
            assert!(shown.contains(&about), "{about} on {path}: {shown}");
            assert!(shown.contains("href=\"https://acme.example/download\""), "{path}: {shown}");
        }
        // The message about what is wrong has the same link.
        app.service().admin(Operator::Host).suspend_license(id, Notify::Nobody).await.expect("suspended");
        let shown = page(&ada, &format!("/portal/licenses/{id}")).await;
        let notice = shown.split("class=\"notice").nth(1).and_then(|rest| rest.split("</p>").next()).expect("a notice");
        assert!(notice.contains("suspended since") && notice.contains(&about), "{notice}");
        assert!(!shown.contains("href=\"https://acme.example/download\""), "{shown}");
        let empty = page(&app.customer("grace@example.com").await, "/portal").await;
        assert!(empty.contains("No licenses yet") && empty.contains("grace@example.com"), "{empty}");
    });
}
