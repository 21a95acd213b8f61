//! The content of other vendors.

use std::{fs, path::Path};

use latchkey_server::settings::{Settings, Sources};
use latchkey_testkit::Backend;
use reqwest::StatusCode;

use super::{acme, with_acme};
use crate::support::{
    app::{TestApp, run},
    host::{Host, text},
};

/// Nothing of the default content is in the code.
#[test]
fn another_vendor_has_only_its_own_texts() {
    run(async {
        let app = with_acme().await;
        // The catalog's prices are the test's.
        for path in
            ["/faq", "/changelog", "/downloads", "/lost-key", "/legal/imprint", "/changelog.xml", "/sitemap.xml"]
        {
            let answer = app.browser().get(path).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let html = answer.text().await.expect("a page");
            for word in ["ChartGPT", "NinjaTrader", "AI key", "Risk disclosure"] {
                assert!(!html.contains(word), "{path} contains {word}");
            }
        }
        for path in ["/legal/terms", "/og.png"] {
            assert_eq!(app.browser().get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let home = app.browser().get("/").await.text().await.expect("a page");
        assert!(home.contains("Draw once.") && home.contains("alt=\"A floor plan with its measures\""), "{home}");
        let picture = app.browser().get("/media/plan.svg").await;
        assert_eq!(picture.headers()["content-type"], "image/svg+xml");
        let questions = app.browser().get("/faq").await.text().await.expect("a page");
        assert!(
            questions.contains("&amp; ask &lt;us&gt;") || questions.contains("ask <!-- raw HTML omitted -->"),
            "{questions}"
        );
        let contact = app.browser().get("/.well-known/security.txt").await.text().await.expect("text");
        assert!(contact.starts_with("Contact: mailto:security@acme.example\n"), "{contact}");
    });
}

#[test]
fn downloads_show_files_with_checksums_and_keep_other_channels_apart() {
    run(async {
        let app = with_acme().await;
        let page = app.browser().get("/downloads").await.text().await.expect("a page");
        let latest = page.split("Other versions").next().expect("the newest version");
        for part in ["Version 2.0.0", "12.4 MB", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"] {
            assert!(latest.contains(part), "{part}: {page}");
        }
        assert!(!latest.contains("2.1.0-beta.1") && page.contains("2.1.0-beta.1"), "{page}");
        let changes = app.browser().get("/changelog").await.text().await.expect("a page");
        let places: Vec<_> =
            ["id=\"v2.1.0-beta.1\"", "id=\"v2.0.0\"", "id=\"v1.0.0\""].map(|id| changes.find(id)).into();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
        assert!(!changes.contains("<b>"), "raw HTML is not rendered");
    });
}

/// A vendor that has not written anything yet has a start page only.
#[test]
fn a_vendor_without_content_has_a_start_page() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.brand.name = "Acme Draw".to_owned();
        })
        .await;
        let home = app.browser().get("/").await.text().await.expect("a page");
        assert!(home.contains("Acme Draw licenses") && !home.contains("Ask your chart"), "{home}");
        for path in ["/pricing", "/faq", "/changelog", "/sitemap.xml"] {
            assert_eq!(app.browser().get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    });
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("copied");
        }
    }
}

/// The folder replaces pages for customers and adds others. Latchkey's own documentation stays beside them.
#[test]
fn another_vendor_has_its_own_help() {
    run(async {
        let app = with_acme().await;
        let page = async |path: &str| {
            let answer = app.browser().get(path).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            answer.text().await.expect("a page")
        };
        let activate = page("/docs/activate").await;
        for part in [
            "<title>Activate Acme Draw · Help · Acme Draw</title>",
            "href=\"/docs/share-a-seat\"",
            "Using Acme Draw",
            "Draw menu",
            "href=\"/docs/install\"",
        ] {
            assert!(activate.contains(part), "{part}: {activate}");
        }
        assert!(!activate.contains("Latchkey"), "{activate}");
        assert!(page("/docs/share-a-seat").await.contains("Pass a seat on"));
        assert!(page("/docs/offline-use").await.contains("· Help · Acme Draw"), "a page that was not replaced");
        let install = page("/docs/install").await;
        let header = install.split("</header>").next().expect("a header");
        assert!(header.contains("<title>Install · Docs · Latchkey</title>") && !header.contains("Acme"), "{header}");
        assert!(page("/docs/search?q=pass+a+seat").await.contains("href=\"/docs/share-a-seat\""));
        assert!(page("/sitemap.xml").await.contains("/docs/share-a-seat</loc>"));
        for path in ["/docs", "/docs/activate", "/docs/offline-use", "/docs/troubleshooting", "/docs/share-a-seat"] {
            let html = page(path).await;
            for word in ["ChartGPT", "NinjaTrader 8", "AI key"] {
                assert!(!html.contains(word), "{path} contains {word}");
            }
        }
    });
}

/// Pages that are the same for everyone link to the portal where it is.
#[test]
fn help_leads_to_a_portal_with_another_origin() {
    run(async {
        let start = async |site: Option<&str>| {
            TestApp::start_with(Backend::Sqlite, |settings, _| {
                settings.server.site_url = site.map(str::to_owned);
            })
            .await
        };
        let same = start(None).await;
        let other = start(Some("https://www.example.com")).await;
        let portal = other.portal_origin();
        for path in ["/docs/activate", "/docs/offline-use", "/docs"] {
            let page = async |app: &TestApp| app.browser().get(path).await.text().await.expect("a page");
            assert!(page(&same).await.contains("href=\"/portal"), "{path}");
            let html = page(&other).await;
            assert!(html.contains(&format!("href=\"{portal}/portal")), "{path}: {html}");
            assert!(!html.contains("href=\"/portal") && !html.contains("href=\"/login"), "{path}: {html}");
        }
    });
}

