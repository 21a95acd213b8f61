//! The example desktop app against the real server, on both databases: entering a key, activation, offline use, the
//! machine limit, freeing a computer in the portal, suspension, revocation, renewal, key rotation, an unreachable server
//! and a clock that is set back.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "../it/support/app.rs"]
#[expect(dead_code, reason = "shared with the larger suite")]
mod app;

#[path = "../../../crates/client/examples/desktop/shell.rs"]
#[expect(dead_code, reason = "the example's clock and command loop are not used here")]
mod shell;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use app::{Browser, TestApp, run};
use latchkey_client::{
    Access, Client, Config, Fingerprint, MachineFacts, Outcome, PublicKey, Timestamp,
    config::Clock,
    storage::{FileStorage, MemoryStorage},
    transport::{HttpTransport, Request, Response, Transport, Unreachable},
};
use latchkey_licensing::policy::{ExpiryStrategy, HeartbeatResurrection, RenewalBasis};
use latchkey_service::{Clock as _, IssuedLicense, LicenseChange, Notify, Operator};
use latchkey_testkit::{Backend, TestClock};
use reqwest::StatusCode;
use shell::{Shell, ShiftClock, shifted};

const DAY: Duration = Duration::from_hours(24);

/// The clock of a computer: the server's clock, shifted by a number of days.
#[derive(Clone, Debug)]
struct ComputerClock {
    server: Arc<TestClock>,
    days: Arc<AtomicI64>,
}

impl Clock for ComputerClock {
    fn now(&self) -> Timestamp {
        shifted(self.server.now(), self.days.load(Ordering::SeqCst))
    }
}

impl ShiftClock for ComputerClock {
    fn shift(&self, days: i64) {
        self.days.store(days, Ordering::SeqCst);
    }
}

/// What goes wrong on the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    Works,
    /// There is no response.
    Down,
    /// A captive portal responds to every request with its own page.
    Captive,
    /// An attacker replays the first response of each kind.
    Replays,
    /// An attacker replaces the license key in validations with their own.
    ReplacesKey,
    /// An attacker changes the status of every refusal to a success.
    HidesRefusals,
}

/// The real network, which a test can disturb.
#[derive(Clone)]
struct TestNetwork {
    http: HttpTransport,
    state: Rc<Cell<Network>>,
    received: Rc<RefCell<Vec<(String, Response)>>>,
    others_key: Rc<RefCell<String>>,
}

/// The kind of a request: its method and path, without the query.
fn kind(request: &Request) -> String {
    format!("{} {}", request.method, request.url.split('?').next().unwrap_or_default())
}

impl Transport for TestNetwork {
    fn send(&self, request: &Request) -> Result<Response, Unreachable> {
        match self.state.get() {
            Network::Works => {
                let answer = self.http.send(request)?;
                self.received.borrow_mut().push((kind(request), answer.clone()));
                Ok(answer)
            }
            Network::Replays => {
                let received = self.received.borrow();
                let same = received.iter().find(|(what, _)| *what == kind(request));
                same.map(|(_, answer)| answer.clone()).ok_or_else(|| Unreachable("no response to replay".to_owned()))
            }
            Network::ReplacesKey => {
                let mut request = request.clone();
                if let Some(body) = &mut request.body {
                    let mut sent: serde_json::Value = serde_json::from_slice(body).expect("JSON");
                    sent["meta"]["key"] = self.others_key.borrow().as_str().into();
                    *body = sent.to_string().into_bytes();
                }
                self.http.send(&request)
            }
            Network::HidesRefusals => self.http.send(request).map(|answer| Response { status: 200, ..answer }),
            Network::Down => Err(Unreachable("connection refused".to_owned())),
            Network::Captive => Ok(Response {
                status: 200,
                headers: vec![("content-type".to_owned(), "text/html".to_owned())],
                body: br#"{"meta":{"valid":false,"code":"SUSPENDED"}}"#.to_vec(),
            }),
        }
    }
}

type App = Shell<MemoryStorage, TestNetwork, ComputerClock>;

struct Computer {
    app: App,
    network: Rc<Cell<Network>>,
    others_key: Rc<RefCell<String>>,
}

