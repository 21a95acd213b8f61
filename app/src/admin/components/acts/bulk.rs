//! What an act on many records does to each of them.

use leptos::prelude::*;

use crate::{
    admin::model::bulk::{BulkGroup, BulkLine, BulkView},
    shared::{
        components::{Icon, IconName},
        model::Tone,
    },
};

/// Groups of records to which the same happens. Each opens to show its records.
#[component]
pub(crate) fn BulkGroups(outcome: BulkView) -> impl IntoView {
    view! {
        <div class="bulk-groups">
            {outcome.groups.into_iter().map(|group| view! { <Group group/> }).collect_view()}
        </div>
    }
}

#[component]
fn Group(group: BulkGroup) -> impl IntoView {
    let BulkGroup { tone, title, why, items, others, is_open } = group;
    let (class, icon) = match tone {
        Some(Tone::Good) => ("bulk-title tone-good", Some(IconName::Check)),
        Some(Tone::Warn) => ("bulk-title tone-warn", Some(IconName::Warning)),
        Some(Tone::Bad) => ("bulk-title tone-bad", Some(IconName::Warning)),
        None => ("bulk-title", None),
    };
    let title = view! {
        <span class=class>
            {icon.map(|name| view! { <Icon name/> })}
            <span>{title}</span>
        </span>
        {why.map(|why| view! { <span class="bulk-why small text-2">{why}</span> })}
    };
    if items.is_empty() {
        return view! { <p class="card bulk-group bulk-head">{title}</p> }.into_any();
    }
    let items = items.into_iter().map(|BulkLine { record, detail }| {
        let record = if record.href.is_empty() {
            view! { <span class="break-anywhere">{record.label}</span> }.into_any()
        } else {
            view! { <a class="break-anywhere" href=record.href>{record.label}</a> }.into_any()
        };
        view! { <li>{record} {detail.map(|detail| view! { <span class="text-2 break-anywhere">{detail}</span> })}</li> }
    });
    view! {
        <details class="card bulk-group" open=is_open>
            <summary class="bulk-head">{title}</summary>
            <ul class="bulk-lines plain-list small">{items.collect_view()}</ul>
            {others.map(|others| view! { <p class="small text-2">{others}</p> })}
        </details>
    }
    .into_any()
}
