//! `/portal/licenses`: the licenses in a table, a page at a time.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    portal::{
        model::{LicenseList, LicenseSummary},
        pages::overview::NoLicenses,
        server_fns::licenses::licenses,
    },
    routes::Page,
    shared::components::{PageTitle, Problem, StatusBadge, Time},
};

#[component]
pub(crate) fn LicensesPage() -> impl IntoView {
    let query = use_query_map();
    let part = move |name: &str| query.with(|query| query.get(name)).unwrap_or_default();
    let data = Resource::new(move || (part("q"), part("after")), |(search, after)| licenses(search, after));
    view! {
        <PageTitle text="Licenses"/>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(list) if list.licenses.is_empty() && !list.is_part() => view! { <NoLicenses/> }.into_any(),
                    Ok(list) => view! { <Licenses list/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Licenses(list: LicenseList) -> impl IntoView {
    let search = list.is_part().then(|| view! { <Search text=list.search.clone()/> });
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
            <h1 class="title-1">"Licenses"</h1>
            {search}
        </div>
        {table}
        {paging}
    }
}

/// Searches with or without script: the form leads to this page.
#[component]
fn Search(text: String) -> impl IntoView {
    let clear = (!text.is_empty()).then(|| view! { <a class="small" href=Page::Licenses.path()>"Show all"</a> });
    view! {
        <form method="get" action=Page::Licenses.path() role="search" class="cluster">
            <label class="small" for="search">"Key ends with"</label>
            <input id="search" class="input-short" r#type="search" name="q" value=text maxlength="100" autocomplete="off" spellcheck="false"/>
            <button r#type="submit" class="button button-small">"Search"</button>
            {clear}
        </form>
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

/// Text as the value of a query.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[component]
fn LicenseTable(licenses: Vec<LicenseSummary>) -> impl IntoView {
    let rows = licenses.into_iter().map(|license| {
        let href = Page::License(license.id).path();
        let usage = license.usage();
        view! {
            <tr>
                <th scope="row"><a href=href>{license.product}</a></th>
                <td data-label="Key"><code>{license.masked_key}</code></td>
                <td data-label="Status"><StatusBadge status=license.status/></td>
                <td data-label="Computers">{usage}</td>
                <td data-label="Issued"><Time when=license.issued/></td>
            </tr>
        }
    });
    view! {
        <section class="card card-flush">
            <table class="table">
                <caption class="visually-hidden">"Your licenses"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Product"</th>
                        <th scope="col">"Key"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Computers"</th>
                        <th scope="col">"Issued"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
}
