//! Healing: while its disk or database fails, a server reports it in time and still serves what needs no
//! writes. Afterwards it recovers by itself.
//!
//! The server is a separate process with production settings on SQLite. Clients activate machines the whole
//! time, so that groups of transactions are in progress when something fails.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use reqwest::{Client, RequestBuilder, Response, header, redirect};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};

use crate::support::{
    app::eventually,
    host::{Host, Server},
};

/// The longest that a request may take. Apps wait for 30 seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long clients wait after a refusal, so that they do not reach the rate limit.
const PAUSE: Duration = Duration::from_millis(20);

const CLIENTS: usize = 8;

/// Limits that the tests do not reach. They stay enabled: each request takes its token.
const LIMITS: [(&str, &str); 2] = [("LATCHKEY__API__KEY_BURST", "4000"), ("LATCHKEY__API__KEY_PER_MINUTE", "12000")];

/// More validations than may be counted on credit before the database must be asked, an eighth of the burst.
const VALIDATIONS: usize = 700;

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

/// A small file system for the data folder. Only root can mount it.
struct Disk {
    /// Where it is always writable, for the test itself.
    root: PathBuf,
    /// The data folder: the same file system, mounted once more so that it can be made read-only.
    data: PathBuf,
    /// The same file system, mounted read-only.
    read_only: PathBuf,
}

impl Disk {
    #[expect(clippy::print_stderr, reason = "a test that is not run must say so")]
    fn mount(host: &Host) -> Option<Self> {
        let folder = |name: &str| host.folder.path().join(name);
        let disk = Self { root: folder("disk"), data: folder("data"), read_only: folder("read-only") };
        for folder in [&disk.root, &disk.data, &disk.read_only] {
            fs::create_dir(folder).expect("a folder");
        }
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs"]).arg(&disk.root).output();
        if !mount.is_ok_and(|output| output.status.success()) {
            eprintln!("not run: only root can mount a small file system");
            return None;
        }
        bind(&disk.root, &disk.data);
        bind(&disk.root, &disk.read_only);
        run(&["mount", "-o", "remount,bind,ro"], &[&disk.read_only]);
        Some(disk)
    }

    /// Writes until the disk accepts no more.
    fn fill(&self) {
        let ballast = fs::OpenOptions::new().create(true).append(true).open(self.root.join("ballast"));
        let mut ballast = ballast.expect("a file");
        while ballast.write_all(&[0; 1024]).is_ok() {}
    }

    fn empty(&self) {
        fs::remove_file(self.root.join("ballast")).expect("removed");
    }

    /// Files that are already open stay writable.
    fn make_read_only(&self) {
        bind(&self.read_only, &self.data);
    }

    fn make_writable(&self) {
        run(&["mount", "-o", "remount,bind,rw"], &[&self.data]);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        for folder in [&self.data, &self.data, &self.read_only, &self.root] {
            // It may not be mounted.
            let _ = Command::new("umount").arg("-l").arg(folder).output();
        }
    }
}

fn bind(from: &Path, to: &Path) {
    run(&["mount", "--bind"], &[from, to]);
}

fn run(words: &[&str], paths: &[&Path]) {
    let (program, words) = words.split_first().expect("a program");
    let status = Command::new(program).args(words).args(paths).status().expect("it runs");
    assert!(status.success(), "{program} {words:?} {paths:?} failed");
}

/// A license with its key.
#[derive(Clone)]
struct License {
    id: String,
    key: String,
}

impl License {
    fn issue(host: &Host, email: &str) -> Self {
        let issued = host.json(&["license", "issue", "--email", email, "--policy", "any-number"]);
        let field = |name: &str| issued[name].as_str().expect("text").to_owned();
        Self { id: field("id"), key: field("key") }
    }
}

/// The code in the sign-in mail, if it was sent.
fn mailed_code(outbox: &Path) -> Option<String> {
    let mails = fs::read_dir(outbox).ok()?.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    mails.into_iter().find_map(|mail| {
        let (_, rest) = mail.split_once("Or type this code there:")?;
        rest.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
    })
}

/// The owner of the license whose pages are read.
const OWNER: &str = "ada@example.com";

/// A running server, with one license for each client of the load and one for the test itself.
struct RunningServer {
    origin: String,
    /// A browser that is signed in as the owner of `license`.
    browser: Client,
    license: License,
    licenses: Vec<License>,
    _process: Server,
}

impl RunningServer {
    async fn start(host: &Host) -> Self {
        let catalog = host.folder.path().join("catalog.toml");
        fs::write(&catalog, CATALOG).expect("written");
        host.json(&["catalog", "apply", catalog.to_str().expect("UTF-8")]);
        let licenses = (0..CLIENTS).map(|n| License::issue(host, &format!("client-{n}@example.com"))).collect();
        let license = License::issue(host, OWNER);
        let process = host.serve(&[], &LIMITS);
        let browser = Client::builder().cookie_store(true).redirect(redirect::Policy::none()).build();
        let server = Self {
            origin: format!("http://{}", process.address),
            browser: browser.expect("a client"),
            license,
            licenses,
            _process: process,
        };
        server.sign_in(host).await;
        assert_eq!(server.activate("office").await, 201);
        server.check_reads().await;
        server
    }

