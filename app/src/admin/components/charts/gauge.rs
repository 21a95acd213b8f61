//! Numbers with their recent course.

use leptos::prelude::*;

use super::geometry::{Plot, path, scale_end};
use crate::admin::model::charts::Gauge;

/// A row of numbers.
#[component]
pub(crate) fn Gauges(gauges: Vec<Gauge>) -> impl IntoView {
    view! { <ul class="gauges">{gauges.into_iter().map(|gauge| view! { <GaugeCard gauge/> }).collect_view()}</ul> }
}

#[component]
fn GaugeCard(gauge: Gauge) -> impl IntoView {
    let Gauge { title, value, change, href, course } = gauge;
    let title = match href {
        Some(href) => view! { <a href=href>{title}</a> }.into_any(),
        None => title.into_any(),
    };
    view! {
        <li class="card gauge">
            <p class="small">{title}</p>
            <p class="gauge-value figure">{value}</p>
            {change.map(|change| view! { <p class="small text-2">{change}</p> })}
            <Sparkline course/>
        </li>
    }
}

/// The course of a number as a small line without labels, next to words that say the same.
#[component]
fn Sparkline(course: Vec<f64>) -> impl IntoView {
    let plot = Plot::SPARKLINE;
    let line = plot.line(&course, scale_end(&course));
    let end = line.last().copied();
    view! {
        <svg
            class="sparkline"
            viewBox=format!("0 0 {} {}", plot.width, plot.height)
            aria-hidden="true"
            focusable="false"
        >
            <path class="chart-line" d=path(&line)/>
            {end.map(|(x, y)| view! { <circle class="sparkline-end" cx=format!("{x:.1}") cy=format!("{y:.1}") r="2.5"/> })}
        </svg>
    }
}
