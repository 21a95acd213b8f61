//! What a list shows if it has no rows, and before it has them.

use leptos::prelude::*;

use crate::admin::{
    components::{AdminIcon, AdminIconName},
    model::lists::Emptiness,
};

/// Says why there are no rows and what to do about it.
#[component]
pub(crate) fn EmptyList(why: Emptiness) -> impl IntoView {
    let (title, text, action) = match why {
        Emptiness::NothingYet { what, how, action } => (what, how, action.map(|link| (link.label, link.href))),
        Emptiness::NoMatch { clear } => (
            "No match".to_owned(),
            "Nothing matches the search and the filters.".to_owned(),
            Some(("Clear filters".to_owned(), clear)),
        ),
        Emptiness::NoPermission { needs } => {
            return view! {
                <section class="card empty">
                    <span class="empty-icon">
                        <AdminIcon name=AdminIconName::Lock/>
                    </span>
                    <h2 class="title-2">"Not available to your role"</h2>
                    <p class="text-2">{needs}</p>
                </section>
            }
            .into_any();
        }
    };
    view! {
        <section class="card empty">
            <div class="crosshair" aria-hidden="true"></div>
            <h2 class="title-2">{title}</h2>
            <p class="text-2">{text}</p>
            {action.map(|(label, href)| view! { <p><a class="button" href=href>{label}</a></p> })}
        </section>
    }
    .into_any()
}

/// Takes the place of a table's rows while they load. It appears after a moment, so that fast answers do not flicker.
#[component]
pub(crate) fn TableSkeleton(#[prop(default = 8)] rows: usize) -> impl IntoView {
    let row = |_| view! { <div class="skeleton-row"><span></span><span></span><span></span></div> };
    view! {
        <div class="card card-flush skeleton" role="status">
            <span class="visually-hidden">"Loading"</span>
            <div aria-hidden="true">{(0..rows).map(row).collect_view()}</div>
        </div>
    }
}
