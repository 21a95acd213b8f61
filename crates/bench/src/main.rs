//! The parts of `cargo xtask bench` that must be fast: creating the data, the floors that every figure is
//! compared with, and the load.
//!
//! Each subcommand is a separate process, which `xtask` starts and stops. The result is a JSON document on
//! standard output.

#![expect(clippy::print_stdout, reason = "this is a command line tool")]

mod commits;
mod floor;
mod histogram;
mod http;
mod load;
mod past;
mod population;
mod requests;
mod seed;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The working parts of `cargo xtask bench`.
#[derive(Debug, Parser)]
#[command(name = "latchkey-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fill a database with accounts, licenses, machines and sessions
    Seed(seed::Options),
    /// Serve captured responses of the real server with as little overhead as possible
    Floor(floor::Options),
    /// Commit rows one after the other on one connection
    Commits(commits::Options),
    /// Send one request and save the response for `floor`
    Capture {
        #[command(flatten)]
        target: requests::Target,
        /// Where to save the response
        #[arg(long)]
        out: PathBuf,
    },
    /// Send requests as fast as the clients can, and measure
    Load(load::Options),
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Seed(options) => on_all_cores(seed::run(options)),
        Command::Floor(options) => on_all_cores(floor::run(options)),
        Command::Commits(options) => on_one_core(commits::run(options)),
        Command::Capture { target, out } => on_one_core(load::capture(target, out)),
        Command::Load(options) => on_one_core(load::run(options)),
    }
}

/// Like the real server.
fn on_all_cores(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// The load generator shares the machine with the server it measures.
fn on_one_core(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