/// What the settings say about a content folder in which one text was replaced.
fn error_after(file: &str, old: &str, new: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&acme(), folder.path());
    let path = folder.path().join(file);
    let before = fs::read_to_string(&path).expect("read");
    assert!(before.contains(old), "{file} does not contain {old}");
    fs::write(&path, before.replacen(old, new, 1)).expect("written");
    let flags = vec![("content.folder", folder.path().display().to_string())];
    match Settings::read(Sources { flags, ..Sources::default() }) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn errors_of_content_name_the_file_and_the_line() {
    assert_eq!(error_after("site.toml", "Acme Draw", "Acme Draw"), "", "the folder itself is valid");
    for (file, old, new, parts) in [
        ("site.toml", "title = \"Draw once.\"", "titel = \"Draw once.\"", &["site.toml", "line 13", "titel"][..]),
        (
            "site.toml",
            "legal = [\"imprint\"]",
            "legal = [\"imprint\", \"terms\"]",
            &["site.toml, line 4", "legal/terms.md"],
        ),
        ("site.toml", "questions = [\"students\"]", "questions = [\"teachers\"]", &["site.toml, line 10", "teachers"]),
        ("site.toml", "media/plan.svg", "media/../../plan.svg", &["site.toml, line 17", "no file"]),
        ("site.toml", "id = \"students\"", "id = \"Students?\"", &["site.toml", "line 38", "lower-case letters"]),
        ("site.toml", "brand = ", "brand == ", &["site.toml", "line 3"]),
        ("releases.toml", "2026-10-01", "2026-13-01", &["releases.toml", "line 3", "such as 2026-11-30"]),
        ("releases.toml", "e3b0c442", "", &["releases.toml", "line 11", "64 hexadecimal digits"]),
        ("releases.toml", "https://downloads", "http://downloads", &["releases.toml", "line 9", "https://"]),
        ("releases.toml", "version = \"1.0.0\"", "version = \"2.0.0\"", &["releases.toml, line 21", "twice"]),
        ("legal/imprint.md", "# Imprint", "Imprint", &["legal/imprint.md", "begin with a title"]),
        ("docs/customers/activate.md", "# Activate", "Activate", &["docs/customers/activate.md", "begin with a title"]),
        (
            "docs/customers/activate.md",
            "share-a-seat.md",
            "lend-a-seat.md",
            &["activate.md, line 5", "/docs/lend-a-seat"],
        ),
        (
            "docs/customers/activate.md",
            "offline-use.md",
            "offline-use.md#weather",
            &["activate.md, line 9", "no part weather"],
        ),
        ("docs/customers/activate.md", "```text", "```include x.txt", &["activate.md, line 11", "no file docs/x.txt"]),
        (
            "docs/customers/contents.toml",
            "\"share-a-seat\"",
            "\"share\"",
            &["contents.toml, line 8", "customers/share.md"],
        ),
        (
            "docs/customers/contents.toml",
            ", \"share-a-seat\"",
            "",
            &["share-a-seat.md, line 1", "not listed", "contents.toml"],
        ),
        ("docs/customers/contents.toml", "\"offline-use\"", "\"Offline\"", &["contents.toml, line 7", "lower-case"]),
        ("docs/customers/contents.toml", "\"offline-use\", ", "", &["contents.toml", "/docs/offline-use"]),
        ("docs/customers/contents.toml", "title =", "titel =", &["contents.toml", "line 4", "titel"]),
    ] {
        let error = error_after(file, old, new);
        for part in parts {
            assert!(error.contains(part), "{file}, {new}: {part} is not in: {error}");
        }
    }
    let missing =
        Settings::read(Sources { flags: vec![("content.folder", "/nowhere".to_owned())], ..Sources::default() });
    let error = missing.expect_err("refused").to_string();
    assert!(error.contains("content.folder, /nowhere"), "{error}");
}

/// Writing the texts to a folder and using it changes nothing.
#[test]
fn exported_content_is_the_same_site() {
    let host = Host::with_products();
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("content");
    let target = target.to_str().expect("a path");
    let written = host.json(&["content", "export", target]);
    for name in ["site.toml", "docs/customers/contents.toml", "docs/customers/activate.md"] {
        assert!(written["files"].as_array().is_some_and(|files| files.iter().any(|file| file == name)), "{written}");
    }
    let again = host.refusal(&["content", "export", target], 1);
    assert!(again.contains("is not empty"), "{again}");
    let other = folder.path().join("other");
    let said = text(&host.run(&["content", "export", other.to_str().expect("a path")]).stdout);
    assert!(said.contains("content.folder"), "{said}");
    run(async {
        let start = async |folder: Option<&str>| {
            TestApp::start_with(Backend::Sqlite, |settings, _| {
                settings.brand.name = "ChartGPT".to_owned();
                settings.server.site_url = Some("https://www.example.com".to_owned());
                settings.server.portal_url = Some("https://portal.example.com".to_owned());
                settings.content.folder = folder.map(Into::into);
            })
            .await
        };
        let (compiled_in, exported) = (start(None).await, start(Some(target)).await);
        for path in ["/", "/faq", "/changelog", "/legal/terms", "/docs/activate", "/docs/install"] {
            let page = async |app: &TestApp| app.browser().get(path).await.text().await.expect("a page");
            assert_eq!(page(&compiled_in).await, page(&exported).await, "{path}");
        }
    });
}
