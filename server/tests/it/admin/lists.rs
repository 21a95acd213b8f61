//! The lists of the admin portal: acts on many records, exports and saved views.

use std::time::Duration;

use latchkey_licensing::{account::Role, license::Standing};
use latchkey_service::{IssuedLicense, Operator};
use latchkey_testkit::on_both;
use reqwest::{StatusCode, header};

use crate::{
    admin::{
        staff,
        support::{hidden, mails, newest, page},
    },
    support::app::{Browser, TestApp, location, with_app},
};

on_both!(with_app:
    licenses_are_suspended_together,
    licenses_are_revoked_together_only_with_their_number,
    all_that_match_are_chosen,
    support_mails_keys_and_nothing_else,
    licenses_are_issued_for_a_list_of_addresses,
    wh_23_a_list_is_exported_with_its_filters,
    su_07_an_export_needs_a_recent_second_factor,
    a_big_list_is_exported_part_by_part,
    few_lists_are_exported_at_the_same_time,
    su_07_acts_on_many_licenses_need_a_recent_second_factor,
    a_list_that_is_too_long_is_given_back,
    a_view_is_saved_for_its_owner_and_removed,
    a_list_page_reads_the_catalog_once
);

const REASON: (&str, &str) = ("reason", "support_case");

async fn standing(app: &TestApp, issued: &IssuedLicense) -> Standing {
    let host = app.service().admin(Operator::Host);
    let found = host.license(issued.view.license.id, &Operator::Host.fresh()).await.expect("there");
    found.view.license.standing
}

async fn three(app: &TestApp) -> [IssuedLicense; 3] {
    [app.issue("ada@example.com").await, app.issue("bob@example.com").await, app.issue("eve@example.com").await]
}

fn ids(issued: &[IssuedLicense]) -> Vec<String> {
    issued.iter().map(|one| one.view.license.id.to_string()).collect()
}

fn query(ids: &[String]) -> String {
    ids.iter().map(|id| format!("id={id}")).collect::<Vec<_>>().join("&")
}

