//! The real server with production settings, on a loopback address.

use std::{
    fs::File,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::{Programs, database::Database, interrupt, process::Process};

/// How often /readyz is polled while the server starts.
const LOOK: Duration = Duration::from_millis(2);

/// How long a server may take to be ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// The rate of requests per second that the limits must allow on any machine.
const FASTEST: u64 = 50_000;

/// Settings with which webhooks are received. Nothing listens at the address of the API: events of the load need no calls.
const SELLING: [(&str, &str); 3] = [
    ("LATCHKEY__STRIPE__SECRET_KEY", "sk_test_BenchBenchBenchBenchBenchBench"),
    ("LATCHKEY__STRIPE__WEBHOOK_SECRETS", "whsec_BenchBenchBenchBenchBenchBench"),
    ("LATCHKEY__STRIPE__API_URL", "http://127.0.0.1:9"),
];

/// Limits that the load does not reach. They stay enabled: each request takes its tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    key_per_minute: u64,
    key_burst: u64,
    network_per_minute: u64,
    network_burst: u64,
}

impl Limits {
    /// The defaults, raised where the load would reach them: all requests come from one network, and with a
    /// thousand keys each key gets as many requests as a million keys would share.
    pub(crate) fn for_licenses(licenses: u64) -> Self {
        // Keys are drawn at random, so some are used far more often than the average.
        let per_key = 4 * FASTEST * 60 / licenses;
        Self {
            key_per_minute: per_key.max(10),
            key_burst: per_key.max(60),
            network_per_minute: FASTEST * 60,
            network_burst: FASTEST,
        }
    }

    fn environment(self) -> [(&'static str, String); 4] {
        [
            ("LATCHKEY__API__KEY_PER_MINUTE", self.key_per_minute.to_string()),
            ("LATCHKEY__API__KEY_BURST", self.key_burst.to_string()),
            ("LATCHKEY__API__NETWORK_PER_MINUTE", self.network_per_minute.to_string()),
            ("LATCHKEY__API__NETWORK_BURST", self.network_burst.to_string()),
        ]
    }
}

impl std::fmt::Display for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { key_per_minute, key_burst, network_per_minute, network_burst } = self;
        write!(f, "{key_per_minute} per minute and a burst of {key_burst} for a key, ")?;
        write!(f, "{network_per_minute} per minute and a burst of {network_burst} for a network")
    }
}

/// A server that is ready.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    /// `127.0.0.1:PORT`
    pub(crate) address: SocketAddr,
    /// The address of its metrics.
    metrics: SocketAddr,
    /// The time from starting the process to the first success of /readyz.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts a server on the data in `folder` and waits until it is ready.
    pub(crate) fn start(programs: &Programs, folder: &Path, database: &Database, limits: Limits) -> Result<Self> {
        let (address, metrics) = (free_address()?, free_address()?);
        let log = File::create(folder.join("log"))?;
        let mut command = Command::new(&programs.server);
        // The user's own settings must not affect the bench.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LATCHKEY_")) {
            command.env_remove(name);
        }
        command
            .arg("serve")
            .current_dir(folder)
            .env("LATCHKEY__DATA_DIR", folder.join("data"))
            .env("LATCHKEY__DATABASE__URL", &database.url)
            .env("LATCHKEY__SERVER__LISTEN", address.to_string())
            .env("LATCHKEY__METRICS__LISTEN", metrics.to_string())
            .envs(limits.environment())
            .envs(SELLING)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let started = Instant::now();
        let process = Process::start(&mut command)?;
        let mut server = Self { process, address, metrics, ready_after: Duration::ZERO };
        while get(address, "/readyz").is_none() {
            interrupt::check()?;
            if !server.process.is_alive() || started.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
                bail!("the server did not become ready:\n{log}");
            }
            thread::sleep(LOOK);
        }
        server.ready_after = started.elapsed();
        Ok(server)
    }

    /// Its memory use in bytes, which is only known on Linux.
    pub(crate) fn memory(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? * 1024.0)
    }

    /// The number of committed transactions.
    pub(crate) fn commits(&self) -> Result<f64> {
        let text = get(self.metrics, "/metrics").context("the server does not serve its metrics")?;
        sum(&text, "latchkey_commits_total").context("the metrics do not count commits")
    }

    /// Stops it as an operator would.
    pub(crate) fn stop(self) -> Result<()> {
        self.process.stop()
    }
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// The body of a page. `None` if the response is not 200.
fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200").then(|| body.to_owned())
}

/// The sum of a counter over all labels, in Prometheus's text format.
fn sum(text: &str, counter: &str) -> Option<f64> {
    let values: Vec<f64> = text
        .lines()
        .filter_map(|line| line.strip_prefix(counter))
        .filter(|rest| rest.starts_with([' ', '{']))
        .filter_map(|rest| rest.rsplit(' ').next()?.parse().ok())
        .collect();
    (!values.is_empty()).then(|| values.iter().sum())
}

/// The address as text for the bench's programs.
pub(crate) fn spelled(address: SocketAddr) -> String {
    address.to_string()
}

/// The folder of a run, named so that leftovers can be recognized.
pub(crate) fn folder() -> Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix("latchkey-bench-").tempdir().context("a temporary folder could not be created")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_summed_over_their_labels() {
        let text = "# TYPE latchkey_commits_total counter\nlatchkey_commits_total{database=\"a\"} 3\nlatchkey_commits_total{database=\"b\"} 4\nlatchkey_commits_total_more 9\n";
        assert_eq!(sum(text, "latchkey_commits_total"), Some(7.0));
        assert_eq!(sum(text, "latchkey_rollbacks_total"), None);
    }

    #[test]
    fn limits_are_the_defaults_for_many_licenses() {
        let (few, many) = (Limits::for_licenses(1_000), Limits::for_licenses(10_000_000));
        assert!(few.key_per_minute > 10 && few.key_burst > 60);
        assert_eq!((many.key_per_minute, many.key_burst), (10, 60));
    }
}
