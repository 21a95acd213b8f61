//! HTTP/2 without TLS, as proxies may speak it to the server.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, Version};
use hyper::client::conn::http2::{Connection, SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use latchkey_testkit::Backend;
use tokio::net::TcpStream;

use crate::support::app::{TestApp, run};

type Socket = TokioIo<TcpStream>;

async fn connect(app: &TestApp) -> (SendRequest<Body>, Connection<Socket, Body, TokioExecutor>) {
    let stream = TcpStream::connect(app.address).await.expect("the server accepts");
    handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2")
}

fn request(uri: &str, fields: impl IntoIterator<Item = (String, String)>) -> Request<Body> {
    let builder = Request::builder().uri(uri).version(Version::HTTP_2);
    let builder = fields.into_iter().fold(builder, |builder, (name, value)| builder.header(name, value));
    builder.body(Body::empty()).expect("a request")
}

/// `:authority` is the host, and `Host` must not contradict it.
#[test]
fn http2_names_one_host() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let (mut sender, connection) = connect(&app).await;
        let serving = tokio::spawn(connection);
        let host = |value: &str| vec![("host".to_owned(), value.to_owned())];
        let mut status = async |path: &str, fields: Vec<(String, String)>| {
            let request = request(&format!("http://a.example{path}"), fields);
            sender.send_request(request).await.expect("a response").status()
        };
        for path in ["/login", "/", "/v1/ping", "/healthz"] {
            assert_eq!(status(path, Vec::new()).await, StatusCode::OK, "{path}");
            assert_eq!(status(path, host("a.example")).await, StatusCode::OK, "{path}");
            assert_eq!(status(path, host("b.example")).await, StatusCode::BAD_REQUEST, "{path}");
        }
        serving.abort();
    });
}

/// WH-06: the limits of headers are the same as for HTTP/1.1.
#[test]
fn wh_06_http2_headers_have_limits() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let (mut sender, connection) = connect(&app).await;
        let serving = tokio::spawn(connection);
        let fields = |count: usize, length: usize| (0..count).map(move |n| (format!("x-{n}"), "y".repeat(length)));
        for path in ["/login", "/v1/ping"] {
            let uri = format!("http://a.example{path}");
            let mut status = async |count: usize, length: usize| {
                sender.send_request(request(&uri, fields(count, length))).await.expect("a response").status().as_u16()
            };
            assert_eq!(status(64, 10).await, 200, "{path}");
            assert_eq!(status(65, 10).await, 431, "{path}");
            assert_eq!(status(17, 1_000).await, 431, "{path}");
            assert_eq!(status(40, 1_000).await, 431, "{path}");
        }
        serving.abort();
    });
}

/// WH-07: a connection without requests ends, although its client is there.
#[test]
fn wh_07_idle_http2_connections_end() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
            settings.server.header_timeout_seconds = 1;
            settings.server.idle_timeout_seconds = 2;
        })
        .await;
        let (mut sender, connection) = connect(&app).await;
        let serving = tokio::spawn(connection);
        let answer = sender.send_request(request("http://a.example/healthz", [])).await.expect("a response");
        assert_eq!(answer.status(), StatusCode::OK);
        drop(answer);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let answer = sender.send_request(request("http://a.example/healthz", [])).await.expect("a response");
        assert_eq!(answer.status(), StatusCode::OK, "it is idle for longer than a header may take");
        drop(answer);
        let ended = tokio::time::timeout(Duration::from_secs(10), serving).await;
        assert!(ended.is_ok(), "it is still open");
    });
}
