//! Releases and their files in the API, as Keygen's clients ask for them. Every response is signed.

use std::collections::BTreeSet;

use latchkey_licensing::policy::ExpiryStrategy;
use latchkey_service::{Notify, Operator};
use latchkey_testkit::on_both;
use serde_json::json;

use super::{expired, with_shelf};
use crate::support::{app::TestApp, shelf::Shelf};

on_both!(
    with_shelf: an_upgrade_is_the_newest_release_that_the_license_may_have,
    files_of_a_release_are_listed_and_led_to,
    what_the_license_may_not_have_is_not_there,
);

async fn an_upgrade_is_the_newest_release_that_the_license_may_have(app: &TestApp, _: &Shelf) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let product = issued.view.product.id.to_string();
    let upgrade = async |path: &str| {
        let answer = desktop.get(&format!("/v1/releases/{path}")).await;
        assert!(answer.status == 200 || answer.status == 404, "{path}: {}", answer.body);
        answer.body["data"]["id"].as_str().unwrap_or(answer.code()).to_owned()
    };
    for (path, found) in [
        ("1.0.0/upgrade", "2.0.0"),
        ("v1.0/upgrade", "2.0.0"),
        ("0.0.1/upgrade?", "2.0.0"),
        ("2.0.0/upgrade", "NOT_FOUND"),
        ("2.0.0/upgrade?channel=beta", "2.1.0-beta.1"),
        ("1.0.0/upgrade?channel=beta", "2.1.0-beta.1"),
        ("1.0.0/upgrade?channel=rc", "2.0.0"),
        ("1.0.0/upgrade?constraint=1", "1.1.0"),
        ("1.0.0/upgrade?constraint=%3C2&channel=", "1.1.0"),
        ("1.1.0/upgrade?constraint=1.1", "NOT_FOUND"),
        ("99.0.0/upgrade", "NOT_FOUND"),
        ("1.0.0/upgrade?product=chartgpt", "2.0.0"),
        (&*format!("1.0.0/upgrade?product={product}"), "2.0.0"),
        ("1.0.0/upgrade?product=", "2.0.0"),
        ("1.0.0/upgrade?product=another", "NOT_FOUND"),
        ("1.0.0/upgrade?package=plug-in", "NOT_FOUND"),
        ("1.0.0/upgrade?package=", "2.0.0"),
        ("1.1.0", "1.1.0"),
        ("1.2.0", "NOT_FOUND"),
    ] {
        assert_eq!(upgrade(path).await, found, "{path}");
    }
    for (path, code) in [
        ("latest/upgrade", "PARAMETER_INVALID"),
        ("1.x/upgrade", "PARAMETER_INVALID"),
        ("..%2f..%2fetc/upgrade", "PARAMETER_INVALID"),
        ("%ff/upgrade", "NOT_FOUND"),
        ("1.0.0/upgrade?channel=nightly", "PARAMETER_INVALID"),
        ("1.0.0/upgrade?constraint=newest", "PARAMETER_INVALID"),
        (&*format!("{}/upgrade", "9".repeat(200)), "PARAMETER_INVALID"),
    ] {
        let answer = desktop.get(&format!("/v1/releases/{path}")).await;
        assert_eq!(answer.code(), code, "{path}: {}", answer.body);
    }
    let whole = desktop.get("/v1/releases/1.0.0/upgrade?channel=beta").await.body;
    let attributes = &whole["data"]["attributes"];
    let wanted = json!({ "major": 2, "minor": 1, "patch": 0, "prerelease": "beta.1", "build": null });
    assert_eq!((&attributes["semver"], &attributes["channel"]), (&wanted, &json!("beta")));
    assert_eq!(attributes["description"], "- New in **2.1.0-beta.1** & more");
    assert_eq!(attributes["created"], "2027-03-01T00:00:00.000Z");
    assert_eq!(whole["data"]["relationships"]["product"]["data"]["id"], product.as_str());
}

async fn files_of_a_release_are_listed_and_led_to(app: &TestApp, _: &Shelf) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let listed = desktop.get("/v1/artifacts?release=1.1.0").await;
    let names: Vec<&str> =
        listed.body["data"].as_array().expect("a list").iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(names, ["acme-1.1.0.exe", "acme-1.1.0.AppImage", "acme-1.1.0-viewer.zip"]);
    assert_eq!(
        (&listed.body["links"]["self"], &listed.body["links"]["next"]),
        (&json!("/v1/artifacts?release=1.1.0"), &json!(null))
    );
    let first = &listed.body["data"][0]["attributes"];
    assert_eq!(
        (&first["platform"], &first["arch"], &first["filesize"]),
        (&json!("windows"), &json!("amd64"), &json!(11))
    );
    // SHA-512 without padding.
    assert_eq!(first["checksum"].as_str().map(str::len), Some(86));
    assert_eq!(first["signature"].as_str().map(str::len), Some(88));
    let on_linux = desktop.get("/v1/artifacts?release=1.1.0&os=linux&arch=x86_64").await;
    assert_eq!(on_linux.body["data"].as_array().map(Vec::len), Some(2), "{}", on_linux.body);
    for (path, status, code) in [
        ("/v1/artifacts", 400, "PARAMETER_INVALID"),
        ("/v1/artifacts?release=x", 400, "PARAMETER_INVALID"),
        ("/v1/artifacts?release=1.1.0&os=beos", 400, "PARAMETER_INVALID"),
        ("/v1/artifacts?release=1.1.0&arch=sparc", 400, "PARAMETER_INVALID"),
        ("/v1/artifacts?release=9.0.0", 404, "NOT_FOUND"),
        ("/v1/releases/1.1.0/artifacts/nothing", 404, "NOT_FOUND"),
        ("/v1/releases/1.1.0/artifacts/..%2f..%2freleases.toml", 404, "NOT_FOUND"),
        ("/v1/releases/1.1.0/artifacts/acme-1.0.0.exe", 404, "NOT_FOUND"),
    ] {
        let answer = desktop.get(path).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{path}: {}", answer.body);
    }
    let led = desktop.get("/v1/releases/1.1.0/artifacts/acme-1.1.0.AppImage").await;
    assert_eq!((led.status, &led.body["data"]["attributes"]["filename"]), (303, &json!("acme-1.1.0.AppImage")));
    let url = led.headers["location"].to_str().expect("text");
    assert!(url.starts_with(&app.portal_origin()) && url.ends_with("/1.1.0/acme-1.1.0.AppImage"), "{url}");
}

