//! Links to the neighbors of the shown page.

use leptos::prelude::*;

use crate::admin::model::lists::Pages;

/// How many rows are shown, and links to the first, the previous and the next page, if there is another page. A list has no last
/// page: it grows.
#[component]
pub(crate) fn Paging(pages: Pages) -> impl IntoView {
    let Pages { shown, first, previous, next } = pages;
    if first.is_none() && previous.is_none() && next.is_none() {
        return view! { <p class="paging small text-2 figure">{shown}</p> }.into_any();
    }
    // A missing neighbor keeps its place, so that the others do not move under the pointer.
    let link = |href: Option<String>, word: &'static str, rel: Option<&'static str>| match href {
        Some(href) => view! { <a class="button button-small" href=href rel=rel>{word}</a> }.into_any(),
        None => view! { <span class="button button-small button-off" aria-hidden="true">{word}</span> }.into_any(),
    };
    view! {
        <nav aria-label="Pages" class="paging split">
            <p class="small text-2 figure">{shown}</p>
            <div class="cluster">
                {link(first, "First", None)} {link(previous, "Previous", Some("prev"))} {link(next, "Next", Some("next"))}
            </div>
        </nav>
    }
    .into_any()
}
