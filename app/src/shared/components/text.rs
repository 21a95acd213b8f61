//! Titles, times and states.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::shared::{
    branding::use_branding,
    components::{Icon, Symbol},
    model::{Status, Tone, When},
};

/// The title of the window: page, then vendor.
#[component]
pub(crate) fn PageTitle(#[prop(into)] text: String) -> impl IntoView {
    view! { <Title text=format!("{text} · {}", use_branding().brand.name)/> }
}

/// An instant, with its exact time as a tooltip.
#[component]
pub(crate) fn Time(when: When) -> impl IntoView {
    view! { <time datetime=when.iso title=when.exact>{when.words}</time> }
}

/// A state as icon and word.
#[component]
pub(crate) fn StatusBadge(status: Status) -> impl IntoView {
    let (class, symbol) = match status.tone {
        Tone::Good => ("badge badge-good", Symbol::Check),
        Tone::Warn => ("badge badge-warn", Symbol::Warning),
        Tone::Bad => ("badge badge-bad", Symbol::Cross),
    };
    view! {
        <span class=class>
            <Icon symbol/>
            {status.word}
        </span>
    }
}
