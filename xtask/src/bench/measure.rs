//! One run on one database: the data, the server, the floors, and the alternating measurements.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use super::{
    Figure, Kind, Options, Programs,
    database::Database,
    lists::LISTS,
    process::{Process, ask},
    server::{self, Limits, Server},
    table::{Aim, Row, Unit},
};
use crate::shell::{Shell, timed};

/// The number of clients that validate or view pages.
const CLIENTS: u64 = 32;
/// The number of clients that activate.
const ACTIVATING: u64 = 64;
/// The number of admins who look at lists.
const ADMINS: u64 = 4;
/// The longest that a page of a list may take for 95 of 100.
const LIST_P95_US: f64 = 60_000.0;
/// The number of connections that Stripe sends events on.
const SENDING: u64 = 16;
/// How often the server is started to measure how quickly it is ready.
const STARTS: usize = 3;
/// How long the server is idle before its memory is measured.
const IDLE: Duration = Duration::from_secs(2);
/// The longest that creating the data may take.
const SEEDING: Duration = Duration::from_hours(2);
/// How much longer than its seconds a measurement may take.
const SLACK: Duration = Duration::from_mins(1);

/// A run. When it is dropped, its fields are dropped in this order: processes are stopped and the folder is
/// deleted.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    floor: Option<(Process, String)>,
    server: Option<Server>,
    database: Database,
    folder: TempDir,
    programs: &'a Programs,
    options: &'a Options,
    kind: Kind,
    limits: Limits,
    ready: Vec<Duration>,
    title: String,
    runs: u64,
}

/// The results of one load.
struct Load {
    per_second: f64,
    p50_us: f64,
    p95_us: f64,
    p99_us: f64,
    requests: f64,
}

