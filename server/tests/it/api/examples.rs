//! The examples of the API reference. This test sends the commands that the reference shows to a real server, and compares
//! what it answers with `content/api/examples.json`, from which the reference is made. Signatures are checked.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path, process::Command, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use latchkey_licensing::policy::{HeartbeatCull, HeartbeatResurrection, Policy};
use latchkey_server::http::api;
use latchkey_service::IssuedLicense;
use latchkey_testkit::{Backend, UNLIMITED, on_both};
use latchkey_wire::signature::{SignedHeaders, Target, verify};
use serde::Serialize;
use serde_json::Value;

use crate::support::{
    app::{TestApp, run},
    shelf::Shelf,
};

/// Where the examples say that the server is. Its answers are signed for this host.
const ORIGIN: &str = "https://licenses.example.com";
const HOST: &str = "licenses.example.com";

/// A text of an answer that is longer is shortened.
const LONGEST: usize = 160;

/// The lines of a file that are shown.
const MOST_LINES: usize = 24;

/// Headers that the reference shows, as it writes them.
const SHOWN: [&str; 4] = ["Content-Type", "Location", "Retry-After", "X-RateLimit-Reset"];

/// Headers that make up the signature.
const SIGNED: [&str; 5] = ["Date", "Digest", "Keygen-Date", "Keygen-Digest", "Keygen-Signature"];

/// A request and what was answered.
#[derive(Debug, Serialize)]
struct Exchange {
    /// What is special about it.
    about: &'static str,
    curl: Vec<String>,
    request: Vec<String>,
    response: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Example {
    success: Exchange,
    error: Exchange,
}

#[derive(Debug, Serialize)]
struct Examples {
    public_key: String,
    /// One answer with all headers that have to do with its signature.
    signed: Exchange,
    operations: BTreeMap<&'static str, Example>,
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
struct Request<'a> {
    method: &'static str,
    path: &'a str,
    key: Option<&'a str>,
    body: Option<&'a str>,
}

impl<'a> Request<'a> {
    fn get(path: &'a str) -> Self {
        Self { method: "GET", path, key: None, body: None }
    }

    fn post(path: &'a str) -> Self {
        Self { method: "POST", ..Self::get(path) }
    }

    fn key(self, key: &'a str) -> Self {
        Self { key: Some(key), ..self }
    }

    fn body(self, body: &'a str) -> Self {
        Self { body: Some(body), ..self }
    }

    /// The command, over several lines.
    fn curl(&self) -> String {
        let Self { method, path, key, body } = self;
        let mut parts = Vec::new();
        if !matches!((*method, body), ("GET", _) | ("POST", Some(_))) {
            parts.push(format!("-X {method}"));
        }
        // The shell gives `?` and `&` a meaning of their own.
        let url = format!("{ORIGIN}{path}");
        parts.push(if path.contains(['?', '&']) { format!("'{url}'") } else { url });
        let mut command = format!("curl {}", parts.join(" "));
        let mut more = |option: String| {
            command.push_str(" \\\n  ");
            command.push_str(&option);
        };
        if let Some(key) = key {
            more(format!("-H 'Authorization: License {key}'"));
        }
        if let Some(body) = body {
            more("-H 'Content-Type: application/vnd.api+json'".to_owned());
            more(format!("-d '{}'", pretty(body)));
        }
        command
    }

