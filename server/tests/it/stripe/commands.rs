//! `latchkey stripe provision` and `latchkey doctor`, as the vendor runs them.

use std::fs;

use latchkey_testkit::stripe::{Options, Payment, StripeDouble};
use serde_json::{Value, json};

use super::SECRET;
use crate::support::{
    app::run,
    host::{Host, text},
};

const CATALOG: &str = r#"
[[products]]
code = "draw"
name = "Acme Draw"
key_prefix = "DRAW"

[[policies]]
code = "draw-lifetime"
product = "draw"
name = "Lifetime"

[[policies]]
code = "draw-yearly"
product = "draw"
name = "Yearly"
duration = "365d"

[[prices]]
code = "draw-lifetime"
policy = "draw-lifetime"
amount = 4900
currency = "USD"
max_quantity = 10

[[prices]]
code = "draw-yearly"
policy = "draw-yearly"
amount = 1900
currency = "EUR"
interval = "year"
tax = "inclusive"
"#;

/// A computer with a catalog and the key of a Stripe account.
struct Vendor {
    host: Host,
    double: StripeDouble,
}

impl Vendor {
    fn new() -> Self {
        let host = Host::new();
        let vendor = Self { host, double: StripeDouble::start(Options::default()) };
        vendor.apply(CATALOG);
        vendor
    }

    fn apply(&self, catalog: &str) {
        let path = self.host.folder.path().join("catalog.toml");
        fs::write(&path, catalog).expect("written");
        self.host.json(&["catalog", "apply", path.to_str().expect("UTF-8"), "--yes"]);
    }

    fn run(&self, words: &[&str], more: &[(&str, &str)]) -> std::process::Output {
        let environment = [
            ("LATCHKEY__STRIPE__SECRET_KEY", self.double.api_key()),
            ("LATCHKEY__STRIPE__API_URL", self.double.base_url()),
        ];
        let output = self.host.run_with(words, &[&environment, more].concat());
        // ST-26
        let shown = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert!(!shown.contains(self.double.api_key()), "{words:?}: {shown}");
        output
    }

    fn json(&self, words: &[&str], more: &[(&str, &str)]) -> (Option<i32>, Value) {
        let output = self.run(&[words, &["--json"]].concat(), more);
        let shown = format!("{words:?}: {} {}", text(&output.stdout), text(&output.stderr));
        let document = serde_json::from_slice(&output.stdout).expect(&shown);
        (output.status.code(), document)
    }

    fn provision(&self) -> Value {
        let (code, document) = self.json(&["stripe", "provision", "--yes"], &[]);
        assert_eq!(code, Some(0), "{document}");
        document
    }
}

fn of<'a>(objects: &'a [Value], key: &str, value: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object[key] == value).collect()
}

