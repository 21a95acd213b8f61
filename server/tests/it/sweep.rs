//! Every server function is a public endpoint: each has a row here that says what a stranger gets.

use std::collections::BTreeMap;

use latchkey_testkit::Backend;
use leptos::server_fn::axum::server_fn_paths;

use crate::app::{TestApp, location, run};

/// What a browser gets that is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stranger {
    /// The answer to everybody.
    Served,
    /// 401, and nothing else.
    Refused,
}

fn expected() -> BTreeMap<&'static str, Stranger> {
    use Stranger::{Refused, Served};
    BTreeMap::from([
        ("/fn/account", Refused),
        ("/fn/ask_to_free", Refused),
        ("/fn/carry_out_request", Refused),
        ("/fn/choose_theme", Served),
        ("/fn/computer", Refused),
        ("/fn/confirm_code", Served),
        ("/fn/confirm_host_link", Served),
        ("/fn/confirm_link", Served),
        ("/fn/end_all_sessions", Refused),
        ("/fn/end_session", Refused),
        ("/fn/free_computer", Refused),
        ("/fn/license", Refused),
        ("/fn/licenses", Refused),
        ("/fn/read_request", Refused),
        ("/fn/read_sign_in", Served),
        ("/fn/rename", Refused),
        ("/fn/rename_computer", Refused),
        ("/fn/replace_key", Refused),
        ("/fn/request_sign_in", Served),
        ("/fn/reveal_key", Refused),
        ("/fn/sign_out", Served),
        ("/fn/waiting_message", Served),
    ])
}

/// Every argument that any server function takes.
const FIELDS: [(&str, &str); 11] = [
    ("request", "lk1.x.ABCDEFGH"),
    ("email", "nobody@example.com"),
    ("code", "0000-0000"),
    ("token", "x"),
    ("theme", "dark"),
    ("back", "//evil.example"),
    ("id", "0190f3c2-0000-7000-8000-000000000000"),
    ("license", "0190f3c2-0000-7000-8000-000000000000"),
    ("machine", "0190f3c2-0000-7000-8000-000000000000"),
    ("name", "x"),
    ("next", "//evil.example"),
];

#[test]
fn wh_17_every_server_function_is_known_and_guarded() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let table = expected();
        let mut found: Vec<String> = server_fn_paths().map(|(path, _)| path.to_owned()).collect();
        found.sort();
        assert_eq!(found, table.keys().map(ToString::to_string).collect::<Vec<_>>(), "each server function has a row");
        for (path, stranger) in table {
            // As a script asks.
            let mut request = app.browser().form(path, &FIELDS).build().expect("a request");
            request.headers_mut().insert("accept", "application/json".parse().expect("a header"));
            let answer = app.browser().client.execute(request).await.expect("an answer");
            let status = answer.status().as_u16();
            match stranger {
                Stranger::Refused => assert_eq!(status, 401, "{path}"),
                Stranger::Served => assert!(matches!(status, 200 | 422 | 429), "{path}: {status}"),
            }
        }
    });
}

/// WH-02 and WH-24: all take POST alone, and a plain form ends on this site whatever `Referer` says.
#[test]
fn wh_24_forms_end_here() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        for (path, method) in server_fn_paths() {
            assert_eq!(method.as_str(), "POST", "{path}");
            let request = app.browser().form(path, &FIELDS).header("referer", "https://evil.example/x?y");
            let answer = request.send().await.expect("an answer");
            let to = location(&answer);
            assert!(
                to.starts_with('/') && !to.starts_with("//") && !to.contains("evil") && !to.contains("__err"),
                "{path}: {to}"
            );
        }
    });
}

/// Text in a `<textarea>` is not escaped by this version of the framework: none may be written. HTML as it
/// comes has one owner, the pages of the documentation, whose Markdown lets none through.
#[test]
fn no_textarea_and_no_raw_html() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/src");
    let mut folders = vec![root];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            seen += 1;
            let text = std::fs::read_to_string(&path).expect("text");
            for forbidden in ["<textarea", "inner_html", "style="] {
                let may = usize::from(forbidden == "inner_html" && path.ends_with("src/docs.rs"));
                assert_eq!(text.matches(forbidden).count(), may, "{} holds {forbidden}", path.display());
            }
        }
    }
    assert!(seen > 20);
}