    /// The same as it is sent, without the headers that clients add by themselves.
    fn text(&self) -> String {
        let mut text = format!("{} {} HTTP/1.1\nHost: {HOST}\n", self.method, self.path);
        if let Some(key) = self.key {
            writeln!(text, "Authorization: License {key}").expect("text");
        }
        if let Some(body) = self.body {
            writeln!(text, "Content-Type: application/vnd.api+json\n\n{}", pretty(body)).expect("text");
        }
        text
    }
}

/// Sends a request with the command that the reference shows. Returns its answer with some of its headers.
fn send(app: &TestApp, about: &'static str, request: Request, shown: &[&str]) -> Exchange {
    let curl = request.curl();
    let script = curl.replacen("curl ", "curl -sS -i ", 1).replace(ORIGIN, &app.origin());
    let output = Command::new("bash").arg("-c").arg(script).output().expect("bash runs");
    assert!(output.status.success(), "{curl}: {}", String::from_utf8_lossy(&output.stderr));
    let received = String::from_utf8(output.stdout).expect("text");
    let (head, body) = received.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let mut response = vec![lines.next().expect("a status").to_owned()];
    let headers: BTreeMap<String, &str> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value)).collect();
    let text = |name: &str| headers.get(name).map(|value| (*value).to_owned()).unwrap_or_default();
    let signed = SignedHeaders { date: text("date"), digest: text("digest"), signature: text("keygen-signature") };
    let target = Target { method: request.method, path_and_query: request.path, host: HOST };
    assert!(verify(&app.public_key, target, &signed, body.as_bytes()), "{curl}: {head} is not signed");
    for name in shown {
        response.extend(headers.get(&name.to_lowercase()).map(|value| format!("{name}: {value}")));
    }
    if !body.is_empty() {
        response.push(String::new());
        let is_json = text("content-type").contains("json");
        let body = if is_json { pretty(&without_id(body)) } else { body.to_owned() };
        let most = if is_json { usize::MAX } else { MOST_LINES };
        response.extend(body.lines().take(most).map(shortened));
        response.extend((body.lines().count() > most).then(|| "…".to_owned()));
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    Exchange { about, curl: lines(&curl), request: lines(&request.text()), response }
}

/// A document in which the id of the request, which is random, is always the same.
fn without_id(body: &str) -> String {
    let document: Value = serde_json::from_str(body).expect("JSON");
    match document["meta"]["id"].as_str() {
        Some(id) if document["errors"].is_array() => body.replace(id, "01939a2e-6f00-7a41-b2c3-4d5e6f708192"),
        _ => body.to_owned(),
    }
}

/// A document over several lines, with its members in the order in which they were sent, and without the rest of long texts.
fn pretty(json: &str) -> String {
    let (mut out, mut depth) = (String::new(), 0_usize);
    let mut text: Option<String> = None;
    let mut letters = json.chars().peekable();
    while let Some(letter) = letters.next() {
        if let Some(inner) = &mut text {
            match letter {
                '"' => {
                    out.push_str(&shortened(inner));
                    out.push('"');
                    text = None;
                }
                '\\' => inner.extend([letter].into_iter().chain(letters.next())),
                _ => inner.push(letter),
            }
            continue;
        }
        let indent = |depth: usize| format!("\n{}", "  ".repeat(depth));
        match letter {
            '"' => {
                out.push('"');
                text = Some(String::new());
            }
            '{' | '[' => {
                out.push(letter);
                if matches!(letters.peek(), Some('}' | ']')) {
                    out.extend(letters.next());
                } else {
                    depth += 1;
                    out.push_str(&indent(depth));
                }
            }
            '}' | ']' => {
                depth -= 1;
                out.push_str(&indent(depth));
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                out.push_str(&indent(depth));
            }
            ':' => out.push_str(": "),
            letter if letter.is_whitespace() => {}
            letter => out.push(letter),
        }
    }
    out
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        text.to_owned()
    } else {
        format!("{}…", text.chars().take(LONGEST / 2).collect::<String>())
    }
}

on_both!(with_fixed_address: the_reference_shows_what_the_server_answers);

fn with_fixed_address(backend: Backend, test: impl AsyncFnOnce(&TestApp)) {
    run(async {
        let mut shelf = Shelf::new();
        let signatures = format!(
            "arch = \"x64\"\nsignature = \"{}\"\nminisign = \"{}\"",
            STANDARD.encode([7; 64]),
            STANDARD.encode("untrusted comment: a signature\n")
        );
        shelf.release("1.1.0", "2026-11-01", "").file("app-1.1.0.exe", "windows", b"the program", &signatures).file(
            "App-1.1.0-full.nupkg",
            "windows",
            b"the package",
            "",
        );
        shelf.write();
        let folder = shelf.folder.path().to_owned();
        let app = TestApp::start_with(backend, |settings, options| {
            settings.server.api_url = Some(ORIGIN.to_owned());
            settings.server.portal_url = Some(ORIGIN.to_owned());
            settings.content.folder = Some(folder);
            options.api_limits = UNLIMITED;
        })
        .await;
        test(&app).await;
    });
}