#[test]
fn provision_makes_what_is_missing_and_nothing_twice() {
    let vendor = Vendor::new();
    let shown = vendor.run(&["stripe", "provision", "--dry-run"], &[]);
    let shown = text(&shown.stdout);
    for line in ["+ product draw: Acme Draw", "+ price draw-lifetime", "+ webhook endpoint http", "none of them made"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(vendor.double.objects("price").is_empty());
    // Nobody can be asked.
    let asked = vendor.run(&["stripe", "provision"], &[]);
    assert_eq!(asked.status.code(), Some(2), "{}", text(&asked.stderr));
    assert!(vendor.double.objects("price").is_empty());

    let made = vendor.provision();
    assert_eq!((made["applied"].as_bool(), made["steps"].as_array().map(Vec::len)), (Some(true), Some(4)));
    let secret = made["webhook_secret"].as_str().expect("a secret").to_owned();
    let (products, prices) = (vendor.double.objects("product"), vendor.double.objects("price"));
    assert_eq!((products.len(), prices.len()), (1, 2));
    assert_eq!(products[0]["metadata"], json!({ "latchkey": "http://localhost:3000", "latchkey_product": "draw" }));
    let once = of(&prices, "lookup_key", "draw-lifetime");
    assert_eq!((&once[0]["unit_amount"], &once[0]["currency"]), (&json!(4_900), &json!("usd")));
    assert_eq!(once[0]["metadata"]["latchkey_price"], "draw-lifetime");
    let yearly = of(&prices, "lookup_key", "draw-yearly");
    assert_eq!(
        (&yearly[0]["recurring"]["interval"], &yearly[0]["tax_behavior"]),
        (&json!("year"), &json!("inclusive"))
    );
    let endpoints = vendor.double.objects("webhook_endpoint");
    assert_eq!(endpoints.len(), 1);
    assert_eq!(endpoints[0]["url"], "http://localhost:3000/webhooks/stripe");
    assert_eq!(endpoints[0]["api_version"], latchkey_stripe::API_VERSION);
    let sent = endpoints[0]["enabled_events"].as_array().map(Vec::len);
    assert_eq!(sent, Some(latchkey_stripe::event::HANDLED.len()));

    let again = vendor.provision();
    assert_eq!(
        (again["applied"].as_bool(), &again["steps"], &again["webhook_secret"]),
        (Some(false), &json!([]), &Value::Null)
    );
    assert_eq!(vendor.double.objects("price").len(), 2);

    // The secret is one that the settings accept, and the server starts with it.
    let both = [("LATCHKEY__STRIPE__WEBHOOK_SECRETS", secret.as_str())];
    assert_eq!(vendor.json(&["config", "check"], &both).0, Some(0));
}

#[test]
fn provision_replaces_a_price_whose_terms_changed_and_leaves_other_peoples_prices_alone() {
    let vendor = Vendor::new();
    vendor.provision();
    let old = vendor.double.objects("price");
    let old = of(&old, "lookup_key", "draw-lifetime")[0]["id"].as_str().expect("an id").to_owned();
    vendor.apply(&CATALOG.replace("amount = 4900", "amount = 5900"));
    let changed = vendor.provision();
    assert_eq!(changed["steps"][0]["replaces"], old.as_str(), "{changed}");
    let prices = vendor.double.objects("price");
    let new = of(&prices, "lookup_key", "draw-lifetime");
    assert_eq!((new.len(), &new[0]["unit_amount"], &new[0]["active"]), (1, &json!(5_900), &json!(true)));
    assert_eq!(vendor.double.object(&old)["active"], false);

    // Someone made a price with the same lookup key by hand.
    let new = new[0]["id"].as_str().expect("an id").to_owned();
    vendor.double.tamper(&new, |price| price["metadata"] = json!({}));
    vendor.apply(CATALOG);
    let refused = vendor.run(&["stripe", "provision", "--yes"], &[]);
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains(&new) && said.contains("stripe_price"), "{said}");
    assert_eq!(vendor.double.object(&new)["active"], true);
}

#[test]
fn an_endpoint_is_made_again_if_its_secret_is_lost() {
    let vendor = Vendor::new();
    let first = vendor.provision()["webhook_secret"].clone();
    let (code, made) = vendor.json(&["stripe", "provision", "--replace-endpoint", "--yes"], &[]);
    assert_eq!(code, Some(0), "{made}");
    assert!(made["webhook_secret"].is_string() && made["webhook_secret"] != first, "{made}");
    assert_eq!(vendor.double.objects("webhook_endpoint").len(), 2);
    let old = vendor.double.objects("webhook_endpoint").iter().any(|endpoint| {
        let id = endpoint["id"].as_str().expect("an id");
        made["notes"].to_string().contains(&format!("{id} sends the same events"))
    });
    assert!(old, "{made}");
}

