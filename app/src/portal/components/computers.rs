//! The computers of a license.

use leptos::prelude::*;

use crate::{
    portal::model::{Computer, LicenseSummary},
    routes::Page,
    shared::components::{Icon, IconName, Time},
};

/// The most slots that are drawn one by one.
const SEGMENTS: usize = 20;

/// How many of the slots are in use, as a bar. The text beside it says the same.
#[component]
pub(crate) fn SlotMeter(license: LicenseSummary) -> impl IntoView {
    const WIDTH: usize = 1000;
    let limit = license.limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0)?;
    let used = license.computer_count.min(limit);
    let rect = |class: &'static str, at: usize, width: usize| {
        view! { <rect class=class x=at.to_string() y="0" width=width.to_string() height="8"/> }
    };
    let parts = if limit <= SEGMENTS {
        let gap = if limit == 1 { 0 } else { 8 };
        let width = (WIDTH + gap) / limit;
        (0..limit)
            .map(|slot| rect(if slot < used { "meter-used" } else { "meter-free" }, slot * width, width - gap))
            .collect_view()
    } else {
        let share = used.saturating_mul(WIDTH) / limit;
        // One computer of many is visible, too.
        let share = if used > 0 { share.max(8) } else { 0 };
        vec![rect("meter-free", 0, WIDTH), rect("meter-used", 0, share)].collect_view()
    };
    Some(view! {
        <svg class="meter" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">{parts}</svg>
    })
}

/// The first computers of a license as compact rows, and how many places are left.
#[component]
pub(crate) fn ComputerRows(license: LicenseSummary) -> impl IntoView {
    let id = license.id;
    let can_free = license.rights.frees_computers;
    let free = license.free_places();
    let hint = if license.computer_count == 0 {
        ". Enter your key in the app on a computer."
    } else {
        ". Enter your key in the app on another computer."
    };
    let more = (license.computer_count > license.computers.len()).then(|| {
        let href = format!("{}#computers", Page::License(id).path());
        view! { <a class="small" href=href>{format!("Show all {} computers", license.computer_count)}</a> }
    });
    let rows = license.computers.into_iter().map(move |computer| {
        let href = Page::FreeComputer(id, computer.id).path();
        let page = Page::Computer(id, computer.id).path();
        let facts = facts(&computer);
        let label = format!("Free {}", computer.label);
        view! {
            <li class="computer-row">
                <Icon name=IconName::Computer/>
                <div class="computer-name">
                    <a class="truncated" href=page title=computer.label.clone()>{computer.label.clone()}</a>
                    <span class="small text-2 truncated">{facts}</span>
                </div>
                <span class="small text-2 nowrap">"Seen " <Time when=computer.last_seen/></span>
                {can_free.then(|| view! { <a class="button button-small" href=href aria-label=label>"Free"</a> })}
            </li>
        }
    });
    let free = free.map(|free| {
        view! { <span class="small text-2"><strong>{free}</strong> {hint}</span> }
    });
    let last = (free.is_some() || more.is_some()).then(|| view! { <p class="split">{free} {more}</p> });
    view! {
        <ul class="plain-list computer-rows">{rows.collect_view()}</ul>
        {last}
    }
}

fn facts(computer: &Computer) -> String {
    let version = computer.app_version.as_ref().map(|version| format!("Version {version}"));
    [computer.platform.clone(), version].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// All details of a license's computers.
#[component]
pub(crate) fn ComputerTable(license: LicenseSummary) -> impl IntoView {
    let id = license.id;
    let can_free = license.rights.frees_computers;
    if license.computers.is_empty() {
        let text = if license.is_usable() {
            "No computer uses this license yet. Install the app, enter your key, and the computer appears here."
        } else {
            "No computer uses this license."
        };
        return view! { <p class="text-2">{text}</p> }.into_any();
    }
    let shown = license.computers.len();
    let hidden = (license.computer_count > shown)
        .then(|| format!("These are the first {shown} of {} computers.", license.computer_count));
    let rows = license.computers.into_iter().map(move |computer| {
        let href = Page::FreeComputer(id, computer.id).path();
        let page = Page::Computer(id, computer.id).path();
        let label = format!("Free {}", computer.label);
        view! {
            <tr>
                <th scope="row">
                    <a class="truncated" href=page title=computer.label.clone()>{computer.label.clone()}</a>
                </th>
                <td data-label="System"><span class="truncated" title=computer.platform.clone()>{computer.platform.clone().unwrap_or_else(|| "Unknown".to_owned())}</span></td>
                <td data-label="App" class="nowrap">{computer.app_version.unwrap_or_else(|| "Unknown".to_owned())}</td>
                <td data-label="Activated" class="nowrap"><Time when=computer.activated/></td>
                <td data-label="Last seen" class="nowrap"><Time when=computer.last_seen/></td>
                {can_free.then(|| view! {
                    <td class="actions"><a class="button button-small" href=href aria-label=label>"Free"</a></td>
                })}
            </tr>
        }
    });
    view! {
        <table class="table">
            <caption class="visually-hidden">"Computers that use this license"</caption>
            <thead>
                <tr>
                    <th scope="col">"Computer"</th>
                    <th scope="col">"System"</th>
                    <th scope="col">"App"</th>
                    <th scope="col">"Activated"</th>
                    <th scope="col">"Last seen"</th>
                    {can_free.then(|| view! { <th scope="col"><span class="visually-hidden">"Action"</span></th> })}
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
        {hidden.map(|text| view! { <p class="small text-2">{text}</p> })}
    }
    .into_any()
}
