//! The Stripe double: serves the demo with it, and lets Stripe's official packages judge it.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};

use crate::{
    node::Node,
    packages,
    shell::{Shell, run},
};

/// The official packages, in the versions that the double was tested with.
const NPM: &str = "stripe@23.1.0";
const PYPI: &str = "stripe==16.1.0";

/// The scripts that drive the double with them.
const SCRIPTS: &str = "crates/testkit/tests/official";

/// Test values: the double accepts this key, and signs with this secret.
const API_KEY: &str = "sk_test_DoubleDoubleDoubleDoubleDouble";
const WEBHOOK_SECRET: &str = "whsec_DoubleDoubleDoubleDoubleDouble";

/// Where `cargo xtask run` serves, and receives events.
const WEBHOOKS: &str = "http://127.0.0.1:3000/webhooks/stripe";

/// A running double. It is stopped when the value is dropped, and stops by itself if this process ends, because that
/// closes its input.
struct Double {
    process: Child,
    url: String,
}

impl Double {
    fn start(shell: &Shell, arguments: &[&str]) -> Result<Self> {
        let program = shell.target().join("debug").join("stripe-double");
        let mut command = shell.command(&program);
        command.args(["--api-key", API_KEY]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let process = command.spawn().with_context(|| format!("{} could not be started", program.display()))?;
        let mut double = Self { process, url: String::new() };
        let output = double.process.stdout.take().context("the output is not a pipe")?;
        BufReader::new(output).read_line(&mut double.url)?;
        double.url.truncate(double.url.trim_end().len());
        anyhow::ensure!(!double.url.is_empty(), "the Stripe double did not start");
        Ok(double)
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Builds and runs the server with a double until the server ends.
pub(crate) fn serve_with_double(shell: &Shell, server: &Path, arguments: &[String]) -> Result<()> {
    let build = [
        "cargo",
        "build",
        "--package",
        "latchkey",
        "--package",
        "latchkey-testkit",
        "--bin",
        "latchkey",
        "--bin",
        "stripe-double",
    ];
    shell.step("server and Stripe double", &build)?;
    let double = Double::start(shell, &["--webhook-url", WEBHOOKS, "--webhook-secret", WEBHOOK_SECRET])?;
    println!("Stripe double: {} (payments, refunds, disputes and time are yours there)", double.url);
    let mut server = shell.command(server);
    server
        .args(arguments)
        .env("LATCHKEY__STRIPE__SECRET_KEY", API_KEY)
        .env("LATCHKEY__STRIPE__WEBHOOK_SECRETS", WEBHOOK_SECRET)
        .env("LATCHKEY__STRIPE__API_URL", &double.url);
    run(&mut server)
}

/// Node with Stripe's package and its folder, and the folder of Stripe's package for Python. `None` if there is no
/// suitable Python.
pub(crate) fn official_packages(shell: &Shell) -> Result<(Node, PathBuf, Option<PathBuf>)> {
    let node = Node::find_or_install(shell)?;
    let folder = shell.target().join(NPM);
    if !folder.join("node_modules/stripe").exists() {
        node.install(shell, NPM, &folder)?;
    }
    Ok((node, folder, packages::for_python(shell, PYPI)?))
}

/// Drives the double with Stripe's unmodified packages. Returns the number of scripts that passed and were skipped.
pub(crate) fn judge_double(shell: &Shell, root: &Path) -> Result<(u64, u64)> {
    let (node, npm_folder, python_folder) = official_packages(shell)?;
    // Built like the Rust tests: another selection of packages would build it a second time.
    let build = ["cargo", "test", "--workspace", "--exclude", "latchkey-frontend", "--no-run", "--quiet"];
    shell.step("Stripe double", &build)?;
    let double = Double::start(shell, &["--port", "0"])?;
    let scripts = root.join(SCRIPTS);
    let judge = |command: &mut Command| {
        run(command.current_dir(&scripts).env("STRIPE_URL", &double.url).env("STRIPE_KEY", API_KEY))
    };
    judge(node.command(shell)?.arg("judge.js").env("NODE_PATH", npm_folder.join("node_modules")))?;
    let Some(packages) = python_folder else {
        println!("    skipped: there is no Python 3.11 with pip");
        return Ok((1, 1));
    };
    let mut python = shell.command("python3");
    // Python must not write its cache next to the script.
    python.arg("judge.py").env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
    judge(&mut python)?;
    Ok((2, 0))
}
