//! The way back from a page about a license.

use leptos::prelude::*;

use crate::{portal::model::LicenseSummary, routes::Page};

/// The list of licenses and the license, which its key's end identifies.
#[component]
pub(crate) fn Breadcrumb(license: LicenseSummary) -> impl IntoView {
    view! {
        <nav aria-label="Breadcrumb" class="breadcrumb small">
            <a href=Page::Licenses.path()>"Licenses"</a>
            <span aria-hidden="true">"/"</span>
            <a href=Page::License(license.id).path()>
                {license.product} " " <code class="nowrap">"…" {license.key_tail}</code>
            </a>
        </nav>
    }
}
