//! The headers that protect browsers, on responses that no route makes.

use latchkey_testkit::Backend;

use crate::{
    edge::raw::{exchange, field, statuses},
    support::app::{TestApp, run},
};

/// WH-04: also refusals, errors and responses to unknown methods. `access_control` looks at those of all routes.
#[test]
fn wh_04_refusals_have_all_headers() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.server.portal_url = Some("https://portal.example.com".to_owned());
        })
        .await;
        let host = app.address;
        let head = |line: &str| format!("{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
        let long = "q".repeat(5_000);
        let mut requests = Vec::new();
        for path in
            ["/", "/login", "/portal", "/healthz", "/readyz", "/v1/ping", "/webhooks/stripe", "/nothing", "/v1/x"]
        {
            requests.push(format!("{}\r\n", head(&format!("GET {path}"))));
            requests.push(format!("{}\r\n", head(&format!("HEAD {path}"))));
            requests.push(format!("{}content-length: 0\r\n\r\n", head(&format!("POST {path}"))));
            requests.push(format!("{}content-length: 100000000\r\n\r\n", head(&format!("PUT {path}"))));
            requests.push(format!("{}\r\n", head(&format!("OPTIONS {path}"))));
            requests.push(format!("{}\r\n", head(&format!("TRACE {path}"))));
            requests.push(format!("{}\r\n", head(&format!("GET {path}?{long}"))));
            requests.push(format!("{}host: other.example\r\n\r\n", head(&format!("GET {path}"))));
            requests.push(format!("{}x-long: {}\r\n\r\n", head(&format!("GET {path}")), "y".repeat(17_000)));
        }
        for request in requests {
            let line = request.lines().next().unwrap_or_default().get(..30).unwrap_or(&request).to_owned();
            let answer = exchange(app.address, &request).await;
            assert_eq!(statuses(&answer).len(), 1, "{line}: {answer}");
            let is_api = line.contains(" /v1/");
            let resources = if is_api { "cross-origin" } else { "same-origin" };
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", resources),
                ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ] {
                assert_eq!(field(&answer, name), Some(value), "{line}: {name} of {answer:.1000}");
            }
            for name in ["referrer-policy", "permissions-policy", "cache-control", "x-request-id"] {
                assert!(field(&answer, name).is_some(), "{line}: {name} of {answer:.1000}");
            }
            let policy = field(&answer, "content-security-policy").unwrap_or_default();
            assert!(
                policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
                "{line}: {policy}"
            );
        }
    });
}
