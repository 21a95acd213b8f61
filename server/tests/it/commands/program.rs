//! The commands as people and scripts run them: output, exit codes and refusals.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::host::{Host, text};

#[test]
fn licenses_are_issued_suspended_and_revoked() {
    let host = Host::with_products();
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
    assert!(admin["sign_in_url"].as_str().is_some_and(|url| url.starts_with("http://localhost:3000/login/host/")));
    let keys = host.json(&["keys", "public"]);
    assert_eq!(keys["hex"].as_str().map(str::len), Some(64));
    assert!(keys["pem"].as_str().is_some_and(|pem| pem.starts_with("-----BEGIN PUBLIC KEY-----")));
    // As text: the same information.
    let shown = text(&host.run(&["license", "show", id]).stdout);
    assert!(shown.contains(issued["key"].as_str().expect("a key")) && shown.contains("REVOKED"), "{shown}");
}

#[test]
fn refusals_say_what_to_do() {
    let host = Host::with_products();
    let unknown = "0190f3c2-0000-7000-8000-000000000000";
    let said = host.refusal(&["license", "issue", "--email", "ada@example.com", "--policy", "gold"], 1);
    assert!(said.contains("gold") && said.contains("chartgpt-lifetime"), "{said}");
    assert!(
        host.refusal(&["license", "issue", "--email", "ada@", "--policy", "chartgpt-lifetime"], 2)
            .contains("ada@example.com")
    );
    assert!(host.refusal(&["license", "show", unknown], 1).contains("customer show"));
    assert!(host.refusal(&["license", "show", "x"], 2).contains("no license with this id"));
    assert!(host.refusal(&["customer", "show", "nobody@example.com"], 1).contains("customer add"));
    host.refusal(&["license", "isue"], 2);
    let issued = host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    let id = issued["id"].as_str().expect("an id");
    assert!(host.refusal(&["license", "revoke", id], 2).contains("--yes"));
    assert_eq!(host.json(&["license", "show", id])["status"], "ACTIVE");
    host.json(&["license", "revoke", id, "--yes"]);
    assert!(host.refusal(&["license", "reinstate", id], 1).contains("stays revoked"));
}

/// Behind a proxy that the settings do not mention, all clients share one limit.
#[test]
fn a_proxy_that_is_not_mentioned_is_noticed() {
    let host = Host::new();
    let url = ("LATCHKEY__SERVER__PORTAL_URL", "https://portal.example.com");
    let said = |environment: &[(&str, &str)]| {
        let output = host.run_with(&["config", "check"], environment);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let warning = "server.trusted_proxies is 0";
    assert!(said(&[url]).contains(warning));
    assert!(!said(&[]).contains(warning), "no https");
    assert!(!said(&[url, ("LATCHKEY__SERVER__LISTEN", "192.0.2.1:443")]).contains(warning), "no loopback address");
    for proxies in ["1", "127.0.0.0/8, ::1"] {
        assert!(!said(&[url, ("LATCHKEY__SERVER__TRUSTED_PROXIES", proxies)]).contains(warning), "{proxies}");
    }
    let refused = host.run_with(&["config", "check"], &[("LATCHKEY__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, proxy")]);
    assert!(text(&refused.stderr).contains("`proxy` is not a network"), "{}", text(&refused.stderr));
    let server = host.serve(&[], &[url]);
    assert!(server.stop());
    assert!(host.server_log().contains(warning), "{}", host.server_log());
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
    assert!(text(&output.stdout).contains("127.0.0.1:5000"), "the environment takes precedence over the file");
    fs::write(host.folder.path().join("latchkey.toml"), "[server\n").expect("written");
    host.refusal(&["config", "check"], 78);
}

/// A new database has no products, and the commands that need some say what to do.
#[test]
fn an_empty_catalog_says_what_to_do() {
    let host = Host::new();
    let said = host.refusal(&["license", "issue", "--email", "ada@example.com", "--policy", "my-app-lifetime"], 1);
    assert!(said.contains("no products yet") && said.contains("latchkey catalog apply FILE"), "{said}");
    host.refusal(&["customer", "show", "ada@example.com"], 1);
    let shown = text(&host.run(&["catalog", "show"]).stdout);
    assert!(shown.starts_with("# There are no products yet"), "{shown}");
    assert_eq!(host.json(&["catalog", "show"])["catalog"]["products"], Value::Array(Vec::new()));
    // The example is a complete file.
    fs::write(host.folder.path().join("catalog.toml"), shown).expect("written");
    assert_eq!(host.json(&["catalog", "apply", "catalog.toml"])["applied"], true);
    let issued = host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "my-app-lifetime"]);
    assert!(issued["key"].as_str().is_some_and(|key| key.starts_with("MYAPP-")), "{issued}");
}