async fn the_reference_shows_what_the_server_answers(app: &TestApp) {
    let recorded = record(app).await;
    let text = format!("{}\n", serde_json::to_string_pretty(&recorded).expect("serializes"));
    let known: Vec<String> = ids(&api::description());
    let shown: Vec<&str> = recorded.operations.keys().copied().collect();
    assert_eq!(known, shown, "each operation has an example");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../content/api/examples.json");
    let stored = fs::read_to_string(path).unwrap_or_default();
    if stored != text {
        let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples.json");
        fs::write(&new, &text).expect("written");
        let at = stored.lines().zip(text.lines()).position(|(stored, new)| stored != new);
        panic!(
            "the API answers differently than content/api/examples.json shows, first in line {}. If it should, copy {} there",
            at.map_or(0, |at| at + 1),
            new.display()
        );
    }
}

/// The ids of the described operations.
fn ids(description: &Value) -> Vec<String> {
    let paths = description["paths"].as_object().expect("paths");
    let methods = paths.values().flat_map(|methods| methods.as_object().expect("methods").values());
    let mut ids: Vec<String> =
        methods.map(|operation| operation["operationId"].as_str().expect("an id").to_owned()).collect();
    ids.sort();
    ids
}

/// The app of a key holder, which sends the requests.
struct Holder<'a> {
    app: &'a TestApp,
    key: String,
    license: String,
}

impl<'a> Holder<'a> {
    fn of(app: &'a TestApp, issued: &IssuedLicense) -> Self {
        Self { app, key: issued.key.expose().to_owned(), license: issued.view.license.id.to_string() }
    }

    fn send(&self, about: &'static str, request: Request) -> Exchange {
        send(self.app, about, request, &SHOWN)
    }

    /// A path below that of the license.
    fn at(&self, path: &str) -> String {
        format!("/v1/licenses/{}{path}", self.license)
    }
}

async fn record(app: &TestApp) -> Examples {
    app.add_policy("floating", |policy: &mut Policy| {
        policy.max_machines = Some(2);
        policy.max_uses = Some(3);
        policy.processes.max = Some(1);
        policy.requires_heartbeat = true;
        policy.cull = HeartbeatCull::KeepDead;
        policy.resurrection = HeartbeatResurrection::NoRevive;
    })
    .await;
    let issued = app.issue_under("ada@example.com", "floating").await;
    let holder = Holder::of(app, &issued);
    let signed = send(app, "", Request::get("/v1/ping"), &SIGNED);
    let mut operations = BTreeMap::new();
    let mut add = |name, success, error| {
        operations.insert(name, Example { success, error });
    };
    record_validation_and_activation(&holder, &mut add);
    let lifetime = app.issue("ada@example.com").await;
    record_entitlements(&Holder::of(app, &lifetime), &mut add);
    record_use_and_files(&holder, &mut add);
    record_releases(&holder, &mut add);
    record_parts(&holder, &mut add);
    Examples { public_key: app.public_key.hex(), signed, operations }
}

