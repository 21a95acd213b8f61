//! The admin portal's frame: who gets it, and that it works without script.

mod access;
mod acts;
mod catalog;
mod cost;
mod diagnostics;
mod ended_sessions;
mod lists;
mod objects;
mod selling;
pub(crate) mod support;
mod viewing;

use latchkey_licensing::{account::Role, email::EmailAddress};
use latchkey_service::{Operator, StaffRole};
use latchkey_testkit::on_both;
use reqwest::{Method, StatusCode, header};

use crate::support::app::{Browser, TestApp, essence, location, with_app};

on_both!(with_app:
    su_01_the_admin_portal_exists_only_for_staff_with_a_second_factor,
    the_pages_work_without_script,
    staff_get_from_one_portal_to_the_other,
    single_letters_can_be_switched_off
);

/// The browser of an account with this role, whose session has a second factor.
pub(crate) async fn staff(app: &TestApp, role: Role) -> Browser<'_> {
    if role == Role::Support { app.support().await } else { app.admin().await }
}

/// SU-01: for everyone else, every address of the admin portal gets the same response as an address where nothing is.
async fn su_01_the_admin_portal_exists_only_for_staff_with_a_second_factor(app: &TestApp) {
    let others = [("a stranger", app.browser()), ("a customer", app.customer("ada@example.com").await)];
    let addresses = [
        ("/admin", "/nothing"),
        ("/admin/", "/nothing/"),
        ("/admin/search?q=ada", "/nothing/search?q=ada"),
        ("/admin/shortcuts", "/nothing/shortcuts"),
        ("/admin/nothing", "/nothing/at/all"),
        ("/fn/admin/find", "/fn/nothing"),
        ("/fn/admin/choose_letter_keys", "/fn/nothing/at_all"),
    ];
    for (who, browser) in &others {
        for (address, nothing) in addresses {
            for method in [Method::GET, Method::POST, Method::HEAD, Method::PUT] {
                let ask = async |path: &str| {
                    let request = browser.client.request(method.clone(), format!("{}{path}", app.origin()));
                    let request = request.header(header::ACCEPT, "text/html").header("sec-fetch-site", "same-origin");
                    let request = if method == Method::POST { request.form(&[("are_on", "true")]) } else { request };
                    essence(request.send().await.expect("a response")).await
                };
                let found = ask(address).await;
                assert_eq!(found.0, StatusCode::NOT_FOUND, "{method} {address} as {who}");
                assert_eq!(found, ask(nothing).await, "{method} {address} as {who}");
            }
        }
    }
    // Staff who have yet to present the second factor are led to it, and get nothing else.
    for role in [StaffRole::Support, StaffRole::Admin] {
        let email = EmailAddress::parse(&format!("{role:?}.new@example.com")).expect("an address");
        let admin = app.service().admin(Operator::Host);
        let (_, link) = admin.add_staff(&email, role, &Operator::Host.fresh()).await.expect("added");
        let browser = app.signed_in(link).await;
        for (address, _) in addresses {
            let answer = browser.get(address).await;
            // Where no page is, there is nothing.
            if matches!(address, "/admin" | "/admin/search?q=ada" | "/admin/shortcuts") {
                assert!(location(&answer).starts_with("/login/confirm"), "{address}: {}", location(&answer));
            } else {
                assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{address}");
            }
        }
    }
    for role in [Role::Support, Role::Admin] {
        let browser = staff(app, role).await;
        assert_eq!(browser.get("/admin").await.status(), StatusCode::OK, "{role:?}");
        assert_eq!(browser.get("/admin/nothing").await.status(), StatusCode::NOT_FOUND);
    }
    // A lowered role takes the admin portal away on the next request.
    let browser = staff(app, Role::Support).await;
    let email = EmailAddress::parse("support@example.com").expect("an address");
    let (account, _) = app.service().admin(Operator::Host).add_customer(&email, None).await.expect("there");
    let mut tx = app.service().store().write().await.expect("a transaction");
    tx.set_account_role(account.id, Role::Customer, app.service().now()).await.expect("changed");
    tx.commit().await.expect("committed");
    assert_eq!(browser.get("/admin").await.status(), StatusCode::NOT_FOUND);
}

async fn the_pages_work_without_script(app: &TestApp) {
    let browser = staff(app, Role::Admin).await;
    let page = browser.get("/admin").await.text().await.expect("a page");
    for shown in ["<h1", "Overview", "admin@example.com", "No payments", "latchkey-admin.js", "latchkey-admin.css"] {
        assert!(page.contains(shown), "{shown} is missing: {page}");
    }
    let found = browser.get("/admin/search?q=short").await.text().await.expect("a page");
    assert!(found.contains("href=\"/admin/shortcuts\" data-row"), "{found}");
    let none = browser.get("/admin/search?q=%3Cb%3Ezebra").await.text().await.expect("a page");
    assert!(none.contains("No match") && none.contains("&lt;b&gt;zebra") && !none.contains("<b>zebra"), "{none}");

    // The theme's form returns to the page with its query.
    let fields = [("theme", "dark"), ("back", "/admin/search?q=ada%40example.com")];
    let answer = browser.submit("/fn/choose_theme", &fields).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/admin/search?q=ada%40example.com"));

    // Customers load nothing of it.
    let customer = app.customer("ada@example.com").await;
    let page = customer.get("/portal").await.text().await.expect("a page");
    assert!(page.contains("latchkey.js") && !page.to_lowercase().contains("admin"), "{page}");
}

async fn staff_get_from_one_portal_to_the_other(app: &TestApp) {
    for role in [Role::Support, Role::Admin] {
        let browser = staff(app, role).await;
        let portal = browser.get("/portal/account").await.text().await.expect("a page");
        assert!(portal.contains("href=\"/admin\""), "{portal}");
        let admin = browser.get("/admin").await.text().await.expect("a page");
        assert!(admin.contains("href=\"/portal\"") && admin.contains("href=\"/portal/account\""), "{admin}");
    }
    // Signing in leads staff to the second factor, and from there to the admin portal.
    let email = EmailAddress::parse("new@example.com").expect("an address");
    let host = app.service().admin(Operator::Host);
    let (_, link) = host.add_staff(&email, StaffRole::Support, &Operator::Host.fresh()).await.expect("added");
    let browser = app.browser();
    let token = link.url.rsplit('/').next().expect("a token");
    let answer = browser.submit("/fn/confirm_host_link", &[("token", token)]).await;
    assert_eq!(location(&answer), "/admin");
    assert_eq!(location(&browser.get("/admin").await), "/login/confirm?next=/admin");
    let confirm = browser.get("/login/passkey").await.text().await.expect("a page");
    assert!(confirm.contains("/admin"), "{confirm}");
}

async fn single_letters_can_be_switched_off(app: &TestApp) {
    let browser = staff(app, Role::Support).await;
    for (are_on, says) in [("false", "Single-letter shortcuts are off."), ("true", "Single-letter shortcuts are on.")] {
        let fields = [("are_on", are_on), ("back", "/admin/shortcuts")];
        let answer = browser.submit("/fn/admin/choose_letter_keys", &fields).await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/admin/shortcuts"));
        let page = browser.get("/admin/shortcuts").await.text().await.expect("a page");
        assert!(page.contains(says), "{page}");
    }
}
