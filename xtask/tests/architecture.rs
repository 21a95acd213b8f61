//! Checks which crates may depend on which: dependencies point in one direction.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The workspace crates that each crate may depend on. Tests may also use the testkit.
fn allowed() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    BTreeMap::from([
        ("latchkey-licensing", BTreeSet::from([])),
        ("latchkey-wire", BTreeSet::from(["latchkey-licensing"])),
        ("latchkey-client", BTreeSet::from(["latchkey-licensing", "latchkey-wire"])),
        ("latchkey-store", BTreeSet::from(["latchkey-licensing"])),
        ("latchkey-stripe", BTreeSet::from(["latchkey-licensing"])),
        ("latchkey-service", BTreeSet::from(["latchkey-licensing", "latchkey-store"])),
        ("latchkey-app", BTreeSet::from(["latchkey-licensing", "latchkey-service"])),
        ("latchkey-frontend", BTreeSet::from(["latchkey-app"])),
        (
            "latchkey",
            BTreeSet::from([
                "latchkey-app",
                "latchkey-licensing",
                "latchkey-service",
                "latchkey-store",
                "latchkey-stripe",
                "latchkey-wire",
            ]),
        ),
        (
            "latchkey-testkit",
            BTreeSet::from(["latchkey-licensing", "latchkey-service", "latchkey-store", "latchkey-stripe"]),
        ),
        ("latchkey-bench", BTreeSet::from(["latchkey-licensing", "latchkey-service", "latchkey-store"])),
        ("xtask", BTreeSet::from([])),
    ])
}

fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn dependencies_point_one_way() {
    let allowed = allowed();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let mut seen = BTreeSet::new();
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let uses = allowed.get(name).unwrap_or_else(|| panic!("{name} is missing from the table: add what it may use"));
        seen.insert(name);
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let target = dependency["name"].as_str().expect("a name");
            let is_ours = allowed.contains_key(target);
            let is_for_tests = dependency["kind"] == "dev";
            // The server's tests also use it as a desktop app does.
            let for_tests: &[&str] =
                if name == "latchkey" { &["latchkey-testkit", "latchkey-client"] } else { &["latchkey-testkit"] };
            let fits = uses.contains(target) || (is_for_tests && for_tests.contains(&target));
            assert!(!is_ours || fits, "{name} must not use {target}");
        }
    }
    assert_eq!(seen.len(), allowed.len());
}

/// The browser's bundle must not depend on server crates. Features decide this.
#[test]
fn the_browser_gets_no_server() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "latchkey-frontend",
            "--target",
            "wasm32-unknown-unknown",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(tree.contains("latchkey-app"), "{tree}");
    for server in ["latchkey-service", "latchkey-store", "sqlx ", "axum ", "tokio "] {
        assert!(!tree.lines().any(|line| line.starts_with(server)), "the bundle contains {server}");
    }
}

/// All SQL is in one crate.
#[test]
fn only_the_store_contains_sql() {
    let metadata = metadata();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        let uses_sql = package["dependencies"]
            .as_array()
            .expect("dependencies")
            .iter()
            .any(|dependency| dependency["name"] == "sqlx" && dependency["kind"].is_null());
        // The bench commits its own rows next to the server's, for comparison.
        let may_use_sql = matches!(name, "latchkey-store" | "latchkey-testkit" | "latchkey-bench");
        assert!(!uses_sql || may_use_sql, "{name} uses sqlx");
    }
}
