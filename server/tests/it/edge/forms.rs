//! Forms that are not complete.

use latchkey_testkit::{Backend, on_both};
use leptos::server_fn::axum::server_fn_paths;
use reqwest::header;
use serde_json::Value;

use crate::{
    access_control::FIELDS,
    support::app::{Browser, TestApp, run, with_app},
};

on_both!(with_app: a_form_that_is_not_complete_changes_nothing);

/// Sends a body to a server function, as a script does.
async fn call(browser: &Browser<'_>, path: &str, kind: &str, body: String) -> (u16, String) {
    browser.app.kit.clock.advance(std::time::Duration::from_mins(2));
    let request = browser.client.post(format!("{}{path}", browser.app.origin()));
    let request = request.header(header::ACCEPT, "application/json").header("sec-fetch-site", "same-origin");
    let answer = request.header(header::CONTENT_TYPE, kind).body(body).send().await.expect("an answer");
    // Sessions end if nobody notes that they are used.
    browser.app.service().write_bookkeeping().await.expect("written");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

fn encoded<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Whatever is missing, malformed or of another type, the response says which field it is, and never that the server failed.
#[test]
fn every_server_function_names_the_field_that_is_missing() {
    run(async {
        let app = &TestApp::start(Backend::Sqlite).await;
        let customer = app.customer("ada@example.com").await;
        let (fields, mut named, mut wrong) = (FIELDS, 0, Vec::new());
        for (path, _) in server_fn_paths() {
            // Some of them end sessions.
            let admin = app.admin().await;
            let browser = if path.starts_with("/fn/admin/") { &admin } else { &customer };
            let all = || fields.iter().copied();
            let bodies = fields.map(|(missing, _)| encoded(all().filter(|(name, _)| *name != missing)));
            let malformed = ["", "%", "&&=&", "%5B%5D=", "a[b]=c&a=d", "\u{0}", "{\"email\":\"a\"}"].map(str::to_owned);
            for body in bodies.into_iter().chain(malformed) {
                let (status, text) = call(browser, path, FORM, body.clone()).await;
                if status == 400 {
                    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
                    let field = answer["FormInvalid"]["field"].as_str().unwrap_or("-").to_owned();
                    let is_sent = field == "a" && body.starts_with('a');
                    let is_known =
                        is_sent || fields.iter().any(|(name, _)| name.split('[').next() == Some(field.as_str()));
                    named += usize::from(is_known);
                    // Only a form of which nothing can be read has no field.
                    let is_unreadable = field.is_empty() && body.len() < 20;
                    if !is_known && !is_unreadable {
                        wrong.push(format!("{path} {body:?}: {text}"));
                    }
                } else if status == 500 {
                    wrong.push(format!("{path} {body:?}: {status} {text}"));
                }
            }
            for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x", "x"] {
                let (status, text) = call(browser, path, kind, "{}".to_owned()).await;
                if status != 400 {
                    wrong.push(format!("{path} as {kind}: {status} {text}"));
                }
            }
        }
        assert_eq!(wrong, [""; 0]);
        assert!(named > 60, "only {named} answers named a field");
    });
}

/// A browser without script shows a page that says so, and nothing is written.
async fn a_form_that_is_not_complete_changes_nothing(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let customer = app.customer("ada@example.com").await;
    let history = async || {
        let mut reader = app.service().store().read().await.expect("a reader");
        let sessions = reader.list_sessions_of(issued.owner.id).await.expect("read").len();
        (sessions, app.kit.history(issued.view.license.id).await.len())
    };
    let before = history().await;
    let cases: [(&str, &[(&str, &str)]); 6] = [
        ("/fn/rename", &[]),
        ("/fn/free_computer", &[("license", "x")]),
        ("/fn/replace_key", &[]),
        ("/fn/confirm_code", &[]),
        ("/fn/request_sign_in", &[]),
        ("/fn/end_session", &[]),
    ];
    for (path, fields) in cases {
        let request = customer.form(path, fields).await.header(header::REFERER, "https://evil.example/x");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 400, "{path}");
        assert!(!answer.headers().contains_key(header::LOCATION), "{path}");
        let kind = answer.headers()[header::CONTENT_TYPE].to_str().expect("text").to_owned();
        assert!(kind.starts_with("text/html"), "{path}: {kind}");
        let page = answer.text().await.expect("a page");
        assert!(page.contains("This form is not complete") && page.contains("Nothing was changed"), "{path}: {page}");
    }
    assert_eq!(history().await, before);
}
