//! Figures, and the table and document with the results.

use std::fmt::Write;

use anyhow::Result;
use serde_json::{Value, json};

use crate::shell::Shell;

/// What a figure should reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Aim {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Events per second.
    PerSecond,
    Micros,
    Bytes,
    /// A plain number.
    Number,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) measured: f64,
    pub(crate) unit: Unit,
    /// The floor in the same unit. If there is one, the aim is for the ratio.
    pub(crate) floor: Option<f64>,
    pub(crate) aim: Option<Aim>,
}

impl Row {
    /// A figure with its floor.
    pub(crate) fn ratio(name: &str, unit: Unit, measured: f64, floor: f64, aim: Option<Aim>) -> Self {
        Self { name: name.to_owned(), measured, unit, floor: Some(floor), aim }
    }

    /// A figure without a floor.
    pub(crate) fn alone(name: &str, unit: Unit, measured: f64, aim: Option<Aim>) -> Self {
        Self { name: name.to_owned(), measured, unit, floor: None, aim }
    }

    pub(crate) fn size(name: &str, measured: f64, aim: Option<Aim>) -> Self {
        Self::alone(name, Unit::Bytes, measured, aim)
    }

    /// The ratio of the figure to its floor.
    pub(crate) fn of_floor(&self) -> Option<f64> {
        self.floor.map(|floor| self.measured / floor)
    }

    pub(crate) fn is_reached(&self) -> Option<bool> {
        let value = self.of_floor().unwrap_or(self.measured);
        self.aim.map(|aim| match aim {
            Aim::AtLeast(least) => value >= least,
            Aim::AtMost(most) => value <= most,
        })
    }

    fn cells(&self) -> [String; 6] {
        let unit = if self.floor.is_some() { Unit::Number } else { self.unit };
        let aim = match self.aim {
            None => String::new(),
            Some(Aim::AtLeast(value)) => format!(">= {}", spell(value, unit)),
            Some(Aim::AtMost(value)) => format!("<= {}", spell(value, unit)),
        };
        let verdict = match self.is_reached() {
            None => "",
            Some(true) => "reached",
            Some(false) => "missed",
        };
        [
            self.name.clone(),
            spell(self.measured, self.unit),
            self.floor.map_or_else(String::new, |floor| spell(floor, self.unit)),
            self.of_floor().map_or_else(String::new, |ratio| spell(ratio, Unit::Number)),
            aim,
            verdict.to_owned(),
        ]
    }

    fn json(&self, group: &str) -> Value {
        let (least, most) = match self.aim {
            None => (None, None),
            Some(Aim::AtLeast(value)) => (Some(value), None),
            Some(Aim::AtMost(value)) => (None, Some(value)),
        };
        let unit = match self.unit {
            Unit::PerSecond => "per_second",
            Unit::Micros => "microseconds",
            Unit::Bytes => "bytes",
            Unit::Number => "number",
        };
        json!({
            "group": group,
            "name": self.name,
            "unit": unit,
            "measured": self.measured,
            "floor": self.floor,
            "ratio": self.of_floor(),
            "at_least": least,
            "at_most": most,
            "is_reached": self.is_reached(),
        })
    }
}

/// How much slower each figure is with many licenses than with few. Comparing ratios to the floors removes
/// differences in the machine's load between the runs.
pub(crate) fn compare(few: &[Row], many: &[Row]) -> Vec<Row> {
    few.iter()
        .filter(|row| row.unit == Unit::PerSecond && !row.name.starts_with("docs"))
        .filter_map(|row| {
            let same = many.iter().find(|other| other.name == row.name)?;
            let slower = row.of_floor()? / same.of_floor()?;
            Some(Row::alone(&format!("{}, times slower", row.name), Unit::Number, slower, Some(Aim::AtMost(1.2))))
        })
        .collect()
}

/// A number with three significant digits and its unit.
fn spell(value: f64, unit: Unit) -> String {
    match unit {
        Unit::PerSecond => format!("{} /s", three(value)),
        Unit::Micros if value >= 10_000.0 => format!("{} ms", three(value / 1_000.0)),
        Unit::Micros => format!("{} us", three(value)),
        Unit::Bytes if value >= 1e6 => format!("{} MB", three(value / 1e6)),
        Unit::Bytes => format!("{} kB", three(value / 1e3)),
        Unit::Number => three(value),
    }
}

