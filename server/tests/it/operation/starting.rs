//! Starting: several processes at once, a missing secret, and a folder in which nothing may be written.

use std::{fs, thread, time::Duration};

use latchkey_testkit::{Backend, TestDatabase};
use serde_json::Value;

use crate::support::host::{Host, Server, text};

/// 64 hex digits that are no pattern.
const SECRET: &str = "8f1d0a6be7c24359b01e7d4c2f6a9835e4d07b1c5a926f38d3b94e60a7c815f2";

/// Addresses that are free at the moment.
fn free_addresses(count: usize) -> Vec<String> {
    let probes: Vec<_> = (0..count).map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    probes.iter().map(|probe| probe.local_addr().expect("an address").to_string()).collect()
}

/// All processes that start for the first time at the same moment come up.
fn start_at_once(host: &Host, environment: &[(&str, &str)]) {
    let addresses = free_addresses(3);
    let servers: Vec<Server> = thread::scope(|scope| {
        let commands: Vec<_> =
            (0..3).map(|_| scope.spawn(|| host.run_with(&["migrate", "--json"], environment))).collect();
        let servers: Vec<_> =
            addresses.iter().map(|address| scope.spawn(|| host.serve_at(address, environment))).collect();
        for command in commands {
            let output = command.join().expect("it runs");
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        }
        servers.into_iter().map(|server| server.join().expect("it serves")).collect()
    });
    let keys = host.run_with(&["keys", "list", "--json"], environment);
    let keys: Value = serde_json::from_slice(&keys.stdout).expect("JSON");
    let list = keys.as_array().or_else(|| keys["keys"].as_array()).expect("a list");
    assert_eq!(list.len(), 1, "all have one signing key: {keys}");
    drop(servers);
}

#[test]
fn op_08_six_first_starts_on_one_folder_come_up() {
    for _ in 0..3 {
        start_at_once(&Host::new(), &[]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn op_08_six_first_starts_on_one_postgres_come_up() {
    for _ in 0..2 {
        let database = TestDatabase::create_empty(Backend::Postgres).await;
        let environment = [("LATCHKEY__DATABASE__URL", database.url()), ("LATCHKEY__SECRETS__MASTER_SECRET", SECRET)];
        let environment = environment.map(|(key, value)| (key, value.to_owned()));
        let starting = tokio::task::spawn_blocking(move || {
            let environment = environment.each_ref().map(|(key, value)| (*key, value.as_str()));
            start_at_once(&Host::new(), &environment);
        });
        starting.await.expect("no panic");
    }
}

/// Beside a database that was created with one, no other secret is written: it would only make the damage harder to see.
#[test]
fn op_08_a_missing_secret_is_not_replaced() {
    let host = Host::with_products();
    let data = host.folder.path().join("data");
    let secret = fs::read(data.join("master.secret")).expect("read");
    fs::remove_file(data.join("master.secret")).expect("removed");
    let said = host.refusal(&["stats"], 78);
    assert!(said.contains("master.secret is missing") && said.contains("restore"), "{said}");
    assert!(!data.join("master.secret").exists());
    fs::write(data.join("master.secret"), secret).expect("written");
    #[cfg(unix)]
    fs::set_permissions(data.join("master.secret"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("set");
    host.json(&["stats"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn op_08_a_secret_is_not_written_beside_a_claimed_postgres() {
    let database = TestDatabase::create_empty(Backend::Postgres).await;
    let url = database.url().to_owned();
    let checking = tokio::task::spawn_blocking(move || {
        let (first, second) = (Host::new(), Host::new());
        let environment = [("LATCHKEY__DATABASE__URL", url.as_str())];
        let output = first.run_with(&["migrate"], &environment);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let output = second.run_with(&["migrate"], &environment);
        assert_eq!(output.status.code(), Some(78), "{}", text(&output.stderr));
        assert!(!second.folder.path().join("data/master.secret").exists());
    });
    checking.await.expect("no panic");
}

/// With the database, the secret and the mail server elsewhere, nothing is kept in the data folder, so it may be missing or
/// read-only.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_data_folder_is_only_asked_for_if_something_is_kept_in_it() {
    let database = TestDatabase::create_empty(Backend::Postgres).await;
    let url = database.url().to_owned();
    let checking = tokio::task::spawn_blocking(move || {
        let host = Host::new();
        let all = [
            // Nobody can create it, not even root.
            ("LATCHKEY__DATA_DIR", "/proc/latchkey"),
            ("LATCHKEY__DATABASE__URL", url.as_str()),
            ("LATCHKEY__SECRETS__MASTER_SECRET", SECRET),
            ("LATCHKEY__MAIL__SMTP_URL", "smtp://127.0.0.1:9"),
            ("LATCHKEY__MAIL__FROM", "Acme <licenses@example.com>"),
        ];
        let output = host.run_with(&["migrate"], &all);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let server = host.serve(&[], &all);
        assert!(server.stop());
        // The secret has no other place.
        let output = host.run_with(&["migrate"], &[all[0], all[1]]);
        assert_eq!(output.status.code(), Some(78), "{}", text(&output.stderr));
    });
    checking.await.expect("no panic");
}

#[test]
fn guessable_secrets_are_refused() {
    let host = Host::new();
    for weak in ["0".repeat(64), "0123456789abcdef".repeat(4)] {
        for command in [&["config", "check"][..], &["migrate"]] {
            let output = host.run_with(command, &[("LATCHKEY__SECRETS__MASTER_SECRET", &weak)]);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(78), "{said}");
            assert!(said.contains("openssl rand") && !said.contains(&weak), "{said}");
        }
    }
    // In the file, too.
    host.json(&["migrate"]);
    fs::write(host.folder.path().join("data/master.secret"), "0".repeat(64)).expect("written");
    assert!(host.refusal(&["migrate"], 78).contains("pattern"));
}

#[cfg(unix)]
#[test]
fn a_data_folder_that_everybody_can_write_to_is_reported() {
    use std::os::unix::fs::PermissionsExt;
    let host = Host::new();
    host.json(&["migrate"]);
    assert_eq!(host.json(&["config", "check"])["warnings"].as_array().map(Vec::len), Some(0));
    let data = host.folder.path().join("data");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).expect("changed");
    let warnings = host.json(&["config", "check"])["warnings"].to_string();
    assert!(warnings.contains("chmod 700"), "{warnings}");
    let output = host.run(&["config", "check"]);
    assert!(text(&output.stdout).contains("Warning:") && output.status.success());
    let server = host.serve(&[], &[]);
    thread::sleep(Duration::from_millis(10));
    drop(server);
    assert!(host.server_log().contains("chmod 700"), "{}", host.server_log());
}

/// A container listens on all addresses. The error says what it needs besides.
#[test]
fn a_container_without_an_address_is_refused_with_a_hint() {
    let host = Host::new();
    let output = host.run_with(&["migrate"], &[("LATCHKEY__SERVER__LISTEN", "0.0.0.0:3000")]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("0.0.0.0:3000") && said.contains("LATCHKEY__SERVER__PORTAL_URL=https://"), "{said}");
}
