//! The commands, as a person or a script runs them: output, exit codes, and what a refusal says.

#![expect(clippy::expect_used, reason = "a panic is how a test reports")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

struct Host {
    folder: TempDir,
}

impl Host {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    fn run(&self, words: &[&str]) -> Output {
        self.run_with(words, &[])
    }

    fn run_with(&self, words: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.current_dir(self.folder.path()).args(words).stdin(std::process::Stdio::null()).env_clear();
        command.envs(environment.iter().copied()).output().expect("the program runs")
    }

    fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--json"]].concat());
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn refusal(&self, words: &[&str], code: i32) -> String {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}", text(&output.stderr));
        text(&output.stderr)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_vendors_day() {
    let host = Host::new();
    assert_eq!(host.json(&["migrate"])["migrated"], true);
    let issued = host.json(&["license", "issue", "--email", "Ada@Example.com", "--policy", "chartgpt-lifetime"]);
    for field in ["id", "key", "status", "policy", "email"] {
        assert!(issued[field].is_string(), "{field} is missing: {issued}");
    }
    assert_eq!((&issued["status"], &issued["email"]), (&Value::from("ACTIVE"), &Value::from("ada@example.com")));
    let id = issued["id"].as_str().expect("an id");
    assert_eq!(host.json(&["license", "show", id])["key"], issued["key"]);
    assert_eq!(host.json(&["license", "suspend", id])["status"], "SUSPENDED");
    assert_eq!(host.json(&["license", "suspend", id])["status"], "SUSPENDED");
    assert_eq!(host.json(&["license", "reinstate", id])["status"], "ACTIVE");
    assert_eq!(host.json(&["license", "revoke", id, "--yes"])["status"], "REVOKED");
    let customer = host.json(&["customer", "show", "ada@example.com"]);
    assert_eq!(customer["licenses"].as_array().map(Vec::len), Some(1));
    assert_eq!(customer["licenses"][0]["key"], issued["key"]);
    assert_eq!(host.json(&["customer", "add", "ada@example.com"])["created"], false);
    assert_eq!(host.json(&["customer", "add", "bob@example.com", "--name", "Bob"])["created"], true);
    let admin = host.json(&["admin", "add", "boss@example.com"]);
    assert_eq!(admin["role"], "admin");
    assert!(admin["sign_in_url"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:3000/login/host/")));
    let keys = host.json(&["keys", "public"]);
    assert_eq!(keys["hex"].as_str().map(str::len), Some(64));
    assert!(keys["pem"].as_str().is_some_and(|pem| pem.starts_with("-----BEGIN PUBLIC KEY-----")));
    // For people: the same facts in words.
    let shown = text(&host.run(&["license", "show", id]).stdout);
    assert!(shown.contains(issued["key"].as_str().expect("a key")) && shown.contains("REVOKED"), "{shown}");
}

#[test]
fn refusals_say_what_to_do() {
    let host = Host::new();
    let unknown = "0190f3c2-0000-7000-8000-000000000000";
    let said = host.refusal(&["license", "issue", "--email", "ada@example.com", "--policy", "gold"], 1);
    assert!(said.contains("gold") && said.contains("chartgpt-lifetime"), "{said}");
    assert!(
        host.refusal(&["license", "issue", "--email", "ada@", "--policy", "chartgpt-lifetime"], 2)
            .contains("ada@example.com")
    );
    assert!(host.refusal(&["license", "show", unknown], 1).contains("customer show"));
    assert!(host.refusal(&["license", "show", "x"], 2).contains("no license id"));
    assert!(host.refusal(&["customer", "show", "nobody@example.com"], 1).contains("customer add"));
    host.refusal(&["license", "isue"], 2);
    let issued = host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    let id = issued["id"].as_str().expect("an id");
    assert!(host.refusal(&["license", "revoke", id], 2).contains("--yes"));
    assert_eq!(host.json(&["license", "show", id])["status"], "ACTIVE");
    host.json(&["license", "revoke", id, "--yes"]);
    assert!(host.refusal(&["license", "reinstate", id], 1).contains("stays revoked"));
}

#[test]
fn settings_are_checked_and_printed_without_secrets() {
    let host = Host::new();
    assert_eq!(host.json(&["config", "check"])["valid"], true);
    let printed = host.run_with(
        &["config", "print"],
        &[("LATCHKEY__DATABASE__URL", "postgres://u:hunter2@h/n"), ("LATCHKEY__SERVER__LISTEN", "127.0.0.1:9")],
    );
    let printed = text(&printed.stdout);
    assert!(printed.contains("server.listen = 127.0.0.1:9") && printed.contains("database.url = (set)"), "{printed}");
    assert!(!printed.contains("hunter2"));
    assert_eq!(host.json(&["config", "print"])["server.listen"], "127.0.0.1:3000");

    fs::write(host.folder.path().join("latchkey.toml"), "[server]\nlisen = \"127.0.0.1:4000\"\n").expect("written");
    let said = host.refusal(&["config", "check"], 78);
    assert!(said.contains("server.lisen") && said.contains("server.listen"), "{said}");
    fs::write(host.folder.path().join("latchkey.toml"), "[server]\nlisten = \"127.0.0.1:4000\"\n").expect("written");
    assert_eq!(host.json(&["config", "print"])["server.listen"], "127.0.0.1:4000");
    let output = host.run_with(&["config", "print", "--json"], &[("LATCHKEY__SERVER__LISTEN", "127.0.0.1:5000")]);
    assert!(text(&output.stdout).contains("127.0.0.1:5000"), "the environment wins over the file");
    fs::write(host.folder.path().join("latchkey.toml"), "[server\n").expect("written");
    host.refusal(&["config", "check"], 78);
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let host = Host::new();
    fs::write(host.folder.path().join("data"), "a file").expect("written");
    let said = host.refusal(&["migrate"], 78);
    assert!(said.contains("data") && said.contains("LATCHKEY__DATA_DIR"), "{said}");
}

#[cfg(unix)]
#[test]
fn secrets_that_others_can_read_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let host = Host::new();
    host.json(&["migrate"]);
    let file = host.folder.path().join("data/master.secret");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&host.folder.path().join("data"))), (0o600, 0o700));
    assert_eq!(mode(&host.folder.path().join("data/latchkey.db")), 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("changed");
    let said = host.refusal(&["migrate"], 78);
    assert!(said.contains("chmod 600"), "{said}");
}

