//! `cargo xtask bench`: the speed of the real server, as ratios to floors measured in the same run.
//!
//! Absolute numbers depend on the machine as much as on the program. So each figure is compared with a floor,
//! the minimum cost of the same response, and both are measured alternately: floor, figure, floor. The
//! server, the floors and the load generator are separate processes.

mod database;
pub(crate) mod interrupt;
mod lists;
mod measure;
pub(crate) mod process;
mod server;
mod table;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::{
    front_end::{self, Profile},
    shell::Shell,
};
use measure::Bench;
use table::{Aim, Report, Row};

/// The smallest number of licenses, which `--scale` compares with.
const FEW: u64 = 1_000;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of licenses in the database, each with two machines; 1000000 is the long run
    #[arg(long, default_value_t = FEW, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    licenses: u64,
    /// Measure with 1,000 licenses as well, and compare
    #[arg(long)]
    scale: bool,
    /// Measure only these figures
    #[arg(long, value_delimiter = ',', value_name = "ROW,...")]
    only: Vec<Figure>,
    /// Measure only on this database
    #[arg(long)]
    database: Option<Kind>,
    /// The duration of each measurement, in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Print a JSON document instead of the table
    #[arg(long)]
    json: bool,
    /// Measure the existing build
    #[arg(long)]
    no_build: bool,
    /// The profile to build and measure. `dev` is for working on the bench: its figures are meaningless
    #[arg(long, default_value = "release", hide = true)]
    profile: Built,
}

/// A figure, or several from one measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Figure {
    /// Signed validations by key per second, and their 99th percentile
    Validation,
    /// Activations per second, and commits per activation
    Activation,
    /// Signed events of Stripe stored and answered per second, and their 99th percentile
    Webhook,
    /// The page of a license, rendered for a signed-in customer
    LicensePage,
    /// The lists of the admin portal: the first page, the 1,000th, and each filter and order
    Lists,
    /// A documentation page
    Docs,
    /// The memory of the idle server
    Memory,
    /// The time from starting the process to the first success of /readyz
    Ready,
    /// The size of the release binary
    Binary,
    /// The portal's WASM and script as a browser loads them
    FirstLoad,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A file in a temporary folder
    Sqlite,
    /// A temporary cluster with fsync
    Postgres,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Built {
    Release,
    Dev,
}

impl Options {
    pub(crate) fn wants(&self, figure: Figure) -> bool {
        self.only.is_empty() || self.only.contains(&figure)
    }

    pub(crate) fn seconds(&self) -> u64 {
        self.seconds
    }

    fn needs_server(&self) -> bool {
        let alone = [Figure::Binary, Figure::FirstLoad];
        self.only.is_empty() || self.only.iter().any(|figure| !alone.contains(figure))
    }
}

/// The programs that are measured, and those that measure.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) server: PathBuf,
    pub(crate) bench: PathBuf,
}

/// Builds, measures, and prints the results.
pub(crate) fn run(shell: &Shell, root: &Path, options: &Options) -> Result<()> {
    interrupt::watch()?;
    if !options.no_build {
        build(shell, root, options.profile)?;
    }
    let folder = shell.target().join(if options.profile == Built::Release { "release" } else { "debug" });
    let programs = Programs { server: folder.join("latchkey"), bench: folder.join("latchkey-bench") };

    let mut report = Report::new(shell, options.profile == Built::Release, options.seconds);
    if options.needs_server() {
        for kind in [Kind::Sqlite, Kind::Postgres] {
            if options.database.is_none_or(|only| only == kind) {
                measure_on(shell, kind, &programs, options, &mut report)?;
            }
        }
    }
    if options.wants(Figure::Binary) {
        report.add("", Row::size("release binary", size(&programs.server)?, Some(Aim::AtMost(35e6))));
    }
    if options.wants(Figure::FirstLoad) {
        let row =
            Row::size("first load of the portal (WASM + script, brotli)", first_load(root)?, Some(Aim::AtMost(276e3)));
        report.add("", row);
    }
    report.print(options.json)
}

fn build(shell: &Shell, root: &Path, built: Built) -> Result<()> {
    let (profile, line) = match built {
        Built::Release => (Profile::Release, vec!["cargo", "build", "--release", "--package"]),
        Built::Dev => (Profile::Dev, vec!["cargo", "build", "--package"]),
    };
    front_end::build(shell, root, profile)?;
    // Built separately: together, the server would get features that only the bench needs.
    for package in ["latchkey", "latchkey-bench"] {
        shell.step(package, &[line.as_slice(), &[package]].concat())?;
    }
    Ok(())
}

fn measure_on(shell: &Shell, kind: Kind, programs: &Programs, options: &Options, report: &mut Report) -> Result<()> {
    let mut sizes = vec![options.licenses];
    if options.scale && options.licenses != FEW {
        sizes.insert(0, FEW);
    }
    let mut runs = Vec::new();
    for licenses in sizes {
        let mut bench = Bench::start(shell, kind, programs, licenses, options)?;
        let rows = bench.measure()?;
        report.note(bench.about());
        for row in &rows {
            report.add(bench.title(), row.clone());
        }
        runs.push(rows);
    }
    if let [few, many] = runs.as_slice() {
        let title = format!("{}, {FEW} licenses against {}", kind.title(), options.licenses);
        for row in table::compare(few, many) {
            report.add(&title, row);
        }
    }
    Ok(())
}

impl Kind {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a size for display")]
fn size(path: &Path) -> Result<f64> {
    Ok(path.metadata().with_context(|| format!("cannot read {}", path.display()))?.len() as f64)
}

/// What a browser loads before the portal is interactive, without the parts that load later.
#[expect(clippy::cast_precision_loss, reason = "a size for display")]
fn first_load(root: &Path) -> Result<f64> {
    let pkg = root.join("dist/pkg");
    let mut total = 0.0;
    for name in ["latchkey_bg.wasm", "latchkey.js"] {
        let compressed = pkg.join(format!("{name}.br"));
        total += if compressed.exists() {
            size(&compressed)?
        } else {
            front_end::brotli(&std::fs::read(pkg.join(name)).with_context(|| format!("cannot read {name}"))?)?.len()
                as f64
        };
    }
    Ok(total)
}