/// Without a key there are public builds, and with one what its license may have.
async fn what_the_license_may_not_have_is_not_there(app: &TestApp, _: &Shelf) {
    let issued = app.issue("eve@example.com").await;
    let (nobody, eve) = (app.desktop(None), app.desktop(Some(issued.key.expose())));
    let names = async |desktop: &crate::support::app::Desktop<'_>| {
        let mut all = BTreeSet::new();
        for version in ["1.0.0", "1.1.0", "2.0.0"] {
            let listed = desktop.get(&format!("/v1/artifacts?release={version}")).await.body;
            let ids = listed["data"].as_array().cloned().unwrap_or_default();
            all.extend(ids.iter().filter_map(|one| one["id"].as_str().map(str::to_owned)));
        }
        all.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(names(&nobody).await, ["acme-1.1.0-viewer.zip"]);
    let none = nobody.get("/v1/releases/1.1.0/upgrade").await;
    assert_eq!((none.status, none.code()), (404, "NOT_FOUND"));
    assert_eq!(none.body["errors"][0]["detail"], "Version 2.0.0 is newer: send a license key to get it.");
    assert_eq!(nobody.get("/v1/releases/1.0.0/upgrade").await.body["data"]["id"], "1.1.0");
    assert_eq!(nobody.get("/v1/releases/1.0.0/upgrade?product=chartgpt").await.status, 200);
    assert_eq!(nobody.get("/v1/releases/1.0.0/upgrade?product=nothing").await.status, 404);
    assert_eq!(nobody.get("/v1/releases/1.1.0/artifacts/acme-1.1.0.exe").await.status, 404);
    let public = nobody.get("/v1/releases/1.1.0/artifacts/acme-1.1.0-viewer.zip").await;
    assert!(
        public.headers["location"]
            .to_str()
            .is_ok_and(|url| url.ends_with("/downloads/public/1.1.0/acme-1.1.0-viewer.zip"))
    );
    let wrong = app.desktop(Some("CGPT-0000-0000-0000-0000-0000-0000-0000"));
    assert_eq!(wrong.get("/v1/releases/1.0.0/upgrade").await.code(), "LICENSE_INVALID");

    let kept = expired(app, "ada@example.com", ExpiryStrategy::MaintainAccess).await;
    let ada = app.desktop(Some(kept.key.expose()));
    assert_eq!(ada.get("/v1/releases/1.0.0/upgrade").await.body["data"]["id"], "1.1.0");
    let none = ada.get("/v1/releases/1.1.0/upgrade").await;
    let why = "Version 2.0.0 is newer, but the license ended on 23 December 2026, before its release.";
    assert_eq!((none.status, &none.body["errors"][0]["detail"]), (404, &json!(why)));
    assert_eq!(ada.get("/v1/releases/2.0.0/artifacts/acme-2.0.0.exe").await.status, 404);
    assert_eq!(names(&ada).await.len(), 4);
    app.service().admin(Operator::Host).renew_license(kept.view.license.id, Notify::Nobody).await.expect("renewed");
    assert_eq!(ada.get("/v1/releases/1.1.0/upgrade").await.body["data"]["id"], "2.0.0");

    let restricted = expired(app, "bob@example.com", ExpiryStrategy::RestrictAccess).await;
    let bob = app.desktop(Some(restricted.key.expose()));
    let none = bob.get("/v1/releases/1.1.0/upgrade").await;
    assert!(none.body["errors"][0]["detail"].as_str().is_some_and(|why| why.contains("expired on")), "{}", none.body);
    assert_eq!(names(&bob).await, ["acme-1.1.0-viewer.zip"]);
    let revoking = expired(app, "joe@example.com", ExpiryStrategy::RevokeAccess).await;
    assert_eq!(
        app.desktop(Some(revoking.key.expose())).get("/v1/releases/1.0.0/upgrade").await.code(),
        "LICENSE_EXPIRED"
    );
    let allowed = expired(app, "sue@example.com", ExpiryStrategy::AllowAccess).await;
    assert_eq!(names(&app.desktop(Some(allowed.key.expose()))).await.len(), 6);

    assert_eq!(names(&eve).await.len(), 6);
    let admin = app.service().admin(Operator::Host);
    admin.suspend_license(issued.view.license.id, Notify::Nobody).await.expect("suspended");
    for path in ["/v1/releases/1.0.0/upgrade", "/v1/updates/appcast.xml", "/v1/updates/tauri/windows/x86_64/1.0.0"] {
        assert_eq!(eve.text(path).await.0, 403, "{path}");
    }
}
