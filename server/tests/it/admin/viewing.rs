//! Staff see the portal as a customer does, and can change nothing there.

use std::time::Duration;

use latchkey_licensing::account::Role;
use latchkey_testkit::on_both;
use reqwest::{Method, StatusCode, header};
use serde_json::Value;

use crate::{
    access_control::{FIELDS, functions},
    admin::{
        staff,
        support::{act, audits, page},
    },
    support::app::{Browser, TestApp, location, with_app},
};

on_both!(with_app:
    staff_see_what_the_customer_sees,
    staff_change_nothing_as_a_customer,
    only_customers_portals_are_seen_and_only_after_the_second_factor
);

/// The functions that staff may call while they see a customer's portal: those that read, those of the browser itself, those
/// with a link from a mail, and signing in and out.
const ALLOWED: [&str; 28] = [
    "/fn/account",
    "/fn/cancel_email_change",
    "/fn/choose_theme",
    "/fn/computer",
    "/fn/confirm_code",
    "/fn/confirm_email_change",
    "/fn/confirm_free_computer",
    "/fn/confirm_host_link",
    "/fn/confirm_link",
    "/fn/downloads",
    "/fn/license",
    "/fn/licenses",
    "/fn/order",
    "/fn/orders",
    "/fn/overview",
    "/fn/read_canceled_order",
    "/fn/read_email_change",
    "/fn/read_offer",
    "/fn/read_placed_order",
    "/fn/read_request",
    "/fn/read_sign_in",
    "/fn/request_sign_in",
    "/fn/second_factor",
    "/fn/sign_in_with_passkey",
    "/fn/sign_out",
    "/fn/start_passkey_sign_in",
    "/fn/waiting_message",
    // It returns to the admin portal.
    "/fn/admin/end_portal_view",
];

/// Opens the portal of the license's owner, as this member of staff. Returns the account's id.
async fn open_portal(browser: &Browser<'_>, email: &str) -> String {
    let app = browser.app;
    let email = latchkey_licensing::email::EmailAddress::parse(email).expect("an address");
    let admin = app.service().admin(latchkey_service::Operator::Host);
    let (account, _) = admin.add_customer(&email, None).await.expect("there");
    let path = format!("/admin/customers/{}/view-portal", account.id);
    let answer = act(browser, &path, &[("reason", "support_case"), ("note", "cannot find the key")]).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/portal"));
    account.id.to_string()
}

async fn staff_see_what_the_customer_sees(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    app.issue("bob@example.com").await;
    let license = issued.view.license.id;
    for role in [Role::Support, Role::Admin] {
        let browser = staff(app, role).await;
        let account = open_portal(&browser, "ada@example.com").await;
        let tail = &issued.view.license.key_tail;
        for path in ["/portal".to_owned(), "/portal/licenses".to_owned(), format!("/portal/licenses/{license}")] {
            let shown = page(&browser, &path).await;
            assert!(shown.contains("You see the portal as") && shown.contains("ada@example.com"), "{path}: {shown}");
            assert!(shown.contains(tail.as_str()), "{path}: {shown}");
            assert!(!shown.contains(issued.key.expose()), "{path} shows the key");
        }
        let shown = page(&browser, "/portal/account").await;
        assert!(shown.contains("ada@example.com") && !shown.contains("This browser"), "{shown}");
        // The admin portal stays what it is.
        assert!(page(&browser, "/admin").await.contains("Overview"));

        let rows = audits(app, "account", &account).await;
        let begun = rows.iter().find(|row| row.verb == "portal.viewed").expect("recorded");
        let detail: Value = serde_json::from_str(&begun.detail).expect("JSON");
        assert_eq!(
            (begun.actor_kind.as_str(), &detail["reason"]["note"]),
            (role.as_str(), &"cannot find the key".into())
        );
        assert_eq!(begun.network.as_deref(), Some("127.0.0.0/24"));

        if role == Role::Support {
            // It ends by itself.
            app.kit.clock.advance(Duration::from_mins(15));
        } else {
            app.kit.clock.advance(Duration::from_secs(1));
            let answer = browser.submit("/fn/admin/end_portal_view", &[]).await;
            assert_eq!(location(&answer), format!("/admin/customers/{account}"));
            assert_eq!(audits(app, "account", &account).await[0].verb, "portal.view_ended");
        }
        let shown = page(&browser, "/portal").await;
        assert!(!shown.contains("You see the portal as") && !shown.contains(tail.as_str()), "{shown}");
    }
}

