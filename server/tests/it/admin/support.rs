//! What the tests of the admin portal's pages share.

use std::time::Duration;

use latchkey_licensing::email::EmailAddress;
use latchkey_store::AuditRow;
use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::support::app::{Browser, TestApp, location};

/// A page that is there.
pub(crate) async fn page(browser: &Browser<'_>, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.expect("a page")
}

/// The value of a hidden field.
pub(crate) fn hidden(page: &str, name: &str) -> Option<String> {
    let field = page.split("<input").find(|field| field.contains(&format!("name=\"{name}\"")))?;
    Some(field.split("value=\"").nth(1)?.split('"').next()?.to_owned())
}

/// Opens the page of an act and submits its form with these fields.
pub(crate) async fn act(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Response {
    let form = page(browser, path).await;
    // What happens later has later ids.
    browser.app.kit.clock.advance(Duration::from_secs(1));
    let version = hidden(&form, "version");
    let version = version.iter().map(|version| ("version", version.as_str()));
    let fields: Vec<(&str, &str)> = fields.iter().copied().chain(version).collect();
    browser.submit(path, &fields).await
}

/// The same, which is done. Returns the page with the result.
pub(crate) async fn done(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = act(browser, path, fields).await;
    let status = answer.status();
    assert!(status == StatusCode::SEE_OTHER, "{path}: {status} {}", answer.text().await.unwrap_or_default());
    let to = location(&answer).to_owned();
    page(browser, &to).await
}

/// The rows of the audit log about a record, the newest first.
pub(crate) async fn audits(app: &TestApp, kind: &str, id: &str) -> Vec<AuditRow> {
    let mut reader = app.service().store().read().await.expect("a reader");
    reader.list_audit_of(kind, id, 100).await.expect("read")
}

/// The newest row: what happened, who did it, and the reason with its note.
pub(crate) async fn newest(app: &TestApp, kind: &str, id: &str) -> (String, String, Option<(String, String)>) {
    let row = audits(app, kind, id).await.into_iter().next().expect("a row");
    let detail: Value = serde_json::from_str(&row.detail).expect("JSON");
    let reason = detail["reason"].as_object().map(|reason| {
        let text = |name: &str| reason.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        (text("code"), text("note"))
    });
    (row.verb, row.actor_kind, reason)
}

/// The kinds of mails to an address, the newest first.
pub(crate) async fn mails(app: &TestApp, email: &str) -> Vec<String> {
    let email = EmailAddress::parse(email).expect("an address");
    let mut reader = app.service().store().read().await.expect("a reader");
    let mails = reader.list_mails_to(&email, None, 100).await.expect("read");
    mails.into_iter().map(|mail| mail.kind).collect()
}
