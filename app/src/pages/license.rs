//! `/portal/licenses/{id}`: one license with its key and its computers.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    components::{ComputerTable, KeyRow, PageTitle, Problem, StatusBadge, Time},
    model::LicenseDetail,
    server_fns::licenses::license,
};

/// The license.
#[component]
pub(crate) fn LicensePage() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("license")).unwrap_or_default();
    let data = Resource::new(id, license);
    view! {
        <PageTitle text="License"/>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(detail) => view! { <Detail detail/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Detail(detail: LicenseDetail) -> impl IntoView {
    let LicenseDetail { license, revealed_key } = detail;
    let notice = license.status.notice.clone();
    view! {
        <nav aria-label="Breadcrumb" class="small"><a href="/portal/licenses">"Licenses"</a></nav>
        <div class="split">
            <h1 class="title-1">{license.product.clone()}</h1>
            <StatusBadge status=license.status.clone()/>
        </div>
        {notice.map(|text| view! { <p class="notice">{text}</p> })}
        <section class="card stack">
            <h2 class="title-2">"License key"</h2>
            <KeyRow license=license.id.clone() masked=license.masked_key.clone() revealed=revealed_key/>
            <dl class="facts">
                <div><dt>"Kind"</dt><dd>{license.policy.clone()}</dd></div>
                <div><dt>"Issued"</dt><dd><Time when=license.issued.clone()/></dd></div>
                <div>
                    <dt>"Ends"</dt>
                    <dd>
                        {match license.ends.clone() {
                            Some(when) => view! { <Time when/> }.into_any(),
                            None => "Never".into_any(),
                        }}
                    </dd>
                </div>
            </dl>
        </section>
        <section class="card stack">
            <div class="split">
                <h2 class="title-2">"Computers"</h2>
                <p class="small text-2">{license.usage()}</p>
            </div>
            <ComputerTable license/>
        </section>
    }
}
