//! An area for a course and bars for amounts, over time.

use leptos::prelude::*;

use super::{
    data::ChartFrame,
    geometry::{Plot, path, scale_end},
};
use crate::admin::model::charts::{Point, Range, Series};

const PLOT: Plot = Plot::CHART;

/// The most letters that fit beside the plot, on phones too.
const LONG: usize = 7;

/// Links to the ranges that a chart can show.
#[component]
pub(crate) fn Ranges(ranges: Vec<Range>) -> impl IntoView {
    view! {
        <nav aria-label="Range" class="ranges">
            {ranges
                .into_iter()
                .map(|range| view! { <a href=range.href aria-current=range.is_current.then_some("true")>{range.label}</a> })
                .collect_view()}
        </nav>
    }
}

/// The course of a count. If the last period has not ended, its part of the line is dashed.
#[component]
pub(crate) fn AreaChart(series: Series) -> impl IntoView {
    let Series { title, summary, period, unit, points, is_last_open } = series;
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let line = PLOT.line(&values, scale_end(&values));
    let area = match (line.first(), line.last()) {
        (Some((first, _)), Some((last, _))) => {
            format!("{}L{last:.1} {floor:.1}L{first:.1} {floor:.1}Z", path(&line), floor = PLOT.floor())
        }
        _ => String::new(),
    };
    let open_at = if is_last_open && values.len() > 1 { line.len().saturating_sub(2) } else { line.len() };
    let closed = path(line.get(..=open_at).unwrap_or(&line));
    let open = line.get(open_at..).map(path).unwrap_or_default();
    let end = line.last().copied();
    let label = format!("{title}: {summary}");
    view! {
        <ChartFrame title summary period unit points=points.clone()>
            <svg class="chart-svg" viewBox=view_box() role="img" aria-label=label>
                <Grid values/>
                <path class="chart-area" d=area/>
                <path class="chart-line" d=closed/>
                <path class="chart-line chart-open" d=open/>
                {end.map(|end| view! { <Ends points=points.clone() end/> })}
            </svg>
        </ChartFrame>
    }
}

/// Amounts of periods. The bar of a period that has not ended is hatched.
#[component]
pub(crate) fn BarChart(series: Series) -> impl IntoView {
    let Series { title, summary, period, unit, points, is_last_open } = series;
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let bars = PLOT.bars(&values, scale_end(&values));
    let end = bars.last().map(|(x, y, width, _)| (x + width, *y));
    let open = if is_last_open { bars.len().checked_sub(1) } else { None };
    let label = format!("{title}: {summary}");
    let bars = bars.into_iter().enumerate().map(move |(at, (x, y, width, height))| {
        let class = if Some(at) == open { "chart-bar chart-bar-open" } else { "chart-bar" };
        view! { <rect class=class x=number(x) y=number(y) width=number(width) height=number(height)/> }
    });
    view! {
        <ChartFrame title summary period unit points=points.clone()>
            <svg class="chart-svg" viewBox=view_box() role="img" aria-label=label>
                <Grid values/>
                {bars.collect_view()}
                {end.map(|end| view! { <Ends points=points.clone() end/> })}
            </svg>
        </ChartFrame>
    }
}

/// The baseline, the line at the scale's end, and its half.
#[component]
fn Grid(values: Vec<f64>) -> impl IntoView {
    let end = scale_end(&values);
    [0.0, 0.5, 1.0]
        .map(|share| {
            let y = number(PLOT.y(end * share, end));
            view! { <line class="chart-grid" x1=number(PLOT.left) x2=number(PLOT.width - PLOT.right) y1=y.clone() y2=y/> }
        })
        .collect_view()
}

/// The first and the last period below the baseline, and the last value beside its point.
#[component]
fn Ends(points: Vec<Point>, end: (f64, f64)) -> impl IntoView {
    let first = points.first().map(|point| point.label.clone()).filter(|_| points.len() > 1);
    let (last, value) = points.last().map(|point| (point.label.clone(), point.text.clone())).unwrap_or_default();
    let y = number(PLOT.height - 6.0);
    // What does not fit beside its point ends where the drawing does.
    let (at, anchor) = if value.chars().count() > LONG { (PLOT.width, "end") } else { (end.0 + 6.0, "start") };
    view! {
        <text class="chart-label" x=number(PLOT.left) y=y.clone()>{first}</text>
        <text class="chart-label" x=number(PLOT.width - PLOT.right) y=y text-anchor="end">{last}</text>
        <text class="chart-label chart-value" x=number(at) y=number(end.1.max(PLOT.top) + 4.0) text-anchor=anchor>
            {value}
        </text>
    }
}

fn view_box() -> String {
    format!("0 0 {} {}", PLOT.width, PLOT.height)
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}
