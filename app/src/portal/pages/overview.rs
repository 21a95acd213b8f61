//! `/portal`: what the customer bought.

use leptos::prelude::*;

use crate::{
    portal::{
        components::{KeyRow, SlotTiles},
        model::LicenseSummary,
        server_fns::licenses::licenses,
    },
    routes::Page,
    shared::components::{PageTitle, Problem, StatusBadge},
};

#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let data = Resource::new(|| (), |()| licenses());
    view! {
        <PageTitle text="Overview"/>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(licenses) if licenses.is_empty() => view! { <NoLicenses/> }.into_any(),
                    Ok(licenses) => {
                        view! {
                            <h1 class="title-1">{if licenses.len() == 1 { "Your license" } else { "Your licenses" }}</h1>
                            {licenses.into_iter().map(|license| view! { <LicenseCard license/> }).collect_view()}
                        }
                            .into_any()
                    }
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

/// Shown to customers who have no license.
#[component]
pub(crate) fn NoLicenses() -> impl IntoView {
    view! {
        <section class="card empty">
            <div class="crosshair" aria-hidden="true"></div>
            <h1 class="title-1">"No licenses yet"</h1>
            <p class="text-2">
                "A license appears here as soon as it is bought or issued. If you bought one with another e-mail address, sign in with that address."
            </p>
        </section>
    }
}

#[component]
fn LicenseCard(license: LicenseSummary) -> impl IntoView {
    let href = Page::License(license.id).path();
    let notice = license.status.notice.clone();
    let label = format!("License details of {} {}", license.product, license.masked_key);
    view! {
        <section class="card stack">
            <div class="split">
                <div>
                    <h2 class="title-2">{license.product.clone()}</h2>
                    <p class="small text-2">{license.policy.clone()}</p>
                </div>
                <StatusBadge status=license.status.clone()/>
            </div>
            {notice.map(|text| view! { <p class="notice">{text}</p> })}
            <KeyRow license=license.id masked=license.masked_key.clone() revealed=None/>
            <div class="split">
                <h3 class="title-3">{license.usage()}</h3>
                <a class="small" href=href aria-label=label>"License details"</a>
            </div>
            <SlotTiles license/>
        </section>
    }
}
