//! The endpoint to which Stripe sends events.

use std::time::Duration;

use latchkey_licensing::time::Timestamp;
use latchkey_server::settings::{Secret, Settings};
use latchkey_service::Clock;
use latchkey_testkit::{
    Backend, on_both,
    stripe::{sign, sign_with_all},
};
use reqwest::{Response, header};
use sqlx::{Connection, Executor, SqliteConnection};

use super::{OTHER_SECRET, SECRET};
use crate::support::app::{TestApp, essence, run, with_backend};

on_both!(with_backend:
    st_06_an_authentic_event_is_stored_before_it_is_acknowledged,
    st_07_signed_events_that_are_not_understood_are_stored,
    st_08_nothing_is_acknowledged_while_the_database_is_down,
);

const LIMIT: usize = 256 * 1024;

fn with_secrets(secrets: &'static str) -> impl FnOnce(&mut Settings, &mut latchkey_service::Options) {
    move |settings, _| {
        settings.stripe.secret_key = Some(Secret::new("rk_test_51Example0000000000000000000"));
        settings.stripe.webhook_secrets = Some(Secret::new(secrets));
    }
}

async fn start(backend: Backend) -> TestApp {
    TestApp::start_with(backend, with_secrets(SECRET)).await
}

fn event(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","object":"event","type":"checkout.session.completed","created":1795435100,"livemode":false,
        "api_version":"2026-09-30.endive","data":{{"object":{{"id":"cs_test_1","object":"checkout.session"}}}}}}"#
    )
}

fn now(app: &TestApp) -> i64 {
    app.kit.clock.now().unix_micros() / 1_000_000
}

async fn send(app: &TestApp, body: impl Into<Vec<u8>>, signatures: &[&str]) -> Response {
    let mut request = reqwest::Client::new().post(format!("{}/webhooks/stripe", app.origin())).body(body.into());
    for signature in signatures {
        request = request.header("stripe-signature", *signature);
    }
    request.send().await.expect("an answer")
}

async fn send_signed(app: &TestApp, body: &str) -> u16 {
    send(app, body, &[&sign(body.as_bytes(), SECRET, now(app))]).await.status().as_u16()
}

async fn stored(app: &TestApp, id: &str) -> Option<(latchkey_store::StripeEventRow, Vec<u8>)> {
    let mut reader = app.service().store().read().await.expect("a reader");
    reader.find_stripe_event(id).await.expect("read")
}

async fn st_06_an_authentic_event_is_stored_before_it_is_acknowledged(backend: Backend) {
    let app = start(backend).await;
    let body = event("evt_1");
    for _ in 0..3 {
        assert_eq!(send_signed(&app, &body).await, 200);
        let (row, stored) = stored(&app, "evt_1").await.expect("stored");
        assert_eq!(stored, body.as_bytes());
        assert_eq!((row.kind.as_str(), row.is_live), ("checkout.session.completed", false));
        assert_eq!(row.object, Some(("checkout".to_owned(), "cs_test_1".to_owned())));
        assert_eq!(row.api_version.as_deref(), Some("2026-09-30.endive"));
        assert_eq!(row.created_at, Timestamp::from_unix_micros(1_795_435_100_000_000));
        // The first delivery counts.
        assert_eq!(row.received_at, Timestamp::from_unix_micros(1_795_435_200_000_000));
        app.kit.clock.advance(Duration::from_mins(1));
    }
}

async fn st_07_signed_events_that_are_not_understood_are_stored(backend: Backend) {
    let app = start(backend).await;
    for (id, body) in [
        ("evt_2", event("evt_2").replace("checkout.session.completed", "invoice.frozen")),
        ("evt_3", event("evt_3").replace("cs_test_1", "")),
        ("evt_4", event("evt_4").replace("\"created\"", "\"made\"")),
    ] {
        assert_eq!(send_signed(&app, &body).await, 200, "{body}");
        let (row, stored) = stored(&app, id).await.expect("stored");
        assert_eq!((row.object, stored.as_slice()), (None, body.as_bytes()));
    }
    for body in ["not JSON", "", "[]", "{}", "{\"id\":\"\\u0000\"}"] {
        let count = async || {
            let mut reader = app.service().store().read().await.expect("a reader");
            reader.list_stripe_events(None, None, 100).await.expect("read").len()
        };
        let before = count().await;
        for _ in 0..2 {
            assert_eq!(send_signed(&app, body).await, 200, "{body}");
            assert_eq!(count().await, before + 1, "{body}");
        }
    }
}

