//! Rate limits of the activation API.

use std::time::Duration;

use latchkey_server::settings::TrustedProxies;
use latchkey_service::{ApiLimits, RateLimit};
use latchkey_testkit::{Backend, on_both};
use reqwest::{Client, Method};
use serde_json::json;

use crate::support::app::{Desktop, TestApp, with_backend};

on_both!(
    with_backend: lc_13_each_key_has_a_limit,
    lc_13_unknown_keys_are_limited_too,
    lc_13_each_network_has_a_limit,
    lc_13_heartbeats_count_against_their_machine,
    lc_13_heartbeats_of_processes_count_if_they_exist,
    lc_13_the_limit_is_exact,
    lc_13_no_token_is_refused_while_a_lease_is_waited_for,
);

async fn limited(backend: Backend) -> TestApp {
    TestApp::start_with(backend, |_, options| {
        options.api_limits = ApiLimits {
            per_key: RateLimit { burst: 5, per_minute: 10 },
            per_network: RateLimit { burst: 20, per_minute: 60 },
        };
    })
    .await
}

/// LC-13: a key has its burst, and then ten requests per minute. The refusal is signed and says when to
/// retry.
async fn lc_13_each_key_has_a_limit(backend: Backend) {
    let app = limited(backend).await;
    let (ada, bob) = (app.issue("ada@example.com").await, app.issue("bob@example.com").await);
    let desktop = app.desktop(Some(ada.key.expose()));
    for _ in 0..5 {
        assert_eq!(desktop.get("/v1/me").await.status, 200);
    }
    let refused = desktop.get("/v1/me").await;
    assert_eq!((refused.status, refused.code()), (429, "TOO_MANY_REQUESTS"));
    let header = |name: &str| refused.headers[name].to_str().expect("text").to_owned();
    assert_eq!(
        (header("retry-after"), header("x-ratelimit-limit"), header("x-ratelimit-remaining")),
        ("7".into(), "5".into(), "0".into())
    );
    assert_eq!(header("x-ratelimit-window"), "30s");
    assert!(header("x-ratelimit-reset").parse::<u64>().is_ok_and(|reset| reset > 1_795_435_200));
    // The same key in a body, in another notation, is the same key. Another key is not.
    let by_body = async |key: &str| {
        let body = json!({ "meta": { "key": key } });
        app.desktop(None).post("/v1/licenses/actions/validate-key", body).await.status
    };
    assert_eq!(by_body(&ada.key.expose().to_lowercase()).await, 429);
    assert_eq!(by_body(bob.key.expose()).await, 200);
    // After the announced wait, one request is accepted.
    app.kit.clock.advance(Duration::from_secs(7));
    assert_eq!(desktop.get("/v1/me").await.status, 200);
    assert_eq!(desktop.get("/v1/me").await.status, 429);
}

/// LC-13 and LC-12: unknown keys are limited like known ones.
async fn lc_13_unknown_keys_are_limited_too(backend: Backend) {
    let app = limited(backend).await;
    for key in ["CGPT-0000-0000-0000-0000-0000-0000-0000", "nonsense"] {
        for _ in 0..5 {
            assert_eq!(app.desktop(Some(key)).get("/v1/me").await.status, 401, "{key}");
        }
        assert_eq!(app.desktop(Some(key)).get("/v1/me").await.status, 429, "{key}");
    }
}

/// LC-13 and WH-12: a network has one limit for all keys. For IPv6 the network is the /64.
async fn lc_13_each_network_has_a_limit(backend: Backend) {
    let app = TestApp::start_with(backend, |settings, options| {
        settings.server.trusted_proxies = TrustedProxies::Count(1);
        options.api_limits =
            ApiLimits { per_key: RateLimit::UNLIMITED, per_network: RateLimit { burst: 20, per_minute: 60 } };
    })
    .await;
    let desktop = app.desktop(None);
    let ping = async |from: &str| {
        let request = Client::new().get(format!("{}/v1/ping", app.origin())).header("x-forwarded-for", from);
        desktop.check(&Method::GET, "/v1/ping", request).await.status
    };
    for n in 0..20 {
        assert_eq!(ping(&format!("2001:db8:1:2::{n}")).await, 200);
    }
    assert_eq!(ping("2001:db8:1:2:ffff::1").await, 429);
    assert_eq!(ping("2001:db8:1:3::1").await, 200);
    app.kit.clock.advance(Duration::from_secs(1));
    assert_eq!(ping("2001:db8:1:2::1").await, 200);
}

