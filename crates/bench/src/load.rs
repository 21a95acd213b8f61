//! Clients that send a request, wait for the response, check it, and repeat.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use crate::{
    histogram::Histogram,
    http::Connection,
    requests::{Requests, Target},
};

/// A client gives up after this number of failures.
const MAX_FAILURES: u64 = 20;

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// The number of concurrent clients
    #[arg(long, default_value_t = 32)]
    clients: u64,
    /// The number of seconds for which responses are counted
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// The number of seconds of load before that, which are not counted
    #[arg(long, default_value_t = 0.5)]
    warm_up: f64,
}

/// The results of one client.
#[derive(Debug, Default)]
struct Seen {
    latencies: Histogram,
    failures: u64,
    first_failure: Option<String>,
}

/// Sends requests as fast as the clients can, and prints the results.
pub(crate) async fn run(options: Options) -> Result<()> {
    let cursor = options.target.find_cursor().await?;
    let start = Instant::now() + Duration::from_secs_f64(options.warm_up);
    let end = start + Duration::from_secs_f64(options.seconds);
    let clients: Vec<_> = options
        .target
        .clients(options.clients, &cursor)?
        .into_iter()
        .map(|requests| tokio::spawn(ask(options.target.address.clone(), requests, start, end)))
        .collect();
    let mut all = Seen::default();
    for client in clients {
        let seen = client.await?;
        all.latencies.merge(&seen.latencies);
        all.failures += seen.failures;
        all.first_failure = all.first_failure.or(seen.first_failure);
    }
    let latencies = &all.latencies;
    #[expect(clippy::cast_precision_loss, reason = "a rate for display")]
    let rate = latencies.total() as f64 / options.seconds;
    let result = json!({
        "requests": latencies.total(),
        "failures": all.failures,
        "first_failure": all.first_failure,
        "per_second": rate,
        "p50_us": latencies.quantile(500),
        "p95_us": latencies.quantile(950),
        "p99_us": latencies.quantile(990),
        "max_us": latencies.max(),
    });
    println!("{result}");
    Ok(())
}

async fn ask(address: String, mut requests: Requests, start: Instant, end: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut connection = None;
    while seen.failures < MAX_FAILURES {
        let asked = Instant::now();
        if asked >= end {
            break;
        }
        let outcome = ask_once(&address, &mut connection, &mut requests).await;
        let answered = Instant::now();
        match outcome {
            Ok(()) if asked >= start && answered <= end => {
                seen.latencies.record(u64::try_from((answered - asked).as_micros()).unwrap_or(u64::MAX));
            }
            Ok(()) => {}
            Err(why) => {
                connection = None;
                seen.failures += 1;
                seen.first_failure.get_or_insert_with(|| format!("{why:#}"));
            }
        }
    }
    seen
}

async fn ask_once(address: &str, connection: &mut Option<Connection>, requests: &mut Requests) -> Result<()> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(Connection::open(address).await?),
    };
    let answer = connection.exchange(requests.next()?).await?;
    requests.check(&answer)
}

/// Sends one request and writes the response to a file, for [`crate::floor`].
pub(crate) async fn capture(target: Target, out: PathBuf) -> Result<()> {
    let mut requests = target.clients(1, "")?.pop().context("there is no client")?;
    let mut connection = Connection::open(&target.address).await?;
    let answer = connection.exchange(requests.next()?).await?;
    requests.check(&answer)?;
    let headers: Vec<(&str, &str)> = answer
        .headers
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let body = std::str::from_utf8(&answer.body).context("the response is not text")?;
    let captured = json!({ "headers": headers, "body": body });
    std::fs::write(&out, captured.to_string()).with_context(|| format!("cannot write {}", out.display()))
}