impl<'a> Bench<'a> {
    /// Creates the database and its data, and starts the server.
    pub(crate) fn start(
        shell: &Shell,
        kind: Kind,
        programs: &'a Programs,
        licenses: u64,
        options: &'a Options,
    ) -> Result<Self> {
        let folder = server::folder()?;
        let database = Database::create(shell, kind, folder.path())?;
        let limits = Limits::for_licenses(licenses);
        let title = format!("{}, {licenses} licenses", kind.title());
        // The first start creates the master secret, the schema and the signing key.
        Server::start(programs, folder.path(), &database, limits)?.stop()?;
        timed(&format!("{title}: data"), || {
            let mut seed = Command::new(&programs.bench);
            seed.args(["seed", "--database", &database.url, "--licenses", &licenses.to_string(), "--secret"]);
            seed.arg(folder.path().join("data/master.secret")).arg("--out").arg(folder.path().join("population"));
            ask(&mut seed, SEEDING)
        })?;
        let mut ready = Vec::new();
        let starts = if options.wants(Figure::Ready) { STARTS } else { 1 };
        let mut server = Server::start(programs, folder.path(), &database, limits)?;
        ready.push(server.ready_after);
        for _ in 1..starts {
            server.stop()?;
            server = Server::start(programs, folder.path(), &database, limits)?;
            ready.push(server.ready_after);
        }
        let server = Some(server);
        Ok(Self { floor: None, server, database, folder, programs, options, kind, limits, ready, title, runs: 0 })
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// The conditions under which the rows were measured.
    pub(crate) fn about(&self) -> String {
        format!("{}: limits on, {}", self.title, self.limits)
    }

    /// Measures all requested figures.
    pub(crate) fn measure(&mut self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let wanted = |figure| self.options.wants(figure);
        let (validation, page, docs) = (wanted(Figure::Validation), wanted(Figure::LicensePage), wanted(Figure::Docs));
        let (memory, ready, activation) = (wanted(Figure::Memory), wanted(Figure::Ready), wanted(Figure::Activation));
        if ready {
            self.ready.sort();
            let median = self.ready.get(self.ready.len() / 2).copied().unwrap_or_default();
            rows.push(Row::alone(
                "ready after",
                Unit::Micros,
                median.as_secs_f64() * 1e6,
                Some(Aim::AtMost(200_000.0)),
            ));
        }
        if memory {
            thread::sleep(IDLE);
            if let Some(bytes) = self.server()?.memory() {
                rows.push(Row::size("idle memory", bytes, Some(Aim::AtMost(40e6))));
            }
        }
        if validation || page || docs {
            self.start_floor()?;
        }
        if validation {
            rows.extend(self.validation()?);
        }
        if page {
            let (figure, floor) = self.pair("license-page", "hello", CLIENTS)?;
            let name = "license page, signed in / hello";
            rows.push(Row::ratio(name, Unit::PerSecond, figure.per_second, floor.per_second, Some(Aim::AtLeast(0.06))));
        }
        if docs {
            let (figure, floor) = self.pair("docs", "docs", CLIENTS)?;
            let name = "docs page / same bytes";
            rows.push(Row::ratio(name, Unit::PerSecond, figure.per_second, floor.per_second, Some(Aim::AtLeast(0.9))));
        }
        if wanted(Figure::Lists) {
            rows.extend(self.lists()?);
        }
        if wanted(Figure::Webhook) {
            rows.extend(self.webhook()?);
        }
        // Last, because it changes how many machines the licenses have.
        if activation {
            rows.extend(self.activation()?);
        }
        Ok(rows)
    }

    fn validation(&mut self) -> Result<Vec<Row>> {
        let (figure, floor) = self.pair("validation", "validation", CLIENTS)?;
        let aim = if self.kind == Kind::Sqlite { 0.4 } else { 0.2 };
        let name = "signed validation by key / same bytes, hashed and signed";
        Ok(vec![
            Row::ratio(name, Unit::PerSecond, figure.per_second, floor.per_second, Some(Aim::AtLeast(aim))),
            Row::ratio("its p99 at 32 clients", Unit::Micros, figure.p99_us, floor.p99_us, Some(Aim::AtMost(4.0))),
        ])
    }

    /// The first and the 1,000th page of each list in each order, and the first page with each filter, in the order that is
    /// slowest.
    fn lists(&mut self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for list in LISTS {
            for sort in list.sorts {
                for deep in [false, true] {
                    let seen = self.list(&format!("{}?sort={sort}", list.name), deep)?;
                    let page = if deep { "1,000th page" } else { "first page" };
                    rows.push(list_row(&format!("{}, {sort}, {page}", list.name), &seen));
                }
            }
            for filter in list.filters {
                let mut slowest: Option<(Load, &str)> = None;
                for sort in list.sorts {
                    let seen = self.list(&format!("{}?{filter}&sort={sort}", list.name), false)?;
                    if slowest.as_ref().is_none_or(|(slow, _)| seen.p95_us > slow.p95_us) {
                        slowest = Some((seen, sort));
                    }
                }
                if let Some((seen, sort)) = slowest {
                    rows.push(list_row(&format!("{}, {filter}, {sort}", list.name), &seen));
                }
            }
        }
        Ok(rows)
    }

    fn list(&mut self, list: &str, deep: bool) -> Result<Load> {
        let address = self.address()?;
        let deep: &[&str] = if deep { &["--deep"] } else { &[] };
        self.load_with(&address, "list", ADMINS, &[&["--list", list], deep].concat())
    }

    fn webhook(&mut self) -> Result<Vec<Row>> {
        let before = self.commit_rows()?;
        let address = self.address()?;
        let figure = self.load(&address, "webhook", SENDING)?;
        let after = self.commit_rows()?;
        let name = "events stored and answered at 16 connections / raw one-row commits";
        Ok(vec![
            Row::ratio(name, Unit::PerSecond, figure.per_second, f64::midpoint(before, after), None),
            Row::alone("their p99", Unit::Micros, figure.p99_us, Some(Aim::AtMost(100_000.0))),
        ])
    }

    fn activation(&mut self) -> Result<Vec<Row>> {
        let (kind, clients) = ("activation", ACTIVATING);
        let before = self.commit_rows()?;
        let commits_before = self.server()?.commits()?;
        let address = self.address()?;
        let figure = self.load(&address, kind, clients)?;
        let commits = self.server()?.commits()? - commits_before;
        let after = self.commit_rows()?;
        // PostgreSQL groups commits by itself, so the aims are only for SQLite.
        let is_sqlite = self.kind == Kind::Sqlite;
        let name = "activations at 64 clients / raw one-row commits";
        let aim = is_sqlite.then_some(Aim::AtLeast(1.0));
        let rate = Row::ratio(name, Unit::PerSecond, figure.per_second, f64::midpoint(before, after), aim);
        let aim = is_sqlite.then_some(Aim::AtMost(1.0 / 16.0));
        Ok(vec![rate, Row::alone("commits for each activation", Unit::Number, commits / figure.requests, aim)])
    }

    /// Measures a figure of the server between two measurements of its floor, which are averaged.
    fn pair(&mut self, kind: &str, floor_kind: &str, clients: u64) -> Result<(Load, Load)> {
        let (address, floor) = (self.address()?, self.floor_address()?);
        let before = self.load(&floor, floor_kind, clients)?;
        let figure = self.load(&address, kind, clients)?;
        let after = self.load(&floor, floor_kind, clients)?;
        let mean = Load {
            per_second: f64::midpoint(before.per_second, after.per_second),
            p50_us: f64::midpoint(before.p50_us, after.p50_us),
            p95_us: f64::midpoint(before.p95_us, after.p95_us),
            p99_us: f64::midpoint(before.p99_us, after.p99_us),
            requests: before.requests + after.requests,
        };
        Ok((figure, mean))
    }

    fn load(&mut self, address: &str, kind: &str, clients: u64) -> Result<Load> {
        self.load_with(address, kind, clients, &[])
    }

    fn load_with(&mut self, address: &str, kind: &str, clients: u64, more: &[&str]) -> Result<Load> {
        self.runs += 1;
        let mut command = Command::new(&self.programs.bench);
        command.args(["load", "--address", address, "--kind", kind, "--clients", &clients.to_string()]);
        command.args(["--run", &self.runs.to_string(), "--seconds", &self.options.seconds().to_string()]);
        command.arg("--population").arg(self.population()).args(more);
        let what = more.get(1).copied().unwrap_or(kind);
        let seen = timed(&format!("{}: {what} at {address}", self.title), || ask(&mut command, self.limit()))?;
        if number(&seen, "failures")? > 0.0 {
            let why = seen.get("first_failure").and_then(Value::as_str).unwrap_or_default();
            bail!("{what} at {address} failed: {why}");
        }
        let requests = number(&seen, "requests")?;
        if requests < 1.0 {
            bail!("{kind} at {address}: there was no response in time");
        }
        let micros = |name: &str| Ok::<_, anyhow::Error>(number(&seen, name)?.max(1.0));
        Ok(Load {
            per_second: number(&seen, "per_second")?,
            p50_us: micros("p50_us")?,
            p95_us: micros("p95_us")?,
            p99_us: micros("p99_us")?,
            requests,
        })
    }

    /// Raw commits of one row per second.
    fn commit_rows(&self) -> Result<f64> {
        let mut command = Command::new(&self.programs.bench);
        command.args(["commits", "--database", &self.database.floor_url]);
        command.args(["--seconds", &self.options.seconds().to_string()]);
        let seen = timed(&format!("{}: raw commits", self.title), || ask(&mut command, self.limit()))?;
        number(&seen, "per_second")
    }

    /// Captures the server's responses and starts the floor, which sends the same responses.
    fn start_floor(&mut self) -> Result<()> {
        let address = self.address()?;
        let mut floor = Command::new(&self.programs.bench);
        floor.arg("floor");
        for (kind, argument) in [("validation", "--signed"), ("docs", "--page")] {
            let out = self.folder.path().join(kind);
            let mut command = Command::new(&self.programs.bench);
            command.args(["capture", "--address", &address, "--kind", kind, "--population"]);
            ask(command.arg(self.population()).arg("--out").arg(&out), SLACK)?;
            floor.arg(argument).arg(out);
        }
        // Its input is a pipe that is closed when this process ends, which also ends the floor.
        let mut process = Process::start(floor.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let line = process.first_line()?;
        let said: Value = serde_json::from_str(&line).context("the floor did not print its address")?;
        let place = said.get("address").and_then(Value::as_str).context("the floor did not print its address")?;
        self.floor = Some((process, place.to_owned()));
        Ok(())
    }

    fn server(&self) -> Result<&Server> {
        self.server.as_ref().context("the server is not running")
    }

    fn address(&self) -> Result<String> {
        Ok(server::spelled(self.server()?.address))
    }

    fn floor_address(&self) -> Result<String> {
        self.floor.as_ref().map(|(_, address)| address.clone()).context("the floor is not running")
    }

    fn population(&self) -> PathBuf {
        self.folder.path().join("population")
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(self.options.seconds()) + SLACK
    }
}

fn list_row(name: &str, seen: &Load) -> Row {
    Row::alone(&format!("list of {name}, p95"), Unit::Micros, seen.p95_us, Some(Aim::AtMost(LIST_P95_US)))
}

fn number(seen: &Value, name: &str) -> Result<f64> {
    seen.get(name).and_then(Value::as_f64).with_context(|| format!("the results do not contain {name}"))
}
