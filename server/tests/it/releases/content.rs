//! What is wrong with releases: each error names the file and the line.

use std::{fs, os::unix::fs::symlink};

use latchkey_server::settings::{Settings, Sources};
use latchkey_testkit::Backend;
use reqwest::StatusCode;

use super::{serve, shelf};
use crate::support::{
    app::{TestApp, run},
    shelf::{Shelf, hex},
};

/// What the settings say about a folder.
fn error(shelf: &Shelf) -> String {
    let flags = vec![("content.folder", shelf.folder.path().display().to_string())];
    Settings::read(Sources { flags, ..Sources::default() }).map_or_else(|error| error.to_string(), |_| String::new())
}

/// A file with this content, in a list in which one text was replaced.
fn after(old: &str, new: &str) -> String {
    let mut shelf = Shelf::new();
    shelf.release("1.0.0", "2026-10-01", "").file("acme.exe", "windows", b"one", "arch = \"x64\"");
    shelf.release("1.1.0", "2026-10-02", "").file("b.zip", "any", b"more", "");
    assert!(shelf.list.contains(old), "{old}");
    shelf.list = shelf.list.replacen(old, new, 1);
    shelf.write();
    error(&shelf)
}

#[test]
fn errors_name_the_file_and_the_line() {
    assert_eq!(after("windows", "Win32"), "", "names of tools are accepted");
    let sum = hex(&[0; 32]);
    for (old, new, line, part) in [
        ("version = \"1.0.0\"", "version = \"1.0\"", 2, "`1.0` is not a version: use one such as 1.4.0"),
        ("version = \"1.0.0\"", "version = \"1.0.0/../..\"", 2, "is not a version"),
        ("2026-10-01", "2026-13-01", 3, "such as 2026-11-30"),
        (
            "platform = \"windows\"",
            "platform = \"beos\"",
            9,
            "`beos` is not a platform: use windows, macos, linux or any",
        ),
        ("arch = \"x64\"", "arch = \"sparc\"", 14, "is not a processor: use x64"),
        ("size = 3", "size = -3", 11, "integer `-3`"),
        ("size = 3", "size = 0", 11, "nonzero"),
        ("size = 3", "size = 4", 10, "builds/acme.exe has 3 bytes, but 4 are listed"),
        ("size = 3", "size = 99999999999999", 10, "has 3 bytes"),
        ("arch = \"x64\"", "sha-1 = \"\"", 14, "unknown field `sha-1`"),
        ("arch = \"x64\"", "sha1 = \"ab\"", 14, "40 hexadecimal digits"),
        ("arch = \"x64\"", "signature = \"ab\"", 14, "not an Ed25519 signature in base64"),
        ("arch = \"x64\"", "minisign = \"ab\"", 14, "not a signature of minisign"),
        ("arch = \"x64\"", "name = \"a b.exe\"", 14, "`a b.exe` is not a file name"),
        ("arch = \"x64\"", "url = \"https://example.com/a.exe\"", 8, "either `url`"),
        ("file = \"builds/acme.exe\"", "", 8, "either `url`"),
        ("builds/acme.exe", "builds/gone.exe", 10, "there is no file builds/gone.exe"),
        ("builds/acme.exe", "builds/../releases.toml", 10, "not a file in the folder builds"),
        ("builds/acme.exe", "/etc/passwd", 10, "not a file in the folder builds"),
        ("file = \"builds/acme.exe\"", "url = \"http://example.com/a.exe\"", 10, "not a link"),
        ("file = \"builds/acme.exe\"", "url = \"https://example.com/download?id=1\"", 8, ""),
        ("version = \"1.1.0\"", "version = \"1.0.0\"", 16, "version 1.0.0 is listed twice"),
        (
            "notes = \"\"\"\n- New in **1.0.0** & more\n\"\"\"\n",
            "notes = \"\"\nchannel = \"nightly\"\n",
            5,
            "unknown variant `nightly`",
        ),
        ("notes", "note", 4, "unknown field `note`"),
    ] {
        let error = after(old, new);
        if part.is_empty() {
            assert_eq!(error, "", "{new}");
            continue;
        }
        let lines = [format!("line {line}"), format!("line {line},"), format!("line {line}:")];
        let names_line = lines.iter().any(|line| error.contains(line.as_str()));
        assert!(
            error.contains("releases.toml") && names_line && error.contains(part),
            "{new}: line {line}, {part}: {error}"
        );
    }
    let twice = after(
        "[[releases]]\nversion = \"1.1.0\"",
        &format!(
            "[[releases.files]]\nplatform = \"any\"\nurl = \"https://example.com/acme.exe\"\nsize = 1\nsha256 = \"{sum}\"\n\n[[releases]]\nversion = \"1.1.0\""
        ),
    );
    assert!(twice.contains("version 1.0.0 has two files with the name acme.exe"), "{twice}");
}