#[test]
fn st_03_forged_events_all_get_the_same_refusal() {
    run(async {
        let app = start(Backend::Sqlite).await;
        let body = event("evt_1");
        let (time, bytes) = (now(&app), body.as_bytes());
        let good = sign(bytes, SECRET, time);
        let digits = good.rsplit('=').next().expect("a signature").to_owned();
        let cases: Vec<Vec<String>> = vec![
            vec![],
            vec![String::new()],
            vec!["junk".to_owned()],
            vec![good.clone(), good.clone()],
            vec![sign(bytes, SECRET, time - 301)],
            vec![sign(bytes, SECRET, time + 301)],
            vec![sign(bytes, SECRET, i64::MAX)],
            vec![sign(bytes, OTHER_SECRET, time)],
            vec![sign(bytes, "", time)],
            vec![sign(event("evt_2").as_bytes(), SECRET, time)],
            vec![sign(format!("{body}\r\n").as_bytes(), SECRET, time)],
            vec![good.replace("v1=", "v0=")],
            vec![good.replace(&digits, &digits.to_uppercase())],
            vec![good.replace(&digits, &digits[..63])],
            vec![format!("{good},t={time}")],
            vec![format!("{good}{}", format!(",v1={digits}").repeat(16))],
        ];
        let mut seen = Vec::new();
        for case in &cases {
            let signatures: Vec<&str> = case.iter().map(String::as_str).collect();
            let (status, _, headers, text) = essence(send(&app, bytes, &signatures).await).await;
            assert_eq!(status, 400, "{case:?}");
            seen.push((headers, text));
        }
        seen.dedup();
        assert_eq!(seen.len(), 1, "{seen:?}");
        let answer: serde_json::Value = serde_json::from_str(&seen[0].1).expect("JSON");
        assert_eq!((&answer["status"], &answer["type"]), (&400.into(), &"about:blank".into()));
        assert!(stored(&app, "evt_1").await.is_none());
        assert_eq!(send(&app, bytes, &[&good]).await.status(), 200);
        let refused = send(&app, bytes, &[]).await;
        assert_eq!(refused.headers()[header::CONTENT_TYPE], "application/problem+json");
    });
}

#[test]
fn st_02_a_body_has_at_most_256_kib() {
    run(async {
        let app = start(Backend::Sqlite).await;
        let padded = |size: usize| {
            let body = event("evt_1");
            format!("{body}{}", " ".repeat(size - body.len()))
        };
        assert_eq!(send_signed(&app, &padded(LIMIT + 1)).await, 413);
        assert!(stored(&app, "evt_1").await.is_none());
        assert_eq!(send_signed(&app, &padded(LIMIT)).await, 200);
        assert_eq!(stored(&app, "evt_1").await.expect("stored").1.len(), LIMIT);
    });
}

#[test]
fn st_04_both_secrets_of_a_rotation_are_accepted_and_a_removed_one_is_not() {
    run(async {
        let both = TestApp::start_with(
            Backend::Sqlite,
            with_secrets("whsec_0123456789abcdefghijklmnopqrstuv,whsec_vutsrqponmlkjihgfedcba9876543210"),
        )
        .await;
        let body = event("evt_1");
        for secrets in [vec![SECRET], vec![OTHER_SECRET], vec![SECRET, OTHER_SECRET], vec!["other", SECRET]] {
            let signature = sign_with_all(body.as_bytes(), &secrets, now(&both));
            assert_eq!(send(&both, body.as_str(), &[&signature]).await.status(), 200, "{secrets:?}");
        }
        let one = TestApp::start_with(Backend::Sqlite, with_secrets(OTHER_SECRET)).await;
        let removed = sign(body.as_bytes(), SECRET, now(&one));
        assert_eq!(send(&one, body.as_str(), &[&removed]).await.status(), 400);
    });
}

async fn st_08_nothing_is_acknowledged_while_the_database_is_down(backend: Backend) {
    let app = start(backend).await;
    let body = event("evt_1");
    let signature = sign(body.as_bytes(), SECRET, now(&app));
    // SQLite: another process writes for too long. PostgreSQL: there is no connection.
    let mut other = None;
    match backend {
        Backend::Sqlite => {
            let mut connection = SqliteConnection::connect(app.kit.database.url()).await.expect("opened");
            connection.execute("BEGIN IMMEDIATE").await.expect("locked");
            other = Some(connection);
        }
        Backend::Postgres => app.service().store().close().await,
    }
    let answer = send(&app, body.as_str(), &[&signature]).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()[header::RETRY_AFTER], "5");
    // A forgery is still recognized.
    assert_eq!(send(&app, body.as_str(), &["t=1,v1=0"]).await.status(), 400);
    if let Some(mut other) = other {
        other.execute("ROLLBACK").await.expect("unlocked");
        assert!(stored(&app, "evt_1").await.is_none());
        assert_eq!(send(&app, body.as_str(), &[&signature]).await.status(), 200);
        assert!(stored(&app, "evt_1").await.is_some());
    }
}

#[test]
fn the_rules_for_browsers_do_not_apply_to_webhooks() {
    run(async {
        let app = start(Backend::Sqlite).await;
        let body = event("evt_1");
        let request = reqwest::Client::new()
            .post(format!("{}/webhooks/stripe", app.origin()))
            .header("stripe-signature", sign(body.as_bytes(), SECRET, now(&app)))
            .header("sec-fetch-site", "cross-site")
            .header(header::ORIGIN, "https://evil.example")
            .body(body);
        assert_eq!(request.send().await.expect("an answer").status(), 200);
        let read = reqwest::get(format!("{}/webhooks/stripe", app.origin())).await.expect("an answer");
        assert_eq!(read.status(), 405);
    });
}

#[test]
fn without_keys_or_the_surface_there_is_no_endpoint() {
    run(async {
        let body = event("evt_1");
        let without_keys = TestApp::start(Backend::Sqlite).await;
        let signature = sign(body.as_bytes(), SECRET, now(&without_keys));
        assert_eq!(send(&without_keys, body.as_str(), &[&signature]).await.status(), 404);
        let without_surface = TestApp::start_with(Backend::Sqlite, |settings, options| {
            with_secrets(SECRET)(settings, options);
            settings.server.surfaces = serde_json::from_str("\"portal,api\"").expect("surfaces");
        })
        .await;
        let status = send(&without_surface, body.as_str(), &[&signature]).await.status();
        assert!(status.is_client_error(), "{status}");
        assert!(stored(&without_surface, "evt_1").await.is_none());
    });
}
