//! Instances that serve only some of the surfaces.

use latchkey_licensing::email::EmailAddress;
use latchkey_service::{Operator, StaffRole};
use latchkey_testkit::Backend;
use reqwest::StatusCode;

use crate::support::app::{TestApp, location, run};

/// An instance with only some surfaces, of which the portal and the admin portal have their own addresses.
async fn split(surfaces: &str) -> TestApp {
    TestApp::start_with(Backend::Sqlite, |settings, _| {
        settings.server.surfaces = serde_json::from_value(surfaces.into()).expect("surfaces");
        let (port, own) = (settings.server.listen.port(), surfaces == "admin");
        let url =
            |is_own: bool, other: &str| if is_own { format!("http://localhost:{port}") } else { other.to_owned() };
        settings.server.portal_url = Some(url(!own, "https://portal.example"));
        settings.server.admin_url = Some(url(own, "https://admin.example"));
    })
    .await
}

#[test]
fn each_surface_is_served_alone() {
    run(async {
        const PLACES: [(&str, &str); 9] = [
            ("site", "/"),
            ("docs", "/docs"),
            ("portal", "/portal"),
            ("portal", "/portal/licenses"),
            ("portal", "/checkout/new/chartgpt-lifetime"),
            ("admin", "/admin"),
            ("admin", "/admin/licenses"),
            ("api", "/v1/ping"),
            ("webhooks", "/webhooks/stripe"),
        ];
        for alone in ["site", "docs", "portal", "admin", "api", "webhooks"] {
            let app = split(alone).await;
            let browser = app.admin().await;
            for (surface, path) in PLACES {
                // Events arrive with another method.
                let is_served = surface == alone;
                let status = browser.get(path).await.status().as_u16();
                assert_eq!(status != 404, is_served, "{path} of {alone}: {status}");
            }
            let has_accounts = matches!(alone, "portal" | "admin");
            // Who is signed in already goes on from the sign-in page.
            for (path, status) in [("/login", 303), ("/portal/account", 200)] {
                let expected = if has_accounts { status } else { 404 };
                assert_eq!(browser.get(path).await.status().as_u16(), expected, "{path} of {alone}");
            }
            let functions = [("portal", "/fn/licenses"), ("portal", "/fn/reveal_key"), ("admin", "/fn/admin/session")];
            for (surface, path) in functions {
                let status = browser.submit(path, &[("search", ""), ("after", ""), ("id", "x")]).await.status();
                assert_eq!(status != 404, surface == alone, "{path} of {alone}: {status}");
            }
        }
    });
}

/// Links between the portals come from the settings.
#[test]
fn portals_of_two_instances_lead_to_each_other() {
    run(async {
        let app = split("portal").await;
        let page = app.admin().await.get("/portal/account").await.text().await.expect("a page");
        assert!(
            page.contains("href=\"https://admin.example/admin\"") && page.contains("href=\"/portal/orders\""),
            "{page}"
        );
        let page = app.customer("ada@example.com").await.get("/portal/account").await.text().await.expect("a page");
        assert!(!page.contains("admin.example"), "{page}");
        // The host's links lead to where the person works.
        let host = app.service().admin(Operator::Host);
        let fresh = Operator::Host.fresh();
        let email = |text: &str| EmailAddress::parse(text).expect("an address");
        let (_, link) = host.add_staff(&email("new@example.com"), StaffRole::Support, &fresh).await.expect("added");
        assert!(link.url.starts_with("https://admin.example/login/host/"), "{}", link.url.as_str());
        let link = host.sign_in_link(&email("ada@example.com"), &fresh).await.expect("a link");
        assert!(link.url.starts_with("http://localhost:"), "{}", link.url.as_str());
        // Signing in leads staff to the pages that this instance has.
        let browser = app.browser();
        let (_, link) = host.add_staff(&email("last@example.com"), StaffRole::Support, &fresh).await.expect("added");
        let token = link.url.rsplit('/').next().expect("a token");
        let answer = browser.submit("/fn/confirm_host_link", &[("token", token)]).await;
        assert_eq!(location(&answer), "/portal");

        let app = split("admin").await;
        let browser = app.admin().await;
        let page = browser.get("/admin").await.text().await.expect("a page");
        assert!(
            page.contains("href=\"https://portal.example/portal\"") && page.contains("href=\"/portal/account\""),
            "{page}"
        );
        let page = browser.get("/portal/account").await.text().await.expect("a page");
        assert!(page.contains("href=\"/admin\"") && !page.contains("href=\"/portal/orders\""), "{page}");
        let ada = app.issue("ada@example.com").await.owner.id;
        let page = browser.get(&format!("/admin/customers/{ada}/view-portal")).await.text().await.expect("a page");
        assert!(page.contains("Another instance serves the portal"), "{page}");
        let answer =
            browser.submit(&format!("/admin/customers/{ada}/view-portal"), &[("reason", "support_case")]).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT);
        // A mail for signing in leads to the instance on which it was requested.
        app.browser().submit("/fn/request_sign_in", &[("email", "ada@example.com")]).await;
        app.kit.deliver_mail().await;
        let mails = app.kit.mail.take();
        let mail = mails.iter().find(|mail| mail.text.contains("/login/link/")).expect("a mail");
        assert!(
            mail.text.contains("http://localhost:") && !mail.text.contains("portal.example/login"),
            "{}",
            mail.text
        );
    });
}
