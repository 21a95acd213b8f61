//! Processes that end with the value that holds them.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::interrupt;

/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How long a process may take to end by itself once it was asked to.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process. Dropping the value ends it.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let shown = command.get_program().to_owned();
        command.spawn().map(Self).with_context(|| format!("{} does not start", shown.display()))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }

    /// The first line that it prints; its standard output must be a pipe.
    pub(crate) fn first_line(&mut self) -> Result<String> {
        let output = self.0.stdout.take().context("the output is a pipe")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok(line)
    }

    /// Waits for its end, but not longer than `limit`.
    fn wait(&mut self, limit: Duration) -> Result<bool> {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status.success());
            }
            interrupt::check()?;
            if Instant::now() > end {
                bail!("it does not end");
            }
            thread::sleep(LOOK);
        }
    }

    /// Asks it to end, as an operator would, and waits until it did.
    pub(crate) fn stop(mut self) -> Result<()> {
        let id = self.id().to_string();
        crate::shell::run(Command::new("kill").args(["-TERM", &id]))?;
        self.wait(PATIENCE).map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a program of the bench to its end and reads the JSON document that it prints.
pub(crate) fn ask(command: &mut Command, limit: Duration) -> Result<Value> {
    let shown = format!("{command:?}");
    let mut process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let mut output = process.0.stdout.take().context("the output is a pipe")?;
    // One short line: it fits into the pipe.
    let ended = process.wait(limit).with_context(|| shown.clone())?;
    let mut text = String::new();
    output.read_to_string(&mut text)?;
    if !ended {
        bail!("{shown} failed");
    }
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("{shown} prints JSON, not {text}"))
}
