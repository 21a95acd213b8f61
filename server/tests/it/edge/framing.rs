//! Requests whose end is not where it seems to be, and methods that nothing has.

use latchkey_testkit::Backend;

use crate::{
    edge::raw::{exchange, field, statuses},
    support::app::{TestApp, run},
};

/// Stands for the host in a request.
const HOST: &str = "HOST";

/// What has to come back.
#[derive(Clone, Copy, Debug)]
enum Expected {
    /// These statuses, each for one request.
    Statuses(&'static [u16]),
    /// A refusal, after which nothing is answered.
    Refusal,
}

use Expected::{Refusal, Statuses};

/// WH-08: each of these is refused, or understood as the standard says, and nothing in a body becomes a request.
const CORPUS: &[(&str, &str, Expected)] = &[
    (
        "two lengths that differ",
        "POST /v1/ping HTTP/1.1\r\nhost: HOST\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcdGET /smuggled HTTP/1.1\r\nhost: HOST\r\n\r\n",
        Refusal,
    ),
    ("two lengths in one field", "POST /v1/ping HTTP/1.1\r\nhost: HOST\r\ncontent-length: 4, 5\r\n\r\nabcd", Refusal),
    ("a length with a sign", "POST /v1/ping HTTP/1.1\r\nhost: HOST\r\ncontent-length: +4\r\n\r\nabcd", Refusal),
    ("a negative length", "POST /v1/ping HTTP/1.1\r\nhost: HOST\r\ncontent-length: -1\r\n\r\n", Refusal),
    ("a length in hexadecimal", "POST /v1/ping HTTP/1.1\r\nhost: HOST\r\ncontent-length: 0x4\r\n\r\nabcd", Refusal),
    (
        "a length that does not fit",
        "POST /v1/ping HTTP/1.1\r\nhost: HOST\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        Refusal,
    ),
    (
        // The length does not count, and the connection ends (RFC 9112, section 6.1).
        "a length and chunks",
        "POST /v1/nothing HTTP/1.1\r\nhost: HOST\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: HOST\r\n\r\n",
        Statuses(&[404]),
    ),
    (
        "chunks and a length",
        "POST /v1/nothing HTTP/1.1\r\nhost: HOST\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: HOST\r\n\r\n",
        Statuses(&[404]),
    ),
    (
        "an encoding that is not chunked at its end",
        "POST /v1/nothing HTTP/1.1\r\nhost: HOST\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        Refusal,
    ),
    (
        "an encoding that is unknown",
        "POST /v1/nothing HTTP/1.1\r\nhost: HOST\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        Refusal,
    ),
    (
        "an encoding in HTTP/1.0",
        "POST /v1/nothing HTTP/1.0\r\nhost: HOST\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        Refusal,
    ),
    ("a folded field", "GET /healthz HTTP/1.1\r\nhost: HOST\r\nx-folded: a\r\n b\r\n\r\n", Refusal),
    ("a space before the colon", "GET /healthz HTTP/1.1\r\nhost : HOST\r\n\r\n", Refusal),
    ("a space before the first field", "GET /healthz HTTP/1.1\r\n host: HOST\r\n\r\n", Refusal),
    ("a field without a name", "GET /healthz HTTP/1.1\r\nhost: HOST\r\n: x\r\n\r\n", Refusal),
    ("a null in a field", "GET /healthz HTTP/1.1\r\nhost: HOST\r\nx: a\0b\r\n\r\n", Refusal),
    ("a carriage return in a field", "GET /healthz HTTP/1.1\r\nhost: HOST\r\nx: a\rb\r\n\r\n", Refusal),
    // A recipient may take a line feed for the end of a line (RFC 9112, section 2.2).
    ("bare line feeds", "GET /healthz HTTP/1.1\nhost: HOST\n\n", Statuses(&[200])),
    (
        "a chunk with an extension",
        "POST /v1/nothing HTTP/1.1\r\nhost: HOST\r\ntransfer-encoding: chunked\r\n\r\n4;a=b\r\nabcd\r\n0\r\n\r\n",
        Statuses(&[404]),
    ),
    (
        "a chunk whose length is no number",
        "POST /v1/licenses/actions/validate-key HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nabcd\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: HOST\r\n\r\n",
        Statuses(&[400]),
    ),
    (
        "a chunk that is longer than it says",
        "POST /v1/licenses/actions/validate-key HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: HOST\r\n\r\n",
        Statuses(&[400]),
    ),
    ("the absolute form", "GET http://HOST/healthz HTTP/1.1\r\nhost: HOST\r\n\r\n", Statuses(&[200])),
    ("the authority form", "GET HOST HTTP/1.1\r\nhost: HOST\r\n\r\n", Refusal),
    ("no version", "GET /healthz\r\nhost: HOST\r\n\r\n", Refusal),
    ("a version that does not exist", "GET /healthz HTTP/1.2\r\nhost: HOST\r\n\r\n", Refusal),
    ("HTTP/3 in HTTP/1.1", "GET /healthz HTTP/3.0\r\nhost: HOST\r\n\r\n", Refusal),
    ("a method that is no token", "G@T /healthz HTTP/1.1\r\nhost: HOST\r\n\r\n", Refusal),
    (
        "three requests at once",
        "GET /healthz HTTP/1.1\r\nhost: HOST\r\n\r\nGET /nothing HTTP/1.1\r\nhost: HOST\r\n\r\nGET /v1/ping HTTP/1.1\r\nhost: HOST\r\n\r\n",
        Statuses(&[200, 404, 200]),
    ),
    (
        "a request in a body",
        "POST /v1/licenses/actions/validate-key HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ncontent-length: 45\r\n\r\nGET /healthz HTTP/1.1\r\nhost: evil.example\r\n\r\nGET /healthz HTTP/1.1\r\nhost: HOST\r\n\r\n",
        Statuses(&[400, 200]),
    ),
    (
        "a refused request before another one",
        "GET /healthz HTTP/1.1\r\nhost: HOST\r\nhost: HOST\r\ncontent-length: 45\r\n\r\nGET /healthz HTTP/1.1\r\nhost: evil.example\r\n\r\n",
        Statuses(&[400]),
    ),
];

#[test]
fn wh_08_requests_end_where_the_standard_says() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let host = app.address.to_string();
        let mut wrong = Vec::new();
        for (name, request, expected) in CORPUS {
            let received = exchange(app.address, request.replace(HOST, &host)).await;
            let found = statuses(&received);
            let is_right = match expected {
                Statuses(statuses) => found == *statuses,
                Refusal => matches!(found[..], [] | [400]),
            };
            if !is_right {
                wrong.push(format!("{name}: {found:?} and not {expected:?}"));
            }
        }
        assert_eq!(wrong, [""; 0]);
    });
}

/// WH-02: nothing has these methods.
#[test]
fn wh_02_unknown_methods_are_refused() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        for path in ["/", "/login", "/admin", "/fn/rename", "/healthz", "/webhooks/stripe", "/nothing", "/docs"] {
            let send = async |method: &str| {
                let host = app.address;
                let request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
                exchange(app.address, request).await
            };
            let answer = send("TRACE").await;
            assert_eq!(statuses(&answer), [405], "{path}: {answer}");
            assert!(field(&answer, "allow").is_some(), "{path}: {answer}");
            for method in ["PROPFIND", "get", "X", "DEBUG"] {
                let answer = send(method).await;
                assert_eq!(statuses(&answer), [501], "{method} {path}: {answer}");
            }
        }
        for method in ["TRACE", "PROPFIND", "get"] {
            let request = format!("{method} /v1/ping HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", app.address);
            let answer = exchange(app.address, request).await;
            assert_eq!(statuses(&answer), [405], "{method}: {answer}");
            assert!(answer.contains("METHOD_NOT_ALLOWED"), "{answer}");
        }
    });
}
