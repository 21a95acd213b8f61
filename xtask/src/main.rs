//! The build and test tools: `cargo xtask run`, `test`, `api`, `bench`, `lighthouse`, `soak` and `dist`.
//!
//! Each command does its own setup on a machine that has rustup and a C compiler.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a command line tool")]
#![expect(clippy::disallowed_methods, reason = "the tool looks at its own environment")]

mod api_description;
mod api_server;
mod bench;
mod csharp;
mod front_end;
mod generated_clients;
mod lighthouse;
mod setup;
mod shell;
mod soak;
mod stripe;
mod suite;
mod verifiers;

use std::path::Path;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use front_end::Profile;
use setup::{browser, node, packages, postgres};
use shell::Shell;

/// Builds and tests Latchkey.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build everything and serve the demo at http://localhost:3000.
    Run {
        /// Sell through a Stripe server for tests, where a person can click through a purchase.
        #[arg(long)]
        with_stripe_double: bool,
        /// Arguments for `latchkey`, instead of `serve --demo`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Build the front end into dist/.
    Build,
    /// Set up what the tests need, and run all of them.
    Test {
        /// Only these parts: lints, rust, python, csharp, stripe, api, browser; or `setup`, which only fetches what they need.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
    },
    /// Build the release, measure it, and compare each figure with its floor, the least that it could cost
    Bench(bench::Options),
    /// Build the release, and measure its main pages with Lighthouse
    Lighthouse(lighthouse::Options),
    /// Test the server by the description of its API, with as many cases as wanted
    Api(api_description::Options),
    /// Run the long reliability tests of selling at full size
    Soak(soak::Options),
    /// Build the release binary at target/release/latchkey, with everything included.
    Dist,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace has a folder")?.to_owned();
    let shell = Shell::new(&root);
    match cli.command {
        Command::Run { with_stripe_double, arguments } => run(&shell, &root, with_stripe_double, &arguments),
        Command::Build => front_end::build(&shell, &root, Profile::Dev),
        Command::Test { only } => suite::run(&shell, &root, &only),
        Command::Bench(options) => bench::run(&shell, &root, &options),
        Command::Lighthouse(options) => lighthouse::measure(&shell, &root, &options),
        Command::Api(options) => api_description::fuzz(&shell, &root, &options),
        Command::Soak(options) => soak::run(&shell, &options),
        Command::Dist => dist(&shell, &root),
    }
}

fn run(shell: &Shell, root: &Path, with_stripe_double: bool, arguments: &[String]) -> Result<()> {
    println!("Latchkey: building (the first time takes some minutes)");
    front_end::build(shell, root, Profile::Dev)?;
    let default = ["serve".to_owned(), "--demo".to_owned()];
    let is_demo = arguments.is_empty();
    let arguments = if is_demo { &default } else { arguments };
    let binary = shell.target().join("debug").join("latchkey");
    if with_stripe_double {
        return stripe::serve_with_double(shell, &binary, arguments, is_demo);
    }
    shell.step("server", &["cargo", "build", "--package", "latchkey"])?;
    shell.replace(&binary, arguments)
}

fn dist(shell: &Shell, root: &Path) -> Result<()> {
    front_end::build(shell, root, Profile::Release)?;
    shell.step("server, release", &["cargo", "build", "--release", "--package", "latchkey"])?;
    let binary = shell.target().join("release").join("latchkey");
    let size = binary.metadata().with_context(|| format!("cannot read {}", binary.display()))?.len();
    println!("{}: {:.1} MB, everything included", binary.display(), megabytes(size));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a size for display")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