/// LC-13: the heartbeats of many machines do not count against their license, and the other way around.
async fn lc_13_heartbeats_count_against_their_machine(backend: Backend) {
    let app = limited(backend).await;
    app.add_policy("many", |policy| policy.max_machines = None).await;
    let issued = app.issue_under("ada@example.com", "many").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    for name in ["one", "two", "three", "four"] {
        assert_eq!(desktop.activate(name).await.status, 201);
    }
    let ping =
        async |name: &str| desktop.send(Method::POST, &format!("/v1/machines/{name}/actions/ping"), None).await.status;
    for _ in 0..3 {
        for name in ["one", "two", "three", "four"] {
            assert_eq!(ping(name).await, 200, "{name}");
        }
    }
    assert_eq!((ping("one").await, ping("one").await, ping("one").await), (200, 200, 429), "a machine has a limit");
    assert_eq!((desktop.get("/v1/me").await.status, desktop.get("/v1/me").await.status), (200, 429));
}

/// LC-13: the heartbeats of a process have a limit of their own, but those of processes that do not exist count against
/// the license.
async fn lc_13_heartbeats_of_processes_count_if_they_exist(backend: Backend) {
    let app = limited(backend).await;
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    assert_eq!(desktop.activate("one").await.status, 201);
    let mut processes = Vec::new();
    for pid in ["1", "2"] {
        let made = desktop.post(
            "/v1/processes",
            json!({ "data": {
            "attributes": { "pid": pid },
            "relationships": { "machine": { "data": { "id": "one" } } },
        } }),
        );
        processes.push(made.await.body["data"]["id"].as_str().expect("an id").to_owned());
    }
    let ping = async |desktop: &Desktop<'_>, process: &str| {
        desktop.send(Method::POST, &format!("/v1/processes/{process}/actions/ping"), None).await.status
    };
    let unknown = |n: u8| format!("0190f3c2-0000-7000-8000-0000000000{n:02}");
    // The license has two of its five requests left.
    let wrong =
        [ping(&desktop, &unknown(1)).await, ping(&desktop, &unknown(2)).await, ping(&desktop, &unknown(3)).await];
    assert_eq!(wrong, [404, 404, 429]);
    assert_eq!(desktop.get("/v1/me").await.status, 429);
    for process in &processes {
        for n in 0..6 {
            assert_eq!(ping(&desktop, process).await, if n < 5 { 200 } else { 429 }, "{n}");
        }
    }
    assert_eq!(ping(&desktop, "x").await, 429, "other text counts for the license as well");
    // Another license's process is one that does not exist, and an unknown key is limited whatever the process.
    let eve = app.issue("eve@example.com").await;
    let theirs = app.desktop(Some(eve.key.expose()));
    for n in 0..6 {
        assert_eq!(ping(&theirs, &processes[0]).await, if n < 5 { 404 } else { 429 }, "{n}");
    }
    let unknown_key = app.desktop(Some("CGPT-0000-0000-0000-0000-0000-0000-0000"));
    for n in 0..6 {
        assert_eq!(ping(&unknown_key, &unknown(n)).await, if n < 5 { 401 } else { 429 }, "{n}");
    }
}

/// LC-13: of any number of concurrent requests, exactly the burst is accepted.
async fn lc_13_the_limit_is_exact(backend: Backend) {
    let app = limited(backend).await;
    let issued = app.issue("ada@example.com").await;
    let url = format!("{}/v1/me", app.origin());
    let asks = (0..60).map(|_| {
        let request = Client::new().get(&url).header("authorization", format!("License {}", issued.key.expose()));
        tokio::spawn(async move { request.send().await.expect("an answer").status().as_u16() })
    });
    let mut served = 0;
    for ask in asks.collect::<Vec<_>>() {
        served += u32::from(ask.await.expect("no panic") == 200);
    }
    assert_eq!(served, 5);
}

/// LC-13: while the database is busy, a key still has its whole burst. Requests whose tokens are being leased wait.
async fn lc_13_no_token_is_refused_while_a_lease_is_waited_for(backend: Backend) {
    let app = TestApp::start_with(backend, |_, options| {
        options.api_limits.per_key = RateLimit { burst: 40, per_minute: 1 };
    })
    .await;
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    // On SQLite, nobody else can write in the meantime.
    let writing = app.service().store().write().await.expect("a transaction");
    let (answers, ()) = tokio::join!(
        futures_util::future::join_all((0..41).map(async |_| desktop.get("/v1/me").await.status)),
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(writing);
        }
    );
    let count = |status: u16| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((count(200), count(429)), (40, 1), "{answers:?}");
}
