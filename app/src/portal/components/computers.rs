//! The computers of a license.

use leptos::prelude::*;

use crate::{
    portal::model::{Computer, LicenseSummary},
    routes::Page,
    shared::components::{Icon, Symbol, Time},
};

fn facts(computer: &Computer) -> String {
    let version = computer.app_version.as_ref().map(|version| format!("Version {version}"));
    [computer.platform.clone(), version].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The places of a license: computers that hold one, and open ones.
#[component]
pub(crate) fn PlaceTiles(license: LicenseSummary) -> impl IntoView {
    let id = license.id;
    let open = license.open_places();
    let taken = license.computers.into_iter().map(move |computer| {
        let href = Page::FreeComputer(id, computer.id).path();
        let facts = facts(&computer);
        let label = format!("Free {}", computer.label);
        view! {
            <li class="place place-taken">
                <div class="place-name">
                    <Icon symbol=Symbol::Computer/>
                    <strong>{computer.label}</strong>
                </div>
                <span class="small text-2">{facts}</span>
                <span class="small text-2">"Seen " <Time when=computer.last_seen/></span>
                <a class="button button-small" href=href aria-label=label>"Free"</a>
            </li>
        }
    });
    let open = (0..open).map(|_| {
        view! {
            <li class="place place-open">
                <div class="place-name">
                    <Icon symbol=Symbol::Plus/>
                    <strong>"Open"</strong>
                </div>
                <span class="small text-2">"Enter your key in the app on another computer to use this place."</span>
            </li>
        }
    });
    view! { <ul class="places">{taken.collect_view()} {open.collect_view()}</ul> }
}

/// The computers of a license in full.
#[component]
pub(crate) fn ComputerTable(license: LicenseSummary) -> impl IntoView {
    let id = license.id;
    if license.computers.is_empty() {
        return view! {
            <p class="text-2">
                "No computer uses this license yet. Install the app, enter your key, and the computer shows here."
            </p>
        }
        .into_any();
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
                <th scope="row"><a href=page>{computer.label}</a></th>
                <td data-label="System">{computer.platform.unwrap_or_else(|| "Not told".to_owned())}</td>
                <td data-label="App">{computer.app_version.unwrap_or_else(|| "Not told".to_owned())}</td>
                <td data-label="Activated"><Time when=computer.activated/></td>
                <td data-label="Last seen"><Time when=computer.last_seen/></td>
                <td class="actions"><a class="button button-small" href=href aria-label=label>"Free"</a></td>
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
                    <th scope="col"><span class="visually-hidden">"Action"</span></th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
        {hidden.map(|text| view! { <p class="small text-2">{text}</p> })}
    }
    .into_any()
}
