//! Processes that are stopped when their value is dropped.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::interrupt;

/// How often a process is polled.
const LOOK: Duration = Duration::from_millis(20);

/// How long a process may take to exit after it was asked to.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process. It is stopped when the value is dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let shown = command.get_program().to_owned();
        command.spawn().map(Self).with_context(|| format!("{} could not be started", shown.display()))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether it is still running.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }

    /// The first line of its output, which must be a pipe.
    pub(crate) fn first_line(&mut self) -> Result<String> {
        let output = self.0.stdout.take().context("the output is not a pipe")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok(line)
    }

    /// Waits until it ends, for at most `limit`.
    fn wait(&mut self, limit: Duration) -> Result<bool> {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status.success());
            }
            interrupt::check()?;
            if Instant::now() > end {
                bail!("it did not end in time");
            }
            thread::sleep(LOOK);
        }
    }

    /// Asks it to stop, as an operator would, and waits until it has ended.
    pub(crate) fn stop(mut self) -> Result<()> {
        let id = self.id().to_string();
        crate::shell::run(Command::new("kill").args(["-TERM", &id]))?;
        self.wait(PATIENCE).map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a program of the bench to its end and parses the JSON document that it prints.
pub(crate) fn ask(command: &mut Command, limit: Duration) -> Result<Value> {
    let shown = format!("{command:?}");
    let mut process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let mut output = process.0.stdout.take().context("the output is not a pipe")?;
    // The output is one short line, so it fits into the pipe.
    let ended = process.wait(limit).with_context(|| shown.clone())?;
    let mut text = String::new();
    output.read_to_string(&mut text)?;
    if !ended {
        bail!("{shown} failed");
    }
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("{shown} did not print JSON but {text}"))
}
