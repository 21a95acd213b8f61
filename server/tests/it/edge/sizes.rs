//! Requests that are too long.

use latchkey_server::settings::Secret;
use latchkey_testkit::{Backend, on_both};
use reqwest::{Client, Method};
use serde_json::Value;

use crate::{
    edge::raw::{Raw, exchange, field, statuses},
    support::app::{TestApp, run, with_app},
};

on_both!(with_app: wh_06_json_may_be_32_levels_deep);

/// A request whose path and fields are `extra` bytes and `fields` fields in all, besides the host.
fn request(app: &TestApp, path: &str, fields: usize, length: usize) -> String {
    let host = format!("host: {}\r\n", app.address);
    let more: Vec<String> = (1..fields).map(|n| format!("x-{n:02}: {}\r\n", "y".repeat(length))).collect();
    let more = more.concat();
    format!("GET {path} HTTP/1.1\r\n{host}{more}connection: close\r\n\r\n")
}

const SURFACES: [&str; 6] = ["/", "/login", "/healthz", "/docs", "/nothing", "/pkg/x/y"];

/// WH-06: 64 fields and 16 KiB are accepted, and more is not, on every surface.
#[test]
fn wh_06_headers_have_a_limit() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        for path in SURFACES.into_iter().chain(["/v1/ping"]) {
            let status = async |fields: usize, length: usize| {
                statuses(&exchange(app.address, request(&app, path, fields, length)).await)
            };
            // The field `connection` is the last one.
            assert_ne!(status(63, 10).await, [431], "{path}");
            assert_eq!(status(64, 10).await, [431], "{path}");
            assert_ne!(status(15, 1_000).await, [431], "{path}");
            assert_eq!(status(18, 1_000).await, [431], "{path}");
            assert_eq!(status(30, 1_000).await, [431], "{path}");
            // More than is read. The connection may end before the client has sent everything and sees the response.
            assert!(matches!(status(60, 10_000).await[..], [431] | []), "{path}");
            assert_eq!(status(101, 10).await, [431], "{path}");
        }
    });
}

/// WH-06: 4 KiB of path are accepted, and more is not.
#[test]
fn wh_06_addresses_have_a_limit() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        for path in SURFACES.into_iter().chain(["/v1/ping"]) {
            let of_length = |length: usize| format!("{path}?{}", "q".repeat(length - path.len() - 1));
            let fits = exchange(app.address, request(&app, &of_length(4_096), 1, 0)).await;
            assert_ne!(statuses(&fits), [414], "{path}");
            let refused = exchange(app.address, request(&app, &of_length(4_097), 1, 0)).await;
            assert_eq!(statuses(&refused), [414], "{path}");
            assert!(field(&refused, "x-request-id").is_some(), "{path}: {refused}");
        }
    });
}

/// Refusals that the server decides itself are signed, and have an id.
#[test]
fn refusals_of_the_api_are_signed() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let desktop = app.desktop(None);
        let url = |path: &str| format!("{}{path}", app.origin());
        let path = format!("/v1/ping?{}", "q".repeat(5_000));
        let answer = desktop.get(&path).await;
        assert_eq!((answer.status, answer.code()), (414, "URL_TOO_LONG"));
        let id = answer.headers["x-request-id"].to_str().expect("text").to_owned();
        assert_eq!(answer.body["meta"]["id"], id.as_str());
        let long = Client::new().get(url("/v1/ping")).header("x-long", "y".repeat(17_000));
        let answer = desktop.check(&Method::GET, "/v1/ping", long).await;
        assert_eq!((answer.status, answer.code()), (431, "HEADER_TOO_LARGE"));
        let many = (0..65).fold(Client::new().get(url("/v1/ping")), |request, n| request.header(format!("x-{n}"), "y"));
        let answer = desktop.check(&Method::GET, "/v1/ping", many).await;
        assert_eq!((answer.status, answer.code()), (431, "HEADER_TOO_LARGE"));
        assert!(answer.headers.contains_key("x-request-id"));
    });
}

