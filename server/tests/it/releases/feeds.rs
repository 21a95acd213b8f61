//! Feeds for updaters. Electron's and Velopack's are read by their own clients in other tests, those of Tauri and Sparkle
//! are compared with their descriptions.

use latchkey_licensing::policy::ExpiryStrategy;
use latchkey_testkit::{Backend, on_both};
use serde_json::{Value, json};

use super::{expired, serve, signed, with_shelf};
use crate::support::{
    app::{TestApp, run},
    shelf::Shelf,
};

on_both!(
    with_shelf: tauri_gets_the_newest_release_for_its_system,
    an_appcast_lists_what_the_license_may_have,
    electron_gets_the_file_of_its_channel,
);

/// The fields that Tauri's updater requires and their forms (`RemoteRelease` of tauri-plugin-updater 2).
async fn tauri_gets_the_newest_release_for_its_system(app: &TestApp, _: &Shelf) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let get = async |path: &str| {
        let (status, headers, body) = desktop.text(&format!("/v1/updates/tauri/{path}")).await;
        if status == 200 {
            assert_eq!(headers["content-type"], "application/json");
        }
        (status, serde_json::from_str::<Value>(&body).unwrap_or_default())
    };
    let (status, update) = get("windows/x86_64/1.0.0").await;
    assert_eq!(status, 200, "{update}");
    assert_eq!((&update["version"], &update["pub_date"]), (&json!("2.0.0"), &json!("2027-02-01T00:00:00.000Z")));
    assert_eq!(update["notes"], "- New in **2.0.0** & more");
    assert!(update["url"].as_str().is_some_and(|url| url.ends_with("/2.0.0/acme-2.0.0.exe")), "{update}");
    assert!(update["signature"].as_str().is_some_and(|text| text.starts_with("dW50cnVzdGVkIGNvbW1lbnQ6")), "{update}");
    for (path, status, version) in [
        ("linux/x86_64/1.0.0", 200, "2.0.0"),
        ("linux/x86_64/1.0.0?bundle=appimage", 200, "2.0.0"),
        ("linux/x86_64/1.0.0?bundle=deb", 204, ""),
        ("windows/x86_64/1.0.0?bundle=nsis", 200, "2.0.0"),
        ("windows/x86_64/1.0.0?bundle=msi", 204, ""),
        ("windows/x86_64/2.0.0", 204, ""),
        ("windows/x86_64/2.0.0?channel=beta", 200, "2.1.0-beta.1"),
        ("windows/aarch64/1.0.0", 204, ""),
        ("darwin/aarch64/1.0.0", 204, ""),
        ("beos/x86_64/1.0.0", 400, ""),
        ("windows/sparc/1.0.0", 400, ""),
        ("windows/x86_64/newest", 400, ""),
        ("windows/x86_64/1.0.0?bundle=tarball", 400, ""),
        ("windows/x86_64/1.0.0?channel=x", 400, ""),
        ("windows/x86_64", 404, ""),
    ] {
        let (found, update) = get(path).await;
        assert_eq!((found, update["version"].as_str().unwrap_or_default()), (status, version), "{path}: {update}");
    }
    // The public build has no signature for Tauri.
    assert_eq!(app.desktop(None).text("/v1/updates/tauri/windows/x86_64/1.0.0").await.0, 204);
    let kept = expired(app, "eve@example.com", ExpiryStrategy::MaintainAccess).await;
    let eve = app.desktop(Some(kept.key.expose()));
    let (_, _, body) = eve.text("/v1/updates/tauri/windows/x86_64/1.0.0").await;
    assert!(body.contains("\"1.1.0\""), "{body}");
    assert_eq!(eve.text("/v1/updates/tauri/windows/x86_64/1.1.0").await.0, 204);
}

