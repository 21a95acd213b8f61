//! The vendor's name, support contact, color and logo on pages.

use latchkey_server::settings::Surfaces;
use latchkey_testkit::Backend;
use reqwest::StatusCode;
use serde::{Deserialize, de::value::StrDeserializer};

use crate::support::app::{TestApp, run};

fn surfaces(text: &str) -> Surfaces {
    Surfaces::deserialize(StrDeserializer::<serde::de::value::Error>::new(text)).expect("surfaces")
}

fn between<'a>(page: &'a str, start: &str, end: &str) -> Option<&'a str> {
    page.split(start).nth(1)?.split(end).next()
}

#[test]
fn every_page_shows_the_vendor() {
    run(async {
        let folder = tempfile::tempdir().expect("a folder");
        let logo = folder.path().join("logo.svg");
        std::fs::write(&logo, r#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#)
            .expect("written");
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.brand.name = "Acme & Draw".to_owned();
            settings.brand.legal_name = Some("Acme Tools Ltd".to_owned());
            settings.brand.support = Some("help@acme.example".to_owned());
            settings.brand.accent = Some("#b00040".to_owned());
            settings.brand.logo = Some(logo);
        })
        .await;
        app.issue("ada@example.com").await;
        let (browser, stranger) = (app.browser(), app.browser());
        browser.sign_in("ada@example.com").await;
        for path in
            ["/", "/docs", "/docs/activate", "/login", "/portal", "/portal/account", "/nothing", "/portal/nothing"]
        {
            let visitor = if path == "/login" { &stranger } else { &browser };
            let page = visitor.get(path).await.text().await.expect("a page");
            let title = between(&page, "<title>", "</title>").unwrap_or_default();
            assert!(title.replace("&amp;", "&").ends_with("· Acme & Draw"), "{path}: {title}");
            assert!(page.contains("/accent.css\""), "{path} has no color");
            assert!(!title.contains("Latchkey"), "{path}: {title}");
        }
        // Latchkey's own documentation has its own name, and no color or logo of the vendor.
        for path in ["/docs/install", "/docs/client", "/docs/api", "/docs/settings"] {
            let page = browser.get(path).await.text().await.expect("a page");
            let title = between(&page, "<title>", "</title>").unwrap_or_default();
            assert!(title.ends_with("· Docs · Latchkey"), "{path}: {title}");
            let header = between(&page, "<header", "</header>").unwrap_or_default();
            assert!(header.contains(">Latchkey<") && !header.contains("Acme"), "{path}: {header}");
            assert!(!page.contains("/accent.css\""), "{path} has the vendor's color");
        }
        let page = browser.get("/portal").await.text().await.expect("a page");
        assert!(page.contains("mailto:help@acme.example") && page.contains("Acme Tools Ltd"), "{page}");
        for (start, kind) in [("/accent.css", "text/css; charset=utf-8"), ("/logo.svg", "image/svg+xml")] {
            let found = page.split("/brand/").find_map(|part| part.split_once(start).map(|(version, _)| version));
            let path = format!("/brand/{}{start}", found.expect("a link"));
            let answer = browser.get(&path).await;
            assert_eq!((answer.status(), answer.headers()["content-type"].to_str().ok()), (StatusCode::OK, Some(kind)));
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
            let policy = answer.headers()["content-security-policy"].to_str().expect("text");
            assert!(policy.starts_with("default-src 'none'") && policy.contains("sandbox"), "{policy}");
            let caching = answer.headers()["cache-control"].to_str().expect("text");
            assert!(caching.contains("immutable"), "{caching}");
        }
    });
}

/// An instance without a start page does not link to one.
#[test]
fn links_lead_only_to_served_pages() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.server.surfaces = surfaces("portal,docs");
        })
        .await;
        for path in ["/login", "/docs", "/nothing"] {
            let page = app.browser().get(path).await.text().await.expect("a page");
            assert!(!page.contains("href=\"/\""), "{path}: {page}");
        }
        let app = TestApp::start(Backend::Sqlite).await;
        for path in ["/login", "/docs", "/nothing"] {
            let page = app.browser().get(path).await.text().await.expect("a page");
            assert!(page.contains("href=\"/\""), "{path}: {page}");
        }
    });
}
