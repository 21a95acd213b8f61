//! The app's command loop: one command per line, with one reply to each.

use std::{
    fs,
    io::{self, BufRead, Write},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use latchkey_client::{
    Access, Client, ClientError, EntitlementCode, MachineFacts, Outcome, Timestamp,
    config::{Clock, SystemClock},
    qr,
    storage::Storage,
    transport::Transport,
};
use latchkey_licensing::portal_paths;

const HELP: &str = "\
key KEY          enter a license key
activate [NAME]  activate this computer
status           show whether the app may run
refresh          check the license with the server
deactivate       deactivate this computer
request [NAME]   create a request to activate without a network
release          create a request to deactivate without a network
import FILE      import a file downloaded from the portal
clock DAYS       shift this app's clock, such as +30 or -365
quit";

/// The largest shift of the clock, in hours: a thousand years.
const MAX_HOURS: u64 = 24 * 366 * 1000;

/// This computer's clock, shifted by a number of days.
#[derive(Clone, Debug, Default)]
pub(crate) struct AdjustableClock {
    days: Arc<AtomicI64>,
}

impl Clock for AdjustableClock {
    fn now(&self) -> Timestamp {
        shifted(SystemClock.now(), self.days.load(Ordering::SeqCst))
    }
}

/// A time shifted by a number of days.
pub(crate) fn shifted(at: Timestamp, days: i64) -> Timestamp {
    let by = Duration::from_hours(days.unsigned_abs().saturating_mul(24).min(MAX_HOURS));
    if days < 0 { at.minus(by) } else { at.plus(by) }
}

/// A clock that can be shifted.
pub(crate) trait ShiftClock {
    /// Shifts the clock by a number of days from the real time.
    fn shift(&self, days: i64);
}

impl ShiftClock for AdjustableClock {
    fn shift(&self, days: i64) {
        self.days.store(days, Ordering::SeqCst);
    }
}

/// The app.
pub(crate) struct Shell<S, T, C> {
    client: Client<S, T, C>,
    clock: C,
    portal_url: String,
}

impl<S: Storage, T: Transport, C: Clock + ShiftClock> Shell<S, T, C> {
    pub(crate) fn new(client: Client<S, T, C>, clock: C, portal_url: String) -> Self {
        Self { client, clock, portal_url }
    }

    /// Reads commands until `quit` or the end of the input.
    pub(crate) fn run(&mut self, input: impl BufRead, mut output: impl Write) -> io::Result<()> {
        writeln!(output, "License: {}. `help` lists the commands.", self.client.access())?;
        for line in input.lines() {
            let line = line?;
            if line.trim() == "quit" {
                break;
            }
            writeln!(output, "{}", self.reply(line.trim()))?;
            output.flush()?;
        }
        Ok(())
    }

    /// Runs one command and returns the reply.
    pub(crate) fn reply(&mut self, line: &str) -> String {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        match command {
            "key" => match self.client.enter_key(rest) {
                Ok(()) => format!("Key {} entered.", self.client.masked_key().unwrap_or_default()),
                Err(error) => format!("That is not a license key: {error}."),
            },
            "activate" => match self.client.activate(&facts(rest)) {
                Ok(access) => describe(&access),
                Err(error) => explain(&error),
            },
            "status" => describe(&self.client.access()),
            "refresh" => {
                let result = self.client.refresh();
                self.report(result)
            }
            "deactivate" => {
                let result = self.client.deactivate();
                self.report(result)
            }
            "request" => match self.client.request_activation(&facts(rest)) {
                Ok(request) => self.show_request(&request.to_text(), qr::link(&self.portal_url, &request)),
                Err(error) => explain(&error),
            },
            "release" => match self.client.request_deactivation() {
                Ok(request) => self.show_request(&request.to_text(), qr::link(&self.portal_url, &request)),
                Err(error) => explain(&error),
            },
            "import" => match fs::read_to_string(rest) {
                Ok(text) => match self.client.import_file(&text) {
                    Ok(access) => describe(&access),
                    Err(error) => explain(&error),
                },
                Err(error) => format!("{rest} cannot be read: {error}."),
            },
            "clock" => match rest.parse() {
                Ok(days) => {
                    self.clock.shift(days);
                    format!("It is {} now. {}", self.clock.now().human(), describe(&self.client.access()))
                }
                Err(_) => "Give a number of days, such as clock -365.".to_owned(),
            },
            _ => HELP.to_owned(),
        }
    }

    fn report(&self, result: Result<Outcome, ClientError>) -> String {
        match result {
            Ok(Outcome::Responded) => describe(&self.client.access()),
            Ok(Outcome::NoResponse { reason }) => {
                format!("No response ({reason}). {}", describe(&self.client.access()))
            }
            Err(error) => explain(&error),
        }
    }

    fn show_request(&self, text: &str, link: String) -> String {
        let code = qr::for_terminal(&link).unwrap_or_default();
        format!("Scan this code, or paste the text at {}{}:\n{code}\n{text}", self.portal_url, portal_paths::OFFLINE)
    }
}

fn facts(name: &str) -> MachineFacts {
    MachineFacts {
        name: (!name.is_empty()).then(|| name.to_owned()),
        platform: Some(format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH)),
        cores: std::thread::available_parallelism().ok().and_then(|cores| u32::try_from(cores.get()).ok()),
        app_version: Some("1.0.0".to_owned()),
        ..MachineFacts::default()
    }
}

fn describe(access: &Access) -> String {
    let clock = match access.rights() {
        Some(rights) if rights.clock_is_behind => " This computer's clock is slow: correct it.",
        _ => "",
    };
    match access.rights() {
        Some(rights) => {
            let held: Vec<&str> = rights.entitlements.iter().map(EntitlementCode::as_str).collect();
            let included = if held.is_empty() { String::new() } else { format!(" Includes {}.", held.join(", ")) };
            format!("The app runs: {access}.{included}{clock}")
        }
        None => format!("The app does not run: {access}."),
    }
}

fn explain(error: &ClientError) -> String {
    match error {
        ClientError::LimitReached { machines, portal_page, .. } => {
            let mut lines = vec!["This license is already active on as many computers as it allows:".to_owned()];
            for machine in machines {
                let seen = machine.last_seen.map_or_else(String::new, |at| format!(", last seen {}", at.human()));
                lines.push(format!("  {}{seen}", machine.name));
            }
            if let Some(page) = portal_page {
                lines.push(format!("Free one on this page, then activate again: {page}"));
            }
            lines.join("\n")
        }
        other => format!("{other}."),
    }
}
