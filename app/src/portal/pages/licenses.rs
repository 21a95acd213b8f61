//! `/portal/licenses`: all licenses in one table.

use leptos::prelude::*;

use crate::{
    portal::{model::LicenseSummary, pages::overview::NoLicenses, server_fns::licenses::licenses},
    routes::Page,
    shared::components::{PageTitle, Problem, StatusBadge, Time},
};

#[component]
pub(crate) fn LicensesPage() -> impl IntoView {
    let data = Resource::new(|| (), |()| licenses());
    view! {
        <PageTitle text="Licenses"/>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(licenses) if licenses.is_empty() => view! { <NoLicenses/> }.into_any(),
                    Ok(licenses) => view! { <LicenseTable licenses/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Suspense>
    }
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
        <h1 class="title-1">"Licenses"</h1>
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
