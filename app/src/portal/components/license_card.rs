//! A license: what it is, whether it works and until when.

use leptos::prelude::*;

use crate::{
    portal::model::LicenseSummary,
    shared::{
        branding::{WithContact, use_branding},
        components::StatusBadge,
        model::{Status, Tone},
    },
};

/// The policy, the status and the end on one line, below a title.
#[component]
pub(crate) fn LicenseHead(license: LicenseSummary, children: Children) -> impl IntoView {
    view! {
        <header class="license-head">
            {children()}
            <p class="license-line">
                <span>{license.policy}</span>
                <StatusBadge status=license.status/>
                <span>{license.term}</span>
            </p>
        </header>
    }
}

/// What the status means and the way out, with a link to the vendor.
#[component]
pub(crate) fn LicenseNotice(status: Status, subject: String) -> impl IntoView {
    let class = if status.tone == Tone::Bad { "notice notice-bad" } else { "notice" };
    let brand = use_branding().brand;
    status.notice.map(|text| view! { <p class=class><WithContact text brand subject/></p> })
}

/// What a question is about, beside it.
#[component]
pub(crate) fn LicenseFacts(license: LicenseSummary) -> impl IntoView {
    view! {
        <aside class="rail" aria-label="The license">
            <section class="rail-part">
                <h2 class="title-3">{license.product.clone()}</h2>
                <p class="small text-2">{license.policy.clone()}</p>
                <p><code>{license.masked_key.clone()}</code></p>
                <p class="small text-2">{license.usage()}</p>
                <p class="small text-2">{license.term}</p>
            </section>
        </aside>
    }
}