fn record_validation_and_activation(holder: &Holder, add: &mut impl FnMut(&'static str, Exchange, Exchange)) {
    let (key, unknown) = (holder.key.as_str(), "CGPT-0000-0000-0000-0000-0000-0000-0000");
    let send = |about, request: Request| holder.send(about, request);
    let at = |path: &str| holder.at(path);
    add(
        "ping",
        send("", Request::get("/v1/ping")),
        send("There is nothing at this path.", Request::get("/v1/nothing")),
    );
    let body = format!(r#"{{"meta": {{"key": "{key}", "nonce": 42, "scope": {{"fingerprint": "9f2c"}}}}}}"#);
    let validate_key = "/v1/licenses/actions/validate-key";
    add(
        "validateKey",
        send("The license is not active on this machine yet.", Request::post(validate_key).body(&body)),
        send("The body has no key.", Request::post(validate_key).body(r#"{"meta": {}}"#)),
    );
    let activation = r#"{"data": {"type": "machines", "attributes": {"fingerprint": "9f2c", "name": "Office PC", "platform": "Windows 11", "hostname": "OFFICE", "cores": 8, "metadata": {"appVersion": "1.4.2"}}}}"#;
    let machines = "/v1/machines";
    let activate = Request::post(machines).key(key);
    let activated = send("", activate.body(activation));
    let other = |fingerprint: &str| activation.replace("9f2c", fingerprint).replace("Office PC", "Laptop");
    send("", activate.body(&other("a1b2")));
    add(
        "activate",
        activated,
        send("As many machines are active as the license allows.", activate.body(&other("c3d4"))),
    );
    add("me", send("", Request::get("/v1/me").key(key)), send("No license key was sent.", Request::get("/v1/me")));
    add(
        "showLicense",
        send("", Request::get(&at("")).key(key)),
        send("The license key is unknown.", Request::get(&at("")).key(unknown)),
    );
    let patch = Request { method: "PATCH", ..Request::get("/v1/machines/9f2c") }.key(key);
    let scope = r#"{"meta": {"scope": {"fingerprint": "9f2c", "entitlements": ["PRO"]}}}"#;
    add(
        "validate",
        send(
            "The license lacks an entitlement. The status is 200 all the same.",
            Request::post(&at("/actions/validate")).key(key).body(scope),
        ),
        send(
            "The license in the path is not the one of the key.",
            Request::post("/v1/licenses/0190f3c2-0000-7000-8000-000000000000/actions/validate").key(key),
        ),
    );
    add(
        "quickValidate",
        send("", Request::get(&at("/actions/validate")).key(key)),
        send("No license key was sent.", Request::get(&at("/actions/validate"))),
    );
    add(
        "listLicenses",
        send("", Request::get("/v1/licenses").key(key)),
        send("No license key was sent.", Request::get("/v1/licenses")),
    );
    add(
        "listOwnMachines",
        send("", Request::get("/v1/machines?limit=1").key(key)),
        send("The cursor is none.", Request::get("/v1/machines?page%5Bcursor%5D=next").key(key)),
    );
    add(
        "showMachineOfLicense",
        send("", Request::get(&at("/machines/9f2c")).key(key)),
        send("No machine with this fingerprint is active.", Request::get(&at("/machines/c3d4")).key(key)),
    );
    add(
        "showMachineLicense",
        send("", Request::get("/v1/machines/9f2c/license").key(key)),
        send("No machine with this fingerprint is active.", Request::get("/v1/machines/c3d4/license").key(key)),
    );
    add(
        "changeMachine",
        send("", patch.body(r#"{"data": {"type": "machines", "attributes": {"name": "Studio PC"}}}"#)),
        send(
            "Only the name can be changed.",
            patch.body(r#"{"data": {"type": "machines", "attributes": {"fingerprint": "b2c3"}}}"#),
        ),
    );
    add(
        "listMachines",
        send("", Request::get(&at("/machines?limit=1")).key(key)),
        send("The page is too large.", Request::get(&at("/machines?limit=101")).key(key)),
    );
    add(
        "checkIn",
        send("", Request::post(&at("/actions/check-in")).key(key)),
        send("The license key is unknown.", Request::post(&at("/actions/check-in")).key(unknown)),
    );
}

fn record_entitlements(holder: &Holder, add: &mut impl FnMut(&'static str, Exchange, Exchange)) {
    let key = holder.key.as_str();
    let send = |about, request: Request| holder.send(about, request);
    let at = |path: &str| holder.at(path);
    add(
        "listEntitlements",
        send("", Request::get(&at("/entitlements")).key(key)),
        send("A page has at least one row.", Request::get(&at("/entitlements?limit=0")).key(key)),
    );
    add(
        "showEntitlement",
        send("", Request::get("/v1/entitlements/CHART_ASSISTANT").key(key)),
        send("The license does not have it.", Request::get("/v1/entitlements/PRO").key(key)),
    );
    add(
        "showEntitlementOfLicense",
        send("", Request::get(&at("/entitlements/CHART_ASSISTANT")).key(key)),
        send("The license does not have it.", Request::get(&at("/entitlements/PRO")).key(key)),
    );
}

fn record_use_and_files(holder: &Holder, add: &mut impl FnMut(&'static str, Exchange, Exchange)) {
    let key = holder.key.as_str();
    let send = |about, request: Request| holder.send(about, request);
    let at = |path: &str| holder.at(path);
    let increment = r#"{"meta": {"increment": 2}}"#;
    let use_it = at("/actions/increment-usage");
    add(
        "incrementUsage",
        send("", Request::post(&use_it).key(key).body(increment)),
        send("The counter would exceed its limit. It stays as it is.", Request::post(&use_it).key(key).body(increment)),
    );
    let check_out = at("/actions/check-out");
    let file = r#"{"meta": {"ttl": 604800, "include": ["entitlements"]}}"#;
    add(
        "checkOutLicense",
        send("", Request::post(&check_out).key(key).body(file)),
        send("The file would expire too soon.", Request::post(&check_out).key(key).body(r#"{"meta": {"ttl": 60}}"#)),
    );
    add(
        "downloadLicenseFile",
        send("", Request::get(&format!("{check_out}?ttl=604800&encrypt=1")).key(key)),
        send("The include is unknown.", Request::get(&format!("{check_out}?include=secrets")).key(key)),
    );
    let machine = "/v1/machines/9f2c";
    add(
        "showMachine",
        send("", Request::get(machine).key(key)),
        send("No machine with this fingerprint is active.", Request::get("/v1/machines/c3d4").key(key)),
    );
    let check_out = format!("{machine}/actions/check-out");
    add(
        "checkOutMachine",
        send(
            "",
            Request::post(&check_out)
                .key(key)
                .body(r#"{"meta": {"encrypt": true, "include": ["license.entitlements"]}}"#),
        ),
        send(
            "The algorithm is not supported.",
            Request::post(&check_out).key(key).body(r#"{"meta": {"algorithm": "rsa"}}"#),
        ),
    );
    add(
        "downloadMachineFile",
        send("", Request::get(&format!("{check_out}?encrypt=1")).key(key)),
        send("The time to live is too short.", Request::get(&format!("{check_out}?ttl=1")).key(key)),
    );
    let names = [("pingMachine", "ping"), ("pingMachineHeartbeat", "ping-heartbeat")];
    let beat = |action: &str| send("", Request::post(&format!("{machine}/actions/{action}")).key(key));
    let beating = names.map(|(_, action)| beat(action));
    holder.app.kit.clock.advance(Duration::from_secs(631));
    for ((name, action), beating) in names.into_iter().zip(beating) {
        let path = format!("{machine}/actions/{action}");
        add(name, beating, send("The last heartbeat was too long ago.", Request::post(&path).key(key)));
    }
    let delete = Request { method: "DELETE", ..Request::get(machine) }.key(key);
    let deactivated = send("", delete);
    add("deactivate", deactivated, send("It is not active any more.", delete));
}

/// The text of a member in the answer's document, which is on a line of its own.
fn member(exchange: &Exchange, name: &str) -> String {
    let start = format!("\"{name}\": \"");
    let line = exchange.response.iter().find_map(|line| line.trim_start().strip_prefix(start.as_str()));
    line.expect("the member").trim_end_matches(['"', ',']).to_owned()
}

fn record_parts(holder: &Holder, add: &mut impl FnMut(&'static str, Exchange, Exchange)) {
    let key = holder.key.as_str();
    let send = |about, request: Request| holder.send(about, request);
    let activation = r#"{"data": {"type": "machines", "attributes": {"fingerprint": "9f2c", "name": "Office PC"}, "relationships": {"components": {"data": [{"type": "components", "attributes": {"fingerprint": "b0a2d", "name": "BOARD", "metadata": {}}}]}}}}"#;
    send("", Request::post("/v1/machines").key(key).body(activation));
    let machine = "/v1/machines/9f2c";
    let listed = send("", Request::get(&format!("{machine}/components")).key(key));
    let component = format!("/v1/components/{}", member(&listed, "id"));
    add(
        "listComponents",
        listed,
        send("No machine with this fingerprint is active.", Request::get("/v1/machines/c3d4/components").key(key)),
    );
    add(
        "showComponent",
        send("", Request::get(&component).key(key)),
        send("A fingerprint is not an id.", Request::get("/v1/components/b0a2d").key(key)),
    );
    let process = r#"{"data": {"type": "processes", "attributes": {"pid": "1234", "metadata": {}}, "relationships": {"machine": {"data": {"type": "machines", "id": "9f2c"}}}}}"#;
    let spawn = Request::post("/v1/processes").key(key);
    let spawned = send("", spawn.body(process));
    let path = format!("/v1/processes/{}", member(&spawned, "id"));
    add(
        "spawnProcess",
        spawned,
        send("As many processes run as the license allows.", spawn.body(&process.replace("1234", "1235"))),
    );
    add(
        "listProcesses",
        send("", Request::get(&format!("{machine}/processes")).key(key)),
        send("The page is too large.", Request::get(&format!("{machine}/processes?limit=101")).key(key)),
    );
    add(
        "showProcess",
        send("", Request::get(&path).key(key)),
        send("A pid is not an id.", Request::get("/v1/processes/1234").key(key)),
    );
    let beat = format!("{path}/actions/ping");
    let beating = send("", Request::post(&beat).key(key));
    holder.app.kit.clock.advance(Duration::from_secs(631));
    add("pingProcess", beating, send("The last heartbeat was too long ago.", Request::post(&beat).key(key)));
    let end = Request { method: "DELETE", ..Request::get(&path) }.key(key);
    let ended = send("", end);
    add("endProcess", ended, send("It has ended.", end));
}

fn record_releases(holder: &Holder, add: &mut impl FnMut(&'static str, Exchange, Exchange)) {
    let key = holder.key.as_str();
    for (name, path, about, wrong) in [
        ("showRelease", "/v1/releases/1.1.0", "There is no such release.", "/v1/releases/9.0.0"),
        ("upgradeRelease", "/v1/releases/1.0.0/upgrade", "There is none that is newer.", "/v1/releases/1.1.0/upgrade"),
        ("listArtifacts", "/v1/artifacts?release=1.1.0", "No version is named.", "/v1/artifacts"),
        (
            "downloadArtifact",
            "/v1/releases/1.1.0/artifacts/app-1.1.0.exe",
            "The release has no such file.",
            "/v1/releases/1.1.0/artifacts/app-1.1.0.dmg",
        ),
        (
            "appcast",
            "/v1/updates/appcast.xml?os=windows",
            "The operating system is unknown.",
            "/v1/updates/appcast.xml?os=beos",
        ),
        (
            "electronUpdate",
            "/v1/updates/electron/latest.yml",
            "There is nothing for this system.",
            "/v1/updates/electron/latest-linux.yml",
        ),
        (
            "tauriUpdate",
            "/v1/updates/tauri/windows/x86_64/1.0.0",
            "The version is none.",
            "/v1/updates/tauri/windows/x86_64/newest",
        ),
        (
            "velopackUpdate",
            "/v1/updates/velopack/releases.win.json",
            "There is no such package.",
            "/v1/updates/velopack/App-9.0.0-full.nupkg",
        ),
    ] {
        let answers = [("", path), (about, wrong)].map(|(about, path)| holder.send(about, Request::get(path).key(key)));
        let [success, error] = answers;
        add(name, success, error);
    }
}

#[test]
fn documents_are_shown_over_several_lines_as_they_were_sent() {
    let long = "x".repeat(LONGEST + 1);
    let shown = pretty(&format!(r#"{{"b":[1,"a\",{{"],"a":{{}},"c":[],"d":"{long}"}}"#));
    let expected = format!(
        "{{\n  \"b\": [\n    1,\n    \"a\\\",{{\"\n  ],\n  \"a\": {{}},\n  \"c\": [],\n  \"d\": \"{}…\"\n}}",
        "x".repeat(LONGEST / 2)
    );
    assert_eq!(shown, expected);
}