    /// Signs in as the owner of `license`, with the code from the mail.
    async fn sign_in(&self, host: &Host) {
        let ask = async |function: &str, field: (&str, &str)| {
            let form = self.browser.post(format!("{}/fn/{function}", self.origin));
            let form = form.header("sec-fetch-site", "same-origin").header(header::ACCEPT, "text/html");
            send(form.form(&[field])).await.headers()[header::LOCATION].to_str().expect("a path").to_owned()
        };
        assert_eq!(ask("request_sign_in", ("email", OWNER)).await, "/login/code");
        let outbox = host.folder.path().join("data/outbox");
        let code = loop {
            if let Some(code) = mailed_code(&outbox) {
                break code;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(ask("confirm_code", ("code", &code)).await, "/portal");
    }

    async fn activate(&self, fingerprint: &str) -> u16 {
        activate(&self.browser, &self.origin, &self.license, fingerprint).await
    }

    /// The status of /readyz.
    async fn ready(&self) -> u16 {
        let response = send(self.browser.get(format!("{}/readyz", self.origin))).await;
        check_retry_after(&response);
        response.status().as_u16()
    }

    /// Waits until the server reports that it cannot write. `keep_broken` runs before each look.
    async fn wait_until_unavailable(&self, keep_broken: impl Fn()) {
        let attempts = AtomicUsize::new(0);
        eventually((503, 503), async || {
            keep_broken();
            let attempt = attempts.fetch_add(1, Ordering::SeqCst);
            (self.ready().await, self.activate(&format!("down-{attempt}")).await)
        })
        .await;
    }

    /// Waits until the server writes again.
    async fn wait_until_healed(&self) {
        let attempts = AtomicUsize::new(0);
        eventually((200, 201), async || {
            let attempt = attempts.fetch_add(1, Ordering::SeqCst);
            (self.ready().await, self.activate(&format!("up-{attempt}")).await)
        })
        .await;
    }

    /// Checks requests that need no writes: validations and pages.
    async fn check_reads(&self) {
        let License { id, key } = &self.license;
        let validations = stream::iter(0..VALIDATIONS).map(|_| async {
            let request = self.browser.post(format!("{}/v1/licenses/{id}/actions/validate", self.origin));
            let body = json!({ "meta": { "scope": { "fingerprint": "office" } } });
            let response = send(json_body(request, key, &body)).await;
            let status = response.status();
            let text = response.text().await.expect("a body");
            assert_eq!(status, 200, "{text}");
            let document: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(document["meta"]["valid"], true, "{text}");
        });
        validations.buffer_unordered(16).collect::<Vec<_>>().await;
        let license_page = format!("/portal/licenses/{id}");
        for page in ["/healthz", "/", "/docs", "/login/code", "/portal", &license_page] {
            let request = self.browser.get(format!("{}{page}", self.origin)).header(header::ACCEPT, "text/html");
            assert_eq!(send(request).await.status(), 200, "{page}");
        }
    }

    /// The fingerprints of a license's active machines.
    async fn machines(&self, license: &License) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut path = format!("/v1/licenses/{}/machines?page[size]=100&page[cursor]=", license.id);
        loop {
            let request = self.browser.get(format!("{}{path}", self.origin));
            let response = send(request.header(header::AUTHORIZATION, format!("License {}", license.key))).await;
            assert_eq!(response.status(), 200);
            let page: Value = response.json().await.expect("JSON");
            let list = page["data"].as_array().expect("a list");
            found.extend(list.iter().filter_map(|it| it["attributes"]["fingerprint"].as_str().map(str::to_owned)));
            match page["links"]["next"].as_str() {
                Some(next) => next.clone_into(&mut path),
                None => return found,
            }
        }
    }
}

/// Sends a request and checks that the response arrives in time.
async fn send(request: RequestBuilder) -> Response {
    let began = Instant::now();
    let response = request.send().await.expect("a response");
    assert!(began.elapsed() < PATIENCE, "{} after {:?}", response.url().path(), began.elapsed());
    response
}

fn json_body(request: RequestBuilder, key: &str, body: &Value) -> RequestBuilder {
    request
        .header(header::AUTHORIZATION, format!("License {key}"))
        .header(header::CONTENT_TYPE, "application/vnd.api+json")
        .body(body.to_string())
}

fn check_retry_after(response: &Response) {
    let seconds = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let is_given = seconds.is_some_and(|seconds| seconds.parse::<u32>().is_ok());
    assert_eq!(response.status() == 503, is_given, "{}: {seconds:?}", response.status());
}

/// Activates a machine with 2 kB of metadata. Returns 201 or 503.
async fn activate(client: &Client, origin: &str, license: &License, fingerprint: &str) -> u16 {
    let attributes = json!({ "fingerprint": fingerprint, "metadata": { "note": "x".repeat(2_000) } });
    let body = json!({ "data": { "type": "machines", "attributes": attributes } });
    let response = send(json_body(client.post(format!("{origin}/v1/machines")), &license.key, &body)).await;
    check_retry_after(&response);
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    assert!(status == 201 || status == 503, "{status}: {text}");
    status
}

/// Clients that activate one machine after another.
struct Load {
    tallies: Vec<Arc<Tally>>,
    is_over: Arc<AtomicBool>,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

#[derive(Default)]
struct Tally {
    acknowledged: Mutex<BTreeSet<String>>,
    refused: AtomicUsize,
}

impl Tally {
    fn acknowledged(&self) -> BTreeSet<String> {
        self.acknowledged.lock().expect("no panic").clone()
    }
}

impl Load {
    fn start(server: &RunningServer) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let tallies: Vec<Arc<Tally>> = server.licenses.iter().map(|_| Arc::default()).collect();
        let clients = server.licenses.iter().zip(&tallies).map(|(license, tally)| {
            let (license, origin) = (license.clone(), server.origin.clone());
            let (tally, is_over) = (Arc::clone(tally), Arc::clone(&is_over));
            tokio::spawn(async move {
                let client = Client::new();
                for n in 0.. {
                    if is_over.load(Ordering::SeqCst) {
                        break;
                    }
                    let fingerprint = format!("machine-{n}");
                    if activate(&client, &origin, &license, &fingerprint).await == 201 {
                        tally.acknowledged.lock().expect("no panic").insert(fingerprint);
                    } else {
                        tally.refused.fetch_add(1, Ordering::SeqCst);
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            })
        });
        let clients = clients.collect();
        Self { tallies, is_over, clients }
    }

    /// Waits until every client has activated another machine.
    async fn wait_for_activations(&self) {
        let before: Vec<usize> = self.tallies.iter().map(|tally| tally.acknowledged().len()).collect();
        eventually(true, async || {
            self.tallies.iter().zip(&before).all(|(tally, before)| tally.acknowledged().len() > *before)
        })
        .await;
    }

    /// Waits until every client was refused again.
    async fn wait_for_refusals(&self) {
        let before: Vec<usize> = self.tallies.iter().map(|tally| tally.refused.load(Ordering::SeqCst)).collect();
        eventually(true, async || {
            self.tallies.iter().zip(&before).all(|(tally, before)| tally.refused.load(Ordering::SeqCst) > *before)
        })
        .await;
    }

    /// Stops the clients, and checks that exactly the acknowledged activations are stored.
    async fn end(self, server: &RunningServer) {
        self.is_over.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.await.expect("each response is an activation or says when to retry");
        }
        for (license, tally) in server.licenses.iter().zip(&self.tallies) {
            assert_eq!(server.machines(license).await, tally.acknowledged());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_heals_after_its_disk_was_full() {
    let host = Host::new();
    let Some(disk) = Disk::mount(&host) else { return };
    let server = RunningServer::start(&host).await;
    let load = Load::start(&server);
    load.wait_for_activations().await;
    server.wait_until_unavailable(|| disk.fill()).await;
    load.wait_for_refusals().await;
    server.check_reads().await;
    disk.empty();
    server.wait_until_healed().await;
    load.wait_for_activations().await;
    load.end(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_heals_after_its_disk_was_read_only() {
    let host = Host::new();
    let Some(disk) = Disk::mount(&host) else { return };
    let server = RunningServer::start(&host).await;
    let load = Load::start(&server);
    load.wait_for_activations().await;
    // Open files stay writable, so a full disk first makes the server close its connections and open new ones.
    server.wait_until_unavailable(|| disk.fill()).await;
    disk.make_read_only();
    load.wait_for_refusals().await;
    load.wait_for_refusals().await;
    disk.empty();
    server.wait_until_unavailable(|| {}).await;
    load.wait_for_refusals().await;
    server.check_reads().await;
    assert!(host.server_log().contains("readonly database"), "{}", host.server_log());
    disk.make_writable();
    server.wait_until_healed().await;
    load.wait_for_activations().await;
    load.end(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_heals_after_another_process_held_the_lock() {
    let host = Host::new();
    let server = RunningServer::start(&host).await;
    let load = Load::start(&server);
    load.wait_for_activations().await;
    let url = format!("sqlite://{}", host.folder.path().join("data/latchkey.db").display());
    let mut other = SqliteConnection::connect(&url).await.expect("connected");
    other.execute("PRAGMA busy_timeout = 60000").await.expect("set");
    other.execute("BEGIN IMMEDIATE").await.expect("locked");
    server.wait_until_unavailable(|| {}).await;
    load.wait_for_refusals().await;
    server.check_reads().await;
    other.execute("ROLLBACK").await.expect("unlocked");
    server.wait_until_healed().await;
    load.wait_for_activations().await;
    load.end(&server).await;
}