#[test]
fn an_unusable_folder_is_reported() {
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

/// Another master secret would write keys that nobody could read. It is refused before anything is written.
#[test]
fn another_master_secret_is_refused() {
    let host = Host::with_products();
    host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    fs::remove_file(host.folder.path().join("data/master.secret")).expect("removed");
    let said = host.refusal(&["customer", "show", "ada@example.com"], 78);
    assert!(said.contains("another master secret"), "{said}");
}

#[test]
fn a_newer_database_is_refused_unchanged() {
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
fn an_unreachable_database_is_reported() {
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
fn an_address_in_use_is_reported() {
    let host = Host::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let said = host.refusal(&["serve", "--listen", &address], 69);
    assert!(said.contains(&address) && said.contains("LATCHKEY__SERVER__LISTEN"), "{said}");
}

/// The server prints its address and sign-in links, also for scripts, and stops on request.
#[cfg(unix)]
#[test]
fn the_demo_serves_and_stops() {
    let host = Host::new();
    let server = host.serve(&["--demo"], &[]);
    let said = &server.announced;
    assert_eq!(said["url"], format!("http://{}", server.address.replace("127.0.0.1", "localhost")));
    assert_eq!(said["demo"]["customer"]["email"], "ada@example.com");
    assert!(said["demo"]["admin"]["sign_in_url"].as_str().is_some_and(|url| url.contains("/login/host/")));
    // Commands work while the server is running.
    assert_eq!(host.json(&["customer", "show", "ada@example.com"])["licenses"].as_array().map(Vec::len), Some(1));
    assert!(server.stop());
    assert!(outbox(&host).is_empty(), "the demo mails nobody");
}

/// The kinds and recipients of all queued mails.
fn outbox(host: &Host) -> Vec<(String, String)> {
    let path = host.folder.path().join("data/latchkey.db");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        use sqlx::Connection;
        let mut connection =
            sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("opened");
        let sql = "SELECT kind, recipient FROM outbox ORDER BY id";
        sqlx::query_as(sql).fetch_all(&mut connection).await.expect("read")
    })
}

/// Commands that notify the customer say so, and do not do so if they are asked not to.
#[test]
fn commands_say_whom_they_mail() {
    let host = Host::with_products();
    let issue = ["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"];
    let issued = host.json(&issue);
    assert_eq!(issued["mailed_to"], "ada@example.com");
    let id = issued["id"].as_str().expect("an id");
    for (words, mailed_to) in [
        (vec!["license", "show", id], Value::Null),
        (vec!["license", "suspend", id], Value::from("ada@example.com")),
        (vec!["license", "suspend", id], Value::Null),
        (vec!["license", "reinstate", id, "--no-mail"], Value::Null),
        (vec!["license", "new-key", id, "--yes"], Value::from("ada@example.com")),
        (vec!["license", "new-key", id, "--yes", "--no-mail"], Value::Null),
        (vec!["license", "set", id, "--max-machines", "3"], Value::Null),
    ] {
        assert_eq!(host.json(&words)["mailed_to"], mailed_to, "{words:?}");
    }
    let said = text(&host.run(&["license", "revoke", id, "--yes"]).stdout);
    assert!(said.contains("A mail was queued to ada@example.com."), "{said}");
    let said = text(&host.run(&[&issue[..], &["--no-mail"]].concat()).stdout);
    assert!(said.contains("ACTIVE") && !said.contains("mail was queued"), "{said}");
    let kinds: Vec<String> = outbox(&host).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["license_issued", "suspended", "key_replaced", "revoked"]);
    // An import mails nobody.
    fs::write(host.folder.path().join("in.csv"), "email,policy\nbob@example.com,chartgpt-lifetime\n").expect("written");
    assert!(host.run(&["license", "import", "in.csv"]).status.success());
    assert_eq!(outbox(&host).len(), 4);
}

/// Previews need neither a database nor a data folder, and use the settings.
#[test]
fn mails_are_previewed() {
    let host = Host::new();
    let kinds = host.json(&["mail", "preview", "--list"]);
    let kinds = kinds.as_array().expect("a list");
    assert_eq!(kinds.len(), 25);
    for kind in kinds {
        let word = kind["kind"].as_str().expect("a word");
        let mail = host.json(&["mail", "preview", word]);
        assert_eq!(mail["title"], kind["title"]);
        let subject = mail["subject"].as_str().expect("a subject");
        let shown = text(&host.run(&["mail", "preview", word]).stdout);
        assert!(shown.starts_with(&format!("Subject: {subject}\n\n")), "{shown}");
        assert!(text(&host.run(&["mail", "preview", word, "--html"]).stdout).starts_with("<!DOCTYPE html>"));
        assert_eq!(
            text(&host.run(&["mail", "preview", word, "--text"]).stdout),
            mail["text"].as_str().expect("a text")
        );
    }
    assert!(!host.folder.path().join("data").exists());
    let listed = text(&host.run(&["mail", "preview", "--list"]).stdout);
    assert!(listed.contains("revoked          License revoked (vendor, refund, dispute_lost)"), "{listed}");
    let refund = host.json(&["mail", "preview", "revoked", "--reason", "refund"]);
    assert!(refund["text"].as_str().is_some_and(|text| text.contains("refunded")), "{refund}");
    let said = host.refusal(&["mail", "preview", "mood"], 2);
    assert!(said.contains("mood") && said.contains("key_replaced") && said.contains("sign_in"), "{said}");
    assert!(host.refusal(&["mail", "preview", "revoked", "--reason", "mood"], 2).contains("dispute_lost"));
    host.refusal(&["mail", "preview"], 2);
    fs::write(host.folder.path().join("latchkey.toml"), "[brand]\nname = \"Acme\"\naccent = \"#aa3300\"\n")
        .expect("written");
    let html = text(&host.run(&["mail", "preview", "sign-in", "--html"]).stdout);
    assert!(html.contains("Sign in to Acme") && html.contains("#aa3300"), "{html}");
    let brand =
        "[brand]\nname = \"Acme\"\naddress = \"\"\"\n1 Main Street\nSpringfield <1>\n\"\"\"\ntax_id = \"GB1\"\n";
    fs::write(host.folder.path().join("latchkey.toml"), brand).expect("written");
    let mail = host.json(&["mail", "preview", "sign-in"]);
    let body = mail["text"].as_str().expect("a text");
    assert!(body.ends_with("Acme\n1 Main Street\nSpringfield <1>\nTax ID: GB1\n"), "{body}");
    let html = mail["html"].as_str().expect("HTML");
    assert!(html.contains("1 Main Street<br>Springfield &#60;1&#62;<br>Tax ID: GB1"), "{html}");
}

