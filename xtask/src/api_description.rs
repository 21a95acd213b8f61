//! Tests the server by the description of its API: schemathesis sends requests that the description allows and forbids, and
//! compares the responses with it.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::Value;

use crate::{
    bench::process::Process,
    packages,
    shell::{Shell, run, timed},
};

/// The program, in the version that the description was tested with.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// How it is configured, and what it must know about requests that the description cannot say.
const FOLDER: &str = "server/tests/description";

/// The cases for each operation in `cargo xtask test`.
pub(crate) const FEW: u32 = 10;

/// How long the server may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of cases for each operation
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    cases: u32,
    /// The seed of the cases; by default another one each time
    #[arg(long)]
    seed: Option<u32>,
}

/// The folder of the program for this Python. `None` if there is no suitable Python.
pub(crate) fn package(shell: &Shell) -> Result<Option<std::path::PathBuf>> {
    packages::for_python(shell, SCHEMATHESIS, "schemathesis")
}

/// Builds the server and tests it by hand.
pub(crate) fn fuzz(shell: &Shell, root: &Path, options: &Options) -> Result<()> {
    let ran = test(shell, root, options.cases, options.seed)?;
    ensure!(ran, "this needs Python 3.11 with pip");
    Ok(())
}

/// Tests the server with this many cases for each operation. `false` if there is no suitable Python.
pub(crate) fn test(shell: &Shell, root: &Path, cases: u32, seed: Option<u32>) -> Result<bool> {
    let Some(package) = package(shell)? else {
        println!("    skipped: there is no Python 3.11 with pip");
        return Ok(false);
    };
    // Built like the Rust tests: another selection of packages would build it a second time.
    let build = ["cargo", "test", "--workspace", "--exclude", "latchkey-frontend", "--no-run", "--quiet"];
    shell.step("server", &build)?;
    let program = shell.target().join("debug").join("latchkey");
    let folder = tempfile::Builder::new().prefix("latchkey-description-").tempdir()?;
    let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
    let latchkey = || {
        let mut command = shell.command(&program);
        command
            .current_dir(folder.path())
            .env("LATCHKEY__DATA_DIR", folder.path().join("data"))
            .env("LATCHKEY__SERVER__LISTEN", address.to_string())
            // Thousands of requests with one key.
            .env("LATCHKEY__API__KEY_PER_MINUTE", "0")
            .env("LATCHKEY__API__NETWORK_PER_MINUTE", "0")
            .env("LATCHKEY__LOG__LEVEL", "warn");
        command
    };
    fs::copy(root.join(FOLDER).join("catalog.toml"), folder.path().join("catalog.toml"))?;
    run(latchkey().args(["catalog", "apply", "catalog.toml", "--yes"]).stdout(Stdio::null()))?;
    let issue = ["license", "issue", "--email", "ada@example.com", "--policy", "everything", "--no-mail", "--json"];
    let key = license_key(latchkey().args(issue))?;
    let log = fs::File::create(folder.path().join("log"))?;
    let mut server = Process::start(latchkey().arg("serve").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log))?;
    let started = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        ensure!(server.is_alive() && started.elapsed() < PATIENCE, "the server did not become ready");
        thread::sleep(Duration::from_millis(50));
    }
    let mut command = shell.command("python3");
    command
        .current_dir(root.join(FOLDER))
        .env("PYTHONPATH", &package)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .args(["-m", "schemathesis.cli", "run"])
        .arg(format!("http://{address}/docs/api/openapi.json"))
        .args(["--header", &format!("Authorization: License {key}")])
        .args(["--max-examples", &cases.to_string(), "--no-color"]);
    if let Some(seed) = seed {
        command.args(["--seed", &seed.to_string()]);
    }
    let result = timed("schemathesis", || run(&mut command));
    if result.is_err() {
        let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        println!("{log}");
    }
    server.stop()?;
    result.map(|()| true)
}

fn license_key(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("no license was issued");
    }
    let license: Value = serde_json::from_slice(&output.stdout)?;
    license.get("key").and_then(Value::as_str).map(str::to_owned).context("the license has no key")
}