/// The elements that Sparkle 2 and NetSparkle 3 read.
async fn an_appcast_lists_what_the_license_may_have(app: &TestApp, _: &Shelf) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let get = async |query: &str| {
        let (status, headers, xml) = desktop.text(&format!("/v1/updates/appcast.xml{query}")).await;
        assert_eq!(
            (status, &headers["content-type"]),
            (200, &"application/rss+xml; charset=utf-8".parse().expect("a value"))
        );
        xml
    };
    let versions = |xml: &str| {
        let parts = xml.split("<sparkle:version>").skip(1);
        parts.filter_map(|part| part.split('<').next()).map(str::to_owned).collect::<Vec<_>>()
    };
    let xml = get("?os=windows&arch=x64").await;
    assert_eq!(versions(&xml), ["2.0.0", "1.1.0", "1.0.0"], "{xml}");
    let first = xml.split("<item>").nth(1).expect("an item");
    for part in [
        "<sparkle:shortVersionString>2.0.0</sparkle:shortVersionString>",
        "<pubDate>Mon, 01 Feb 2027 00:00:00 +0000</pubDate>",
        "/2.0.0/acme-2.0.0.exe\" length=\"3\" type=\"application/octet-stream\" sparkle:os=\"windows\" sparkle:edSignature=\"BwcH",
        "&lt;strong&gt;2.0.0&lt;/strong&gt; &amp;amp; more",
    ] {
        assert!(first.contains(part), "{part}: {first}");
    }
    assert!(xml.contains("xmlns:sparkle=\"http://www.andymatuschak.org/xml-namespaces/sparkle\""), "{xml}");
    assert_eq!(versions(&get("").await), ["2.0.0", "2.0.0", "1.1.0", "1.1.0", "1.0.0"], "one item for each system");
    let beta = get("?os=windows&channel=beta").await;
    assert_eq!(versions(&beta).first().map(String::as_str), Some("2.1.0-beta.1"));
    assert_eq!(beta.matches("<sparkle:channel>beta</sparkle:channel>").count(), 1);
    assert_eq!(versions(&get("?os=macos").await), [""; 0]);
    for query in ["?os=beos", "?arch=sparc", "?channel=x"] {
        assert_eq!(desktop.text(&format!("/v1/updates/appcast.xml{query}")).await.0, 400, "{query}");
    }
    let (status, _, xml) = app.desktop(None).text("/v1/updates/appcast.xml").await;
    assert_eq!((status, versions(&xml)), (200, Vec::new()), "the public build is not signed");
    let kept = expired(app, "eve@example.com", ExpiryStrategy::MaintainAccess).await;
    let (_, _, xml) = app.desktop(Some(kept.key.expose())).text("/v1/updates/appcast.xml?os=windows").await;
    assert_eq!(versions(&xml), ["1.1.0", "1.0.0"]);
}

async fn electron_gets_the_file_of_its_channel(app: &TestApp, _: &Shelf) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    for (file, version) in [
        ("latest.yml?noCache=1j", Some("2.0.0")),
        ("beta.yml", Some("2.1.0-beta.1")),
        ("latest-linux.yml", Some("2.0.0")),
        ("latest-linux-arm64.yml", None),
        ("latest-mac.yml", None),
        ("nightly.yml", None),
        ("latest.json", None),
        ("..%2flatest.yml", None),
    ] {
        let (status, headers, text) = desktop.text(&format!("/v1/updates/electron/{file}")).await;
        let found = text.lines().next().and_then(|line| line.strip_prefix("version: "));
        assert_eq!(found.map(|text| text.trim_matches('"')), version, "{file}: {text}");
        assert_eq!(status, if version.is_some() { 200 } else { 404 }, "{file}");
        if version.is_some() {
            assert_eq!(headers["content-type"], "text/yaml; charset=utf-8");
        }
    }
    assert_eq!(app.desktop(None).text("/v1/updates/electron/latest.yml").await.0, 404);
    let kept = expired(app, "eve@example.com", ExpiryStrategy::MaintainAccess).await;
    let (_, _, text) = app.desktop(Some(kept.key.expose())).text("/v1/updates/electron/latest.yml").await;
    assert!(text.starts_with("version: \"1.1.0\"\n"), "{text}");
}

/// An app without a license gets updates that are public.
#[test]
fn public_builds_need_no_key() {
    run(async {
        let mut shelf = Shelf::new();
        let public = format!("{}\npublic = true", signed("x64"));
        shelf.release("1.0.0", "2026-10-01", "").file("free.exe", "windows", b"free", &public);
        let app = serve(&shelf, Backend::Sqlite).await;
        let nobody = app.desktop(None);
        for (path, part) in [
            ("/v1/updates/tauri/windows/x86_64/0.9.0", "\"version\":\"1.0.0\""),
            ("/v1/updates/appcast.xml", "<sparkle:version>1.0.0</sparkle:version>"),
            ("/v1/updates/electron/latest.yml", "version: \"1.0.0\""),
        ] {
            let (status, _, text) = nobody.text(path).await;
            assert!(status == 200 && text.contains(part), "{path}: {text}");
            assert!(text.contains("/downloads/public/1.0.0/free.exe"), "{path}: {text}");
        }
    });
}

/// The address of the API is where apps find the files, too.
#[test]
fn links_begin_with_the_address_of_the_api() {
    run(async {
        let shelf = super::shelf();
        shelf.write();
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.content.folder = Some(shelf.folder.path().to_owned());
            settings.server.api_url = Some("https://api.example.com:8443/licenses".to_owned());
        })
        .await;
        let url = format!("{}/licenses/v1/updates/appcast.xml", app.origin());
        let issued = app.issue("ada@example.com").await;
        let request =
            reqwest::Client::new().get(url).header("authorization", format!("License {}", issued.key.expose()));
        let xml = request.send().await.expect("an answer").text().await.expect("text");
        assert!(xml.contains("<enclosure url=\"https://api.example.com:8443/downloads/"), "{xml}");
    });
}