#[test]
fn a_catalog_with_rarely_meant_prices_needs_confirmation() {
    let host = Host::with_products();
    let path = host.folder.path().join("catalog.toml");
    let shown = text(&host.run(&["catalog", "show"]).stdout);
    let euro = "\n[[prices]]\ncode = \"euro\"\npolicy = \"chartgpt-lifetime\"\namount = 0\ncurrency = \"EUR\"\n";
    fs::write(&path, format!("{shown}{euro}")).expect("written");
    let planned = host.json(&["catalog", "apply", "catalog.toml", "--dry-run"]);
    let kinds: Vec<_> = planned["warnings"].as_array().expect("a list").iter().map(|found| &found["warning"]).collect();
    assert_eq!(kinds, ["free_price", "several_currencies"], "{planned}");
    let said = text(&host.run(&["catalog", "apply", "catalog.toml", "--dry-run"]).stdout);
    assert!(said.contains("warning: prices.euro.amount") && said.contains("EUR and USD"), "{said}");
    assert!(host.refusal(&["catalog", "apply", "catalog.toml"], 2).contains("--yes"));
    assert_eq!(host.json(&["catalog", "apply", "catalog.toml", "--yes"])["applied"], true);
    // What was confirmed is not asked again.
    let other = format!("{shown}{euro}").replace("Lifetime license", "Lifelong license");
    fs::write(&path, other).expect("written");
    let again = host.json(&["catalog", "apply", "catalog.toml"]);
    assert_eq!((&again["applied"], &again["warnings"]), (&Value::from(true), &Value::Array(vec![])));
}

#[test]
fn orders_are_named_by_number_or_id() {
    let host = Host::new();
    for command in ["show", "refund", "release"] {
        let said = host.refusal(&["order", command, "not-a-number"], 2);
        assert!(said.contains("7F3K-9QXM") && said.contains("order list"), "{said}");
        assert!(host.refusal(&["order", command, "7f3k-9qxm"], 1).contains("no order with the number"));
    }
    assert_eq!(host.json(&["order", "list", "--email", "ada@example.com", "--status", "paid"]), Value::Array(vec![]));
    assert!(host.refusal(&["order", "list", "--email", "ada"], 2).contains("ada"));
}

/// Commands on the demo's data render mails with the demo's brand.
#[test]
fn commands_have_the_brand_of_the_demo() {
    let host = Host::new();
    let subject = || host.json(&["mail", "preview", "sign-in"])["subject"].as_str().expect("text").to_owned();
    assert_eq!(subject(), "Your sign-in link for Latchkey");
    drop(host.serve(&["--demo"], &[]));
    assert_eq!(subject(), "Your sign-in link for ChartGPT");
    fs::write(host.folder.path().join("latchkey.toml"), "[brand]\nname = \"Acme\"\n").expect("written");
    assert_eq!(subject(), "Your sign-in link for Acme", "settings apply all the same");
}

#[test]
fn keys_are_rotated_and_retired() {
    let host = Host::new();
    let first = host.json(&["keys", "public"]);
    let listed = host.json(&["keys", "list"]);
    assert_eq!((&listed[0]["hex"], &listed[0]["state"]), (&first["hex"], &Value::from("signing")));
    let waiting = host.json(&["keys", "rotate", "--prepare"]);
    assert_eq!(waiting["state"], "waiting");
    assert_eq!(host.json(&["keys", "public"])["waiting"], waiting["hex"]);
    assert!(host.refusal(&["keys", "rotate"], 2).contains("--yes"));
    assert_eq!(host.json(&["keys", "public"])["hex"], first["hex"]);
    assert_eq!(host.json(&["keys", "rotate", "--yes"])["hex"], waiting["hex"]);
    let public = host.json(&["keys", "public"]);
    assert_eq!((&public["hex"], &public["account"]), (&waiting["hex"], &first["account"]));
    let old = listed[0]["id"].as_str().expect("an id");
    // An older key that still verifies is shown, so that the next version of an app embeds it as well.
    let shown = text(&host.run(&["keys", "public"]).stdout);
    assert!(shown.contains(first["hex"].as_str().expect("hex")) && shown.contains("embed it as well"), "{shown}");
    assert!(host.refusal(&["keys", "retire", old], 2).contains("--yes"));
    assert_eq!(host.json(&["keys", "retire", old, "--yes"])["state"], "retired");
    let signing = waiting["id"].as_str().expect("an id");
    assert!(host.refusal(&["keys", "retire", signing, "--yes"], 1).contains("keys rotate"));
    host.refusal(&["keys", "retire", "0190f3c2-0000-7000-8000-000000000000", "--yes"], 1);
    host.refusal(&["keys", "retire", "x"], 2);
    let text = text(&host.run(&["keys", "public"]).stdout);
    for part in ["BEGIN PUBLIC KEY", "Python", "JavaScript", "C#", "keygen-rs", "latchkey-client"] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
}