/// The fields of the plan in a page.
fn plan(page: &str) -> [(&'static str, String); 2] {
    ["plan", "plan_id"].map(|name| (name, hidden(page, name).unwrap_or_else(|| panic!("{name} is missing: {page}"))))
}

/// Sends the form of a plan for these ids.
async fn send(
    browser: &Browser<'_>,
    path: &str,
    ids: &[String],
    plan: &[(&'static str, String)],
    fields: &[(&str, &str)],
) -> (StatusCode, String) {
    let mut all: Vec<(&str, &str)> = ids.iter().map(|id| ("id", id.as_str())).collect();
    all.extend(plan.iter().map(|(name, value)| (*name, value.as_str())));
    all.extend(fields);
    let answer = browser.submit(path, &all).await;
    (answer.status(), answer.text().await.expect("a page"))
}

async fn licenses_are_suspended_together(app: &TestApp) {
    let issued = three(app).await;
    let host = app.service().admin(Operator::Host);
    host.revoke_license(issued[2].view.license.id, latchkey_service::Notify::Nobody).await.expect("revoked");
    let browser = staff(app, Role::Admin).await;
    let list = page(&browser, "/admin/licenses").await;
    for shown in ["name=\"id\"", "formaction=\"/admin/bulk/licenses/suspend\"", "Issue licenses", "Export"] {
        assert!(list.contains(shown), "{shown} is missing: {list}");
    }
    let (path, ids) = ("/admin/bulk/licenses/suspend", ids(&issued));
    let shown = page(&browser, &format!("{path}?{}", query(&ids))).await;
    for text in
        ["Suspend 2 licenses?", "2 licenses will be suspended", "1 license refused", "stays revoked", "bob@example.com"]
    {
        assert!(shown.contains(text), "{text} is missing: {shown}");
    }
    assert!(shown.contains("2 customers get the mail") && shown.contains("License suspended"), "{shown}");
    assert_eq!(standing(app, &issued[0]).await, Standing::Good, "a plan changes nothing");

    // A mistake keeps what was entered.
    let plan_of = plan(&shown);
    let (status, again) = send(&browser, path, &ids, &plan_of, &[("note", "<b>why</b>"), ("no_mail", "on")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.contains("Choose a reason.") && again.contains("&lt;b&gt;why"), "{again}");

    // Somebody else was faster, so the plan is shown again.
    app.kit.clock.advance(Duration::from_secs(1));
    host.suspend_license(issued[0].view.license.id, latchkey_service::Notify::Nobody).await.expect("suspended");
    let (status, again) = send(&browser, path, &ids, &plan_of, &[REASON, ("note", "leaked")]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(again.contains("changed while the page was open") && again.contains("Suspend 1 license?"), "{again}");
    assert!(again.contains("value=\"leaked\""), "{again}");
    assert_eq!(standing(app, &issued[1]).await, Standing::Good);

    let (status, report) = send(&browser, path, &ids, &plan(&again), &[REASON, ("note", "leaked")]).await;
    assert_eq!(status, StatusCode::OK);
    for text in ["1 license suspended", "1 license refused", "1 license suspended already", "bob@example.com"] {
        assert!(report.contains(text), "{text} is missing: {report}");
    }
    let id = &ids[1];
    assert!(report.contains(&format!("href=\"/admin/licenses/{id}\"")), "{report}");
    assert!(matches!(standing(app, &issued[1]).await, Standing::Suspended(_)));
    let reason = Some(("support_case".to_owned(), "leaked".to_owned()));
    assert_eq!(newest(app, "license", id).await, ("license.suspended".to_owned(), "admin".to_owned(), reason));
    assert_eq!(mails(app, "bob@example.com").await, ["suspended"]);
    // Sending the form again does nothing: the licenses have changed.
    let (status, _) = send(&browser, path, &ids, &plan(&again), &[REASON, ("note", "leaked")]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(mails(app, "bob@example.com").await, ["suspended"]);

    let nothing = page(&browser, path).await;
    assert!(nothing.contains("Nothing is selected") && !nothing.contains("name=\"reason\""), "{nothing}");
    let missing = page(&browser, &format!("{path}?id=0190f3c2-0000-7000-8000-000000000000")).await;
    assert!(missing.contains("There is no such license.") && !missing.contains("name=\"reason\""), "{missing}");
}

async fn licenses_are_revoked_together_only_with_their_number(app: &TestApp) {
    let issued = three(app).await;
    let browser = staff(app, Role::Admin).await;
    let (path, ids) = ("/admin/bulk/licenses/revoke", ids(&issued[..2]));
    let shown = page(&browser, &format!("{path}?{}", query(&ids))).await;
    assert!(shown.contains("revoke 2") && shown.contains("cannot be undone"), "{shown}");
    let (status, again) = send(&browser, path, &ids, &plan(&shown), &[REASON, ("phrase", "revoke 3")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.contains("value=\"revoke 3\""), "{again}");
    assert_eq!(standing(app, &issued[0]).await, Standing::Good);
    let (status, _) =
        send(&browser, path, &ids, &plan(&again), &[REASON, ("phrase", "Revoke 2"), ("no_mail", "on")]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(matches!(standing(app, &issued[1]).await, Standing::Revoked(_)));
    assert_eq!(standing(app, &issued[2]).await, Standing::Good);
    assert!(mails(app, "bob@example.com").await.is_empty());
}

async fn all_that_match_are_chosen(app: &TestApp) {
    app.add_policy("yearly", |policy| policy.duration = Some(Duration::from_hours(24 * 365))).await;
    for n in 0..30 {
        app.issue_under(&format!("user{n:02}@example.com"), "yearly").await;
    }
    let other = app.issue("ada@example.com").await;
    let browser = staff(app, Role::Admin).await;
    let list = page(&browser, "/admin/licenses?policy=yearly").await;
    assert!(list.contains("All 30 that match the filters") && list.contains("value=\"policy=yearly\""), "{list}");
    let path = "/admin/bulk/licenses/renew";
    let shown = page(&browser, &format!("{path}?all=on&filter=policy%3Dyearly&id={}", other.view.license.id)).await;
    assert!(shown.contains("Renew 30 licenses?") && !shown.contains("ada@example.com"), "{shown}");
    assert!(shown.contains("href=\"/admin/licenses?policy=yearly\""), "{shown}");
    let filter = [("all", "on"), ("filter", "policy=yearly"), REASON, ("no_mail", "on")];
    app.kit.clock.advance(Duration::from_secs(1));
    let (status, report) = send(&browser, path, &[], &plan(&shown), &filter).await;
    assert_eq!(status, StatusCode::OK);
    assert!(report.contains("30 licenses renewed"), "{report}");
    // A filter that the list does not have is refused by name.
    let wrong = page(&browser, &format!("{path}?all=on&filter=policy%3Dgold")).await;
    assert!(wrong.contains("The filter of the list is not valid"), "{wrong}");
}

async fn support_mails_keys_and_nothing_else(app: &TestApp) {
    let issued = three(app).await;
    let browser = staff(app, Role::Support).await;
    let list = page(&browser, "/admin/licenses").await;
    assert!(list.contains("/admin/bulk/licenses/mail-key") && !list.contains("/admin/bulk/licenses/suspend"), "{list}");
    assert!(!list.contains("Issue licenses") && !list.contains("/admin/export/"), "{list}");
    let ids = ids(&issued[..2]);
    let refused = page_of(&browser, &format!("/admin/bulk/licenses/suspend?{}", query(&ids))).await;
    assert!(refused.0 == StatusCode::FORBIDDEN && refused.1.contains("Only admins may do this"), "{refused:?}");
    let path = "/admin/bulk/licenses/mail-key";
    let shown = page(&browser, &format!("{path}?{}", query(&ids))).await;
    let (status, report) = send(&browser, path, &ids, &plan(&shown), &[REASON]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(report.contains("2 licenses mailed") && !report.contains(issued[0].key.expose()), "{report}");
    assert_eq!(mails(app, "ada@example.com").await, ["license_issued"]);
    let (status, again) = send(&browser, path, &ids, &plan(&shown), &[REASON]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(again.contains("This was done already."), "{again}");
    assert_eq!(mails(app, "ada@example.com").await, ["license_issued"]);
}

async fn page_of(browser: &Browser<'_>, path: &str) -> (StatusCode, String) {
    let answer = browser.get(path).await;
    (answer.status(), answer.text().await.expect("a page"))
}

async fn licenses_are_issued_for_a_list_of_addresses(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = staff(app, Role::Admin).await;
    let path = "/admin/new/licenses";
    let form = page(&browser, path).await;
    assert!(form.contains("name=\"customers\"") && form.contains("chartgpt-lifetime"), "{form}");
    let policy = ("policy", "chartgpt-lifetime");
    let wrong = [policy, ("customers", "ada@example.com\nbob\n<eve>"), ("note", "a sale")];
    let (status, again) = send(&browser, path, &[], &[], &wrong).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in ["Line 2: “bob”", "Line 3: “&lt;eve&gt;”", "ada@example.com\nbob\n&lt;eve>", "value=\"a sale\""]
    {
        assert!(again.contains(text), "{text} is missing: {again}");
    }
    let lines = ("customers", "ada@example.com\nEve@Example.com, Eve\neve@example.com");
    let (status, shown) = send(&browser, path, &[], &[], &[policy, lines, REASON]).await;
    assert_eq!(status, StatusCode::OK);
    for text in [
        "Issue 3 licenses?",
        "1 license for customers who are known",
        "2 licenses for new customers",
        "1 address on several lines",
    ] {
        assert!(shown.contains(text), "{text} is missing: {shown}");
    }
    assert_eq!(mails(app, "eve@example.com").await.len(), 0, "a plan issues nothing");
    // A list that was edited after the plan is planned again.
    let other = ("customers", "ada@example.com");
    let (_, edited) = send(&browser, path, &[], &plan(&shown), &[policy, other, REASON]).await;
    assert!(edited.contains("Issue 1 license?"), "{edited}");
    let (status, again) = send(&browser, path, &[], &plan(&shown), &[policy, lines]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.contains("Choose a reason."), "{again}");
    let (status, report) = send(&browser, path, &[], &plan(&again), &[policy, lines, REASON]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(report.contains("3 licenses issued") && report.contains("href=\"/admin/licenses/0"), "{report}");
    assert_eq!(mails(app, "eve@example.com").await, ["license_issued", "license_issued"]);
    let (status, _) = send(&browser, path, &[], &plan(&again), &[policy, lines, REASON]).await;
    assert_eq!(status, StatusCode::OK, "Eve has an account now, so it is planned again");
    assert_eq!(mails(app, "eve@example.com").await.len(), 2, "nothing is issued twice");
}

/// The page that asks, and the file.
async fn export(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
    let shown = page(browser, path).await;
    assert!(shown.contains("Download CSV"), "{shown}");
    let answer = browser.submit(path.split('?').next().expect("a path"), fields).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer
}

async fn wh_23_a_list_is_exported_with_its_filters(app: &TestApp) {
    let issued = three(app).await;
    let host = app.service().admin(Operator::Host);
    host.suspend_license(issued[1].view.license.id, latchkey_service::Notify::Nobody).await.expect("suspended");
    let evil = latchkey_licensing::email::EmailAddress::parse("mal@example.com").expect("an address");
    host.add_customer(&evil, Some("=1+1".to_owned())).await.expect("added");
    let browser = staff(app, Role::Admin).await;
    let list = page(&browser, "/admin/licenses?status=suspended").await;
    let link = "/admin/export/licenses?all=on&amp;filter=status%3Dsuspended";
    assert!(list.contains(link), "{list}");
    let path = link.replace("&amp;", "&");
    let answer = export(&browser, &path, &[("all", "on"), ("filter", "status=suspended")]).await;
    let named = answer.headers()[header::CONTENT_DISPOSITION].to_str().expect("text").to_owned();
    assert!(named.starts_with("attachment; filename=\"licenses-20") && named.ends_with(".csv\""), "{named}");
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let file = answer.text().await.expect("a file");
    assert!(file.contains("bob@example.com") && !file.contains("ada@example.com"), "{file}");
    assert_eq!(file.matches("\r\n").count(), 2, "{file}");
    assert_eq!(newest(app, "list", "licenses").await.0, "list.exported");
    assert_eq!(newest(app, "list", "licenses").await.1, "admin");
    // Chosen rows.
    let id = issued[2].view.license.id.to_string();
    let answer = export(&browser, &format!("/admin/export/licenses?id={id}"), &[("id", &id)]).await;
    let file = answer.text().await.expect("a file");
    assert!(file.contains("eve@example.com") && file.matches("\r\n").count() == 2, "{file}");
    for list in ["customers", "licenses", "machines", "activations", "orders", "events", "mails", "audit"] {
        let answer = export(&browser, &format!("/admin/export/{list}?all=on"), &[("all", "on")]).await;
        let file = answer.text().await.expect("a file");
        assert!(file.starts_with('\u{feff}'), "{list}: {file}");
        assert!(list != "customers" || file.contains(",'=1+1,"), "{file}");
    }
    let wrong = page(&browser, "/admin/export/licenses?all=on&filter=status%3Dgone").await;
    assert!(wrong.contains("The filter of the list is not valid"), "{wrong}");
    // Nothing was chosen.
    let answer = browser.submit("/admin/export/licenses", &[("filter", "status=suspended")]).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    assert_eq!(browser.get("/admin/export/nothing").await.status(), StatusCode::NOT_FOUND);
}

/// SU-07.
async fn su_07_an_export_needs_a_recent_second_factor(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = staff(app, Role::Admin).await;
    app.kit.clock.advance(Duration::from_secs(299));
    let path = "/admin/export/licenses?all=on&filter=q%3Da%2526b";
    assert!(page(&browser, path).await.contains("Download CSV"));
    app.kit.clock.advance(Duration::from_secs(1));
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let to = location(&answer).to_owned();
    let wanted = "/login/confirm?next=/admin/export/licenses%3Fall%3Don%26filter%3Dq%253Da%252526b";
    assert_eq!(to, wanted, "the filters survive");
    let answer = browser.submit("/admin/export/licenses", &[("all", "on")]).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let again = answer.text().await.expect("a page");
    assert!(again.contains("needs your passkey again") && !again.contains("ada@example.com"), "{again}");
    let support = staff(app, Role::Support).await;
    assert_eq!(support.get(path).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(support.submit("/admin/export/licenses", &[("all", "on")]).await.status(), StatusCode::FORBIDDEN);
}

/// Each export keeps a connection to the database for as long as the browser takes.
async fn few_lists_are_exported_at_the_same_time(app: &TestApp) {
    app.issue("ada@example.com").await;
    let host = app.service().admin(Operator::Host);
    let fresh = Operator::Host.fresh();
    let mut running = Vec::new();
    for _ in 0..latchkey_service::MAX_EXPORTS {
        running.push(host.export_list::<latchkey_service::Licenses>(&[], &[], &fresh).await.expect("begun"));
    }
    let browser = staff(app, Role::Admin).await;
    let before = crate::admin::support::audits(app, "list", "licenses").await.len();
    let answer = browser.submit("/admin/export/licenses", &[("all", "on")]).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let seconds = answer.headers()[header::RETRY_AFTER].to_str().expect("text").parse::<u32>();
    assert!(seconds.is_ok_and(|seconds| (1..=60).contains(&seconds)));
    let refused = answer.text().await.expect("a page");
    assert!(refused.contains("4 exports are being downloaded") && refused.contains("Download CSV"), "{refused}");
    assert_eq!(crate::admin::support::audits(app, "list", "licenses").await.len(), before, "nothing was exported");
    // Pages are read meanwhile, and a place is free when an export ends.
    page(&browser, "/admin/licenses").await;
    running.pop();
    export(&browser, "/admin/export/licenses?all=on", &[("all", "on")]).await;
}

/// SU-07. What was entered and selected is kept.
async fn su_07_acts_on_many_licenses_need_a_recent_second_factor(app: &TestApp) {
    let issued = three(app).await;
    let (path, ids) = ("/admin/bulk/licenses/suspend", ids(&issued));
    let browser = staff(app, Role::Admin).await;
    let shown = page(&browser, &format!("{path}?{}", query(&ids))).await;
    let new = "/admin/new/licenses";
    let list = [("policy", "chartgpt-lifetime"), ("customers", "new@example.com")];
    let (_, planned) = send(&browser, new, &[], &[], &[list[0], list[1], REASON]).await;
    app.kit.clock.advance(Duration::from_secs(301));
    let (status, late) = send(&browser, path, &ids, &plan(&shown), &[REASON, ("note", "leaked")]).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(late.contains("needs your passkey again") && late.contains("value=\"leaked\""), "{late}");
    assert!(ids.iter().all(|id| late.contains(id.as_str())), "{late}");
    assert_eq!(standing(app, &issued[0]).await, Standing::Good);
    let answer = browser.get(&format!("{path}?{}", query(&ids[..1]))).await;
    assert_eq!(location(&answer), format!("/login/confirm?next={path}%3Fid%3D{}", ids[0]));
    let (status, late) = send(&browser, new, &[], &plan(&planned), &[list[0], list[1], REASON]).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(late.contains("needs your passkey again") && late.contains("new@example.com"), "{late}");
    // Keys go to their owners only.
    let mail = "/admin/bulk/licenses/mail-key";
    let shown = page(&browser, &format!("{mail}?{}", query(&ids))).await;
    assert_eq!(send(&browser, mail, &ids, &plan(&shown), &[REASON]).await.0, StatusCode::OK);
}

/// The form says which field is too long, and how long it may be.
async fn a_list_that_is_too_long_is_given_back(app: &TestApp) {
    let browser = staff(app, Role::Admin).await;
    let path = "/admin/new/licenses";
    let lines =
        |count: usize| (0..count).map(|n| format!("user{n:05}@example.com, Somebody\n")).collect::<Vec<_>>().concat();
    let long = lines(5_000);
    let answer =
        browser.submit(path, &[("policy", "chartgpt-lifetime"), ("customers", &long), ("note", "a sale")]).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let again = answer.text().await.expect("a page");
    let field = again.split("name=\"customers\"").nth(1).expect("the field");
    let own = field.split("</textarea>").next().expect("the field");
    assert!(own.contains("aria-invalid") && own.contains("user04999@example.com, Somebody"), "{}", &own[..300]);
    for said in ["128 KiB", "value=\"a sale\"", "Who gets a license?"] {
        assert!(again.contains(said), "{said} is missing");
    }
    // Even a list that no plan would refuse for its number of lines.
    let names = "x".repeat(900);
    let few = (0..200).map(|n| format!("user{n}@example.com, {names}\n")).collect::<Vec<_>>().concat();
    let answer = browser.submit(path, &[("policy", "chartgpt-lifetime"), ("customers", &few)]).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    // What no server would send back stays in the browser.
    let huge = lines(60_000);
    let answer = browser.submit(path, &[("policy", "chartgpt-lifetime"), ("customers", &huge)]).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let page = answer.text().await.expect("a page");
    assert!(page.contains("128 KiB") && page.contains("Go back with your browser"), "{page}");
}

/// Writers do not wait for a browser that takes its time.
async fn a_big_list_is_exported_part_by_part(app: &TestApp) {
    let wanted: Vec<_> = (0..1_600)
        .map(|n| latchkey_service::NewLicense {
            email: latchkey_licensing::email::EmailAddress::parse(&format!("user{n:04}@example.com"))
                .expect("an address"),
            name: Some("x".repeat(90)),
            policy: "chartgpt-lifetime".to_owned(),
        })
        .collect();
    let host = app.service().admin(Operator::Host);
    let version = host.plan_issue(&wanted).await.expect("planned").version;
    let approved = latchkey_service::ApprovedPlan { id: host.new_bulk_act().expect("an id"), version };
    host.issue_many(&wanted, &approved, latchkey_service::Notify::Nobody, &Operator::Host.fresh())
        .await
        .expect("issued");
    let browser = staff(app, Role::Admin).await;
    let mut answer = export(&browser, "/admin/export/customers?all=on", &[("all", "on")]).await;
    let first = answer.chunk().await.expect("a part").expect("a part");
    assert!(first.starts_with("\u{feff}id,".as_bytes()));
    // The rest is still being sent.
    app.issue("late@example.com").await;
    let mut file = first.to_vec();
    while let Some(part) = answer.chunk().await.expect("a part") {
        file.extend_from_slice(&part);
    }
    let file = String::from_utf8(file).expect("text");
    // With the admin, but without who came later: all rows belong to the same state.
    assert_eq!(file.matches("\r\n").count(), 1_602);
    assert!(!file.contains("late@example.com"));
}

async fn a_view_is_saved_for_its_owner_and_removed(app: &TestApp) {
    app.issue("ada@example.com").await;
    let (browser, other) = (staff(app, Role::Admin).await, staff(app, Role::Support).await);
    let list = page(&browser, "/admin/licenses?status=active&sort=expiry").await;
    let save = "/admin/views/licenses/save?all=on&amp;filter=status%3Dactive%26sort%3Dexpiry";
    assert!(list.contains(save), "{list}");
    assert!(
        !page(&browser, "/admin/licenses").await.contains("/admin/views/licenses/save"),
        "there is nothing to save"
    );
    assert!(page(&browser, &save.replace("&amp;", "&")).await.contains("Save these filters as a view?"));
    let filter = ("filter", "status=active&sort=expiry");
    let path = "/admin/views/licenses/save";
    let answer = browser.submit(path, &[("name", " "), filter]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let answer = browser.submit(path, &[("name", "Soon <b>over</b>"), filter]).await;
    assert_eq!(
        (answer.status(), location(&answer)),
        (StatusCode::SEE_OTHER, "/admin/licenses?status=active&sort=expiry")
    );
    let shown = page(&browser, "/admin/licenses?sort=expiry&status=active").await;
    assert!(shown.contains("The view “Soon &lt;b&gt;over&lt;/b&gt;” was saved."), "{shown}");
    assert!(shown.contains("aria-current=\"page\" class=\"view-tab\">Soon &lt;b&gt;over"), "the current tab: {shown}");
    assert!(!shown.contains(path), "it is saved already: {shown}");

    // The name is taken, whatever its case, for this list and this person.
    let answer = browser.submit(path, &[("name", "SOON <b>over</b>"), ("filter", "status=revoked")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let again = answer.text().await.expect("a page");
    assert!(again.contains("with this name") && again.contains("value=\"SOON &lt;b&gt;over"), "{again}");
    assert!(again.contains("value=\"status=revoked\""), "{again}");
    for (browser, path) in [(&browser, "/admin/views/customers/save"), (&other, path)] {
        let filters = if path.contains("customers") { "banned=yes" } else { "status=active" };
        let answer = browser.submit(path, &[("name", "Soon <b>over</b>"), ("filter", filters)]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
    }
    // A view that the list does not understand is not saved.
    let answer = browser.submit(path, &[("name", "x"), ("filter", "status=gone")]).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);

    // Nobody else sees it or removes it.
    let remove = shown.split("href=\"").find(|rest| rest.starts_with("/admin/views/licenses/remove")).expect("a link");
    let remove = remove.split('"').next().expect("a link").to_owned();
    let id = remove.split('=').nth(1).expect("an id").to_owned();
    assert_eq!(other.get(&remove).await.status(), StatusCode::NOT_FOUND);
    let answer = other.submit("/admin/views/licenses/remove", &[("view", &id)]).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    // A view of another list is not found, either.
    assert_eq!(browser.get(&remove.replace("licenses", "orders")).await.status(), StatusCode::NOT_FOUND);
    assert!(page(&browser, &remove).await.contains("Remove the view"));
    let answer = browser.submit("/admin/views/licenses/remove", &[("view", &id)]).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/admin/licenses"));
    let shown = page(&browser, "/admin/licenses").await;
    assert!(shown.contains("was removed.") && shown.contains("Undo"), "{shown}");
    assert!(!shown.contains("Soon &lt;b&gt;over&lt;/b&gt;</a>"), "{shown}");
    let undo = shown.split("<form").find(|form| form.contains("Undo")).expect("a form");
    let plain = |text: String| text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let fields = ["name", "filter", "all"].map(|name| (name, plain(hidden(undo, name).expect("a field"))));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = browser.submit(path, &fields).await;
    assert_eq!(
        (answer.status(), location(&answer)),
        (StatusCode::SEE_OTHER, "/admin/licenses?status=active&sort=expiry")
    );
}

/// The number of statements depends neither on the filters nor on the rows.
async fn a_list_page_reads_the_catalog_once(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = staff(app, Role::Admin).await;
    let cost = async |path: &str| {
        page(&browser, path).await;
        let before = app.service().store().counters().statements;
        page(&browser, path).await;
        app.service().store().counters().statements - before
    };
    let plain = cost("/admin/licenses").await;
    assert_eq!(plain, cost("/admin/licenses?policy=chartgpt-lifetime&product=chartgpt&status=active").await);
    assert!(plain <= 7, "{plain} statements: the session, the catalog, the views, the count and the rows");
}
