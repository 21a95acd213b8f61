//! The `latchkey` executable.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

/// Rendering a page makes thousands of small, short-lived allocations, for which system allocators are slow.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    latchkey_server::run(latchkey_server::cli::Cli::parse())
}
