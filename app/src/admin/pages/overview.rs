//! `/admin`: what needs attention, how many there are, and how that changes.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    admin::{
        components::charts::{AreaChart, BarChart, Gauges, HeatMap, Ranges},
        model::overview::{AttentionItem, OverviewView},
        pages::search::SearchField,
        server_fns::overview::admin_overview,
    },
    shared::{
        components::{PageTitle, Problem, StatusBadge},
        model::{Status, Tone},
    },
};

#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let search = use_location().search;
    let overview = PageData::new(move || search.get(), admin_overview);
    view! {
        <PageTitle text="Overview · Admin"/>
        <h1 class="title-1">"Overview"</h1>
        <SearchField value=String::new()/>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match overview.await {
                    Ok(overview) => view! { <Shown overview/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Shown(overview: OverviewView) -> impl IntoView {
    let OverviewView { attention, ranges, gauges, series, money, expiries } = overview;
    view! {
        <AttentionList attention/>
        <Ranges ranges/>
        <Gauges gauges/>
        <div class="chart-columns">
            {series.into_iter().map(|series| view! { <AreaChart series/> }).collect_view()}
            {money.into_iter().map(|series| view! { <BarChart series/> }).collect_view()}
        </div>
        {expiries.map(|calendar| view! { <HeatMap calendar/> })}
    }
}

#[component]
fn AttentionList(attention: Vec<AttentionItem>) -> impl IntoView {
    let is_empty = attention.is_empty();
    let item = |AttentionItem { tone, link, remedy }: AttentionItem| {
        let word = if tone == Tone::Bad { "Now" } else { "Soon" };
        let status = Status { word: word.to_owned(), tone, notice: None };
        view! {
            <li class="attention">
                <StatusBadge status/>
                <a href=link.href data-row="">{link.label}</a>
                " "
                <span class="small text-2">{remedy}</span>
            </li>
        }
    };
    view! {
        <section class="card stack-small" aria-labelledby="attention">
            <h2 class="title-2" id="attention">"Needs attention"</h2>
            {is_empty.then(|| view! { <p class="text-2">"Nothing. Orders, events and mails are all handled."</p> })}
            <ul class="plain-list stack-small">{attention.into_iter().map(item).collect_view()}</ul>
        </section>
    }
}
