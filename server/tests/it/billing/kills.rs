//! ST-16: the server is killed while it delivers. After a restart, each order is delivered once, and no event is lost.
//!
//! The server is a separate process with production settings, and so is each command.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use latchkey_testkit::{
    Backend, TestDatabase, on_both,
    stripe::{Endpoint, Options, Payment, StripeDouble},
};
use serde_json::Value;

use super::{PRICE, Random, size};
use crate::support::{
    app::with_backend,
    host::{Host, Server, text},
    shop::SECRET,
};

on_both!(with_backend: st_16_a_killed_server_delivers_once);

/// How long everything may take after the last restart. An event that a killed worker had leased waits for a minute, and a
/// mail for two.
const PATIENCE: Duration = Duration::from_mins(4);

struct Vendor {
    host: Host,
    double: StripeDouble,
    environment: Vec<(&'static str, String)>,
}

impl Vendor {
    fn environment(&self) -> Vec<(&str, &str)> {
        self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    fn json(&self, words: &[&str]) -> Value {
        let output = self.host.run_with(&[words, &["--json"]].concat(), &self.environment());
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn serve(&self, address: &str) -> Server {
        self.host.serve_at(address, &self.environment())
    }
}

async fn st_16_a_killed_server_delivers_once(backend: Backend) {
    let database = TestDatabase::create(backend).await;
    let double =
        StripeDouble::start(Options { retry_after: Duration::from_millis(300), attempts: 1_000, ..Options::default() });
    let environment = vec![
        ("LATCHKEY__DATABASE__URL", database.url().to_owned()),
        ("LATCHKEY__STRIPE__SECRET_KEY", double.api_key().to_owned()),
        ("LATCHKEY__STRIPE__WEBHOOK_SECRETS", SECRET.to_owned()),
        ("LATCHKEY__STRIPE__API_URL", double.base_url().to_owned()),
    ];
    let vendor = Vendor { host: Host::new(), double, environment };
    let catalog = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../content/demo/catalog.toml");
    vendor.json(&["catalog", "apply", catalog.to_str().expect("UTF-8")]);
    vendor.json(&["stripe", "provision", "--yes"]);
    // The endpoint that was made leads to the default address. The test's own leads to the server.
    let mut server = vendor.host.serve(&[], &vendor.environment());
    let address = server.address.clone();
    let origin = server.announced["url"].as_str().expect("a URL").to_owned();
    vendor.double.add_endpoint(&Endpoint::new(&format!("http://{address}/webhooks/stripe"), SECRET));
    let before: BTreeSet<String> = vendor.double.events().into_iter().map(|event| event.id).collect();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let mut random = Random(0x5eed);
    let mut sessions = Vec::new();
    for round in 0..size("LATCHKEY_TEST_KILLS", 5) {
        let answer = client
            .post(format!("http://{address}/checkout"))
            .header("origin", &origin)
            .form(&[("price", PRICE), ("quantity", "2")])
            .send()
            .await
            .expect("an answer");
        let page = answer.headers().get("location").and_then(|to| to.to_str().ok()).expect("Stripe's page").to_owned();
        let known = vendor.double.objects("checkout.session");
        let session = known.iter().find(|session| session["url"].as_str() == Some(&*page)).expect("a session");
        let session = session["id"].as_str().expect("an id").to_owned();
        vendor.double.pay(&session, &Payment::by_card(&format!("buyer{round}@example.com"))).expect("paid");
        sessions.push(session);
        tokio::time::sleep(Duration::from_millis(u64::try_from(random.below(120)).expect("fits"))).await;
        // SIGKILL, and no time to clean up.
        drop(server);
        server = vendor.serve(&address);
    }
    let started = Instant::now();
    let orders = loop {
        let orders = vendor.json(&["order", "list", "--limit", "1000"]);
        let orders = orders.as_array().expect("a list").clone();
        if orders.iter().all(|order| order["status"] == "paid") {
            break orders;
        }
        assert!(started.elapsed() < PATIENCE, "not delivered: {orders:?}\n{}", vendor.host.server_log());
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    assert_eq!(orders.len(), sessions.len());
    for order in &orders {
        let shown = vendor.json(&["order", "show", order["id"].as_str().expect("an id")]);
        assert_eq!(shown["lines"][0]["licenses"].as_array().map(Vec::len), Some(2), "{shown}");
    }
    // Every event that Stripe had for the endpoint is stored.
    let waiting = || vendor.double.waiting().len();
    while waiting() > 0 && started.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let stored = vendor.json(&["stripe", "events", "list", "--limit", "1000"]);
    let stored: Vec<&str> =
        stored.as_array().expect("a list").iter().filter_map(|event| event["id"].as_str()).collect();
    for event in vendor.double.events().into_iter().filter(|event| !before.contains(&event.id)) {
        assert!(stored.contains(&event.id.as_str()), "{} {} is lost", event.kind, event.id);
    }
    // A mail may be sent twice, but then with the same id, by which receivers recognize it.
    let mails = loop {
        let mails = purchase_mails(&vendor.host);
        if mails.len() >= sessions.len() || started.elapsed() > PATIENCE {
            break mails;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    assert_eq!(mails.len(), sessions.len(), "one mail for each purchase");
    drop(server);
}

/// The message ids of the purchase mails, each once.
fn purchase_mails(host: &Host) -> BTreeSet<String> {
    let Ok(folder) = std::fs::read_dir(host.folder.path().join("data/outbox")) else {
        return BTreeSet::new();
    };
    let mails = folder.filter_map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).ok());
    mails
        .filter(|mail| mail.contains("Subject: Your ChartGPT licenses"))
        .filter_map(|mail| mail.lines().find_map(|line| line.strip_prefix("Message-ID: ").map(str::to_owned)))
        .collect()
}