fn three(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

/// All rows of a run.
#[derive(Debug)]
pub(crate) struct Report {
    heading: String,
    notes: Vec<String>,
    rows: Vec<(String, Row)>,
}

impl Report {
    pub(crate) fn new(shell: &Shell, is_release: bool, seconds: u64) -> Self {
        let day = shell.output(&["date", "-u", "+%Y-%m-%d"]).unwrap_or_default();
        let commit = shell.output(&["git", "rev-parse", "--short", "HEAD"]).unwrap_or_default();
        let built = if is_release { "release build" } else { "DEV BUILD, FIGURES ARE MEANINGLESS" };
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let heading = format!("Latchkey bench, {day}, {commit}, {built}, {cores} cores, {seconds} s per measurement");
        Self { heading, notes: Vec::new(), rows: Vec::new() }
    }

    /// Records the conditions under which rows were measured.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(crate) fn add(&mut self, group: &str, row: Row) {
        self.rows.push((group.to_owned(), row));
    }

    #[expect(clippy::unnecessary_wraps, reason = "the last step of a fallible command")]
    pub(crate) fn print(&self, as_json: bool) -> Result<()> {
        if as_json {
            let rows: Vec<Value> = self.rows.iter().map(|(group, row)| row.json(group)).collect();
            println!("{:#}", json!({ "heading": self.heading, "notes": self.notes, "rows": rows }));
        } else {
            println!("{}", self.text());
        }
        Ok(())
    }

    fn text(&self) -> String {
        let titles = ["figure", "measured", "floor", "ratio", "aim", ""].map(str::to_owned);
        let cells: Vec<_> = self.rows.iter().map(|(_, row)| row.cells()).collect();
        let mut widths = [0; 6];
        for line in cells.iter().chain([&titles]) {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = format!("\n{}\n", self.heading);
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        text.push('\n');
        write_line(&mut text, &titles, widths);
        let mut last = None;
        for ((group, _), line) in self.rows.iter().zip(&cells) {
            if last != Some(group) {
                let _ = writeln!(text, "-- {}", if group.is_empty() { "the build" } else { group });
                last = Some(group);
            }
            write_line(&mut text, line, widths);
        }
        text
    }
}

/// Names are left-aligned, numbers right-aligned.
fn write_line(text: &mut String, cells: &[String; 6], widths: [usize; 6]) {
    let mut line = String::new();
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        // Writing to a string cannot fail.
        let _ = if at == 0 || at == 5 { write!(line, "{cell:<width$}  ") } else { write!(line, "{cell:>width$}  ") };
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(name: &str, measured: f64, floor: f64) -> Row {
        Row::ratio(name, Unit::PerSecond, measured, floor, Some(Aim::AtLeast(0.4)))
    }

    #[test]
    fn an_aim_applies_to_the_ratio_if_there_is_a_floor() {
        assert_eq!(rate("validation", 500.0, 1_000.0).is_reached(), Some(true));
        assert_eq!(rate("validation", 399.0, 1_000.0).is_reached(), Some(false));
        assert_eq!(Row::size("binary", 35e6, Some(Aim::AtMost(35e6))).is_reached(), Some(true));
        assert_eq!(Row::size("binary", 52e6, Some(Aim::AtMost(35e6))).is_reached(), Some(false));
        assert_eq!(Row::size("binary", 1.0, None).is_reached(), None);
    }

    #[test]
    fn runs_are_compared_by_their_ratios() {
        let few = [rate("validation", 500.0, 1_000.0), rate("docs page", 1.0, 1.0), Row::size("memory", 1.0, None)];
        // In the second run the machine is half as fast, and the server a quarter as fast.
        let many = [rate("validation", 125.0, 500.0), rate("docs page", 1.0, 1.0), Row::size("memory", 2.0, None)];
        let compared = compare(&few, &many);
        assert_eq!(compared.len(), 1);
        assert!((compared[0].measured - 2.0).abs() < 1e-9);
        assert_eq!(compared[0].is_reached(), Some(false));
    }

    #[test]
    fn the_table_is_aligned() {
        let report = Report {
            heading: "Heading".to_owned(),
            notes: vec!["Note".to_owned()],
            rows: vec![
                ("SQLite".to_owned(), rate("validation", 523.4, 25_100.0)),
                ("SQLite".to_owned(), Row::alone("ready", Unit::Micros, 31_000.0, Some(Aim::AtMost(200_000.0)))),
                (String::new(), Row::size("binary", 52e6, Some(Aim::AtMost(35e6)))),
            ],
        };
        let expected = "
Heading
Note

figure      measured      floor  ratio        aim
-- SQLite
validation    523 /s  25100 /s  0.021   >= 0.400  missed
ready        31.0 ms                    <= 200 ms  reached
-- the build
binary       52.0 MB                   <= 35.0 MB  missed
";
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeeze(&report.text()), squeeze(expected));
        let lines: Vec<_> =
            report.text().lines().filter(|line| line.contains("missed")).map(|line| line.find("missed")).collect();
        assert_eq!(lines[0], lines[1]);
    }
}
