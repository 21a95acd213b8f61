//! Series of numbers for charts. The server formats the numbers, so that money and counts look alike everywhere.

use serde::{Deserialize, Serialize};

/// A value of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// `12 Nov 2026`.
    pub label: String,
    pub value: f64,
    /// The value in words: `$1,204.00`.
    pub text: String,
}

/// A chart with everything that it says in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// `Activations a day`.
    pub title: String,
    /// One sentence that says what the chart shows.
    pub summary: String,
    /// What a point covers: `Day (UTC)`.
    pub period: String,
    /// What is counted: `Activations`.
    pub unit: String,
    pub points: Vec<Point>,
    /// Whether the last point's period has not ended.
    pub is_last_open: bool,
}

/// A number with its recent course.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gauge {
    pub title: String,
    pub value: String,
    /// Compared with the period before: `12 more than in the 30 days before`.
    pub change: Option<String>,
    pub href: Option<String>,
    pub course: Vec<f64>,
}

/// A year of days, the first of which is a Monday.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    pub title: String,
    pub summary: String,
    pub unit: String,
    pub days: Vec<Point>,
    /// Names of months and the week in which each begins.
    pub months: Vec<(String, usize)>,
}

/// A range of days that a chart can show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    pub label: String,
    pub href: String,
    pub is_current: bool,
}
