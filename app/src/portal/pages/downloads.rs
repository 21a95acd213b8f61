//! `/portal/licenses/{id}/downloads`: the builds that a license may have.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    portal::{
        components::{Breadcrumb, ReleaseBuilds},
        model::downloads::{DownloadList, LicenseDownloads},
        server_fns::downloads::downloads,
    },
    shared::{
        components::{Heading, PageTitle, Problem},
        page_data::PageData,
    },
};

#[component]
pub(crate) fn DownloadsPage() -> impl IntoView {
    let params = use_params_map();
    let license = move || params.with(|params| params.get("license")).unwrap_or_default();
    let data = PageData::new(license, downloads);
    view! {
        <PageTitle text="Downloads"/>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(found) => view! { <Detail found/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Detail(found: LicenseDownloads) -> impl IntoView {
    let LicenseDownloads { license, list } = found;
    let DownloadList { releases, notice, .. } = list;
    let is_empty = releases.is_empty() && notice.is_none();
    let rows = releases
        .into_iter()
        .map(|release| view! { <section class="card"><ReleaseBuilds release is_section=true/></section> });
    view! {
        <Breadcrumb license/>
        {if is_empty {
            view! { <NoDownloads/> }.into_any()
        } else {
            view! { <Heading>"Downloads"</Heading> }.into_any()
        }}
        {notice.map(|text| view! { <p class="measure">{text}</p> })}
        {rows.collect_view()}
    }
}

#[component]
fn NoDownloads() -> impl IntoView {
    view! {
        <section class="card empty">
            <div class="crosshair" aria-hidden="true"></div>
            <Heading>"No downloads yet"</Heading>
            <p class="text-2">"There are no downloads for this license yet. The versions that it may have appear here."</p>
        </section>
    }
}