#[test]
fn a_given_signing_key_must_belong_to_the_database() {
    let host = Host::new();
    let seed = "11".repeat(32);
    let given = [("LATCHKEY__SECRETS__SIGNING_KEY", seed.as_str())];
    assert!(host.run_with(&["migrate"], &given).status.success());
    assert!(host.run_with(&["migrate"], &given).status.success());
    let other = "22".repeat(32);
    let output = host.run_with(&["migrate"], &[("LATCHKEY__SECRETS__SIGNING_KEY", other.as_str())]);
    assert_eq!(output.status.code(), Some(78));
    assert!(text(&output.stderr).contains("keys list") && !text(&output.stderr).contains(&other));
    // The error says which of the two is meant: the setting takes precedence over an earlier version's file.
    let file = host.folder.path().join("data").join("signing.key");
    fs::write(&file, format!("{other}\n")).expect("written");
    #[cfg(unix)]
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("private");
    let names_file = |given: &[(&str, &str)]| {
        let output = host.run_with(&["migrate"], given);
        assert_eq!(output.status.code(), Some(78));
        text(&output.stderr).contains("it was read from")
    };
    assert!(names_file(&[]));
    assert!(!names_file(&[("LATCHKEY__SECRETS__SIGNING_KEY", other.as_str())]));
}

