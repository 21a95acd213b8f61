//! Clients that send or read slowly.

use std::time::Duration;

use latchkey_server::settings::Settings;
use latchkey_testkit::Backend;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};

use crate::{
    edge::raw::{Raw, is_signed, statuses},
    support::app::{Desktop, TestApp, run},
};

/// What a busy machine may add to a limit.
const TOLERANCE: Duration = Duration::from_secs(5);

fn short_limits(settings: &mut Settings) {
    settings.server.header_timeout_seconds = 1;
    settings.server.body_timeout_seconds = 1;
    settings.server.handler_timeout_seconds = 2;
    settings.server.idle_timeout_seconds = 3;
}

async fn app() -> TestApp {
    TestApp::start_with(Backend::Sqlite, |settings, _| short_limits(settings)).await
}

fn request(app: &TestApp, line: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: {}\r\n", app.address)
}

/// Sends these bytes and waits until the server closes the connection.
async fn closed_after(app: &TestApp, bytes: &str, limit: Duration) -> String {
    let mut client = Raw::connect(app.address).await;
    client.send(bytes).await;
    let (received, elapsed) = client.until_closed().await.unwrap_or_else(|| panic!("{bytes:?} is never closed"));
    assert!(elapsed + Duration::from_millis(200) > limit, "{bytes:?}: after {elapsed:?}");
    assert!(elapsed < limit + TOLERANCE, "{bytes:?}: after {elapsed:?}");
    received
}

/// WH-07: connections without a header, or with half of one, end.
#[test]
fn wh_07_headers_have_to_arrive_in_time() {
    run(async {
        let app = app().await;
        let second = Duration::from_secs(1);
        let half = request(&app, "GET /login");
        let (silent, half, half_line, preface) = tokio::join!(
            closed_after(&app, "", second),
            closed_after(&app, &half, second),
            closed_after(&app, "GE", second),
            closed_after(&app, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", second),
        );
        assert_eq!([silent.as_str(), half.as_str(), half_line.as_str()], ["", "", ""]);
        assert!(!preface.contains("HTTP/1"));
    });
}

/// WH-07: a header that trickles in has no more time than one that stops.
#[test]
fn wh_07_headers_must_not_trickle_in() {
    run(async {
        let app = app().await;
        let mut client = Raw::connect(app.address).await;
        client.send(request(&app, "GET /login")).await;
        let trickling = async {
            for n in 0..200 {
                if !client.send(format!("x-{n}: y\r\n")).await {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            false
        };
        assert!(trickling.await, "the server went on reading");
    });
}

/// WH-07: half a body ends the request, with a response that says so.
#[test]
fn wh_07_bodies_have_to_arrive_in_time() {
    run(async {
        let app = app().await;
        let json = "content-type: application/vnd.api+json\r\ncontent-length: 100\r\n\r\n{\"meta\":";
        let path = "/v1/licenses/actions/validate-key";
        let half = format!("{}{json}", request(&app, &format!("POST {path}")));
        let form = format!(
            "{}sec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\nemail=a",
            request(&app, "POST /fn/request_sign_in")
        );
        let second = Duration::from_secs(1);
        let (answer, form) = tokio::join!(closed_after(&app, &half, second), closed_after(&app, &form, second));
        assert_eq!(statuses(&answer), [400], "{answer}");
        assert!(answer.contains("did not arrive in time"), "{answer}");
        let host = app.address.to_string();
        assert!(is_signed(&app.public_key, &answer, "POST", path, &host), "{answer}");
        assert_eq!(statuses(&form), [400], "{form}");
    });
}

/// WH-07: a connection may be idle between requests for longer than a header may take, but not forever.
#[test]
fn wh_07_idle_connections_end() {
    run(async {
        let app = app().await;
        let ask = format!("{}\r\n", request(&app, "GET /healthz"));
        let mut client = Raw::connect(app.address).await;
        client.send(&ask).await;
        assert_eq!(statuses(&client.until_silent().await), [200]);
        tokio::time::sleep(Duration::from_secs(1)).await;
        client.send(&ask).await;
        assert_eq!(statuses(&client.until_silent().await), [200], "it was idle for longer than a header may take");
        let (rest, elapsed) = client.until_closed().await.expect("it is closed");
        assert!(rest.is_empty() && elapsed < Duration::from_secs(3) + TOLERANCE, "{elapsed:?}");
        // The next header has its own limit again.
        let mut client = Raw::connect(app.address).await;
        client.send(&ask).await;
        assert_eq!(statuses(&client.until_silent().await), [200]);
        client.send("GET /heal").await;
        let (_, elapsed) = client.until_closed().await.expect("it is closed");
        assert!(elapsed < Duration::from_millis(2_500), "half a header is not idle: {elapsed:?}");
    });
}

/// WH-07: a client that asks for much and reads nothing is cut off.
#[test]
fn wh_07_responses_have_to_be_read() {
    run(async {
        let app = app().await;
        let path = "/docs/api/openapi.json";
        let length = app.browser().get(path).await.bytes().await.expect("a body").len();
        let asks = 60;
        let ask = format!("{}\r\n", request(&app, &format!("GET {path}"))).repeat(asks);
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(8 * 1024).expect("a socket option");
        let mut stream = socket.connect(app.address).await.expect("the server accepts");
        stream.write_all(ask.as_bytes()).await.expect("sent");
        tokio::time::sleep(Duration::from_secs(7)).await;
        let mut received = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut received)).await;
        assert!(read.is_ok(), "it is still open");
        assert!(received.len() < asks * length, "everything was sent: {}", received.len());
    });
}

/// WH-07: the server gives up on its own work, too, and says so.
#[test]
fn wh_07_handlers_have_a_limit() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
            short_limits(settings);
            settings.server.handler_timeout_seconds = 1;
        })
        .await;
        let issued = app.issue("ada@example.com").await;
        let customer = app.customer("ada@example.com").await;
        let desktop = app.desktop(Some(issued.key.expose()));
        let desktop = Desktop { writes_bookkeeping: false, ..desktop };
        // On SQLite, nobody else can write in the meantime.
        let writing = app.service().store().write().await.expect("a transaction");
        let (answer, page) = tokio::join!(desktop.activate("one"), customer.submit("/fn/rename", &[("name", "Ada")]));
        drop(writing);
        assert_eq!((answer.status, answer.code()), (503, "SERVICE_UNAVAILABLE"));
        assert!(answer.headers.contains_key("retry-after"));
        assert_eq!(page.status().as_u16(), 503);
        assert!(page.headers().contains_key("retry-after"));
        assert_eq!(desktop.activate("one").await.status, 201, "nothing is left over");
    });
}
