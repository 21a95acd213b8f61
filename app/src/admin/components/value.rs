//! One value in a table or a list of facts.

use leptos::prelude::*;

use crate::{
    admin::{components::Copyable, model::lists::Cell},
    shared::components::{StatusBadge, Time},
};

#[component]
pub(crate) fn Value(cell: Cell) -> AnyView {
    match cell {
        Cell::Text(text) => text.into_any(),
        Cell::Code(text) => view! { <code translate="no">{text}</code> }.into_any(),
        Cell::Number(text) => view! { <span class="figure">{text}</span> }.into_any(),
        Cell::Time(when) => view! { <Time when/> }.into_any(),
        Cell::Status(status) => view! { <StatusBadge status/> }.into_any(),
        Cell::Link(link) => view! { <a href=link.href>{link.label}</a> }.into_any(),
        Cell::Copyable { text, what } => view! { <Copyable text what/> }.into_any(),
        Cell::Empty => {
            view! { <span class="text-3" aria-hidden="true">"–"</span> <span class="visually-hidden">"none"</span> }
                .into_any()
        }
    }
}
