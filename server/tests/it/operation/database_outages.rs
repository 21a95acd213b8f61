//! While the database cannot be used, requests get an answer in time that says when to try again, and so does `/readyz`. Afterwards
//! the server recovers by itself.

use std::{
    fs,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use latchkey_testkit::{Backend, TestDatabase, on_both};
use reqwest::header;
use serde_json::json;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

use crate::support::{
    app::{TestApp, eventually, with_app},
    host::{Host, Server, text},
};

/// Apps wait for 30 seconds. A response after ten leaves time for another attempt.
const IN_TIME: Duration = Duration::from_secs(10);

const CATALOG: &str = r#"
[[products]]
code = "app"
name = "App"
key_prefix = "APP"

[[policies]]
code = "any-number"
product = "app"
name = "Any number of machines"
"#;

const SECRET: &str = "8f1d0a6be7c24359b01e7d4c2f6a9835e4d07b1c5a926f38d3b94e60a7c815f2";

on_both!(with_app: a_lock_that_is_held_elsewhere_is_reported_in_time);

/// Somebody else has the lock. The response is signed, as the app of the tests checks.
async fn a_lock_that_is_held_elsewhere_is_reported_in_time(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    let mut tx = app.service().store().write().await.expect("a transaction");
    tx.lock_license(issued.view.license.id).await.expect("locked");
    let began = Instant::now();
    let desktop = crate::support::app::Desktop { writes_bookkeeping: false, ..desktop };
    let answer = desktop.activate("pc").await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    drop(tx);
    assert_eq!(desktop.activate_when_available("pc").await.status, 201);
}

/// Stands between the server and its database.
#[derive(Clone)]
struct Proxy {
    port: u16,
    state: Arc<AtomicU8>,
}

const UP: u8 = 0;
/// Connections are closed.
const DOWN: u8 = 1;
/// Nothing arrives, and nothing is closed.
const SILENT: u8 = 2;

impl Proxy {
    async fn start(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(AtomicU8::new(UP));
        let proxy = Self { port, state: Arc::clone(&state) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, target.clone(), Arc::clone(&state)));
            }
        });
        proxy
    }

    fn set(&self, state: u8) {
        self.state.store(state, Ordering::SeqCst);
    }
}

async fn while_it_is(state: &AtomicU8, wanted: u8) {
    while state.load(Ordering::SeqCst) == wanted {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn forward(mut client: TcpStream, target: String, state: Arc<AtomicU8>) {
    while_it_is(&state, SILENT).await;
    if state.load(Ordering::SeqCst) == DOWN {
        return;
    }
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    tokio::select! {
        // Either side may close the connection.
        _ = copy_bidirectional(&mut client, &mut server) => return,
        () = while_it_is(&state, UP) => {}
    }
    while_it_is(&state, SILENT).await;
}

/// A server whose database is reached at this address.
struct Outage {
    host: Host,
    server: Server,
    key: String,
}

impl Outage {
    fn start(url: &str, more: &[(&str, &str)]) -> Self {
        let environment =
            [&[("LATCHKEY__DATABASE__URL", url), ("LATCHKEY__SECRETS__MASTER_SECRET", SECRET)][..], more].concat();
        let host = Host::new();
        let run = |words: &[&str]| {
            let output = host.run_with(&[words, &["--json"]].concat(), &environment);
            assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
            serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
        };
        fs::write(host.folder.path().join("catalog.toml"), CATALOG).expect("written");
        run(&["catalog", "apply", "catalog.toml"]);
        let issued = run(&["license", "issue", "--email", "ada@example.com", "--policy", "any-number"]);
        let key = issued["key"].as_str().expect("text").to_owned();
        let server = host.serve(&[], &environment);
        Self { host, server, key }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let request = reqwest::Client::new().get(format!("http://{}{path}", self.server.address));
        request.header(header::ACCEPT, "text/html").send().await.expect("a response")
    }

    async fn activate(&self, fingerprint: &str) -> reqwest::Response {
        let body = json!({ "data": { "type": "machines", "attributes": { "fingerprint": fingerprint } } });
        let request = reqwest::Client::new().post(format!("http://{}/v1/machines", self.server.address));
        let request = request.header(header::AUTHORIZATION, format!("License {}", self.key));
        let request = request.header(header::CONTENT_TYPE, "application/vnd.api+json").body(body.to_string());
        request.send().await.expect("a response")
    }

    /// Each request is refused in time, and says when to try again.
    async fn check_refusals(&self, moment: &str) {
        for attempt in 0..2 {
            let began = Instant::now();
            let activation = self.activate(&format!("{moment}-{attempt}")).await;
            let took = began.elapsed();
            assert_eq!(activation.status(), 503, "{moment} after {took:?}: {}", self.host.server_log());
            assert!(took < IN_TIME, "{moment}: {took:?}");
            assert!(activation.headers().contains_key(header::RETRY_AFTER), "{moment}");
            assert!(activation.headers().contains_key("keygen-signature"), "{moment}");
            let began = Instant::now();
            let ready = self.get("/readyz").await;
            assert!(ready.status() == 503 && ready.headers().contains_key(header::RETRY_AFTER), "{moment}");
            assert!(began.elapsed() < IN_TIME, "{moment}: {:?}", began.elapsed());
        }
    }

    async fn wait_until_healed(&self, moment: &str) {
        let attempts = AtomicUsize::new(0);
        eventually((200, 201), async || {
            let ready = self.get("/readyz").await.status().as_u16();
            let attempt = attempts.fetch_add(1, Ordering::SeqCst);
            (ready, self.activate(&format!("healed-{moment}-{attempt}")).await.status().as_u16())
        })
        .await;
    }
}

/// PostgreSQL is down, or does not respond.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_heals_after_postgres_was_down() {
    let database = TestDatabase::create_empty(Backend::Postgres).await;
    let (start, name) = database.url().rsplit_once('/').expect("a name");
    let (user, target) = start.rsplit_once('@').expect("a host");
    let proxy = Proxy::start(target.to_owned()).await;
    let url = format!("{user}@127.0.0.1:{}/{name}", proxy.port);
    let outage = tokio::task::spawn_blocking(move || Outage::start(&url, &[])).await.expect("it starts");
    assert_eq!(outage.activate("before").await.status(), 201);
    for (moment, state) in [("down", DOWN), ("silent", SILENT)] {
        proxy.set(state);
        outage.check_refusals(moment).await;
        // Pages of a person who seems to be signed in need the database, and are refused in the same way.
        let page = reqwest::Client::new()
            .get(format!("http://{}/portal", outage.server.address))
            .header(header::COOKIE, "latchkey-session=AAAAAAAAAAAAAAAAAAAAAA")
            .header(header::ACCEPT, "text/html");
        if state == DOWN {
            let page = page.send().await.expect("a response");
            assert!(page.status() == 503 && page.headers().contains_key(header::RETRY_AFTER), "{}", page.status());
        }
        proxy.set(UP);
        outage.wait_until_healed(moment).await;
    }
}

/// The database's file is moved away while the server runs: nothing is acknowledged that would be lost. Back in its place, it is
/// used again. Another file needs a restart.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_database_is_noticed() {
    let outage = tokio::task::spawn_blocking(|| Outage::start("sqlite://latchkey.db", &[])).await.expect("it starts");
    let folder = outage.host.folder.path();
    let (file, away) = (folder.join("latchkey.db"), folder.join("away.db"));
    assert_eq!(outage.activate("before").await.status(), 201);
    fs::rename(&file, &away).expect("moved");
    outage.check_refusals("gone").await;
    assert!(!file.exists(), "no empty database takes its place");
    eventually(true, async || outage.host.server_log().contains("nothing can be written: the database file")).await;
    fs::rename(&away, &file).expect("moved");
    outage.wait_until_healed("back").await;
    eventually(true, async || outage.host.server_log().contains("is back")).await;
    fs::copy(&file, &away).expect("copied");
    fs::rename(&away, &file).expect("replaced");
    outage.check_refusals("replaced").await;
    eventually(true, async || outage.host.server_log().contains("restart the server")).await;
}