#[test]
fn links_out_of_the_folder_are_refused() {
    let mut shelf = Shelf::new();
    shelf.release("1.0.0", "2026-10-01", "").file("acme.exe", "windows", b"one", "");
    let (secret, path) = (shelf.folder.path().join("site.key"), shelf.path("acme.exe"));
    fs::rename(&path, &secret).expect("moved");
    symlink(&secret, &path).expect("linked");
    shelf.write();
    let said = error(&shelf);
    assert!(said.contains("builds/acme.exe is a link that leads out of the folder builds"), "{said}");
    fs::remove_file(&path).expect("removed");
    fs::rename(&secret, shelf.path("acme-1.exe")).expect("moved");
    symlink("acme-1.exe", &path).expect("linked");
    assert_eq!(error(&shelf), "", "a link to another file in the folder");
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("a folder");
    assert!(error(&shelf).contains("builds/acme.exe is not a file"), "{}", error(&shelf));
}

#[test]
fn several_products_have_releases_of_their_own() {
    let of = |code: &str| format!("product = \"{code}\"");
    let mut shelf = Shelf::new();
    shelf.release("1.0.0", "2026-10-01", &of("draw")).file("draw.exe", "windows", b"one", "");
    shelf.release("1.0.0", "2026-10-02", &of("paint")).file("paint.exe", "windows", b"two", "");
    shelf.write();
    assert_eq!(error(&shelf), "");
    shelf.file("draw.exe", "windows", b"one", "");
    shelf.write();
    assert!(error(&shelf).contains("two products have a file draw.exe of version 1.0.0"), "{}", error(&shelf));
    let mut shelf = Shelf::new();
    shelf.release("1.0.0", "2026-10-01", &of("draw"));
    shelf.release("1.0.0", "2026-10-02", "");
    shelf.write();
    assert!(error(&shelf).contains("version 1.0.0 is listed twice"), "{}", error(&shelf));
}

/// The downloads page of the site links to what anyone may have, and says where the rest is.
#[test]
fn the_site_links_to_public_files_only() {
    run(async {
        let shelf = shelf();
        let site = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/content/acme");
        for file in ["site.toml", "legal/imprint.md", "media/plan.svg"] {
            let target = shelf.folder.path().join(file);
            fs::create_dir_all(target.parent().expect("a folder")).expect("made");
            fs::copy(site.join(file), target).expect("copied");
        }
        let app = serve(&shelf, Backend::Sqlite).await;
        let page = app.browser().get("/downloads").await.text().await.expect("a page");
        let latest = page.split("Other versions").next().expect("the newest");
        assert!(latest.contains("Version 2.0.0") && latest.contains("Download it in your portal"), "{latest}");
        assert!(latest.contains("Windows x64") && latest.contains("3 bytes"), "{latest}");
        assert!(page.contains("href=\"/downloads/public/1.1.0/acme-1.1.0-viewer.zip\""), "{page}");
        assert!(!page.contains("acme-2.0.0.exe") && page.contains(">beta<"), "{page}");
        let file = app.browser().get("/downloads/public/1.1.0/acme-1.1.0-viewer.zip").await;
        assert_eq!((file.status(), file.text().await.expect("a body").as_str()), (StatusCode::OK, "a viewer"));
    });
}

/// Without builds, there is nothing to see.
#[test]
fn an_instance_without_builds_has_no_downloads() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let issued = app.issue("ada@example.com").await;
        let browser = app.customer("ada@example.com").await;
        let license = format!("/portal/licenses/{}", issued.view.license.id);
        let page = browser.get(&license).await.text().await.expect("a page");
        assert!(!page.contains("Downloads") && !page.contains("/downloads"), "{page}");
        let page = browser.get(&format!("{license}/downloads")).await.text().await.expect("a page");
        assert!(page.contains("There are no downloads for this license yet."), "{page}");
        let desktop = app.desktop(Some(issued.key.expose()));
        for (path, status) in [
            ("/v1/releases/1.0.0/upgrade", 404),
            ("/v1/releases/1.0.0", 404),
            ("/v1/updates/tauri/windows/x86_64/1.0.0", 204),
            ("/v1/updates/appcast.xml", 404),
            ("/v1/updates/electron/latest.yml", 404),
            ("/v1/updates/velopack/releases.win.json", 404),
        ] {
            assert_eq!(desktop.text(path).await.0, status, "{path}");
        }
    });
}
