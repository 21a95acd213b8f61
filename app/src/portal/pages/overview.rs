//! `/portal`: what the customer bought.

use leptos::prelude::*;

use crate::{
    portal::{
        components::{KeyRow, SlotTiles},
        model::{LicenseList, LicenseSummary, OverviewDetail, orders::OverdueOrder},
        server_fns::licenses::overview,
    },
    routes::Page,
    shared::components::{PageTitle, Problem, StatusBadge},
};

#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let data = Resource::new(|| (), |()| overview());
    view! {
        <PageTitle text="Overview"/>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(overview) => view! { <Bought overview/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Bought(overview: OverviewDetail) -> impl IntoView {
    let OverviewDetail { licenses: LicenseList { licenses, next, .. }, overdue } = overview;
    let overdue = overdue.into_iter().map(|order| view! { <Overdue order/> }).collect_view();
    if licenses.is_empty() {
        return view! { {overdue} <NoLicenses/> }.into_any();
    }
    let more = next.is_some().then(|| {
        view! { <p><a class="button" href=Page::Licenses.path()>"See all licenses"</a></p> }
    });
    view! {
        {overdue}
        <h1 class="title-1">{if licenses.len() == 1 { "Your license" } else { "Your licenses" }}</h1>
        {licenses.into_iter().map(|license| view! { <LicenseCard license/> }).collect_view()}
        {more}
    }
    .into_any()
}

/// A subscription that needs a payment.
#[component]
fn Overdue(order: OverdueOrder) -> impl IntoView {
    let href = Page::Order(order.id).path();
    view! {
        <div class="notice stack-small">
            <p><strong>{order.items}</strong></p>
            <p>{order.notice} " " <a href=href>"See the order"</a></p>
        </div>
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
