//! The parts of a computer that the app reported, and how often the app runs on it.

use leptos::prelude::*;

use crate::{
    portal::model::parts::{ComponentLine, ComputerParts, ProcessLine},
    shared::components::Time,
};

/// Nothing for a computer without any.
#[component]
pub(crate) fn Parts(parts: ComputerParts) -> impl IntoView {
    let ComputerParts { components, processes, has_more_processes } = parts;
    view! {
        {(!processes.is_empty()).then(|| view! { <Processes processes has_more=has_more_processes/> })}
        {(!components.is_empty()).then(|| view! { <Components components/> })}
    }
}

#[component]
fn Processes(processes: Vec<ProcessLine>, has_more: bool) -> AnyView {
    let note = has_more.then(|| format!("The newest {}.", processes.len()));
    let rows = processes.into_iter().map(|process| {
        view! {
            <li class="split">
                <span>"Process " <span translate="no">{process.pid}</span></span>
                <span class="small text-2">
                    "started " <Time when=process.since/> ", last seen " <Time when=process.last_seen/>
                </span>
            </li>
        }
    });
    view! {
        <section class="card stack">
            <h2 class="title-2">"Running now"</h2>
            <ul class="stack plain-list rows">{rows.collect_view()}</ul>
            {note.map(|note| view! { <p class="small text-2">{note}</p> })}
        </section>
    }
    .into_any()
}

#[component]
fn Components(components: Vec<ComponentLine>) -> AnyView {
    let rows = components.into_iter().map(|component| {
        let name = if component.name.is_empty() { "Unnamed part".to_owned() } else { component.name };
        view! {
            <li class="split">
                <span class="break-anywhere">{name}</span>
                <code class="small" translate="no">{component.tail}</code>
            </li>
        }
    });
    view! {
        <section class="card stack">
            <h2 class="title-2">"Parts"</h2>
            <p class="small text-2 measure">
                "The app recognizes this computer by these parts. Of each, you see the end of what identifies it."
            </p>
            <ul class="stack plain-list rows">{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}
