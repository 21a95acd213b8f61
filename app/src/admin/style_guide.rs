//! `/styleguide`: every component in every state, with sample data. Only development builds have it. Tests check it for
//! accessibility, and people look at it.

mod acts;
mod catalog;
mod charts;
mod lists;
mod objects;
mod shared;

use leptos::prelude::*;

use crate::{
    admin::{
        components::AdminIconName,
        keyboard::objects::ObjectSource,
        model::{
            Frame, PaymentMode, StaffRole,
            find::{Hit, HitGroup},
        },
        shell::{ShellFrame, navigation::Entry},
    },
    routes::STYLE_GUIDE,
    shared::{
        components::PageTitle,
        model::{RelativeTime, Status, Tone},
    },
};

/// An address for sample links.
pub(super) const HERE: &str = STYLE_GUIDE;

#[component]
pub(super) fn StyleGuidePage() -> impl IntoView {
    let mode = PaymentMode::Test;
    let frame = Frame { email: "ada@example.com".to_owned(), role: StaffRole::Admin, mode, has_letter_keys: true };
    provide_context(ObjectSource::new(|text| async move { Ok(objects_for(&text)) }));
    view! {
        <ShellFrame frame entries=sections()>
            <PageTitle text="Style guide"/>
            <p class="title-1">"Style guide"</p>
            <shared::SharedSamples/>
            <lists::ListSamples/>
            <objects::ObjectSamples/>
            <acts::ActSamples/>
            <catalog::CatalogSamples/>
            <charts::ChartSamples/>
        </ShellFrame>
    }
}

/// A part of the page.
#[component]
fn Sample(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="sample stack" aria-label=title>
            <p class="sample-title small">{title}</p>
            {children()}
        </section>
    }
}

fn sections() -> Vec<Entry> {
    let entry = |label, icon| Entry { label, also: &[], href: format!("{HERE}?{label}"), icon };
    vec![
        Entry { label: "Overview", also: &["home"], href: HERE.to_owned(), icon: AdminIconName::Overview },
        entry("Customers", AdminIconName::Customers),
        entry("Licenses", AdminIconName::Licenses),
        entry("Machines", AdminIconName::Machines),
        entry("Activations", AdminIconName::Activations),
        entry("Orders", AdminIconName::Orders),
        entry("Events", AdminIconName::Events),
        entry("E-mails", AdminIconName::Mails),
        entry("Audit", AdminIconName::Audit),
        entry("Catalog", AdminIconName::Catalog),
        entry("Diagnostics", AdminIconName::Diagnostics),
    ]
}

/// Sample objects whose names contain the text.
fn objects_for(text: &str) -> Vec<HitGroup> {
    let text = text.to_lowercase();
    let names = ["Ada Lovelace", "Grace Hopper", "Mary Somerville"];
    let hits = names.iter().filter(|name| name.to_lowercase().contains(&text)).map(|name| Hit {
        title: (*name).to_owned(),
        detail: format!("{}@example.com", name.to_lowercase().replace(' ', ".")),
        href: HERE.to_owned(),
    });
    let hits: Vec<Hit> = hits.collect();
    if hits.is_empty() { Vec::new() } else { vec![HitGroup { title: "Customers".to_owned(), hits }] }
}

fn ago(words: &str) -> RelativeTime {
    let exact = "3 November 2026, 14:05 UTC";
    RelativeTime { iso: "2026-11-03T14:05:00Z".to_owned(), words: words.to_owned(), exact: exact.to_owned() }
}

fn status(word: &str, tone: Tone) -> Status {
    Status { word: word.to_owned(), tone, notice: None }
}
