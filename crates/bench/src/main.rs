//! The parts of `cargo xtask bench` that must be fast themselves: making the data, the floors that
//! every figure is compared with, and the load.
//!
//! Each subcommand is a process of its own, which `xtask` starts and ends. Results are one JSON
//! document on standard output.

#![expect(clippy::print_stdout, reason = "this is a command line tool")]

mod commits;
mod floor;
mod histogram;
mod http;
mod load;
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
    /// Fill a database with accounts, licenses, machines and sessions.
    Seed(seed::Options),
    /// Serve the bytes that the real server answered, with as little as possible around them.
    Floor(floor::Options),
    /// Commit one row after the other on one connection.
    Commits(commits::Options),
    /// Ask once, and keep the answer in a file for the floor.
    Capture {
        #[command(flatten)]
        target: requests::Target,
        /// Where to write the answer.
        #[arg(long)]
        out: PathBuf,
    },
    /// Ask as fast as a number of clients can, and count.
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

/// As the real server runs.
fn on_all_cores(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// The load shares the machine with what it measures.
fn on_one_core(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
