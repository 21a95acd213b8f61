//! What all charts have in common: the frame, and the numbers as a table.

use leptos::prelude::*;

use crate::admin::model::charts::Point;

/// A chart with its title, its summary and its numbers.
#[component]
pub(super) fn ChartFrame(
    title: String,
    summary: String,
    period: String,
    unit: String,
    points: Vec<Point>,
    children: Children,
) -> impl IntoView {
    let caption = title.clone();
    view! {
        <figure class="card chart">
            <figcaption>
                <h2 class="title-3">{title}</h2>
                <p class="small text-2">{summary}</p>
            </figcaption>
            {children()}
            <details class="chart-data">
                <summary class="small">"Show the numbers"</summary>
                <div class="chart-table" tabindex="0" role="region" aria-label=format!("{caption}: numbers")>
                    <table class="table">
                        <caption class="visually-hidden">{caption.clone()}</caption>
                        <thead>
                            <tr>
                                <th scope="col">{period}</th>
                                <th scope="col" class="amount">{unit.clone()}</th>
                            </tr>
                        </thead>
                        <tbody>
                            {points
                                .into_iter()
                                .map(|point| {
                                    view! {
                                        <tr>
                                            <th scope="row">{point.label}</th>
                                            <td class="amount" data-label=unit.clone()>{point.text}</td>
                                        </tr>
                                    }
                                })
                                .collect_view()}
                        </tbody>
                    </table>
                </div>
            </details>
        </figure>
    }
}
