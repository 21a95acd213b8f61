//! Charts with numbers, with few numbers, and without any.

use leptos::prelude::*;

use super::{HERE, Sample};
use crate::admin::{
    components::charts::{AreaChart, BarChart, Gauges, HeatMap, Ranges},
    model::charts::{Calendar, Gauge, Point, Range, Series},
};

#[component]
pub(super) fn ChartSamples() -> impl IntoView {
    let range = |label: &str, is_current| Range { label: label.to_owned(), href: HERE.to_owned(), is_current };
    let ranges =
        vec![range("7 days", false), range("30 days", true), range("90 days", false), range("365 days", false)];
    view! {
        <Sample title="Gauges">
            <Gauges gauges=gauges()/>
        </Sample>
        <Sample title="Charts">
            <Ranges ranges/>
            <div class="chart-columns">
                <AreaChart series=series("Activations a day", "Activations", 30, "")/>
                <BarChart series=series("Revenue a day", "Revenue (USD)", 30, "$")/>
            </div>
        </Sample>
        <Sample title="Charts with one value and with none">
            <div class="chart-columns">
                <AreaChart series=series("New customers a day", "Customers", 1, "")/>
                <BarChart series=series("Refunds a day", "Refunds (USD)", 0, "$")/>
            </div>
        </Sample>
        <Sample title="Calendar">
            <HeatMap calendar=calendar()/>
        </Sample>
    }
}

/// A course that looks like one.
fn value(day: u32) -> f64 {
    f64::from((day * 7 + day * day * 3) % 23 + day / 2)
}

fn point(day: u32, sign: &str) -> Point {
    let value = value(day);
    Point { label: format!("{} Nov 2026", day + 1), value, text: format!("{sign}{value}") }
}

fn series(title: &str, unit: &str, days: u32, sign: &str) -> Series {
    let summary = match days {
        0 => "Nothing in the last 30 days.".to_owned(),
        1 => "The first day: 0 so far.".to_owned(),
        _ => format!("Rising over the last {days} days, to {} so far today.", value(days - 1)),
    };
    Series {
        title: title.to_owned(),
        summary,
        period: "Day (UTC)".to_owned(),
        unit: unit.to_owned(),
        points: (0..days).map(|day| point(day, sign)).collect(),
        is_last_open: true,
    }
}

fn gauges() -> Vec<Gauge> {
    let gauge = |title: &str, value: &str, change: Option<&str>, days: u32| Gauge {
        title: title.to_owned(),
        value: value.to_owned(),
        change: change.map(str::to_owned),
        href: Some(HERE.to_owned()),
        course: (0..days).map(self::value).collect(),
    };
    vec![
        gauge("Active licenses", "1,204", Some("12 more than 30 days ago"), 30),
        gauge("Active machines", "1,811", Some("8 fewer than 30 days ago"), 14),
        gauge("Revenue, 30 days", "$4,321.00", Some("9 % more than in the 30 days before"), 30),
        gauge("Open disputes", "0", None, 0),
    ]
}

fn calendar() -> Calendar {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day = |at: u32| {
        let value = if at.is_multiple_of(3) { 0.0 } else { f64::from(at * at % 19) };
        Point { label: format!("Day {}", at + 1), value, text: format!("{value} activations") }
    };
    Calendar {
        title: "Activations of a year".to_owned(),
        summary: "On most days there were fewer than ten; the most on one day were 17.".to_owned(),
        unit: "Activations".to_owned(),
        days: (0..364).map(day).collect(),
        months: months.iter().enumerate().map(|(at, name)| ((*name).to_owned(), at * 52 / 12)).collect(),
    }
}
