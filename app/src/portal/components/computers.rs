//! The computers of a license.

use leptos::prelude::*;

use crate::{
    portal::model::{Computer, LicenseSummary},
    routes::Page,
    shared::components::{Icon, IconName, Time},
};

fn facts(computer: &Computer) -> String {
    let version = computer.app_version.as_ref().map(|version| format!("Version {version}"));
    [computer.platform.clone(), version].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The slots of a license: computers that occupy one, and free slots.
#[component]
pub(crate) fn SlotTiles(license: LicenseSummary) -> impl IntoView {
    let id = license.id;
    let can_free = license.rights.frees_computers;
    let open = license.free_slots();
    let taken = license.computers.into_iter().map(move |computer| {
        let href = Page::FreeComputer(id, computer.id).path();
        let facts = facts(&computer);
        let label = format!("Free {}", computer.label);
        view! {
            <li class="slot slot-taken">
                <div class="slot-name">
                    <Icon name=IconName::Computer/>
                    <strong>{computer.label}</strong>
                </div>
                <span class="small text-2">{facts}</span>
                <span class="small text-2">"Seen " <Time when=computer.last_seen/></span>
                {can_free.then(|| view! { <a class="button button-small" href=href aria-label=label>"Free"</a> })}
            </li>
        }
    });
    let open = (0..open).map(|_| {
        view! {
            <li class="slot slot-free">
                <div class="slot-name">
                    <Icon name=IconName::Plus/>
                    <strong>"Open"</strong>
                </div>
                <span class="small text-2">"Enter your key in the app on another computer to use this slot."</span>
            </li>
        }
    });
    view! { <ul class="slots">{taken.collect_view()} {open.collect_view()}</ul> }
}

/// All details of a license's computers.
#[component]
pub(crate) fn ComputerTable(license: LicenseSummary) -> impl IntoView {
    let id = license.id;
    let can_free = license.rights.frees_computers;
    if license.computers.is_empty() {
        return view! {
            <p class="text-2">
                "No computer uses this license yet. Install the app, enter your key, and the computer appears here."
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
                <td data-label="System">{computer.platform.unwrap_or_else(|| "Unknown".to_owned())}</td>
                <td data-label="App">{computer.app_version.unwrap_or_else(|| "Unknown".to_owned())}</td>
                <td data-label="Activated"><Time when=computer.activated/></td>
                <td data-label="Last seen"><Time when=computer.last_seen/></td>
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
