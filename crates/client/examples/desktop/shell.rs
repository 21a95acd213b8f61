//! The app's conversation: one command a line, one answer each.

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
    ActivateError, Client, EntitlementCode, MachineFacts, Outcome, Standing, Timestamp,
    config::{Clock, SystemClock},
    qr,
    storage::Storage,
    transport::Transport,
};

const HELP: &str = "\
key KEY          enter a license key
activate [NAME]  activate this computer
status           may the app run?
refresh          ask the server
deactivate       free this computer's place
request [NAME]   a request to activate without a network
release          a request to deactivate without a network
import FILE      take a file that was brought from the portal
clock DAYS       turn this app's clock, +30 or -365
quit";

/// A thousand years: as far as the clock turns.
const MAX_HOURS: u64 = 24 * 366 * 1000;

/// This computer's clock, turned by some days: to see what that comes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct AdjustableClock {
    days: Arc<AtomicI64>,
}

impl Clock for AdjustableClock {
    fn now(&self) -> Timestamp {
        turned(SystemClock.now(), self.days.load(Ordering::SeqCst))
    }
}

/// A time some days later or earlier.
pub(crate) fn turned(at: Timestamp, days: i64) -> Timestamp {
    let by = Duration::from_hours(days.unsigned_abs().saturating_mul(24).min(MAX_HOURS));
    if days < 0 { at.minus(by) } else { at.plus(by) }
}

/// What turns a clock.
pub(crate) trait Turn {
    /// Turns it by some days from the true time.
    fn turn(&self, days: i64);
}

impl Turn for AdjustableClock {
    fn turn(&self, days: i64) {
        self.days.store(days, Ordering::SeqCst);
    }
}

/// The app.
pub(crate) struct Shell<S, T, C> {
    client: Client<S, T, C>,
    clock: C,
    portal_url: String,
}

impl<S: Storage, T: Transport, C: Clock + Turn> Shell<S, T, C> {
    pub(crate) fn new(client: Client<S, T, C>, clock: C, portal_url: String) -> Self {
        Self { client, clock, portal_url }
    }

    /// Reads commands until `quit` or the end.
    pub(crate) fn run(&mut self, input: impl BufRead, mut output: impl Write) -> io::Result<()> {
        writeln!(output, "ChartGPT: {}. `help` lists the commands.", self.client.standing())?;
        for line in input.lines() {
            let line = line?;
            if line.trim() == "quit" {
                break;
            }
            writeln!(output, "{}", self.answer(line.trim()))?;
            output.flush()?;
        }
        Ok(())
    }

    /// Carries out one command.
    pub(crate) fn answer(&mut self, line: &str) -> String {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        match command {
            "key" => match self.client.enter_key(rest) {
                Ok(()) => format!("Key {} entered.", self.client.masked_key().unwrap_or_default()),
                Err(why) => format!("That is no key: {why}."),
            },
            "activate" => match self.client.activate(&facts(rest)) {
                Ok(standing) => describe(&standing),
                Err(error) => explain(&error),
            },
            "status" => describe(&self.client.standing()),
            "refresh" => {
                let result = self.client.refresh();
                self.report(result)
            }
            "deactivate" => {
                let result = self.client.deactivate();
                self.report(result)
            }
            "request" => match self.client.request_activation(&facts(rest)) {
                Ok(request) => self.carry(&request.to_text(), qr::link(&self.portal_url, &request)),
                Err(error) => explain(&error),
            },
            "release" => match self.client.request_deactivation() {
                Ok(request) => self.carry(&request.to_text(), qr::link(&self.portal_url, &request)),
                Err(error) => explain(&error),
            },
            "import" => match fs::read_to_string(rest) {
                Ok(text) => match self.client.import_file(&text) {
                    Ok(standing) => describe(&standing),
                    Err(error) => explain(&error),
                },
                Err(error) => format!("{rest} cannot be read: {error}."),
            },
            "clock" => match rest.parse() {
                Ok(days) => {
                    self.clock.turn(days);
                    format!("It is {} now. {}", self.clock.now().human(), describe(&self.client.standing()))
                }
                Err(_) => "Give a number of days, such as clock -365.".to_owned(),
            },
            _ => HELP.to_owned(),
        }
    }

    fn report(&self, result: Result<Outcome, ActivateError>) -> String {
        match result {
            Ok(Outcome::Answered) => describe(&self.client.standing()),
            Ok(Outcome::Silent { why }) => {
                format!("No answer ({why}). {}", describe(&self.client.standing()))
            }
            Err(error) => explain(&error),
        }
    }

    fn carry(&self, text: &str, link: String) -> String {
        let code = qr::for_terminal(&link).unwrap_or_default();
        format!("Scan this, or paste the text at {}/portal/offline:\n{code}\n{text}", self.portal_url)
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

fn describe(standing: &Standing) -> String {
    let clock = match standing.rights() {
        Some(rights) if rights.clock_is_behind => " This computer's clock is behind: set it.",
        _ => "",
    };
    match standing.rights() {
        Some(rights) => {
            let held: Vec<&str> = rights.entitlements.iter().map(EntitlementCode::as_str).collect();
            let carries = if held.is_empty() { String::new() } else { format!(" It carries {}.", held.join(", ")) };
            format!("The app runs: {standing}.{carries}{clock}")
        }
        None => format!("The app does not run: {standing}."),
    }
}

fn explain(error: &ActivateError) -> String {
    match error {
        ActivateError::LimitReached { holders, portal_page, .. } => {
            let mut lines = vec!["All computers of this license are in use:".to_owned()];
            for holder in holders {
                let seen = holder.last_seen.map_or_else(String::new, |at| format!(", last seen {}", at.human()));
                lines.push(format!("  {}{seen}", holder.name));
            }
            if let Some(page) = portal_page {
                lines.push(format!("Free one here, then activate again: {page}"));
            }
            lines.join("\n")
        }
        other => format!("{other}."),
    }
}
