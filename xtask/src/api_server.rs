//! A server with one license, for the tests of its API by programs from elsewhere.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{
    bench::process::Process,
    shell::{Shell, run},
};

/// A catalog whose policy allows everything.
const CATALOG: &str = "server/tests/description/catalog.toml";

/// How long the server may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// Builds the server like the Rust tests: another selection of packages would build it a second time.
pub(crate) fn build(shell: &Shell) -> Result<()> {
    shell.step("server", &["cargo", "test", "--workspace", "--exclude", "latchkey-frontend", "--no-run", "--quiet"])
}

/// A running server on an empty folder. It is stopped when the value is dropped.
pub(crate) struct ApiServer {
    process: Process,
    folder: tempfile::TempDir,
    url: String,
    key: String,
}

impl ApiServer {
    /// Starts the server that was built.
    pub(crate) fn start(shell: &Shell, root: &Path) -> Result<Self> {
        let program = shell.target().join("debug").join("latchkey");
        let folder = tempfile::Builder::new().prefix("latchkey-api-").tempdir()?;
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
        fs::copy(root.join(CATALOG), folder.path().join("catalog.toml"))?;
        run(latchkey().args(["catalog", "apply", "catalog.toml", "--yes"]).stdout(Stdio::null()))?;
        let issue = ["license", "issue", "--email", "ada@example.com", "--policy", "everything", "--no-mail", "--json"];
        let key = license_key(latchkey().args(issue))?;
        let log = fs::File::create(folder.path().join("log"))?;
        let process =
            Process::start(latchkey().arg("serve").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log))?;
        let mut server = Self { process, folder, url: format!("http://{address}"), key };
        server.wait(address)?;
        Ok(server)
    }

    fn wait(&mut self, address: SocketAddr) -> Result<()> {
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            let is_starting = self.process.is_alive() && started.elapsed() < PATIENCE;
            ensure!(is_starting, "the server did not become ready:\n{}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The key of its license.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Stops it, and fails if it failed.
    pub(crate) fn stop(self) -> Result<()> {
        self.process.stop()
    }
}

fn license_key(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("no license was issued");
    }
    let license: Value = serde_json::from_slice(&output.stdout)?;
    license.get("key").and_then(Value::as_str).map(str::to_owned).context("the license has no key")
}
