//! A year of days as a grid of weeks.

use leptos::prelude::*;

use super::{
    data::ChartFrame,
    geometry::{count, level},
};
use crate::admin::model::charts::Calendar;

/// The distance of two days, of which one unit is the gap.
const STEP: f64 = 12.0;
/// The height of the names of months.
const HEAD: f64 = 18.0;

/// Days by how much happened on them, darker for more. The table has the numbers.
#[component]
pub(crate) fn HeatMap(calendar: Calendar) -> impl IntoView {
    let Calendar { title, summary, unit, days, months } = calendar;
    let most = days.iter().map(|day| day.value).fold(0.0, f64::max);
    let weeks = days.len().div_ceil(7);
    let label = format!("{title}: {summary}");
    let squares = days.iter().enumerate().map(|(at, day)| {
        let class = format!("heat heat-{}", level(day.value, most));
        let (x, y) = (count(at / 7) * STEP, HEAD + count(at % 7) * STEP);
        view! {
            <rect class=class x=format!("{x:.0}") y=format!("{y:.0}") width="11" height="11" rx="2">
                <title>{format!("{}: {}", day.label, day.text)}</title>
            </rect>
        }
    });
    let squares = squares.collect_view();
    let names = months.into_iter().map(|(name, week)| {
        view! { <text class="chart-label" x=format!("{:.0}", count(week) * STEP) y="11">{name}</text> }
    });
    let names = names.collect_view();
    let points = days.iter().filter(|day| day.value > 0.0).cloned().collect();
    view! {
        <ChartFrame title summary period="Day (UTC)".to_owned() unit points>
            <div class="heat-scroll" tabindex="0" role="region" aria-label=label.clone()>
                <svg
                    class="heat-svg"
                    viewBox=format!("0 0 {:.0} {:.0}", count(weeks) * STEP, HEAD + 7.0 * STEP)
                    role="img"
                    aria-label=label.clone()
                >
                    {names}
                    {squares}
                </svg>
            </div>
            <p class="heat-legend small text-2" aria-hidden="true">
                "Less" {(0..5).map(|at| view! { <span class=format!("heat-key heat-{at}")></span> }).collect_view()} "More"
            </p>
        </ChartFrame>
    }
}
