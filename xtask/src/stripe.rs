//! The Stripe double: serves the demo with it, and lets Stripe's official packages judge it.

use std::{
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use crate::{
    bench::{interrupt, process::Process},
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

/// Where `cargo xtask run` serves.
const LISTEN: &str = "127.0.0.1:3000";

/// Where it receives events.
const WEBHOOKS: &str = "http://127.0.0.1:3000/webhooks/stripe";

/// How often the server is polled.
const LOOK: Duration = Duration::from_millis(50);

/// How long the server may take to exit after it was asked to.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running double. It is stopped when the value is dropped, and stops by itself if this process ends, because that
/// closes its input.
struct Double {
    _process: Process,
    url: String,
}

impl Double {
    fn start(shell: &Shell, arguments: &[&str]) -> Result<Self> {
        let mut command = shell.command(shell.target().join("debug").join("stripe-double"));
        command.args(["--api-key", API_KEY]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start(&mut command)?;
        let url = process.first_line()?.trim_end().to_owned();
        ensure!(!url.is_empty(), "the Stripe double did not start");
        Ok(Self { _process: process, url })
    }
}

/// Builds and runs the server with a double until the server ends. The demo's prices are made at the double.
pub(crate) fn serve_with_double(shell: &Shell, server: &Path, arguments: &[String], is_demo: bool) -> Result<()> {
    let packages = ["--package", "latchkey", "--package", "latchkey-testkit"];
    let build = [&["cargo", "build"], &packages[..], &["--bin", "latchkey", "--bin", "stripe-double"]].concat();
    shell.step("server and Stripe double", &build)?;
    interrupt::watch()?;
    let double = Double::start(shell, &["--webhook-url", WEBHOOKS, "--webhook-secret", WEBHOOK_SECRET])?;
    let latchkey = || {
        let mut command = shell.command(server);
        command
            .env("LATCHKEY__STRIPE__SECRET_KEY", API_KEY)
            .env("LATCHKEY__STRIPE__WEBHOOK_SECRETS", WEBHOOK_SECRET)
            .env("LATCHKEY__STRIPE__API_URL", &double.url);
        command
    };
    let mut server = Process::start(latchkey().args(arguments))?;
    if is_demo {
        while server.is_alive() && TcpStream::connect(LISTEN).is_err() {
            interrupt::check()?;
            thread::sleep(LOOK);
        }
        run(latchkey().args(["stripe", "provision", "--yes"]))?;
    }
    println!("Stripe double: {} (payments, refunds, disputes and time are yours there)", double.url);
    while server.is_alive() {
        if interrupt::check().is_err() {
            return end(&mut server);
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Asks the server to stop. It may have been asked already, together with this process.
fn end(server: &mut Process) -> Result<()> {
    if server.is_alive() {
        run(Command::new("kill").args(["-TERM", &server.id().to_string()]))?;
    }
    let until = Instant::now() + PATIENCE;
    while server.is_alive() && Instant::now() < until {
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Node with Stripe's package and its folder, and the folder of Stripe's package for Python. `None` if there is no
/// suitable Python.
pub(crate) fn official_packages(shell: &Shell) -> Result<(Node, PathBuf, Option<PathBuf>)> {
    let node = Node::find_or_install(shell)?;
    let folder = shell.target().join(NPM);
    if !folder.join("node_modules/stripe").exists() {
        node.install(shell, &[NPM], &folder)?;
    }
    Ok((node, folder, packages::for_python(shell, &[PYPI], "stripe")?))
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