/// WH-06: deeper JSON is refused before it is parsed.
async fn wh_06_json_may_be_32_levels_deep(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    // The metadata is on the fourth level.
    let nested = |levels: usize| {
        let value = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        format!(
            r#"{{"data":{{"type":"machines","attributes":{{"fingerprint":"f{levels}","metadata":{{"a":{value}}}}}}}}}"#
        )
    };
    let send = async |levels: usize| desktop.send(Method::POST, "/v1/machines", Some(nested(levels))).await;
    let fits = send(28).await;
    assert_ne!((fits.status, fits.code()), (400, "DOCUMENT_INVALID"), "{fits:?}");
    for levels in [29, 100, 1_000, 5_000] {
        let deep = send(levels).await;
        assert_eq!((deep.status, deep.code()), (400, "DOCUMENT_INVALID"), "{levels}");
        assert!(deep.body["errors"][0]["detail"].as_str().is_some_and(|text| text.contains("32")), "{deep:?}");
    }
    // Passkeys' answers are JSON in a form.
    let browser = app.browser();
    let response = "[".repeat(33);
    let request = browser.client.post(format!("{}/fn/sign_in_with_passkey", app.origin()));
    let request = request.header("sec-fetch-site", "same-origin").form(&[("response", response.as_str())]);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 400);
    let body: Value = answer.json().await.expect("JSON");
    assert_eq!(body["FormInvalid"]["field"], "response", "{body}");
}

/// A client that asks before it sends a body that is too long gets a refusal, and is not asked for the body.
#[test]
fn long_bodies_are_refused_before_they_are_sent() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.stripe.secret_key = Some(Secret::new("rk_test_51Example0000000000000000000"));
            settings.stripe.webhook_secrets = Some(Secret::new("whsec_0123456789abcdefghijklmnopqrstuv"));
        })
        .await;
        let issued = app.issue("ada@example.com").await;
        let signature = "stripe-signature: t=1,v1=00\r\n".to_owned();
        let key = format!("authorization: License {}\r\n", issued.key.expose());
        let form = "sec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\n".to_owned();
        let json = format!("{key}content-type: application/vnd.api+json\r\n");
        for (path, fields, fits) in [
            ("/v1/machines", &json, 16 * 1024),
            ("/v1/licenses/actions/validate-key", &json, 16 * 1024),
            ("/fn/request_sign_in", &form, 64 * 1024),
            ("/checkout", &form, 64 * 1024),
            ("/login", &form, 64 * 1024),
            ("/nothing", &form, 64 * 1024),
            ("/webhooks/stripe", &signature, 256 * 1024),
        ] {
            let head = |length: usize| {
                format!(
                    "POST {path} HTTP/1.1\r\nhost: {}\r\n{fields}expect: 100-continue\r\ncontent-length: {length}\r\n\r\n",
                    app.address
                )
            };
            let refused = exchange(app.address, head(100_000_000)).await;
            assert_eq!(statuses(&refused), [413], "{path}: {refused}");
            let refused = exchange(app.address, head(fits + 1)).await;
            assert_eq!(statuses(&refused), [413], "{path}: {refused}");
        }
        // The forms of the admin portal are read a little further, because a page comes back that says what is too long.
        let admin = app.admin().await;
        let note = format!("/admin/licenses/{}/note", issued.view.license.id);
        let head = format!(
            "POST {note} HTTP/1.1\r\nhost: {}\r\n{form}cookie: {}\r\nexpect: 100-continue\r\ncontent-length: 100000000\r\n\r\n",
            app.address,
            admin.cookies()
        );
        let refused = exchange(app.address, head).await;
        assert_eq!(statuses(&refused), [413], "{refused}");
        // A body that fits is asked for.
        let mut client = Raw::connect(app.address).await;
        let body = "email=ada%40example.com";
        let head = format!(
            "POST /fn/request_sign_in HTTP/1.1\r\nhost: {}\r\n{form}expect: 100-continue\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            app.address,
            body.len()
        );
        client.send(head).await;
        assert_eq!(statuses(&client.until_silent().await), [100]);
        client.send(body).await;
        assert_eq!(statuses(&client.until_silent().await), [200]);
    });
}
