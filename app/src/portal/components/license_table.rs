//! Licenses in a table.

use leptos::prelude::*;

use crate::{portal::model::LicenseSummary, routes::Page, shared::components::StatusBadge};

/// A row for each license. All of a row leads to the license.
#[component]
pub(crate) fn LicenseTable(licenses: Vec<LicenseSummary>) -> impl IntoView {
    let rows = licenses.into_iter().map(|license| {
        let href = Page::License(license.id).path();
        let usage = license.usage_in_short();
        view! {
            <tr class="row-link">
                <th scope="row"><a href=href>{license.product}</a></th>
                <td data-label="Policy">{license.policy}</td>
                <td data-label="Key"><code class="nowrap">{license.masked_key}</code></td>
                <td data-label="Status"><StatusBadge status=license.status/></td>
                <td data-label="Ends">{license.term}</td>
                <td data-label="Computers" class="nowrap">{usage}</td>
            </tr>
        }
    });
    view! {
        <section class="card card-flush">
            <table class="table table-links">
                <caption class="visually-hidden">"Your licenses"</caption>
                <thead>
                    <tr>
                        <th scope="col">"License"</th>
                        <th scope="col">"Policy"</th>
                        <th scope="col">"Key"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Ends"</th>
                        <th scope="col">"Computers"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
}

/// Searches with or without script: the form leads to the list of licenses.
#[component]
pub(crate) fn Search(text: String) -> impl IntoView {
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
