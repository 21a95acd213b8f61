//! `/portal/licenses`: the licenses in a table, a page at a time.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    portal::{
        components::{LicenseTable, Search},
        model::LicenseList,
        pages::overview::NoLicenses,
        server_fns::licenses::licenses,
    },
    routes::Page,
    shared::{
        address::encoded,
        components::{Heading, PageTitle, Problem},
    },
};

#[component]
pub(crate) fn LicensesPage() -> impl IntoView {
    let query = use_query_map();
    let part = move |name: &str| query.with(|query| query.get(name)).unwrap_or_default();
    let data = PageData::new(move || (part("q"), part("after")), |(search, after)| licenses(search, after));
    view! {
        <PageTitle text="Licenses"/>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(list) if list.licenses.is_empty() && !list.is_part() => view! { <NoLicenses email=None/> }.into_any(),
                    Ok(list) => view! { <Licenses list/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Licenses(list: LicenseList) -> impl IntoView {
    let search = list.is_long().then(|| view! { <Search text=list.search.clone()/> });
    let paging = (!list.is_first || list.next.is_some()).then(|| view! { <Paging list=list.clone()/> });
    let table = if list.licenses.is_empty() {
        view! {
            <section class="card empty">
                <p class="text-2">"No license key ends with this text."</p>
                <p><a class="button" href=Page::Licenses.path()>"Show all licenses"</a></p>
            </section>
        }
        .into_any()
    } else {
        view! { <LicenseTable licenses=list.licenses/> }.into_any()
    };
    view! {
        <div class="split">
            <Heading>"Licenses"</Heading>
            {search}
        </div>
        {table}
        {paging}
    }
}

#[component]
fn Paging(list: LicenseList) -> impl IntoView {
    let link = |after: Option<String>, words: &'static str| {
        let query = [(!list.search.is_empty()).then(|| format!("q={}", encoded(&list.search))), after];
        let query: Vec<String> = query.into_iter().flatten().collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let href = format!("{}{mark}{}", Page::Licenses.path(), query.join("&"));
        view! { <a class="button button-small" href=href>{words}</a> }
    };
    let first = (!list.is_first).then(|| link(None, "First page"));
    let next = list.next.map(|after| link(Some(format!("after={after}")), "Next page"));
    view! { <nav aria-label="Pages" class="cluster">{first} {next}</nav> }
}
