//! Commands that list, find and explain, and those that describe the program.

use serde_json::Value;

use crate::support::host::{Host, text};

fn with_licenses() -> (Host, Vec<Value>) {
    let host = Host::with_products();
    let issue =
        |email: &str| host.json(&["license", "issue", "--email", email, "--policy", "chartgpt-lifetime", "--no-mail"]);
    let issued = ["ada@example.com", "bob@example.com", "carl@example.com"].map(issue).to_vec();
    (host, issued)
}

fn ids(list: &Value) -> Vec<&str> {
    list["rows"].as_array().expect("rows").iter().map(|row| row["id"].as_str().expect("an id")).collect()
}

#[test]
fn lists_are_filtered_and_continue_at_a_cursor() {
    let (host, issued) = with_licenses();
    let id = |at: usize| issued[at]["id"].as_str().expect("an id");
    host.json(&["license", "suspend", id(1), "--no-mail"]);
    let first = host.json(&["license", "list", "--sort", "oldest", "--page-size", "2"]);
    assert_eq!(ids(&first), [id(0), id(1)]);
    assert_eq!(
        (&first["count"], &first["is_count_exact"], &first["previous"]),
        (&3.into(), &true.into(), &Value::Null)
    );
    let cursor = first["next"].as_str().expect("a cursor");
    let second = host.json(&["license", "list", "--sort", "oldest", "--page-size", "2", "--after", cursor]);
    assert_eq!((ids(&second), &second["next"]), (vec![id(2)], &Value::Null));
    let cursor = second["previous"].as_str().expect("a cursor");
    let back = host.json(&["license", "list", "--sort", "oldest", "--page-size", "2", "--before", cursor]);
    assert_eq!(ids(&back), [id(0), id(1)]);
    assert_eq!(ids(&host.json(&["license", "list", "--status", "suspended"])), [id(1)]);
    assert_eq!(ids(&host.json(&["license", "list", "CARL"])), [id(2)]);
    assert_eq!(host.json(&["customer", "list", "--licenses", "yes", "--role", "customer"])["count"], 3);
    assert_eq!(host.json(&["machine", "list"])["count"], 0);
    assert_eq!(host.json(&["machine", "log"])["count"], 0);
    assert_eq!(host.json(&["audit", "list", "--event", "license.suspended"])["rows"][0]["subject_id"], id(1));
    let shown = text(&host.run(&["license", "list", "--page-size", "1"]).stdout);
    assert!(shown.contains("carl@example.com") && shown.contains("1 of 3") && shown.contains("--after "), "{shown}");
    assert!(text(&host.run(&["license", "list", "nobody"]).stdout).contains("Nothing matches"));
    // Keys stay masked.
    assert!(!shown.contains(issued[2]["key"].as_str().expect("a key")), "{shown}");
}

#[test]
fn refused_arguments_are_named() {
    let (host, _) = with_licenses();
    let said = host.refusal(&["license", "list", "--page-size", "0"], 2);
    assert!(said.contains("--page-size") && said.contains("1 to 100"), "{said}");
    let said = host.refusal(&["license", "list", "--sort", "key"], 2);
    assert!(said.contains("--sort") && said.contains("newest, oldest, expiry"), "{said}");
    let said = host.refusal(&["license", "list", "--expires-from", "soon"], 2);
    assert!(said.contains("--expires-from") && said.contains("2027-01-31"), "{said}");
    let said = host.refusal(&["machine", "list", "--policy", "gold"], 2);
    assert!(said.contains("--policy") && said.contains("chartgpt-lifetime"), "{said}");
    assert!(host.refusal(&["license", "list", "--after", "x"], 2).contains("--after"));
    assert!(host.refusal(&["machine", "free", "x"], 2).contains("machine list"));
    assert!(
        host.refusal(&["machine", "free", "0190f3c2-0000-7000-8000-000000000000", "--yes"], 1)
            .contains("no active machine")
    );
    assert!(host.refusal(&["stats", "--days", "8"], 2).contains("7, 30, 90, 365"));
}

#[test]
fn everything_is_found_and_explained() {
    let (host, issued) = with_licenses();
    let (id, key) = (issued[0]["id"].as_str().expect("an id"), issued[0]["key"].as_str().expect("a key"));
    let found = host.json(&["license", "find", &key.to_lowercase().replace('-', " ")]);
    assert_eq!((&found["only"]["id"], &found["groups"][0]["kind"]), (&id.into(), &"license".into()));
    let found = host.json(&["license", "find", "ada@example.com"]);
    assert_eq!(found["only"]["title"], "ada@example.com");
    assert_eq!(host.json(&["license", "find", "nothing"])["groups"], Value::Array(Vec::new()));
    assert!(text(&host.run(&["license", "find", "bob@"]).stdout).contains("customer"));
    let explained = host.json(&["license", "explain", id, "--fingerprint", "fp"]);
    assert_eq!((&explained["valid"], &explained["code"]), (&false.into(), &"NO_MACHINES".into()));
    let failed: Vec<_> =
        explained["checks"].as_array().expect("checks").iter().filter(|check| check["passes"] == false).collect();
    assert_eq!(failed[0]["check"], "fingerprints", "{explained}");
    let shown = text(&host.run(&["license", "explain", id]).stdout);
    assert!(shown.contains("owner         passes") && shown.contains("is not asked for"), "{shown}");
    let stats = host.json(&["stats", "--days", "7"]);
    assert_eq!((&stats["licenses"], &stats["daily"]["new_licenses"]["values"][6]), (&3.into(), &3.into()));
    assert!(text(&host.run(&["stats"]).stdout).contains("Licenses         3 (3 active)"));
}

#[test]
fn a_list_is_exported_for_spreadsheets() {
    let (host, _) = with_licenses();
    host.json(&["customer", "add", "eve@example.com", "--name", "+1"]);
    let output = host.run(&["customer", "list", "--csv", "--sort", "email"]);
    let file = text(&output.stdout);
    assert!(output.status.success() && file.starts_with("\u{feff}id,email,name,role"), "{file}");
    assert_eq!(file.lines().count(), 5);
    assert!(file.contains(",eve@example.com,'+1,customer,"), "{file}");
    host.refusal(&["customer", "list", "--csv", "--json"], 2);
    assert_eq!(host.json(&["audit", "list", "--event", "list.exported"])["count"], 1);
}

/// Neither needs settings or a database.
#[test]
fn the_program_describes_itself() {
    let host = Host::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = text(&host.run(&["completions", shell]).stdout);
        assert!(script.contains("latchkey") && script.contains("completions"), "{shell}");
    }
    assert!(text(&host.run(&["man"]).stdout).contains(".TH latchkey"));
    host.json(&["man", "--output", "pages"]);
    let page = std::fs::read_to_string(host.folder.path().join("pages/latchkey-license-list.1")).expect("a page");
    assert!(page.contains("policy with this code"), "{page}");
    assert!(!host.folder.path().join("data").exists());
}
