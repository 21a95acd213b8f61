//! `/admin`: the first page.

use leptos::prelude::*;

use crate::{
    admin::{pages::search::SearchField, shell::navigation::entries},
    routes::AdminPage,
    shared::components::PageTitle,
};

#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let overview = AdminPage::Overview.path();
    let sections = entries().into_iter().filter(|entry| entry.href != overview);
    view! {
        <PageTitle text="Overview · Admin"/>
        <h1 class="title-1">"Overview"</h1>
        <SearchField value=String::new()/>
        <section class="card stack-small" aria-labelledby="sections">
            <h2 class="title-2" id="sections">"Sections"</h2>
            <ul class="list">
                {sections.map(|entry| view! { <li><a href=entry.href>{entry.label}</a></li> }).collect_view()}
            </ul>
        </section>
    }
}
