//! Runs other programs and reports progress.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};

/// Runs programs in the workspace's root folder.
#[derive(Debug)]
pub(crate) struct Shell {
    root: PathBuf,
}

impl Shell {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where cargo builds, and where downloaded programs are installed.
    pub(crate) fn target(&self) -> PathBuf {
        let folder = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        self.root.join(folder)
    }

    /// A program to be run in the workspace's folder.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// Runs a named step and says how long it took.
    pub(crate) fn step(&self, name: &str, line: &[&str]) -> Result<()> {
        let (program, arguments) = line.split_first().context("a step needs a command")?;
        let mut command = self.command(program);
        command.args(arguments);
        timed(name, || run(&mut command))
    }

    /// The output of a program. `None` if it is not installed or fails.
    pub(crate) fn output(&self, line: &[&str]) -> Option<String> {
        let (program, arguments) = line.split_first()?;
        let output = self.command(program).args(arguments).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Replaces this process with another program.
    pub(crate) fn replace(&self, program: &Path, arguments: &[String]) -> Result<()> {
        let mut command = self.command(program);
        command.args(arguments);
        #[cfg(unix)]
        {
            let error = std::os::unix::process::CommandExt::exec(&mut command);
            Err(error).with_context(|| format!("{} could not be started", program.display()))
        }
        #[cfg(not(unix))]
        run(&mut command)
    }
}

/// Runs a step and says how long it took.
pub(crate) fn timed<T>(name: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("==> {name}");
    let started = Instant::now();
    let result = step();
    let word = if result.is_ok() { "done" } else { "FAILED" };
    eprintln!("    {name}: {word} in {:.1} s", started.elapsed().as_secs_f64());
    result
}

/// Runs a program and waits for it. A failure status is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}");
    let status = command.status().with_context(|| format!("{shown} could not be started"))?;
    if !status.success() {
        bail!("{shown} failed: {status}");
    }
    Ok(())
}
