//! Forms act on the account for which their page was made, and on no other that has since signed in in the same browser.

use latchkey_licensing::account::Role;
use latchkey_testkit::on_both;
use reqwest::{StatusCode, header};

use crate::{
    admin::{
        staff,
        support::{act, audits, page},
    },
    support::app::{Browser, TestApp, location, with_app},
};

on_both!(with_app:
    every_form_that_changes_something_names_its_account,
    forms_of_a_view_change_nothing_after_it_ended,
    forms_change_nothing_after_somebody_else_signed_in
);

/// Functions that need no account: they act on the browser, or on a record that belongs to one account.
const WITHOUT_ACCOUNT: [&str; 3] = ["/fn/choose_theme", "/portal/offline/upload", "/file"];

/// Functions that act on the account that is signed in, with fields that it would accept.
const FUNCTIONS: [(&str, &[(&str, &str)]); 14] = [
    ("/fn/rename", &[("name", "Eve")]),
    ("/fn/end_session", &[("id", ID)]),
    ("/fn/end_all_sessions", &[]),
    ("/fn/sign_out", &[]),
    ("/fn/request_email_change", &[("email", "eve@example.com")]),
    ("/fn/cancel_own_email_change", &[]),
    ("/fn/delete_account", &[("phrase", "x")]),
    ("/fn/start_enrollment", &[]),
    ("/fn/replace_recovery_codes", &[]),
    ("/fn/rename_passkey", &[("id", ID), ("name", "x")]),
    ("/fn/remove_passkey", &[("id", ID)]),
    ("/fn/replace_key", &[("id", ID)]),
    ("/fn/reveal_key", &[("id", ID)]),
    ("/fn/carry_out_request", &[("request", "lk1.x.ABCDEFGH")]),
];

const ID: &str = "0190f3c2-0000-7000-8000-000000000000";

const SAYS: &str = "made for another account";

/// Submits every such form of a page that was made for this account, with and without scripts. All are refused, and nothing
/// is recorded.
async fn all_are_refused(browser: &Browser<'_>, page_of: &str) {
    let app = browser.app;
    let own = browser.account().await.expect("signed in").to_string();
    let before = audits(app, "account", &own).await;
    for (path, fields) in FUNCTIONS {
        for owner in [Some(page_of), None] {
            let owner = owner.unwrap_or_default();
            let fields: Vec<_> = fields.iter().copied().chain([("account", owner)]).collect();
            let mut request = browser.form(path, &fields).await.build().expect("a request");
            request.headers_mut().insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
            let answer = browser.client.execute(request).await.expect("an answer");
            let status = answer.status();
            let text = answer.text().await.expect("a body");
            if owner.is_empty() {
                assert!(!status.is_success(), "{path}: {status}");
            } else {
                assert_eq!((status, text.as_str()), (StatusCode::CONFLICT, "\"OtherAccount\""), "{path}");
            }
        }
    }
    let answer = browser.submit("/fn/rename", &[("name", "Eve"), ("account", page_of)]).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/portal/account"));
    assert!(page(browser, "/portal/account").await.contains(SAYS));
    for fields in [&[("account", page_of)][..], &[("account", "")]] {
        let answer = browser.submit("/portal/account/export", fields).await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/portal/account"));
        assert!(page(browser, "/portal/account").await.contains(SAYS));
    }
    let order = [("price", "chartgpt-lifetime"), ("quantity", "1"), ("account", page_of)];
    let answer = browser.submit("/checkout", &order).await;
    let offer = location(&answer).to_owned();
    assert!(page(browser, &offer).await.contains(SAYS), "{offer}");
    assert_eq!(audits(app, "account", &own).await, before);
    assert!(browser.is_signed_in().await);
}

async fn every_form_that_changes_something_names_its_account(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let (license, owner) = (issued.view.license.id, issued.owner.id.to_string());
    let made = app.desktop(Some(issued.key.expose())).activate("one").await;
    let machine = made.body["data"]["id"].as_str().expect("an id").to_owned();
    let browser = app.customer("ada@example.com").await;
    app.customer("ada@example.com").await;
    let mut forms = 0;
    for path in [
        "/portal".to_owned(),
        "/portal/account".to_owned(),
        "/portal/account/email".to_owned(),
        "/portal/account/delete".to_owned(),
        "/portal/offline".to_owned(),
        format!("/portal/licenses/{license}"),
        format!("/portal/licenses/{license}/new-key"),
        format!("/portal/licenses/{license}/machines/{machine}"),
        format!("/portal/licenses/{license}/machines/{machine}/free"),
    ] {
        let shown = page(&browser, &path).await;
        for form in shown.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next()) {
            let is_free = WITHOUT_ACCOUNT.iter().any(|action| form.contains(&format!("{action}\"")));
            if is_free || !form.contains("method=\"post\"") {
                continue;
            }
            forms += 1;
            assert!(form.contains(&format!("name=\"account\" value=\"{owner}\"")), "{path}: {form}");
        }
    }
    assert!(forms >= 11, "{forms}");
}

async fn forms_of_a_view_change_nothing_after_it_ended(app: &TestApp) {
    let customer = app.issue("ada@example.com").await.owner.id.to_string();
    for role in [Role::Support, Role::Admin] {
        let browser = staff(app, role).await;
        let path = format!("/admin/customers/{customer}/view-portal");
        act(&browser, &path, &[("reason", "support_case")]).await;
        let shown = page(&browser, "/portal/account").await;
        assert!(shown.contains(&format!("name=\"account\" value=\"{customer}\"")), "{shown}");
        browser.submit("/fn/admin/end_portal_view", &[]).await;
        all_are_refused(&browser, &customer).await;
    }
}

async fn forms_change_nothing_after_somebody_else_signed_in(app: &TestApp) {
    let ada = app.issue("ada@example.com").await.owner.id.to_string();
    all_are_refused(&app.customer("bob@example.com").await, &ada).await;
}
