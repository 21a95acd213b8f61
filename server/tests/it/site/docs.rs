//! The documentation: what it shows works as it stands.

use std::{os::unix::fs::symlink, process::Command};

use latchkey_licensing::validation::ValidationCode;
use latchkey_testkit::Backend;
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{
    app::{TestApp, run},
    host::{Host, text},
};

fn file(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../content/docs").join(name);
    std::fs::read_to_string(path).expect("the page")
}

/// The blocks of a page with their languages.
fn blocks(page: &str) -> Vec<(String, String)> {
    let fences = page.split("```").skip(1).step_by(2);
    fences.filter_map(|block| block.split_once('\n')).map(|(kind, text)| (kind.to_owned(), text.to_owned())).collect()
}

/// Whether everything shown is in what was received.
fn contains(received: &Value, shown: &Value) -> bool {
    match (received, shown) {
        (Value::Object(received), Value::Object(shown)) => {
            shown.iter().all(|(key, value)| received.get(key).is_some_and(|received| contains(received, value)))
        }
        _ => received == shown,
    }
}

#[test]
fn the_quick_start_works_as_it_stands() {
    let host = Host::new();
    let folder = host.folder.path();
    let server = host.serve(&["--demo"], &[]);
    std::fs::create_dir_all(folder.join("target/debug")).expect("a folder");
    symlink(env!("CARGO_BIN_EXE_latchkey"), folder.join("target/debug/latchkey")).expect("linked");
    let page = file("quick-start.md");
    let mut script = String::from("set -euo pipefail\n");
    let mut expected = Vec::new();
    for (kind, block) in blocks(&page) {
        match kind.as_str() {
            "sh" => {
                script.push_str(&block.replace("http://localhost:3000", &format!("http://{}", server.address)));
                // Each response is on a line of its own.
                script.push_str("echo\n");
            }
            "json" => expected.push(serde_json::from_str::<Value>(&block).expect("JSON")),
            other => panic!("a block of {other}"),
        }
    }
    let output = Command::new("bash").arg("-c").arg(&script).current_dir(folder).output().expect("bash runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let received: Vec<Value> = text(&output.stdout)
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).expect("a response"))
        .collect();
    assert_eq!(received.len(), expected.len());
    for (received, shown) in received.iter().zip(&expected) {
        assert!(contains(received, shown), "{shown} is shown, but this was received: {received}");
    }
}

#[test]
fn every_code_of_a_validation_is_explained() {
    let page = file("troubleshooting.md");
    for code in ValidationCode::ALL {
        assert!(page.contains(&format!("`{}`", code.as_str())), "{}", code.as_str());
    }
}

#[test]
fn the_search_finds_pages_and_shows_what_was_asked() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let page = async |query: &str| {
            let answer = app.browser().get(&format!("/docs/search{query}")).await;
            assert_eq!(answer.status(), StatusCode::OK, "{query}");
            answer.text().await.expect("a page")
        };
        let found = page("?q=grace+period").await;
        assert!(found.contains("href=\"/docs/client#") && found.contains("value=\"grace period\""), "{found}");
        assert!(!found.contains("<script"), "{found}");
        let none = page("?q=%3Cb%3Exyzzy").await;
        assert!(none.contains("Nothing was found") && !none.contains("<b>xyzzy"), "{none}");
        assert!(page("").await.contains("Type a word"));
        let long = page(&format!("?q={}", "a".repeat(5_000))).await;
        assert!(!long.contains(&"a".repeat(101)), "the query is cut");
    });
}

/// The pages that are made from the program.
#[test]
fn settings_and_commands_have_pages() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        for (path, part) in [("/docs/settings", "server.trusted_proxies"), ("/docs/commands", "latchkey license issue")]
        {
            let page = app.browser().get(path).await.text().await.expect("a page");
            assert!(page.contains(part), "{path}");
            assert!(
                page.contains("<meta name=\"description\" content=\"") && page.contains("rel=\"canonical\""),
                "{path}"
            );
        }
    });
}
