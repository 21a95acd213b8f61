//! Downloads in the portal: what a license may have, who may see it, and why there is no more.

use latchkey_licensing::policy::ExpiryStrategy;
use latchkey_service::{Notify, Operator};
use latchkey_testkit::{Backend, on_both};
use reqwest::StatusCode;

use super::{expired, serve, shelf, with_shelf};
use crate::support::{
    app::{Browser, TestApp, location, run},
    shelf::Shelf,
};

on_both!(
    with_shelf: a_license_has_its_downloads,
    an_expired_license_keeps_what_was_released_before,
    licenses_in_bad_standing_have_no_downloads,
    downloads_belong_to_their_customer,
);

async fn page(browser: &Browser<'_>, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.expect("a page")
}

/// The versions on a page, from its first to its last.
fn versions(page: &str) -> Vec<String> {
    let heading = |part: &str| {
        let text = part.split("</h").next()?.replace("<!>", "");
        text.split("Version ").nth(1)?.split(['<', ' ']).next().map(str::to_owned)
    };
    page.split("<h").skip(1).filter_map(heading).collect()
}

async fn a_license_has_its_downloads(app: &TestApp, _: &Shelf) {
    let issued = app.issue("ada@example.com").await;
    let browser = app.customer("ada@example.com").await;
    let license = format!("/portal/licenses/{}", issued.view.license.id);
    let first = page(&browser, &license).await;
    assert_eq!(versions(&first), ["2.0.0"], "the newest for everyone: {first}");
    assert!(first.contains(&format!("href=\"{license}/downloads\"")), "{first}");
    let all = page(&browser, &format!("{license}/downloads")).await;
    assert_eq!(versions(&all), ["2.1.0-beta.1", "2.0.0", "1.1.0", "1.0.0"]);
    for part in [
        &*format!("href=\"{license}/downloads/1.1.0/acme-1.1.0.AppImage\""),
        "acme-1.1.0-viewer.zip",
        "Linux x64",
        "11 bytes",
        "1 November 2026",
        // SHA-256 of `one`.
        "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed",
        ">beta<",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    assert!(!all.contains("/downloads/public/") && !all.contains("not included"), "{all}");
    let overview = page(&browser, "/portal").await;
    assert!(overview.contains(&format!("href=\"{license}/downloads\"")), "{overview}");
    for path in
        ["1.1.0/nothing.exe", "9.9.9/acme-1.1.0.exe", "x/acme-1.1.0.exe", "1.1.0/..%2f..%2freleases.toml", "1.1.0/%00"]
    {
        assert_eq!(browser.get(&format!("{license}/downloads/{path}")).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

async fn an_expired_license_keeps_what_was_released_before(app: &TestApp, _: &Shelf) {
    let kept = expired(app, "ada@example.com", ExpiryStrategy::MaintainAccess).await;
    let browser = app.customer("ada@example.com").await;
    let license = format!("/portal/licenses/{}", kept.view.license.id);
    let all = page(&browser, &format!("{license}/downloads")).await;
    assert_eq!(versions(&all), ["1.1.0", "1.0.0"]);
    let notice = "This license ended on 23 December 2026, so it includes the versions that were released until then. Version \
                  2.1.0-beta.1 is newer. To get it, renew the license:";
    assert!(all.contains(notice), "{all}");
    let first = page(&browser, &license).await;
    assert!(first.contains("acme-1.1.0.exe") && first.contains(notice), "{first}");
    let file = async |path: &str| browser.get(&format!("{license}/downloads/{path}")).await;
    assert!(location(&file("1.1.0/acme-1.1.0.exe").await).starts_with("/downloads/"));
    let refused = file("2.0.0/acme-2.0.0.exe").await;
    assert_eq!((refused.status(), location(&refused)), (StatusCode::SEE_OTHER, &*format!("{license}/downloads")));
    // A renewal includes everything again.
    app.service().admin(Operator::Host).renew_license(kept.view.license.id, Notify::Nobody).await.expect("renewed");
    assert_eq!(
        versions(&page(&browser, &format!("{license}/downloads")).await).first().map(String::as_str),
        Some("2.1.0-beta.1")
    );
    assert!(location(&file("2.0.0/acme-2.0.0.exe").await).starts_with("/downloads/"));
    // With the other strategy, the license ends.
    let ended = expired(app, "eve@example.com", ExpiryStrategy::RestrictAccess).await;
    let browser = app.customer("eve@example.com").await;
    let path = format!("/portal/licenses/{}/downloads", ended.view.license.id);
    let all = page(&browser, &path).await;
    assert!(all.contains("so it includes no downloads. To renew it,"), "{all}");
    assert!(all.contains("acme-1.1.0-viewer.zip") && !all.contains("acme-1.1.0.exe"), "public builds stay: {all}");
}

async fn licenses_in_bad_standing_have_no_downloads(app: &TestApp, _: &Shelf) {
    let issued = app.issue("ada@example.com").await;
    let (id, browser) = (issued.view.license.id, app.customer("ada@example.com").await);
    let path = format!("/portal/licenses/{id}/downloads");
    let admin = app.service().admin(Operator::Host);
    admin.suspend_license(id, Notify::Nobody).await.expect("suspended");
    let all = page(&browser, &path).await;
    assert!(
        all.contains("There are no downloads while this license is suspended.") && !all.contains("acme-1.1.0.exe"),
        "{all}"
    );
    let refused = browser.get(&format!("{path}/1.1.0/acme-1.1.0.exe")).await;
    assert_eq!((refused.status(), location(&refused)), (StatusCode::SEE_OTHER, path.as_str()));
    admin.revoke_license(id, Notify::Nobody).await.expect("revoked");
    let all = page(&browser, &path).await;
    assert!(all.contains("This license includes no downloads any more.") && !all.contains("acme-1.1.0.exe"), "{all}");
}

async fn downloads_belong_to_their_customer(app: &TestApp, _: &Shelf) {
    let issued = app.issue("ada@example.com").await;
    let path = format!("/portal/licenses/{}/downloads", issued.view.license.id);
    let file = format!("{path}/1.1.0/acme-1.1.0.exe");
    let stranger = app.browser().get(&file).await;
    assert_eq!(stranger.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&stranger), format!("/login?next={path}"), "the sign-in leads to the page with the link");
    let (other, support, admin) = (app.customer("eve@example.com").await, app.support().await, app.admin().await);
    for (who, browser) in [("another customer", &other), ("support", &support), ("an admin", &admin)] {
        for path in [&path, &file] {
            assert_eq!(browser.get(path).await.status(), StatusCode::NOT_FOUND, "{who} {path}");
        }
    }
}

/// Releases of one product are nothing to the licenses of another.
#[test]
fn releases_of_another_product_are_not_offered() {
    run(async {
        let mut shelf = shelf();
        shelf.release("3.0.0", "2026-11-20", "product = \"another\"").file("another.exe", "windows", b"x", "");
        let app = serve(&shelf, Backend::Sqlite).await;
        let issued = app.issue("ada@example.com").await;
        let browser = app.customer("ada@example.com").await;
        let path = format!("/portal/licenses/{}/downloads", issued.view.license.id);
        assert!(!page(&browser, &path).await.contains("another.exe"));
        assert_eq!(browser.get(&format!("{path}/3.0.0/another.exe")).await.status(), StatusCode::NOT_FOUND);
        let desktop = app.desktop(Some(issued.key.expose()));
        assert_eq!(desktop.get("/v1/releases/3.0.0").await.status, 404);
        assert_eq!(desktop.get("/v1/releases/1.0.0/upgrade").await.body["data"]["id"], "2.0.0");
    });
}
