//! The `latchkey` executable.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    latchkey_server::run(latchkey_server::cli::Cli::parse())
}