/// PgBouncer in transaction mode, which gives each transaction any connection.
struct PgBouncer {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl PgBouncer {
    /// `None` if it is not installed.
    #[expect(clippy::print_stderr, reason = "a test that is not run must say so")]
    fn start(target: &str) -> Option<Self> {
        // Debian installs it where only root looks for programs.
        let runs = |program: &&str| {
            Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
        };
        let Some(program) = ["pgbouncer", "/usr/sbin/pgbouncer"].into_iter().find(runs) else {
            eprintln!("not run: PgBouncer is not installed (apt-get install pgbouncer)");
            return None;
        };
        let (host, server_port) = target.split_once(':').expect("a port");
        let port = {
            let probe = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
            probe.local_addr().expect("an address").port()
        };
        let folder = tempfile::TempDir::new().expect("a folder");
        let users = folder.path().join("users.txt");
        fs::write(&users, "\"postgres\" \"\"\n").expect("written");
        let settings = format!(
            "[databases]\n* = host={host} port={server_port} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\n\
             default_pool_size = 3\n",
            users.display()
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).expect("written");
        #[cfg(unix)]
        for path in [folder.path(), &users, &file] {
            // It gives up root's rights.
            fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("set");
        }
        let mut command = Command::new(program);
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"));
        if is_root {
            command.args(["-u", "nobody"]);
        }
        let process = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Self { process, port, _folder: folder })
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_in_transaction_mode_works() {
    let database = TestDatabase::create_empty(Backend::Postgres).await;
    let (start, name) = database.url().rsplit_once('/').expect("a name");
    let (user, target) = start.rsplit_once('@').expect("a host");
    let Some(pooler) = PgBouncer::start(target) else { return };
    let url = format!("{user}@127.0.0.1:{}/{name}", pooler.port);
    let setting = [("LATCHKEY__DATABASE__TRANSACTION_POOLER", "true")];
    let outage = tokio::task::spawn_blocking(move || Outage::start(&url, &setting)).await.expect("it starts");
    let outage = &outage;
    // More at once than the pooler has connections.
    let activations = (0..24).map(async |n| {
        let response = outage.activate(&format!("machine-{n}")).await;
        let status = response.status().as_u16();
        (status, response.text().await.expect("a body"))
    });
    for (status, body) in futures_util::future::join_all(activations).await {
        assert!(matches!(status, 201 | 429), "{status}: {body}: {}", outage.host.server_log());
    }
    let pages = (0..24).map(async |_| outage.get("/login").await.status().as_u16());
    assert!(futures_util::future::join_all(pages).await.iter().all(|status| *status == 200));
    assert_eq!(outage.get("/readyz").await.status(), 200);
    assert!(!outage.host.server_log().contains("ERROR"), "{}", outage.host.server_log());
}
