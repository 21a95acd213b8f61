//! Requests that do not say for certain which host they are for.

use latchkey_testkit::Backend;

use crate::{
    edge::raw::{exchange, field, is_signed, statuses},
    support::app::{TestApp, run},
};

const SURFACES: [&str; 8] = ["/", "/login", "/portal", "/v1/ping", "/healthz", "/readyz", "/docs", "/webhooks/stripe"];

/// RFC 9112, section 3.2: exactly one host, which is one, on every surface.
#[test]
fn a_request_names_exactly_one_host() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let host = app.address.to_string();
        for path in SURFACES {
            let get = async |target: &str, fields: &str| {
                let request = format!("GET {target} HTTP/1.1\r\n{fields}connection: close\r\n\r\n");
                exchange(app.address, request).await
            };
            let fine = get(path, &format!("host: {host}\r\n")).await;
            assert_ne!(statuses(&fine), [400], "{path}: {fine}");
            let absolute = get(&format!("http://{host}{path}"), &format!("host: {host}\r\n")).await;
            assert_eq!(statuses(&absolute), statuses(&fine), "{path}: {absolute}");
            for fields in [
                String::new(),
                format!("host: {host}\r\nhost: evil.example\r\n"),
                format!("host: {host}\r\nHost: {host}\r\n"),
                "host:\r\n".to_owned(),
                "host: a b\r\n".to_owned(),
                "host: a,b\r\n".to_owned(),
                "host: user@evil.example\r\n".to_owned(),
                "host: evil.example/path\r\n".to_owned(),
                "host: evil.example:port\r\n".to_owned(),
                "host: \"evil\"\r\n".to_owned(),
            ] {
                let refused = get(path, &fields).await;
                assert_eq!(statuses(&refused), [400], "{path} {fields:?}: {refused}");
            }
            let other = get("http://evil.example/v1/ping", &format!("host: {host}\r\n")).await;
            assert_eq!(statuses(&other), [400], "{other}");
        }
    });
}

/// A response to a request with two hosts is signed for neither.
#[test]
fn responses_are_not_signed_for_an_uncertain_host() {
    run(async {
        let ask = "GET /v1/ping HTTP/1.1\r\nhost: a.example\r\nhost: b.example\r\nconnection: close\r\n\r\n";
        let app = TestApp::start(Backend::Sqlite).await;
        let refused = exchange(app.address, ask).await;
        for host in ["a.example", "b.example"] {
            assert!(!is_signed(&app.public_key, &refused, "GET", "/v1/ping", host), "{refused}");
        }
        assert!(is_signed(&app.public_key, &refused, "GET", "/v1/ping", ""), "{refused}");
        assert!(field(&refused, "x-request-id").is_some());

        let named = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.server.api_url = Some("https://api.example.com".to_owned());
        })
        .await;
        let refused = exchange(named.address, ask).await;
        assert!(is_signed(&named.public_key, &refused, "GET", "/v1/ping", "api.example.com"), "{refused}");
    });
}

/// HTTP/1.0 names no host. Pages do not need one, and the API only if the settings do not say for which host it signs.
#[test]
fn http_1_0_needs_a_host_only_to_sign_for_it() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let get = async |app: &TestApp, path: &str| exchange(app.address, format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        for path in ["/", "/login", "/healthz", "/docs"] {
            assert_eq!(statuses(&get(&app, path).await), [200], "{path}");
        }
        assert_eq!(statuses(&get(&app, "/v1/ping").await), [400]);
        let named = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.server.api_url = Some("https://api.example.com".to_owned());
        })
        .await;
        let answer = get(&named, "/v1/ping").await;
        assert_eq!(statuses(&answer), [200], "{answer}");
        assert!(is_signed(&named.public_key, &answer, "GET", "/v1/ping", "api.example.com"), "{answer}");
    });
}
