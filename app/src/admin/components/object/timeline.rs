//! An object's history.

use leptos::prelude::*;

use crate::{
    admin::{
        components::list::Paging,
        model::{lists::Pages, objects::TimelineEntry},
    },
    shared::{components::Time, model::Tone},
};

/// Events, newest first, with links to older ones.
#[component]
pub(crate) fn Timeline(entries: Vec<TimelineEntry>, #[prop(optional)] pages: Option<Pages>) -> impl IntoView {
    let is_empty = entries.is_empty();
    view! {
        <section class="stack" aria-labelledby="timeline">
            <h2 class="title-2" id="timeline">"Timeline"</h2>
            {is_empty.then(|| view! { <p class="small text-2">"Nothing has happened yet."</p> })}
            <ol class="timeline">{entries.into_iter().map(|entry| view! { <Entry entry/> }).collect_view()}</ol>
            {pages.map(|pages| view! { <Paging pages/> })}
        </section>
    }
}

#[component]
fn Entry(entry: TimelineEntry) -> impl IntoView {
    let TimelineEntry { when, tone, text, by, note, link } = entry;
    let class = match tone {
        None => "timeline-entry",
        Some(Tone::Good) => "timeline-entry timeline-good",
        Some(Tone::Warn) => "timeline-entry timeline-warn",
        Some(Tone::Bad) => "timeline-entry timeline-bad",
    };
    view! {
        <li class=class>
            <p>{text} {link.map(|link| view! { " " <a href=link.href>{link.label}</a> })}</p>
            <p class="small text-2">{by} " · " <Time when/></p>
            {note.map(|note| view! { <blockquote class="small">{note}</blockquote> })}
        </li>
    }
}
