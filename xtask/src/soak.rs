//! `cargo xtask soak`: the reliability tests that are too long for each test run, at full size.

use anyhow::{Result, bail};
use clap::Args;

use crate::{
    postgres,
    shell::{Shell, timed},
};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of orders whose events arrive in random order, on each database
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    interleavings: u32,
    /// How often the server is killed while it delivers, on each database
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    kills: u32,
    /// How many known and how many unknown addresses ask to sign in, on each database
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    sign_ins: u32,
}

/// The tests that read their size from the environment.
const TESTS: [&str; 3] = ["billing::interleavings", "billing::kills", "sign_in::decoys"];

pub(crate) fn run(shell: &Shell, options: &Options) -> Result<()> {
    let server = timed("PostgreSQL for this run", || postgres::start(shell))?;
    let mut command = shell.command("cargo");
    command
        .args(["test", "--workspace", "--exclude", "latchkey-frontend", "--test", "it", "--"])
        .args(TESTS)
        .env("LATCHKEY_TEST_POSTGRES", &server.url)
        .env("LATCHKEY_TEST_INTERLEAVINGS", options.interleavings.to_string())
        .env("LATCHKEY_TEST_KILLS", options.kills.to_string())
        .env("LATCHKEY_TEST_SIGN_INS", options.sign_ins.to_string());
    let status = timed("interleavings, kills and times of sign-ins", || Ok(command.status()?))?;
    if !status.success() {
        bail!("some tests failed");
    }
    Ok(())
}