#[test]
fn the_catalog_can_be_exported_and_applied() {
    let host = Host::with_products();
    let path = host.folder.path().join("catalog.toml");
    let shown = text(&host.run(&["catalog", "show"]).stdout);
    assert!(shown.contains("chartgpt-lifetime") && shown.contains("# The id of chartgpt"), "{shown}");
    fs::write(&path, &shown).expect("written");
    let apply = |words: &[&str]| host.json(&[&["catalog", "apply", "catalog.toml"], words].concat());
    assert_eq!(apply(&[])["changes"], Value::Array(vec![]), "the exported catalog changes nothing");

    let more = format!(
        "{shown}
[[policies]]
code = \"chartgpt-trial\"
product = \"chartgpt\"
name = \"Trial\"
duration = \"14d\"
expiry_basis = \"FROM_FIRST_ACTIVATION\"
max_machines = 1
key_scheme = \"ED25519_SIGN\"
entitlements = [\"CHART_ASSISTANT\"]
"
    );
    fs::write(&path, &more).expect("written");
    let planned = apply(&["--dry-run"]);
    assert_eq!(
        (&planned["applied"], &planned["changes"][0]["code"]),
        (&Value::from(false), &Value::from("chartgpt-trial"))
    );
    assert_eq!(apply(&[])["applied"], true);
    assert_eq!(apply(&[])["changes"], Value::Array(vec![]), "applying it twice changes nothing");
    let trial = host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-trial"]);
    assert!(trial["key"].as_str().is_some_and(|key| key.starts_with("key/")), "{trial}");

    // A change that would make licenses invalid is refused, with their number and a solution.
    fs::write(&path, &shown).expect("written");
    let said = host.refusal(&["catalog", "apply", "catalog.toml", "--yes"], 1);
    assert!(
        said.contains("chartgpt-trial") && said.contains("1 licenses") && said.contains("license set --policy"),
        "{said}"
    );
    host.json(&["license", "set", trial["id"].as_str().expect("an id"), "--policy", "chartgpt-lifetime"]);
    let said = host.refusal(&["catalog", "apply", "catalog.toml"], 2);
    assert!(said.contains("--yes"), "a removal is confirmed: {said}");
    assert_eq!(apply(&["--yes"])["changes"][0]["action"], "remove");

    for (change, field) in [
        (shown.replace("max_machines = 2", "max_machines = -1"), "max_machines"),
        (shown.replace("max_machines = 2", "max_machine = 2"), "max_machine"),
        (shown.replace("MAINTAIN_ACCESS", "KEEP_ACCESS"), "KEEP_ACCESS"),
        (shown.replace("key_prefix = \"CGPT\"", "key_prefix = \"c\""), "products.chartgpt.key_prefix"),
        (shown.replace("product = \"chartgpt\"", "product = \"other\""), "policies.chartgpt-lifetime.product"),
        (shown.replace("floating = true", "floating = false"), "policies.chartgpt-lifetime.max_machines"),
        (shown.replace("offline_file = \"30d\"", "offline_file = \"soon\""), "soon"),
        (shown.replace("offline_file = \"30d\"", "offline_file = \"1m\""), "policies.chartgpt-lifetime.offline_file"),
        ("[[products]".to_owned(), "catalog.toml"),
    ] {
        assert_ne!(change, shown, "{field}");
        fs::write(&path, change).expect("written");
        let output = host.run(&["catalog", "apply", "catalog.toml", "--yes"]);
        assert!(!output.status.success(), "{field}");
        assert!(text(&output.stderr).contains(field), "{field}: {}", text(&output.stderr));
    }
    assert_eq!(text(&host.run(&["catalog", "show"]).stdout), shown, "nothing was partly written");
}

/// A policy with licenses cannot require what their apps may not support. The refusal says what to do instead.
#[test]
fn a_new_requirement_is_refused() {
    let host = Host::with_products();
    host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    let shown = text(&host.run(&["catalog", "show"]).stdout);
    let changed = shown.replace("key_scheme =", "check_in = \"7d\"\nkey_scheme =");
    fs::write(host.folder.path().join("c.toml"), changed).expect("written");
    let said = host.refusal(&["catalog", "apply", "c.toml", "--yes"], 1);
    assert!(said.contains("policies.chartgpt-lifetime.check_in") && said.contains("new policy"), "{said}");
}

/// The refusal says what would become invalid, and how to retire the key anyway.
#[test]
fn a_key_in_use_is_not_retired_by_accident() {
    let host = Host::with_products();
    let shown = text(&host.run(&["catalog", "show"]).stdout);
    let signed = shown.replace("key_scheme = \"RANDOM\"", "key_scheme = \"ED25519_SIGN\"");
    fs::write(host.folder.path().join("c.toml"), signed).expect("written");
    host.json(&["catalog", "apply", "c.toml"]);
    host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    let first = host.json(&["keys", "list"])[0]["id"].as_str().expect("an id").to_owned();
    host.json(&["keys", "rotate", "--yes"]);
    let said = host.refusal(&["keys", "retire", &first, "--yes"], 1);
    assert!(said.contains("1 licenses have a key that it signed") && said.contains("--even-if-in-use"), "{said}");
    assert_eq!(host.json(&["keys", "retire", &first, "--even-if-in-use", "--yes"])["state"], "retired");
}

/// A signed key is imported only together with the license that it names.
#[test]
fn signed_keys_are_imported_with_their_license() {
    let host = Host::with_products();
    let shown = text(&host.run(&["catalog", "show"]).stdout);
    let signed = shown.replace("key_scheme = \"RANDOM\"", "key_scheme = \"ED25519_SIGN\"");
    fs::write(host.folder.path().join("c.toml"), signed).expect("written");
    host.json(&["catalog", "apply", "c.toml"]);
    let issued = host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    let (id, key) = (issued["id"].as_str().expect("an id"), issued["key"].as_str().expect("a key"));
    let other = "0190f3c2-0000-7000-8000-000000000000";
    for (row, said) in [
        (format!("{other},eve@example.com,chartgpt-lifetime,{key}"), "signed for the license"),
        (format!(",eve@example.com,chartgpt-lifetime,{key}"), "already exists"),
        (format!("{other},eve@example.com,chartgpt-lifetime,{}", key.replacen("key/ey", "key/ez", 1)), "key:"),
    ] {
        fs::write(host.folder.path().join("in.csv"), format!("id,email,policy,key\n{row}\n")).expect("written");
        let refused = host.refusal(&["license", "import", "in.csv"], 1);
        assert!(refused.contains(said), "{refused}");
    }
    assert_eq!(host.json(&["license", "show", id])["email"], "ada@example.com");
    // Requirements that existing apps do not meet yet are refused while the policy has licenses.
    for (term, field) in [("check_in = \"7d\"\nkey_scheme", "check_in"), ("key_scheme", "heartbeat.required")] {
        let changed = text(&host.run(&["catalog", "show"]).stdout)
            .replace("key_scheme", term)
            .replace("required = false", if field == "check_in" { "required = false" } else { "required = true" });
        fs::write(host.folder.path().join("c.toml"), changed).expect("written");
        let refused = host.refusal(&["catalog", "apply", "c.toml", "--yes"], 1);
        assert!(refused.contains(field) && refused.contains("Create a new policy"), "{refused}");
    }
}

/// Lowering a limit below the current use would make licenses invalid.
#[test]
fn a_limit_below_the_current_use_is_refused() {
    let host = Host::with_products();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let issued = host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    let id: uuid::Uuid = issued["id"].as_str().expect("an id").parse().expect("a UUID");
    runtime.block_on(async {
        use sqlx::Connection;
        let path = host.folder.path().join("data/latchkey.db");
        let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("opened");
        for slot in 1..=2_i64 {
            sqlx::query("INSERT INTO machines (id, license_id, slot, fingerprint, fingerprint_hash, metadata, last_seen_at, created_at, updated_at) VALUES (randomblob(16), $1, $2, 'x', randomblob(32), '{}', 0, 0, 0)")
                .bind(id.as_bytes().as_slice()).bind(slot).execute(&mut connection).await.expect("inserted");
        }
        connection.close().await.expect("closed");
    });
    let shown = text(&host.run(&["catalog", "show"]).stdout);
    fs::write(host.folder.path().join("c.toml"), shown.replace("max_machines = 2", "max_machines = 1"))
        .expect("written");
    let said = host.refusal(&["catalog", "apply", "c.toml", "--yes"], 1);
    assert!(
        said.contains("policies.chartgpt-lifetime.max_machines: 1 licenses")
            && said.contains("TOO_MANY_MACHINES")
            && said.contains(issued["id"].as_str().expect("an id")),
        "{said}"
    );
    host.json(&["license", "set", issued["id"].as_str().expect("an id"), "--max-machines", "2"]);
    assert_eq!(host.json(&["catalog", "apply", "c.toml", "--yes"])["applied"], true);
}

#[test]
fn licenses_are_changed_and_renewed() {
    let host = Host::with_products();
    let issued = host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    let id = issued["id"].as_str().expect("an id");
    assert!(host.refusal(&["license", "renew", id], 1).contains("no duration"));
    host.json(&["customer", "add", "bob@example.com"]);
    let changed = host.json(&[
        "license",
        "set",
        id,
        "--owner",
        "bob@example.com",
        "--expires",
        "2030-01-31",
        "--max-machines",
        "5",
        "--max-uses",
        "10",
        "--uses",
        "3",
        "--metadata",
        r#"{"order":"A-1"}"#,
        "--add-entitlement",
        "CHART_ASSISTANT",
    ]);
    assert_eq!(
        (
            &changed["email"],
            &changed["expires_at"],
            &changed["max_machines"],
            &changed["uses"],
            &changed["metadata"]["order"]
        ),
        (
            &Value::from("bob@example.com"),
            &Value::from("2030-01-31T23:59:59.000Z"),
            &Value::from(5),
            &Value::from(3),
            &Value::from("A-1")
        )
    );
    assert_eq!(changed["individual_entitlements"], serde_json::json!(["CHART_ASSISTANT"]));
    let back = host.json(&["license", "set", id, "--expires", "never", "--max-machines", "policy"]);
    assert_eq!((&back["expires_at"], &back["max_machines"]), (&Value::Null, &Value::from(2)));
    for (words, code, said) in [
        (&["--owner", "nobody@example.com"][..], 1, "customer add"),
        (&["--policy", "gold"], 1, "chartgpt-lifetime"),
        (&["--expires", "soon"], 2, "2027-01-31"),
        (&["--max-machines", "many"], 2, "policy"),
        (&["--max-machines", "4000000000"], 1, "max_machines"),
        (&["--metadata", "[]"], 2, "JSON object"),
        (&["--add-entitlement", "GOLD"], 1, "CHART_ASSISTANT"),
    ] {
        let refused = host.refusal(&[&["license", "set", id], words].concat(), code);
        assert!(refused.contains(said), "{refused}");
    }
    assert_eq!(host.json(&["license", "show", id])["email"], "bob@example.com", "a refusal changes nothing");
    let new = host.json(&["license", "new-key", id, "--yes"]);
    assert_ne!(new["key"], issued["key"]);
    assert!(host.refusal(&["license", "new-key", id], 2).contains("--yes"));
}

#[test]
fn exported_licenses_can_be_imported() {
    let host = Host::with_products();
    for n in 0..3 {
        host.json(&["license", "issue", "--email", &format!("user{n}@example.com"), "--policy", "chartgpt-lifetime"]);
    }
    let first = host.json(&["customer", "show", "user0@example.com"]);
    let id = first["licenses"][0]["id"].as_str().expect("an id");
    host.json(&["license", "suspend", id]);
    host.json(&[
        "license",
        "set",
        id,
        "--metadata",
        r#"{"note":"a, \"b\""}"#,
        "--max-machines",
        "9",
        "--add-entitlement",
        "CHART_ASSISTANT",
    ]);
    for format in ["csv", "json"] {
        let name = format!("out.{format}");
        assert!(host.run(&["license", "export", "--format", format, "--output", &name]).status.success());
        let there = Host::with_products();
        fs::copy(host.folder.path().join(&name), there.folder.path().join(&name)).expect("copied");
        let report = there.json(&["license", "import", &name]);
        assert_eq!((&report["rows"], &report["imported"]), (&Value::from(3), &Value::from(3)), "{format}");
        let found = there.json(&["license", "show", id]);
        assert_eq!(
            (&found["key"], &found["status"], &found["max_machines"], &found["metadata"]["note"]),
            (&first["licenses"][0]["key"], &Value::from("SUSPENDED"), &Value::from(9), &Value::from("a, \"b\""))
        );
        let words = ["license", "export", "--json"];
        let words = if format == "json" { &words[..] } else { &words[..2] };
        let written = text(&there.run(words).stdout);
        assert_eq!(
            written,
            fs::read_to_string(host.folder.path().join(&name)).expect("read"),
            "{format} is imported as it was exported"
        );
        // A second import rejects each row with its line number and changes nothing.
        let said = there.refusal(&["license", "import", &name], 1);
        assert!(said.contains("already exists") && said.contains("nothing was imported"), "{said}");
    }
}

/// The same file imported twice would double the licenses.
#[test]
fn an_import_that_repeats_licenses_asks_first() {
    let host = Host::with_products();
    let write = |rows: &str| fs::write(host.folder.path().join("in.csv"), rows).expect("written");
    let count = |email: &str| host.json(&["customer", "show", email])["licenses"].as_array().map_or(0, Vec::len);
    write("email,policy\nada@example.com,chartgpt-lifetime\nbob@example.com,chartgpt-lifetime\n");
    let first = host.json(&["license", "import", "in.csv"]);
    assert_eq!(first["imported"], 2);
    write("email,policy\nADA@example.com,chartgpt-lifetime\nnew@example.com,chartgpt-lifetime\n");
    let said = host.refusal(&["license", "import", "in.csv"], 2);
    assert!(said.contains("1 of 2 rows") && said.contains("--yes"), "{said}");
    assert_eq!(count("ada@example.com"), 1);
    host.refusal(&["customer", "show", "new@example.com"], 1);
    assert_eq!(host.json(&["license", "import", "in.csv", "--yes"])["imported"], 2);
    assert_eq!((count("ada@example.com"), count("new@example.com")), (2, 1));
}

/// A date lasts through its day, on the command line and in files.
#[test]
fn dates_are_read_alike_everywhere() {
    let host = Host::with_products();
    let issued = host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    let id = issued["id"].as_str().expect("an id");
    for (given, end) in [
        ("2035-01-31", "2035-01-31T23:59:59.000Z"),
        ("2035-01-31T12:00:00Z", "2035-01-31T12:00:00.000Z"),
        ("2035-01-31T12:00:00+01:00", "2035-01-31T11:00:00.000Z"),
    ] {
        let set = host.json(&["license", "set", id, "--expires", given]);
        assert_eq!(set["expires_at"], end, "{given}");
        let email = format!("user{}@example.com", given.len());
        let rows = format!("Email;Policy;Expires at\r\n{email};chartgpt-lifetime;{given}\r\n;;\r\n");
        fs::write(host.folder.path().join("in.csv"), rows).expect("written");
        assert_eq!(host.json(&["license", "import", "in.csv"])["imported"], 1);
        assert_eq!(host.json(&["customer", "show", &email])["licenses"][0]["expires_at"], end, "{given}");
    }
    assert!(host.refusal(&["license", "set", id, "--expires", "2035-02-30"], 2).contains("2027-01-31"));
}

/// Support gets keys, not ids: each command that takes a license takes its key, however it was pasted, and its end.
#[test]
fn licenses_are_named_by_id_key_or_end_of_key() {
    let host = Host::with_products();
    let issued = host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    let (id, key) = (issued["id"].as_str().expect("an id"), issued["key"].as_str().expect("a key"));
    let tail = &key[key.len() - 4..];
    for name in [
        id.to_owned(),
        key.to_owned(),
        key.to_lowercase().replace('-', "\u{2013}"),
        format!(" \u{201c}{}\u{201d}.", key.replacen('-', "-\n", 1)),
        tail.to_owned(),
        tail.to_lowercase(),
        format!("CGPT-\u{2022}\u{2022}\u{2022}\u{2022}-{tail}"),
    ] {
        assert_eq!(host.json(&["license", "show", &name])["id"], id, "{name:?}");
    }
    assert_eq!(host.json(&["license", "suspend", tail, "--no-mail"])["status"], "SUSPENDED");
    assert_eq!(host.json(&["license", "reinstate", key, "--no-mail"])["status"], "ACTIVE");
    assert_eq!(host.json(&["license", "explain", key])["code"], "NO_MACHINES");
    for nobody in ["0000", "CGPT-0000-0000-0000-0000-0000-0000-0000", "nonsense", "ada@example.com"] {
        let said = host.refusal(&["license", "show", nobody], 2);
        assert!(said.contains("customer show") && !said.contains(nobody), "{said}");
    }
}

/// Files are verified however they were pasted, and other texts are named.
#[test]
fn pasted_files_are_verified() {
    let host = Host::with_products();
    let issued = host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    let key = issued["key"].as_str().expect("a key");
    let public = host.json(&["keys", "public"]);
    let (hex, pem) = (public["hex"].as_str().expect("hex"), public["pem"].as_str().expect("pem"));
    let write = |text: &str| fs::write(host.folder.path().join("pasted.txt"), text).expect("written");
    let verify = || host.run(&["verify", "pasted.txt", "--public-key", hex]);
    for (text, what) in [
        (key, "only the server can check"),
        (pem, "public key"),
        (hex, "public key"),
        ("-----BEGIN LICENSE FILE-----\nabc\n", "a part of a license or machine file"),
        ("something else", "must be a license file"),
    ] {
        write(text);
        let output = verify();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(what), "{text:?}: {said}");
        assert!(!said.contains(key), "{said}");
    }
}

