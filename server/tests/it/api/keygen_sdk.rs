//! The PyPI package `keygen-sdk`, unmodified and with its check of signatures, against the real server on both databases.

use std::{path::Path, process::Command};

use latchkey_licensing::{policy::MatchingStrategy, process::ProcessLeasing};
use latchkey_testkit::on_both;

use crate::support::app::{TestApp, with_app};

/// The folder of the package and what it needs. `cargo xtask test` installs them and sets it.
const PACKAGES: &str = "LATCHKEY_TEST_KEYGEN_SDK";

on_both!(with_app: the_python_package_uses_components_and_processes);

#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "the test suite says where the package is")]
async fn the_python_package_uses_components_and_processes(app: &TestApp) {
    let Some(packages) = std::env::var_os(PACKAGES) else {
        // `cargo test` alone does not install packages.
        eprintln!("skipped: {PACKAGES} is not set");
        return;
    };
    app.add_policy("leased", |policy| {
        policy.components.matching = MatchingStrategy::Two;
        policy.processes.max = Some(1);
        policy.processes.leasing = ProcessLeasing::PerMachine;
    })
    .await;
    let issued = app.issue_under("ada@example.com", "leased").await;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keygen_sdk/run.py");
    let mut python = Command::new("python3");
    python.arg(program).args([&app.origin(), &app.public_key.hex(), issued.key.expose()]);
    python.env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = tokio::task::spawn_blocking(move || python.output()).await.expect("no panic").expect("Python runs");
    let [said, errors] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success() && said == "done\n", "{said}{errors}");
}
