//! More connections than there may be.

use std::time::Duration;

use latchkey_testkit::Backend;

use crate::{
    edge::raw::{Raw, exchange, field, is_signed, statuses},
    support::app::{TestApp, run},
};

const CONNECTIONS: u32 = 8;

async fn app() -> TestApp {
    TestApp::start_with(Backend::Sqlite, |settings, _| settings.server.max_connections = CONNECTIONS).await
}

fn get(app: &TestApp, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", app.address)
}

/// WH-07: the connection that was idle for the longest time ends, and not the newest one.
#[test]
fn wh_07_idle_connections_make_room() {
    run(async {
        let app = app().await;
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut client = Raw::connect(app.address).await;
            client.send(get(&app, "/healthz")).await;
            assert_eq!(statuses(&client.until_silent().await), [200]);
            clients.push(client);
        }
        assert_eq!(statuses(&exchange(app.address, get(&app, "/login")).await), [200]);
        assert!(clients[0].until_closed().await.is_some(), "the first one has ended");
        let last = clients.last_mut().expect("a client");
        assert!(last.is_open().await);
        last.send(get(&app, "/healthz")).await;
        assert_eq!(statuses(&last.until_silent().await), [200], "the last one has not");
    });
}

/// WH-07: any number of silent connections keeps nobody out.
#[test]
fn wh_07_silent_connections_keep_nobody_out() {
    run(async {
        let app = app().await;
        let mut silent = Vec::new();
        for n in 0..100 {
            let mut client = Raw::connect(app.address).await;
            // Some have sent half a header, some half a body.
            match n % 3 {
                0 => {}
                1 => {
                    client.send("GET / HTTP/1.1\r\nhost: ").await;
                }
                _ => {
                    let json = "content-type: application/json\r\ncontent-length: 100\r\n\r\n{";
                    let path = "/v1/licenses/actions/validate-key";
                    client.send(format!("POST {path} HTTP/1.1\r\nhost: {}\r\n{json}", app.address)).await;
                }
            }
            silent.push(client);
            if n % 10 == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                for path in ["/healthz", "/login", "/v1/ping"] {
                    assert_eq!(statuses(&exchange(app.address, get(&app, path)).await), [200], "{path}");
                }
            }
        }
    });
}

/// WH-07: while the server is at work for all of its connections, health checks are answered, and everything else gets 503.
#[test]
fn wh_07_health_checks_are_answered_in_a_full_house() {
    run(async {
        let app = app().await;
        let issued = app.issue("ada@example.com").await;
        // On SQLite, nobody else can write in the meantime.
        let writing = app.service().store().write().await.expect("a transaction");
        let mut busy = Vec::new();
        for n in 0..CONNECTIONS {
            let body = format!(r#"{{"data":{{"type":"machines","attributes":{{"fingerprint":"f{n}"}}}}}}"#);
            let mut client = Raw::connect(app.address).await;
            let request = format!(
                "POST /v1/machines HTTP/1.1\r\nhost: {}\r\nauthorization: License {}\r\n\
                 content-type: application/vnd.api+json\r\ncontent-length: {}\r\n\r\n{body}",
                app.address,
                issued.key.expose(),
                body.len()
            );
            client.send(request).await;
            busy.push(client);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let healthy = exchange(app.address, get(&app, "/healthz")).await;
        let page = exchange(app.address, get(&app, "/login")).await;
        let ping = exchange(app.address, get(&app, "/v1/ping")).await;
        drop(writing);
        assert_eq!(statuses(&healthy), [200], "{healthy}");
        assert_eq!(statuses(&page), [503], "{page}");
        assert!(field(&page, "retry-after").is_some() && field(&page, "x-request-id").is_some(), "{page}");
        assert_eq!(statuses(&ping), [503], "{ping}");
        assert!(ping.contains("SERVICE_UNAVAILABLE"), "{ping}");
        assert!(is_signed(&app.public_key, &ping, "GET", "/v1/ping", &app.address.to_string()), "{ping}");
        for client in &mut busy {
            assert_eq!(statuses(&client.until_silent().await).len(), 1, "requests in progress got their response");
        }
        assert_eq!(statuses(&exchange(app.address, get(&app, "/login")).await), [200]);
    });
}