async fn staff_change_nothing_as_a_customer(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let license = issued.view.license.id;
    app.desktop(Some(issued.key.expose())).activate("fp-1").await;
    let machine = {
        let mut reader = app.service().store().read().await.expect("a reader");
        reader.list_machines(license, None, 10).await.expect("read").pop().expect("a machine").id
    };
    let account = {
        let customer = app.customer("ada@example.com").await;
        let answer = customer.submit("/fn/rename", &[("name", "Ada")]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let browser = staff(app, Role::Admin).await;
        open_portal(&browser, "ada@example.com").await
    };
    let browser = staff(app, Role::Admin).await;
    open_portal(&browser, "ada@example.com").await;
    let history = async || {
        let of_account = audits(app, "account", &account).await.len();
        (of_account, audits(app, "license", &license.to_string()).await.len())
    };
    let before = history().await;
    let (license, machine) = (license.to_string(), machine.to_string());
    let fields: Vec<(&str, &str)> = FIELDS
        .iter()
        .map(|(name, value)| match *name {
            "license" | "id" => (*name, license.as_str()),
            "machine" => (*name, machine.as_str()),
            _ => (*name, *value),
        })
        .collect();
    let refused = functions().filter(|path| !ALLOWED.contains(path) && !path.starts_with("/fn/admin/"));
    for path in refused {
        let request = browser.client.post(format!("{}{path}", app.origin())).form(&fields);
        let request = request.header(header::ACCEPT, "application/json").header("sec-fetch-site", "same-origin");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
        assert!(answer.text().await.expect("a body").contains("ReadOnly"), "{path}");
    }
    // Forms and files that are not server functions.
    let file = format!("/portal/licenses/{license}/machines/{machine}/file");
    let data = "/portal/account/export";
    let others = [
        (Method::GET, file.as_str()),
        (Method::POST, &file),
        (Method::GET, data),
        (Method::POST, data),
        (Method::POST, "/checkout"),
    ];
    for (method, path) in others {
        let request = browser.client.request(method.clone(), format!("{}{path}", app.origin()));
        let request = request.form(&[("days", "7"), ("price", "chartgpt-lifetime"), ("quantity", "1")]);
        let request = request.header(header::ACCEPT, "text/html").header("sec-fetch-site", "same-origin");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path}");
    }
    assert_eq!(history().await, before);
}

async fn only_customers_portals_are_seen_and_only_after_the_second_factor(app: &TestApp) {
    let support = staff(app, Role::Support).await;
    let admin = app.service().admin(latchkey_service::Operator::Host);
    let accounts = admin.list_staff().await.expect("read");
    let path = format!("/admin/customers/{}/view-portal", accounts[0].id);
    let refused = support.get(&path).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(refused.text().await.expect("a page").contains("Only the portals of customers can be seen"));
    let answer = support.submit(&path, &[("reason", "support_case")]).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);

    let email = latchkey_licensing::email::EmailAddress::parse("ada@example.com").expect("an address");
    let (ada, _) = admin.add_customer(&email, None).await.expect("added");
    let path = format!("/admin/customers/{}/view-portal", ada.id);
    assert_eq!(support.submit(&path, &[]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    app.kit.clock.advance(Duration::from_mins(5));
    assert_eq!(support.submit(&path, &[("reason", "support_case")]).await.status(), StatusCode::FORBIDDEN);
    assert!(!page(&support, "/portal").await.contains("You see the portal as"));
}
