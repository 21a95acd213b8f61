//! Secrets must not appear in the database, in the log or in responses.
//!
//! A separate process with one test, because the log that it reads is that of the whole process.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "../it/support/app.rs"]
#[expect(dead_code, reason = "shared with the larger suite")]
mod app;

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use latchkey_testkit::Backend;
use reqwest::header;

use app::{TestApp, location, secrets_in};

/// ML-01 and LC-12: after many sign-ins the database file contains no link, code, cookie or key.
async fn ml_01_a_stolen_database_contains_no_secrets() {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut secrets = Vec::new();
    for n in 0..25 {
        let email = format!("user{n}@example.com");
        let issued = app.issue(&email).await;
        secrets.push(issued.key.expose().to_owned());
        let browser = app.browser();
        let asked = browser.submit("/fn/request_sign_in", &[("email", &email)]).await;
        assert_eq!(location(&asked), "/login/code");
        if n % 2 == 0 {
            app.kit.deliver_mail().await;
            let (token, code) = secrets_in(&app.kit.mail.take().pop().expect("a mail").text);
            let confirmed = browser.confirm_link(&token).await;
            secrets.extend(cookies(&confirmed));
            secrets.extend([token, code.replace('-', ""), code]);
        }
        secrets.extend(cookies(&asked));
        app.kit.clock.advance(std::time::Duration::from_mins(1));
    }
    // Half of the mails are waiting in the outbox. The write-ahead log is part of the database.
    let path = app.kit.database.url().trim_start_matches("sqlite://").to_owned();
    let dump: Vec<u8> =
        ["", "-wal"].iter().flat_map(|end| std::fs::read(format!("{path}{end}")).unwrap_or_default()).collect();
    assert!(dump.len() > 100_000 && contains(&dump, "user3@example.com"), "the dump is the database");
    let found: Vec<&String> = secrets.iter().filter(|secret| contains(&dump, secret)).collect();
    assert!(secrets.len() > 100 && found.is_empty(), "{found:?}");
}

fn cookies(answer: &reqwest::Response) -> Vec<String> {
    let all = answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.filter_map(|cookie| cookie.split(';').next()?.split_once('='))
        .map(|(_, value)| value.to_owned())
        .filter(|value| value.len() > 8)
        .collect()
}

fn contains(dump: &[u8], secret: &str) -> bool {
    dump.windows(secret.len()).any(|part| part == secret.as_bytes())
}

/// A buffer for the log.
#[derive(Clone, Default)]
struct LogBuffer(Arc<Mutex<Vec<u8>>>);

impl Write for LogBuffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no test panicked in here").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// ML-15: at trace level, no request writes a link, code, cookie, key or address to the log.
async fn ml_15_the_log_contains_no_secrets() {
    let buffer = LogBuffer::default();
    let writer = buffer.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let app = TestApp::start(Backend::Sqlite).await;
    let issued = app.issue("canary.customer@example.com").await;
    let key = issued.key.expose();
    let browser = app.browser();
    let asked = browser.submit("/fn/request_sign_in", &[("email", "canary.customer@example.com")]).await;
    app.kit.deliver_mail().await;
    let (token, code) = secrets_in(&app.kit.mail.take().pop().expect("a mail").text);
    browser.confirm_code("0000-0000").await;
    browser.get(&format!("/login/link/{token}")).await;
    let confirmed = browser.confirm_link(&token).await;
    browser.confirm_code(&code).await;
    let license = issued.view.license.id.to_string();
    browser.submit("/fn/reveal_key", &[("id", &license)]).await;
    browser.get(&format!("/portal/licenses/{license}")).await;
    let desktop = app.desktop(Some(key));
    desktop.activate("canary-fingerprint").await;
    desktop.get(&format!("/v1/licenses/{key}/machines")).await;
    desktop.get("/v1/machines/canary-fingerprint").await;
    app.desktop(Some("CANARY-BAD-KEY")).get("/v1/me").await;
    drop(guard);

    let log = buffer.0.lock().expect("no test panicked in here").clone();
    // What other crates of this process log about their own client side is not part of the server's log.
    let log: String = String::from_utf8_lossy(&log)
        .lines()
        .filter(|line| !line.contains("reqwest") && !line.contains("hyper_util::client"))
        .collect::<Vec<_>>()
        .join("\n");
    assert!(log.contains("/login/link/{token}") || log.contains("/login/link/:token"), "the log contains routes");
    let mut secrets = vec![
        key.to_owned(),
        token,
        code.clone(),
        code.replace('-', ""),
        "canary.customer".to_owned(),
        "canary-fingerprint".to_owned(),
        "CANARY-BAD-KEY".to_owned(),
    ];
    secrets.extend(cookies(&asked));
    secrets.extend(cookies(&confirmed));
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert!(line.is_none(), "{secret} is in the log: {}", line.unwrap_or_default());
    }
}

/// One after the other, on one runtime and one thread, for which the log's writer is set.
#[tokio::test(flavor = "current_thread")]
async fn secrets_do_not_leak() {
    ml_01_a_stolen_database_contains_no_secrets().await;
    ml_15_the_log_contains_no_secrets().await;
}
