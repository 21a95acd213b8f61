//! Starts the Stripe double, for people who want to click through a purchase.

#![expect(clippy::print_stdout, reason = "this is a command line tool")]

use std::{
    error::Error,
    io::{Read, Write},
    path::PathBuf,
    sync::Arc,
};

use clap::Parser;
use latchkey_testkit::stripe::{AheadOfRealTime, Endpoint, Options, StripeDouble};

/// A Stripe server for tests, on 127.0.0.1. It runs until its input ends or it is interrupted.
#[derive(Debug, Parser)]
#[command(name = "stripe-double")]
struct Cli {
    /// The port. If it is in use, one of the next ten.
    #[arg(long, default_value_t = 12_111)]
    port: u16,
    /// The secret API key that it accepts.
    #[arg(long, default_value = "sk_test_DoubleDoubleDoubleDoubleDouble")]
    api_key: String,
    /// Where it delivers events.
    #[arg(long, requires = "webhook_secret")]
    webhook_url: Option<String>,
    /// What it signs deliveries with.
    #[arg(long)]
    webhook_secret: Option<String>,
    /// A file with the number of seconds by which its clock is ahead of the computer's.
    #[arg(long)]
    clock_ahead_file: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    let endpoints = cli.webhook_url.iter().zip(&cli.webhook_secret).map(|(url, secret)| Endpoint::new(url, secret));
    let mut options = Options { api_key: cli.api_key.clone(), endpoints: endpoints.collect(), ..Options::default() };
    if let Some(file) = cli.clock_ahead_file {
        options.clock = Arc::new(AheadOfRealTime(file));
    }
    let start = |port| StripeDouble::try_start(Options { port, ..options.clone() });
    let ports = cli.port..=cli.port.saturating_add(10);
    let double = ports.map(start).find(Result::is_ok).ok_or("none of the ports is free")??;
    println!("{}", double.base_url());
    std::io::stdout().flush()?;
    // The program that started it holds the other end of the input, which is closed if that program ends.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