/// Another master secret would write keys that nobody can read: it is refused before anything is.
#[test]
fn a_database_keeps_its_master_secret() {
    let host = Host::new();
    host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    fs::remove_file(host.folder.path().join("data/master.secret")).expect("removed");
    let said = host.refusal(&["customer", "show", "ada@example.com"], 78);
    assert!(said.contains("another master secret"), "{said}");
}

#[test]
fn a_newer_database_is_refused_untouched() {
    let host = Host::new();
    host.json(&["migrate"]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let path = host.folder.path().join("data/latchkey.db");
    runtime.block_on(async {
        use sqlx::{Connection, Executor};
        let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("opened");
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)";
        connection.execute(newer).await.expect("inserted");
        connection.close().await.expect("closed");
    });
    let said = host.refusal(&["migrate"], 69);
    assert!(said.contains("newer"), "{said}");
}

#[test]
fn a_database_that_does_not_answer_is_told() {
    let host = Host::new();
    let output =
        host.run_with(&["migrate"], &[("LATCHKEY__DATABASE__URL", "postgres://latchkey:hunter2@127.0.0.1:1/none")]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let output = host.run_with(&["migrate"], &[("LATCHKEY__DATABASE__URL", "mysql://x")]);
    assert_eq!(output.status.code(), Some(78), "{}", text(&output.stderr));
}

#[test]
fn an_address_in_use_is_told() {
    let host = Host::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let said = host.refusal(&["serve", "--listen", &address], 69);
    assert!(said.contains(&address) && said.contains("LATCHKEY__SERVER__LISTEN"), "{said}");
}

/// The server says where it is and how to get in, for scripts too, and stops when it is asked to.
#[cfg(unix)]
#[test]
fn the_demo_serves_and_stops() {
    use std::io::{BufRead, BufReader};
    let host = Host::new();
    let probe = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = probe.local_addr().expect("an address").to_string();
    drop(probe);
    let mut server = Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .current_dir(host.folder.path())
        .args(["serve", "--demo", "--json", "--listen", &address])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program runs");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("output")).read_line(&mut line).expect("a line");
    let said: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(said["url"], format!("http://{address}"));
    assert_eq!(said["demo"]["customer"]["email"], "ada@example.com");
    assert!(said["demo"]["admin"]["sign_in_url"].as_str().is_some_and(|url| url.contains("/login/host/")));
    // Commands work beside the running server.
    assert_eq!(host.json(&["customer", "show", "ada@example.com"])["licenses"].as_array().map(Vec::len), Some(1));
    let stopped = Command::new("kill").arg(server.id().to_string()).status().expect("kill runs");
    assert!(stopped.success() && server.wait().expect("it ends").success());
}
