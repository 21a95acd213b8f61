//! Titles, times and states.

use leptos::{html, prelude::*};
use leptos_meta::Title;

use crate::shared::{
    branding::use_branding,
    components::{Icon, IconName},
    model::{RelativeTime, Status, Tone},
    visits::Visits,
};

/// The window's title: the page, then the vendor.
#[component]
pub(crate) fn PageTitle(#[prop(into)] text: String) -> impl IntoView {
    view! { <Title text=format!("{text} · {}", use_branding().brand.name)/> }
}

/// The heading of a page, to which the focus moves after navigating to the page.
#[component]
pub(crate) fn Heading(children: Children) -> impl IntoView {
    let heading = NodeRef::<html::H1>::new();
    if let Some(visits) = use_context::<Visits>() {
        visits.arrive(heading);
    }
    view! { <h1 class="title-1" tabindex="-1" node_ref=heading>{children()}</h1> }
}

/// An instant, with its exact time as a tooltip.
#[component]
pub(crate) fn Time(when: RelativeTime) -> impl IntoView {
    view! { <time datetime=when.iso title=when.exact>{when.words}</time> }
}

/// A state as an icon and a word.
#[component]
pub(crate) fn StatusBadge(status: Status) -> impl IntoView {
    let (class, icon) = match status.tone {
        Tone::Good => ("badge badge-good", IconName::Check),
        Tone::Warn => ("badge badge-warn", IconName::Warning),
        Tone::Bad => ("badge badge-bad", IconName::Cross),
    };
    view! {
        <span class=class>
            <Icon name=icon/>
            {status.word}
        </span>
    }
}