#[test]
fn invalid_rows_are_reported_with_their_line_and_nothing_is_partly_imported() {
    let host = Host::with_products();
    let rows = "email,policy,max_machines,status,expires_at,key\n\
                good@example.com,chartgpt-lifetime,3,,,\n\
                not an address,chartgpt-lifetime,,,,\n\
                a@example.com,gold,,,,\n\
                b@example.com,chartgpt-lifetime,many,,,\n\
                c@example.com,chartgpt-lifetime,,LOST,,\n\
                d@example.com,chartgpt-lifetime,,,someday,\n\
                e@example.com,chartgpt-lifetime,,,,CGPT-1234\n\
                f@example.com\n\
                also.good@example.com,chartgpt-lifetime,,SUSPENDED,2030-01-31T00:00:00Z,\n";
    fs::write(host.folder.path().join("in.csv"), rows).expect("written");
    let said = host.refusal(&["license", "import", "in.csv"], 1);
    for part in [
        "in.csv:3: email",
        "in.csv:4: policy",
        "in.csv:5: max_machines",
        "in.csv:6: status",
        "in.csv:7: expires_at",
        "in.csv:8: key",
        "in.csv:9:",
    ] {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    host.refusal(&["customer", "show", "good@example.com"], 1);
    let output = host.run(&["license", "import", "in.csv", "--partial", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!((&report["imported"], &report["rejected"]), (&Value::from(2), &Value::from(7)));
    assert_eq!(report["rejected_rows"][0]["line"], 3);
    assert!(report["error"].as_str().is_some_and(|said| said.contains("the others were imported")), "{report}");
    assert_eq!(host.json(&["customer", "show", "also.good@example.com"])["licenses"][0]["status"], "SUSPENDED");
    fs::write(
        host.folder.path().join("in.json"),
        "[{\"email\":\"x@example.com\",\"policy\":\"chartgpt-lifetime\",\"color\":\"red\"},\n\n{\"email\":5}]",
    )
    .expect("written");
    let said = host.refusal(&["license", "import", "in.json"], 1);
    assert!(said.contains("in.json:1: color") && said.contains("in.json:3: email"), "{said}");
    fs::write(host.folder.path().join("two.json"), "[] []").expect("written");
    assert!(host.refusal(&["license", "import", "two.json"], 1).contains("not an array of licenses"));
    fs::write(host.folder.path().join("broken.json"), r#"[{"email":"#).expect("written");
    assert!(host.refusal(&["license", "import", "broken.json"], 1).contains("not an array of licenses"));
    // Line numbers are those of the file, with any line ending. A truncated file is never partly imported.
    fs::write(host.folder.path().join("in.csv"), rows.replace('\n', "\r\n")).expect("written");
    let said = host.refusal(&["license", "import", "in.csv"], 1);
    assert!(said.contains("in.csv:3: email") && said.contains("in.csv:8: key"), "{said}");
    let open = "email,policy\nnew@example.com,chartgpt-lifetime\n\"x@example.com,chartgpt-lifetime\n";
    fs::write(host.folder.path().join("open.csv"), open).expect("written");
    let said = host.refusal(&["license", "import", "open.csv", "--partial"], 1);
    assert!(said.contains("open.csv:3: the file ends within a quoted cell; nothing was imported"), "{said}");
    host.refusal(&["customer", "show", "new@example.com"], 1);
    // Two rows with the same key: only the second can be reported, when the rows are written.
    let issued = host.json(&["license", "issue", "--email", "ada@example.com", "--policy", "chartgpt-lifetime"]);
    let there = Host::with_products();
    let key = issued["key"].as_str().expect("a key");
    let twice =
        format!("email,policy,key\na@example.com,chartgpt-lifetime,{key}\nb@example.com,chartgpt-lifetime,{key}\n");
    fs::write(there.folder.path().join("twice.csv"), twice).expect("written");
    let said = there.refusal(&["license", "import", "twice.csv"], 1);
    assert!(said.contains("twice.csv:3: key: another license has this key"), "{said}");
    there.refusal(&["customer", "show", "a@example.com"], 1);
    fs::write(host.folder.path().join("odd.csv"), "email,color\nx,y\n").expect("written");
    assert!(host.refusal(&["license", "import", "odd.csv"], 1).contains("no column `color`"));
    assert!(host.refusal(&["license", "import", "in"], 2).contains("--format"));
}

#[test]
fn files_are_verified_without_a_database() {
    let host = Host::new();
    let vectors = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../content/docs/verify/vectors.json"))
        .expect("read");
    let vectors: Value = serde_json::from_str(&vectors).expect("JSON");
    let case = |name: &str| {
        let cases = vectors["cases"].as_array().expect("cases");
        cases.iter().find(|case| case["name"] == name).expect("the case").clone()
    };
    let word = |case: &Value, name: &str| case[name].as_str().expect("text").to_owned();
    let machine = case("an encrypted machine file");
    let key = machine["public_keys"][0].as_str().expect("a key").to_owned();
    fs::write(host.folder.path().join("m.lic"), word(&machine, "text")).expect("written");
    let license_key = word(&machine, "license_key");
    let run = |words: &[&str]| host.run(&[&["verify", "m.lic", "--json", "--public-key", &key], words].concat());
    // The vectors are valid for thirty days from a fixed day, so they may have expired. Their contents are
    // printed anyway.
    let output = run(&["--license-key", &license_key, "--fingerprint", "fp"]);
    assert!(text(&output.stdout).contains(r#""entitlements":["PRO"]"#), "{}", text(&output.stderr));
    assert_eq!(run(&["--license-key", &license_key]).status.code(), Some(2));
    assert_eq!(run(&["--license-key", &license_key, "--fingerprint", "other"]).status.code(), Some(1));
    assert_eq!(run(&[]).status.code(), Some(1));
    let signed = case("a signed key");
    fs::write(host.folder.path().join("key.txt"), word(&signed, "text")).expect("written");
    assert_eq!(host.json(&["verify", "key.txt", "--public-key", &key])["kind"], "key");
    let other = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
    assert!(host.refusal(&["verify", "key.txt", "--public-key", other], 1).contains("not the vendor's"));
    host.refusal(&["verify", "key.txt", "--public-key", "0"], 2);
    host.refusal(&["verify", "nowhere", "--public-key", other], 2);
    // As apps do, the command limits the life of a file.
    let long = case("the longest time to live");
    fs::write(host.folder.path().join("long.lic"), word(&long, "text")).expect("written");
    let words = ["verify", "long.lic", "--json", "--public-key", &key, "--license-key", &license_key];
    let shown: Value = serde_json::from_slice(&host.run(&words).stdout).expect("JSON");
    let end = |name: &str| shown[name].as_str().expect("a time").get(..4).expect("a year").to_owned();
    assert_eq!((end("expires_at").as_str(), end("accepted_until").as_str()), ("2094", "2027"), "{shown}");
    let words: Vec<&str> = words.into_iter().filter(|word| *word != "--json").collect();
    let said = text(&host.run(&words).stdout);
    assert!(said.contains("366 days after its issue"), "{said}");
    assert!(!host.folder.path().join("data").exists(), "no data folder was created");
}

/// LC-05: a file of several gigabytes is refused without being read.
#[test]
fn lc_05_long_files_are_not_read() {
    let host = Host::new();
    let huge = fs::File::create(host.folder.path().join("huge.lic")).expect("created");
    // Sparse, so that it takes no room.
    huge.set_len(3 * 1024 * 1024 * 1024).expect("grown");
    let key = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
    let began = std::time::Instant::now();
    let said = host.refusal(&["verify", "huge.lic", "--public-key", key], 1);
    assert!(said.contains("longer than 64 KiB"), "{said}");
    for words in [&["catalog", "apply", "huge.lic"][..], &["license", "import", "huge.lic", "--format", "json"]] {
        let output = host.run(words);
        assert!(!output.status.success(), "{words:?}");
    }
    assert!(began.elapsed() < std::time::Duration::from_mins(1), "{:?}", began.elapsed());
}

/// The keys of Stripe and of the database are in the memory of the server.
#[cfg(target_os = "linux")]
#[test]
fn st_26_a_server_writes_no_core_dumps() {
    let host = Host::new();
    let server = host.serve(&["--demo"], &[]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.process_id())).expect("the limits");
    let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().take(2).collect::<Vec<_>>(), ["0", "0"], "{limits}");
}
