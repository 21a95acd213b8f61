//! `/admin/search`: finds pages and objects, with and without script.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    admin::{
        components::{AdminIcon, AdminIconName},
        keyboard::{
            objects::{ObjectSource, use_objects},
            palette::matching_entries,
        },
        model::find::HitGroup,
        shell::navigation::entries,
    },
    routes::AdminPage,
    shared::{
        components::{Failure, PageTitle},
        error::UiError,
    },
};

/// The name of the query's value.
const QUERY: &str = "q";

#[component]
pub(crate) fn SearchPage() -> impl IntoView {
    let query = use_query_map();
    let text = move || query.with(|query| query.get(QUERY)).unwrap_or_default();
    let source = use_objects();
    let found = PageData::new(text, move |text| ObjectSource::find(source.clone(), text));
    view! {
        <PageTitle text="Search · Admin"/>
        <h1 class="title-1">"Search"</h1>
        {move || view! { <SearchField value=text()/> }}
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                let found = found.await;
                view! { <Results text=text() found/> }
            })}
        </Suspense>
    }
}

/// The field that leads to the search page.
#[component]
pub(crate) fn SearchField(value: String) -> impl IntoView {
    view! {
        <form method="get" action=AdminPage::Search.path() role="search" class="filters">
            <label class="search-box search-wide">
                <span class="visually-hidden">"Find a page or an object"</span>
                <AdminIcon name=AdminIconName::Search/>
                <input
                    r#type="search"
                    name=QUERY
                    value=value
                    placeholder="Page, e-mail, key, id, code"
                    autocomplete="off"
                    spellcheck="false"
                    data-search=""
                />
            </label>
            <button r#type="submit" class="button button-accent">"Search"</button>
        </form>
    }
}

#[component]
fn Results(text: String, found: Result<Vec<HitGroup>, UiError>) -> impl IntoView {
    let pages = matching_entries(&entries(), &text);
    let pages = (!pages.is_empty()).then(|| HitGroup { title: "Go to".to_owned(), hits: pages });
    let error = found.as_ref().err().copied();
    let groups: Vec<HitGroup> = pages.into_iter().chain(found.unwrap_or_default()).collect();
    let is_empty = groups.is_empty() && error.is_none();
    view! {
        {error.map(|error| view! { <Failure error/> })}
        {is_empty.then(|| {
            view! {
                <section class="card empty">
                    <div class="crosshair" aria-hidden="true"></div>
                    <h2 class="title-2">"No match"</h2>
                    <p class="text-2 break-anywhere">{format!("Nothing was found for “{text}”. Check the spelling, or enter less.")}</p>
                </section>
            }
        })}
        {groups.into_iter().map(|group| view! { <Group group/> }).collect_view()}
    }
}

#[component]
fn Group(group: HitGroup) -> impl IntoView {
    view! {
        <section class="card stack-small">
            <h2 class="title-3">{group.title}</h2>
            <ul class="stack-small plain-list">
                {group
                    .hits
                    .into_iter()
                    .map(|hit| {
                        view! {
                            <li>
                                <a href=hit.href data-row="">{hit.title}</a>
                                " "
                                <span class="small text-2">{hit.detail}</span>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </section>
    }
}