/// Stripe itself cannot reach the portal on this computer or in a private network.
#[test]
fn an_address_that_stripe_cannot_reach_is_not_proposed() {
    let vendor = Vendor::new();
    for portal in ["http://localhost:3000", "https://192.168.1.7", "https://[fd00::7]"] {
        let more = [
            ("LATCHKEY__SERVER__PORTAL_URL", portal),
            // Not on this computer, and not asked.
            ("LATCHKEY__STRIPE__API_URL", "https://stripe.invalid"),
        ];
        let output = vendor.run(&["stripe", "provision", "--replace-endpoint", "--dry-run"], &more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{portal}: {said}");
        assert!(said.contains("LATCHKEY__SERVER__PORTAL_URL"), "{portal}: {said}");
    }
}

#[test]
fn doctor_names_the_remedy_for_each_problem() {
    let vendor = Vendor::new();
    let health = |document: &Value, name: &str| {
        let checks = document["checks"].as_array().expect("checks");
        let check = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {document}"));
        (check["health"].as_str().expect("a word").to_owned(), check["remedy"].as_str().unwrap_or_default().to_owned())
    };
    let (code, before) = vendor.json(&["doctor"], &[]);
    assert_eq!((code, &before["healthy"]), (Some(1), &json!(false)));
    for name in ["stripe webhook secret", "stripe webhook endpoint", "stripe prices"] {
        let (health, remedy) = health(&before, name);
        assert!(health == "problem" && remedy.contains("latchkey stripe provision"), "{name}: {before}");
    }
    for name in ["settings", "database", "stripe events", "stripe connection", "clock", "stripe permissions"] {
        assert_eq!(health(&before, name).0, "ok", "{name}: {before}");
    }
    assert_eq!(health(&before, "stripe key").0, "note", "a secret key can do too much");
    assert_eq!(health(&before, "mail").0, "note");

    let secret = vendor.provision()["webhook_secret"].as_str().expect("a secret").to_owned();
    let secrets = [("LATCHKEY__STRIPE__WEBHOOK_SECRETS", secret.as_str())];
    let (code, after) = vendor.json(&["doctor"], &secrets);
    assert_eq!((code, &after["healthy"]), (Some(0), &json!(true)), "{after}");

    let endpoint = vendor.double.objects("webhook_endpoint")[0]["id"].as_str().expect("an id").to_owned();
    for (field, value) in
        [("status", json!("disabled")), ("api_version", json!("2020-08-27")), ("enabled_events", json!(["x"]))]
    {
        let good = vendor.double.object(&endpoint)[field].clone();
        vendor.double.tamper(&endpoint, |endpoint| endpoint[field] = value);
        let (_, document) = vendor.json(&["doctor"], &secrets);
        assert_eq!(health(&document, "stripe webhook endpoint").0, "problem", "{field}: {document}");
        vendor.double.tamper(&endpoint, |endpoint| endpoint[field] = good);
    }

    let price = vendor.double.objects("price")[0]["id"].as_str().expect("an id").to_owned();
    vendor.double.tamper(&price, |price| price["active"] = json!(false));
    let (_, document) = vendor.json(&["doctor"], &secrets);
    assert_eq!(health(&document, "stripe prices").0, "problem", "{document}");
    vendor.double.tamper(&price, |price| price["active"] = json!(true));

    let wrong = [("LATCHKEY__STRIPE__SECRET_KEY", "rk_test_51Hunter2example000000000000"), secrets[0]];
    let output = vendor.run(&["doctor"], &wrong);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(shown.contains("the key is wrong") && shown.contains("dashboard.stripe.com/apikeys"), "{shown}");
    assert!(!shown.to_lowercase().contains("hunter2"), "{shown}");
    let nobody = [("LATCHKEY__STRIPE__API_URL", "http://127.0.0.1:9"), secrets[0]];
    let (code, document) = vendor.json(&["doctor"], &nobody);
    assert_eq!((code, health(&document, "stripe connection").0.as_str()), (Some(1), "problem"));
    let smtp = [
        ("LATCHKEY__MAIL__SMTP_URL", "smtp://ada:hunter2@127.0.0.1:9"),
        ("LATCHKEY__MAIL__FROM", "Acme <a@example.com>"),
        secrets[0],
    ];
    let (_, document) = vendor.json(&["doctor"], &smtp);
    assert_eq!(health(&document, "mail").0, "problem");
    assert!(!document.to_string().contains("hunter2"), "{document}");

    let host = Host::new();
    assert_eq!(host.json(&["doctor"])["healthy"], true, "a server that sells nothing is healthy");
}

#[test]
fn st_01_a_server_with_half_of_the_keys_does_not_start() {
    let vendor = Vendor::new();
    for words in [&["serve"][..], &["config", "check"], &["migrate"]] {
        let output = vendor.run(words, &[]);
        assert_eq!(output.status.code(), Some(78), "{words:?}");
        assert!(text(&output.stderr).contains("`latchkey stripe provision`"), "{}", text(&output.stderr));
    }
    let blank = [("LATCHKEY__STRIPE__SECRET_KEY", " "), ("LATCHKEY__STRIPE__WEBHOOK_SECRETS", SECRET)];
    assert_eq!(vendor.run(&["serve"], &blank).status.code(), Some(78));
    // Two secrets can also come from a file, as those of containers do.
    let path = vendor.host.folder.path().join("secrets");
    fs::write(&path, format!("{SECRET},{}\n", super::OTHER_SECRET)).expect("written");
    let file = [("LATCHKEY__STRIPE__WEBHOOK_SECRETS_FILE", path.to_str().expect("UTF-8"))];
    assert_eq!(vendor.run(&["config", "check"], &file).status.code(), Some(0));
    fs::write(&path, "\n").expect("written");
    assert_eq!(vendor.run(&["config", "check"], &file).status.code(), Some(78));
}

#[test]
fn provision_without_a_key_says_where_to_get_one() {
    let host = Host::new();
    let said = host.refusal(&["stripe", "provision"], 1);
    assert!(said.contains("dashboard.stripe.com/apikeys") && said.contains("LATCHKEY__STRIPE__SECRET_KEY"), "{said}");
}

#[test]
fn events_that_never_arrived_are_found_shown_and_replayed() {
    let vendor = Vendor::new();
    let keys = [("LATCHKEY__STRIPE__WEBHOOK_SECRETS", SECRET)];
    assert_eq!(vendor.json(&["stripe", "events", "list"], &keys), (Some(0), json!([])));
    // Someone else's sale in the same account.
    run(async {
        let post = async |path: &str, form: &[(&str, &str)]| {
            let request = reqwest::Client::new().post(format!("{}/v1/{path}", vendor.double.base_url()));
            let answer = request.bearer_auth(vendor.double.api_key()).form(form).send().await.expect("an answer");
            answer.json::<Value>().await.expect("JSON")["id"].as_str().expect("an id").to_owned()
        };
        let product = post("products", &[("name", "Mug")]).await;
        let price = post("prices", &[("product", &product), ("currency", "usd"), ("unit_amount", "900")]).await;
        let session = [
            ("mode", "payment"),
            ("line_items[0][price]", &price),
            ("line_items[0][quantity]", "1"),
            ("success_url", "https://other.example/"),
        ];
        let session = post("checkout/sessions", &session).await;
        vendor.double.pay(&session, &Payment::by_card("eve@example.com")).expect("paid");
    });
    let (code, report) = vendor.json(&["stripe", "sync"], &keys);
    let missed = report["missed"].as_array().expect("a list").len();
    assert!(code == Some(0) && missed >= 2 && report["events"] == missed, "{report}");
    assert_eq!((&report["orders_changed"], &report["failed"]), (&json!(0), &json!([])));
    let (_, again) = vendor.json(&["stripe", "sync"], &keys);
    assert_eq!((&again["events"], &again["missed"]), (&report["events"], &json!([])));

    let (_, events) = vendor.json(&["stripe", "events", "list", "--state", "ignored"], &keys);
    let events = events.as_array().expect("a list");
    assert_eq!(events.len(), missed, "the sale belongs to no order of ours");
    let event = events.iter().find(|event| event["type"] == "checkout.session.completed").expect("the event");
    assert_eq!((&event["from_sync"], &event["live"]), (&json!(true), &json!(false)));
    let id = event["id"].as_str().expect("an id");
    let (_, shown) = vendor.json(&["stripe", "events", "show", id], &keys);
    assert_eq!((&shown["body"]["id"], &shown["api_version"]), (&json!(id), &json!(latchkey_stripe::API_VERSION)));
    let as_text = text(&vendor.run(&["stripe", "events", "show", id], &keys).stdout);
    assert!(as_text.contains("found by comparing with Stripe") && as_text.contains("eve@example.com"), "{as_text}");
    assert_eq!(vendor.json(&["stripe", "events", "replay", id], &keys).1["replayed"], true);
    let (_, waiting) = vendor.json(&["stripe", "events", "list", "--state", "waiting"], &keys);
    assert_eq!(waiting[0]["id"], id);
    vendor.json(&["stripe", "sync"], &keys);
    assert_eq!(vendor.json(&["stripe", "events", "list", "--state", "waiting"], &keys).1, json!([]));

    let (_, page) = vendor.json(&["stripe", "events", "list", "--limit", "1"], &keys);
    assert_eq!(page.as_array().map(Vec::len), Some(1));
    for (words, code, said) in [
        (&["stripe", "events", "show", "evt_x"][..], 1, "stripe events list"),
        (&["stripe", "events", "replay", "evt_x"], 1, "stripe events list"),
        (&["stripe", "events", "list", "--state", "lost"], 2, "not_understood"),
        (&["stripe", "events", "list", "--before", "noon"], 2, "2027-01-31T00:00:00Z"),
    ] {
        let output = vendor.run(words, &keys);
        assert_eq!(output.status.code(), Some(code), "{words:?}");
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
}

#[test]
fn st_26_no_level_of_the_log_shows_keys_or_bodies() {
    let vendor = Vendor::new();
    let secret = vendor.provision()["webhook_secret"].as_str().expect("a secret").to_owned();
    let environment = [("LATCHKEY__STRIPE__WEBHOOK_SECRETS", secret.as_str()), ("LATCHKEY__LOG__LEVEL", "trace")];
    for words in [&["doctor"][..], &["stripe", "sync"], &["stripe", "provision", "--dry-run"]] {
        // Also looks for the key.
        let output = vendor.run(words, &environment);
        let log = text(&output.stderr);
        assert!(log.contains("TRACE") || log.contains("DEBUG"), "{words:?} logs: {log}");
        for hidden in [secret.as_str(), "Bearer", "\"object\"", "created%5Bgte%5D"] {
            assert!(!log.contains(hidden), "{words:?} shows {hidden}: {log}");
        }
    }
}
