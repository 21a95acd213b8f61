//! The program as a process of its own: its memory and its descriptors.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    edge::raw::{Raw, exchange, statuses},
    support::{
        app::run,
        host::{Host, Server},
    },
};

/// As many connections as an attacker's tool opens in its default setting.
const CONNECTIONS: usize = 1_000;

/// The client's sockets need descriptors, too.
fn allow_many_sockets() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(4_096).min(4_096);
    if limit.current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }).expect("allowed");
    }
}

/// A figure of the process, in KiB or as a number.
fn status_of(server: &Server, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", server.process_id())).expect("the process runs");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).expect("the figure");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}

fn get(server: &Server, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", server.address)
}

async fn is_well(server: &Server) -> bool {
    let address = server.address.parse().expect("an address");
    statuses(&exchange(address, get(server, "/healthz")).await) == [200]
}

/// WH-06: a thousand clients that send far more header than is read cost next to nothing.
#[test]
fn wh_06_long_headers_cost_little_memory() {
    allow_many_sockets();
    let host = Host::new();
    let server = host.serve(&[], &[]);
    run(async {
        let address = server.address.parse().expect("an address");
        // What the process needs once is allocated before.
        for _ in 0..20 {
            assert!(is_well(&server).await);
            exchange(address, get(&server, "/login")).await;
        }
        let before = status_of(&server, "VmRSS");
        let head = format!("GET / HTTP/1.1\r\nhost: {}\r\n", server.address);
        let long = format!("{head}{}", format!("x-long: {}\r\n", "y".repeat(9_750)).repeat(40));
        assert!(long.len() > 390_000);
        let clients = join_all((0..CONNECTIONS).map(async |_| {
            let mut client = Raw::connect(address).await;
            client.send(&long).await;
            client
        }))
        .await;
        let most = status_of(&server, "VmRSS");
        assert_eq!(clients.len(), CONNECTIONS);
        assert!(is_well(&server).await);
        let grown = most.max(status_of(&server, "VmRSS")).saturating_sub(before);
        assert!(grown < 20 * 1024, "{grown} KiB more");
    });
    assert!(server.stop());
}

/// WH-07: a thousand silent connections to a process with few descriptors. It stays reachable, does not spin, and gets rid of them.
#[test]
fn wh_07_few_descriptors_are_enough() {
    allow_many_sockets();
    let host = Host::new();
    let server = host.serve_with_descriptors(256, &[("LATCHKEY__SERVER__HEADER_TIMEOUT_SECONDS", "3")]);
    run(async {
        let address = server.address.parse().expect("an address");
        let mut silent = Vec::new();
        for n in 0..CONNECTIONS {
            silent.push(Raw::connect(address).await);
            if n % 100 == 0 {
                let started = Instant::now();
                assert!(is_well(&server).await, "after {n}");
                assert_eq!(statuses(&exchange(address, get(&server, "/login")).await), [200], "after {n}");
                assert!(started.elapsed() < Duration::from_secs(5), "after {n}: {:?}", started.elapsed());
            }
        }
        for client in &mut silent {
            assert!(client.until_closed().await.is_some(), "it is still open");
        }
    });
    let log = host.server_log();
    assert!(log.contains("server.max_connections"), "{log}");
    assert!(!log.contains("cannot be accepted"), "{log}");
    assert!(server.stop());
}

/// OP-06: a server that is asked to stop finishes what it has begun, and does not wait for idle clients.
#[test]
fn op_06_requests_in_progress_are_finished() {
    let host = Host::new();
    let server = host.serve(&[], &[]);
    let started = Instant::now();
    run(async {
        let address = server.address.parse().expect("an address");
        let mut idle = Raw::connect(address).await;
        idle.send(get(&server, "/healthz").replace("connection: close\r\n", "")).await;
        assert_eq!(statuses(&idle.until_silent().await), [200]);
        let body = "email=ada%40example.com";
        let mut slow = Raw::connect(address).await;
        slow.send(format!(
            "POST /fn/request_sign_in HTTP/1.1\r\nhost: {}\r\nsec-fetch-site: same-origin\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
            server.address,
            body.len()
        ))
        .await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let asked =
            std::process::Command::new("kill").arg(server.process_id().to_string()).status().expect("kill runs");
        assert!(asked.success());
        tokio::time::sleep(Duration::from_millis(500)).await;
        slow.send(body).await;
        let (answer, _) = slow.until_closed().await.expect("it is closed");
        assert_eq!(statuses(&answer), [200], "{answer}");
        assert!(idle.until_closed().await.is_some());
    });
    assert!(server.stop());
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
}

/// WH-11: an entry of `X-Forwarded-For` that is no address is logged, but not each time.
#[test]
fn wh_11_unreadable_entries_are_logged_once() {
    let host = Host::new();
    let server = host.serve(&[], &[("LATCHKEY__SERVER__TRUSTED_PROXIES", "127.0.0.0/8")]);
    run(async {
        let address = server.address.parse().expect("an address");
        for entry in ["198.51.100.7:50000", "[2001:db8::1]:443", "junk", "unknown", "junk"] {
            let request = get(&server, "/login").replace("\r\n\r\n", &format!("\r\nx-forwarded-for: {entry}\r\n\r\n"));
            assert_eq!(statuses(&exchange(address, request).await), [200], "{entry}");
        }
    });
    assert!(server.stop());
    let log = host.server_log();
    assert_eq!(log.matches("X-Forwarded-For contains an entry that is no address").count(), 1, "{log}");
}
