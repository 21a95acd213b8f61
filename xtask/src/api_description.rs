//! Tests the server by the description of its API: schemathesis sends requests that the description allows and forbids, and
//! compares the responses with it.

use std::{
    fs::File,
    io::{self, Seek},
    path::Path,
    process::Child,
};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::{
    api_server::{self, ApiServer},
    packages,
    shell::{Shell, timed},
};

/// The program, in the version that the description was tested with.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// How it is configured, and what it must know about requests that the description cannot say.
const FOLDER: &str = "server/tests/description";

/// The number of cases for each operation, unless another is wanted.
pub(crate) const CASES: u32 = 300;

/// How many processes share the cases. The program uses one processor, and most machines have at least two.
const SHARES: u32 = 2;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of cases for each operation
    #[arg(long, default_value_t = CASES, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    cases: u32,
    /// The seed of the cases; by default another one each time
    #[arg(long)]
    seed: Option<u32>,
}

/// The folder of the program for this Python. `None` if there is no suitable Python.
pub(crate) fn package(shell: &Shell) -> Result<Option<std::path::PathBuf>> {
    packages::for_python(shell, &[SCHEMATHESIS], "schemathesis")
}

/// Builds the server and tests it by hand.
pub(crate) fn fuzz(shell: &Shell, root: &Path, options: &Options) -> Result<()> {
    let ran = test(shell, root, options.cases, options.seed)?;
    ensure!(ran, "this needs Python 3.11 with pip");
    Ok(())
}

/// Tests the server with this many cases for each operation. `false` if there is no suitable Python.
pub(crate) fn test(shell: &Shell, root: &Path, cases: u32, seed: Option<u32>) -> Result<bool> {
    let Some(package) = package(shell)? else {
        println!("    skipped: there is no Python 3.11 with pip");
        return Ok(false);
    };
    api_server::build(shell)?;
    let start = |share| {
        let mut options = vec!["--max-examples".to_owned(), cases.div_ceil(SHARES).to_string()];
        if let Some(seed) = seed {
            options.extend(["--seed".to_owned(), seed.wrapping_add(share).to_string()]);
        }
        if share > 0 {
            // The other phases would only repeat those of the first share.
            options.extend(["--phases", "fuzzing"].map(str::to_owned));
        }
        Share::start(shell, root, &package, &options)
    };
    timed("schemathesis", || {
        let shares: Vec<Share> = (0..SHARES).map(start).collect::<Result<_>>()?;
        let results: Vec<Result<()>> = shares.into_iter().map(Share::finish).collect();
        results.into_iter().collect::<Result<()>>()
    })?;
    Ok(true)
}

/// A part of the cases, with a server of its own, so that each part is the same every time that it has the same seed.
struct Share {
    server: ApiServer,
    program: Child,
    output: File,
}

impl Share {
    fn start(shell: &Shell, root: &Path, package: &Path, options: &[String]) -> Result<Self> {
        let server = ApiServer::start(shell, root)?;
        // Printed when it has ended, so that the lines of all do not mix.
        let output = tempfile::tempfile()?;
        let mut command = shell.command("python3");
        command
            .current_dir(root.join(FOLDER))
            .env("PYTHONPATH", package)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .args(["-m", "schemathesis.cli", "run"])
            .arg(format!("{}/docs/api/openapi.json", server.url()))
            .args(["--header", &format!("Authorization: License {}", server.key())])
            .arg("--no-color")
            .args(options)
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?);
        let program = command.spawn().context("schemathesis could not be started")?;
        Ok(Self { server, program, output })
    }

    fn finish(mut self) -> Result<()> {
        let has_passed = self.program.wait()?.success();
        self.output.rewind()?;
        io::copy(&mut self.output, &mut io::stdout())?;
        if !has_passed {
            println!("{}", self.server.log());
        }
        self.server.stop()?;
        ensure!(has_passed, "the server and its description differ");
        Ok(())
    }
}