impl Computer {
    fn new(server: &TestApp, issued: &IssuedLicense, name: &str, keys: Vec<PublicKey>) -> Self {
        let network = Rc::new(Cell::new(Network::Works));
        let config = Config::new(&server.origin(), issued.view.product.id, keys);
        let clock = ComputerClock { server: server.kit.clock.clone(), days: Arc::default() };
        let others_key = Rc::new(RefCell::default());
        let transport = TestNetwork {
            http: HttpTransport::default(),
            state: network.clone(),
            received: Rc::default(),
            others_key: Rc::clone(&others_key),
        };
        let fingerprint = Fingerprint::parse(name).expect("a fingerprint");
        let client =
            Client::with(config, MemoryStorage::default(), fingerprint, transport, clock.clone()).expect("a client");
        Self { app: Shell::new(client, clock, server.origin()), network, others_key }
    }

    #[track_caller]
    fn says(&mut self, line: &str, expected: &str) -> String {
        let reply = self.app.reply(line);
        assert!(reply.contains(expected), "`{line}` should say `{expected}`: {reply}");
        reply
    }
}

async fn free_in_the_portal(browser: &Browser<'_>, issued: &IssuedLicense, server: &TestApp, name: &str) {
    let admin = server.service().admin(Operator::Host);
    let view = admin.license(issued.view.license.id, &Operator::Host.fresh()).await.expect("there").view;
    let machine = view.machines.iter().find(|machine| machine.fingerprint.as_str() == name).expect("active");
    let fields = [("license", view.license.id.to_string()), ("machine", machine.id.to_string())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = browser.submit("/fn/free_computer", &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

/// Activation, offline use, the machine limit, and freeing a computer.
async fn an_app_is_activated_and_runs_offline(backend: Backend) {
    let server = TestApp::start(backend).await;
    let issued = server.issue("ada@example.com").await;
    let keys = vec![server.public_key];
    let mut one = Computer::new(&server, &issued, "one", keys.clone());
    one.says("status", "The app does not run: not activated");
    one.says("activate", "enter a license key first");
    one.says("key CGPT-0000", "That is not a license key");
    one.says("key CGPT-0000-0000-0000-0000-0000-0000-0000", "typing error");
    one.says(&format!("key {}", issued.key.expose().to_lowercase()), "Key CGPT-••••");
    one.says("activate Office PC", "The app runs: licensed; works offline until 23 December 2026");
    one.says("activate Office PC", "The app runs");

    // Offline, the app runs until the file expires, and for two more weeks in the grace period.
    one.network.set(Network::Down);
    one.says(
        "refresh",
        "No response (the license server cannot be reached: connection refused). The app runs: licensed",
    );
    server.kit.clock.advance(DAY * 29);
    one.says("status", "The app runs: licensed; works offline");
    server.kit.clock.advance(DAY);
    one.says("status", "The app runs: licensed, but not confirmed recently: connect before 6 January 2027");
    // A response that is not from the server is not trusted, whatever it says.
    one.network.set(Network::Captive);
    one.says("refresh", "not signed by the license server). The app runs");
    server.kit.clock.advance(DAY * 14);
    one.says("status", "The app does not run: expired on 6 January 2027");
    // The server is reachable again, and the app runs again.
    one.network.set(Network::Works);
    one.says("refresh", "The app runs: licensed");
    // Setting the clock back does not extend anything and is reported. Setting it forward expires the file.
    one.says("clock -365", "This computer's clock is slow: correct it.");
    one.says("clock 60", "The app does not run: expired");
    one.says("clock 0", "The app runs: licensed");

    // The limit is two: a third computer learns which two are active and where to free one.
    let mut two = Computer::new(&server, &issued, "two", keys.clone());
    two.says(&format!("key {}", issued.key.expose()), "entered");
    two.says("activate Laptop", "The app runs");
    let mut three = Computer::new(&server, &issued, "three", keys);
    three.says(&format!("key {}", issued.key.expose()), "entered");
    let refused = three.says("activate Studio", "already active on as many computers as it allows");
    let page = format!("{}/portal/licenses/{}", server.portal_origin(), issued.view.license.id);
    assert!(
        refused.contains("Office PC, last seen") && refused.contains("Laptop") && refused.contains(&page),
        "{refused}"
    );
    let browser = server.browser();
    browser.sign_in("ada@example.com").await;
    free_in_the_portal(&browser, &issued, &server, "two").await;
    three.says("activate Studio", "The app runs");
    // The freed computer learns of it at the next refresh. An app can also deactivate itself.
    two.says("refresh", "The app does not run: not activated");
    two.says("activate Laptop", "already active on as many computers");
    three.says("deactivate", "The app does not run: not activated");
    three.says("deactivate", "The app does not run: not activated");
    two.says("activate Laptop", "The app runs");
}

/// Suspension, reinstatement, revocation, renewal, rotation.
async fn decisions_of_the_vendor_reach_the_app(backend: Backend) {
    let server = TestApp::start(backend).await;
    server
        .add_policy("yearly", |policy| {
            policy.duration = Some(DAY * 365);
            policy.expiry_strategy = ExpiryStrategy::RestrictAccess;
            policy.renewal_basis = RenewalBasis::FromNowIfExpired;
        })
        .await;
    let issued = server.issue_under("ada@example.com", "yearly").await;
    let id = issued.view.license.id;
    let admin = server.service().admin(Operator::Host);
    let mut one = Computer::new(&server, &issued, "one", vec![server.public_key]);
    one.says(&format!("key {}", issued.key.expose()), "entered");
    one.says("activate Office PC", "The app runs");

    // LC-14: a suspension takes effect with the next refresh, and remains in effect while the server is unreachable.
    admin.suspend_license(id, Notify::Nobody).await.expect("suspended");
    one.says("status", "The app runs");
    one.says("refresh", "The app does not run: not licensed: the license is suspended (SUSPENDED)");
    one.network.set(Network::Down);
    one.says("refresh", "The app does not run");
    one.network.set(Network::Works);
    one.says("activate", "LICENSE_SUSPENDED");
    admin.reinstate_license(id, Notify::Nobody).await.expect("reinstated");
    one.says("refresh", "The app runs: licensed");
    // Replayed responses are not accepted: neither the refusal nor, later, the confirmation.
    one.network.set(Network::Replays);
    one.says("activate", "not signed by the license server");
    one.says("refresh", "not signed by the license server). The app runs");
    one.network.set(Network::Works);
    admin.suspend_license(id, Notify::Nobody).await.expect("suspended");
    one.says("refresh", "The app does not run");
    one.network.set(Network::Replays);
    one.says("refresh", "not signed by the license server). The app does not run");
    // Nor is a response about another license.
    let other = server.issue_under("eve@example.com", "yearly").await;
    one.others_key.replace(other.key.expose().to_owned());
    one.network.set(Network::ReplacesKey);
    one.says("refresh", "without a verdict). The app does not run");
    one.network.set(Network::HidesRefusals);
    one.says("activate", "LICENSE_SUSPENDED");
    one.network.set(Network::Works);
    admin.reinstate_license(id, Notify::Nobody).await.expect("reinstated");
    one.says("refresh", "The app runs: licensed");
    // An added entitlement arrives with the next refresh, even if the current file is new.
    let give = LicenseChange { add_entitlements: vec!["EXTRA".to_owned()], ..LicenseChange::default() };
    server.add_entitlement("EXTRA").await;
    admin.change_license(id, give).await.expect("given");
    one.says("refresh", "Includes EXTRA.");
    let take = LicenseChange { remove_entitlements: vec!["EXTRA".to_owned()], ..LicenseChange::default() };
    admin.change_license(id, take).await.expect("taken");
    let without = one.says("refresh", "The app runs: licensed");
    assert!(!without.contains("EXTRA"), "{without}");

    // The license's own expiry takes effect without the server, and a renewal lets the app run again.
    server.kit.clock.advance(DAY * 365);
    one.says("status", "The app does not run: expired on 23 November 2027");
    one.says("refresh", "does not run");
    admin.renew_license(id, Notify::Nobody).await.expect("renewed");
    one.says("refresh", "The app runs: licensed");

    // The same if the current file is new and contains the old expiry.
    server.kit.clock.advance(DAY * 360);
    one.says("refresh", "The app runs: licensed; works offline until 22 November 2028");
    server.kit.clock.advance(DAY * 5);
    one.says("status", "The app does not run: expired");
    admin.renew_license(id, Notify::Nobody).await.expect("renewed");
    one.says("refresh", "The app runs: licensed");

    // LC-08: the next version of the app embeds the next key. Both versions run until the rotation.
    let next = admin.prepare_signing_key().await.expect("prepared").public_key;
    let mut next_version = Computer::new(&server, &issued, "one", vec![server.public_key, next]);
    next_version.says(&format!("key {}", issued.key.expose()), "entered");
    next_version.says("activate", "The app runs");
    admin.rotate_signing_key(&Operator::Host.fresh()).await.expect("rotated");
    next_version.says("refresh", "The app runs");
    next_version.says("activate", "The app runs");
    // The old version does not trust the new responses, and runs with its file.
    one.says("refresh", "not signed by the license server). The app runs");

    // Revocation is permanent.
    admin.revoke_license(id, Notify::Nobody).await.expect("revoked");
    next_version.says("refresh", "the license is revoked (SUSPENDED)");
    next_version.says("activate", "LICENSE_SUSPENDED");
    next_version.says("status", "The app does not run");
}

/// Keeping copies of files gains nothing.
async fn copies_of_superseded_files_are_rejected(backend: Backend) {
    let server = TestApp::start(backend).await;
    let issued = server.issue("ada@example.com").await;
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let mut one = Computer::new(&server, &issued, "one", vec![server.public_key]);
    one.says(&format!("key {}", issued.key.expose()), "entered");
    one.says("activate", "The app runs");
    let desktop = server.desktop(Some(issued.key.expose()));
    let id = issued.view.license.id;
    let machine_file = async || {
        let path = "/v1/machines/one/actions/check-out?encrypt=1&include=license&ttl=null";
        let answer = desktop.send(reqwest::Method::POST, path, None).await;
        answer.body["data"]["attributes"]["certificate"].as_str().expect("a file").to_owned()
    };
    let (_, _, license_file) = desktop.text(&format!("/v1/licenses/{id}/actions/check-out?ttl=null")).await;
    one.says(&format!("import {}", put("license.lic", license_file)), "not tied to a computer");
    let aside = put("aside.lic", machine_file().await);
    // A file that lasts 68 years is accepted for one.
    one.says(&format!("import {aside}"), "works offline until 24 November 2027");

    server.kit.clock.advance(Duration::from_mins(1));
    one.says("deactivate", "not activated");
    one.says(&format!("import {aside}"), "out of date");
    one.says("key CGPT-3333-3333-3333-3333-3333-3333-333X", "entered");
    one.says(&format!("key {}", issued.key.expose()), "entered");
    one.says(&format!("import {aside}"), "out of date");
    one.says("activate", "The app runs");
    let aside = put("aside.lic", machine_file().await);
    server.kit.clock.advance(Duration::from_mins(1));
    one.says("activate", "The app runs");
    one.says(&format!("import {aside}"), "out of date");

    // Freed in the portal: the app learns of it, and the copy is superseded as well.
    let aside = put("aside.lic", machine_file().await);
    server.kit.clock.advance(Duration::from_mins(1));
    let browser = server.browser();
    browser.sign_in("ada@example.com").await;
    free_in_the_portal(&browser, &issued, &server, "one").await;
    one.says("refresh", "not activated");
    one.says(&format!("import {aside}"), "out of date");

    // Also if both happened within one second, the unit of the signed date.
    server.kit.clock.advance(Duration::from_millis(60_300));
    one.says("activate", "The app runs");
    let aside = put("aside.lic", machine_file().await);
    server.kit.clock.advance(Duration::from_millis(400));
    one.says("deactivate", "not activated");
    one.says(&format!("import {aside}"), "out of date");
}

/// A key of the vendor's other product is rejected before it uses up an activation.
async fn a_key_of_another_product_is_rejected(backend: Backend) {
    let server = TestApp::start(backend).await;
    let ours = server.issue("ada@example.com").await;
    let admin = server.service().admin(Operator::Host);
    let (mut catalog, _) = admin.catalog().await.expect("read");
    let mut product = catalog.products[0].clone();
    "other".clone_into(&mut product.code);
    "OTHR".clone_into(&mut product.key_prefix);
    catalog.products.push(product);
    let mut policy = catalog.policies[0].clone();
    "other-lifetime".clone_into(&mut policy.code);
    "other".clone_into(&mut policy.product);
    catalog.policies.push(policy);
    let plan = admin.plan_catalog(&catalog).await.expect("planned");
    admin.apply_catalog(&catalog, &plan, &Operator::Host.fresh()).await.expect("applied");
    let other = server.issue_under("ada@example.com", "other-lifetime").await;
    let mut one = Computer::new(&server, &ours, "one", vec![server.public_key]);
    one.says(&format!("key {}", other.key.expose()), "entered");
    one.says("activate", "a license for another product");
    let view = admin.license(other.view.license.id, &Operator::Host.fresh()).await.expect("there").view;
    assert!(view.machines.is_empty(), "no machine is activated");
}

/// Policies that require heartbeats and check-ins, and a license key that is replaced.
async fn heartbeats_and_check_ins_are_sent(backend: Backend) {
    let server = TestApp::start(backend).await;
    server.add_policy("beating", |policy| policy.requires_heartbeat = true).await;
    let issued = server.issue_under("ada@example.com", "beating").await;
    let mut one = Computer::new(&server, &issued, "one", vec![server.public_key]);
    one.says(&format!("key {}", issued.key.expose()), "entered");
    one.says("activate", "The app runs");
    one.says("refresh", "The app runs: licensed");
    server.kit.clock.advance(DAY);
    one.says("refresh", "The app runs: licensed");

    // Without resurrection, a computer that sleeps for a night loses its activation, but the license is not refused.
    server
        .add_policy("strictly", |policy| {
            policy.requires_heartbeat = true;
            policy.resurrection = HeartbeatResurrection::NoRevive;
        })
        .await;
    let strict = server.issue_under("eve@example.com", "strictly").await;
    let mut three = Computer::new(&server, &strict, "three", vec![server.public_key]);
    three.says(&format!("key {}", strict.key.expose()), "entered");
    three.says("activate", "The app runs");
    three.says("refresh", "The app runs: licensed");
    server.kit.clock.advance(Duration::from_hours(8));
    three.says("refresh", "The app does not run: not activated");
    three.says("activate", "The app runs");

    let admin = server.service().admin(Operator::Host);
    server.add_policy("weekly", |policy| policy.check_in_interval = Some(DAY * 7)).await;
    let weekly = server.issue_under("bob@example.com", "weekly").await;
    let mut two = Computer::new(&server, &weekly, "two", vec![server.public_key]);
    two.says(&format!("key {}", weekly.key.expose()), "entered");
    two.says("activate", "The app runs");
    server.kit.clock.advance(DAY * 20);
    two.says("refresh", "The app runs: licensed");
    one.says("activate", "The app runs");
    let key = admin.replace_license_key(issued.view.license.id, Notify::Nobody).await.expect("replaced").key;
    one.says("refresh", "The app does not run: not licensed: the license does not exist (NOT_FOUND)");
    one.says(&format!("key {}", key.expose()), "entered");
    one.says("activate", "The app runs: licensed");
}

/// A server that is not running: the connection is refused, and the app runs with its file.
#[test]
fn a_stopped_server_does_not_stop_the_app() {
    run(async {
        let server = TestApp::start(Backend::Sqlite).await;
        let issued = server.issue("ada@example.com").await;
        let clock = ComputerClock { server: server.kit.clock.clone(), days: Arc::default() };
        let fingerprint = Fingerprint::parse("one").expect("a fingerprint");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("license.json");
        let start = |api_url: &str| {
            let config = Config::new(api_url, issued.view.product.id, vec![server.public_key]);
            let storage = FileStorage::new(&file);
            let client = Client::with(config, storage, fingerprint.clone(), HttpTransport::default(), clock.clone());
            client.expect("a client")
        };
        let mut app = start(&server.origin());
        app.enter_key(issued.key.expose()).expect("a key");
        app.activate(&MachineFacts::default()).expect("activated");
        drop(app);
        // The app is started again with its stored state, and no server is listening.
        // A port that is taken, so that nobody else listens on it, and refuses every connection.
        let taken = tokio::net::TcpSocket::new_v4().expect("a socket");
        taken.bind(std::net::SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        let gone = taken.local_addr().expect("an address");
        let mut app = start(&format!("http://{gone}"));
        assert!(matches!(app.refresh(), Ok(Outcome::NoResponse { .. })));
        assert!(matches!(app.deactivate(), Ok(Outcome::NoResponse { .. })));
        assert!(matches!(app.access(), Access::Licensed(_)));
        server.kit.clock.advance(DAY * 31);
        assert!(matches!(app.access(), Access::Grace(rights) if rights.has("CHART_ASSISTANT")));
    });
}

#[test]
fn sqlite() {
    run(an_app_is_activated_and_runs_offline(Backend::Sqlite));
    run(copies_of_superseded_files_are_rejected(Backend::Sqlite));
    run(a_key_of_another_product_is_rejected(Backend::Sqlite));
    run(heartbeats_and_check_ins_are_sent(Backend::Sqlite));
    run(decisions_of_the_vendor_reach_the_app(Backend::Sqlite));
}

#[test]
fn postgres() {
    run(an_app_is_activated_and_runs_offline(Backend::Postgres));
    run(copies_of_superseded_files_are_rejected(Backend::Postgres));
    run(a_key_of_another_product_is_rejected(Backend::Postgres));
    run(heartbeats_and_check_ins_are_sent(Backend::Postgres));
    run(decisions_of_the_vendor_reach_the_app(Backend::Postgres));
}
