//! `/admin/orders/{id}/evidence`: what answers a dispute, to copy.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    admin::{components::object::Notices, model::object_view::EvidenceView, server_fns::objects::admin_evidence},
    shared::components::{CopyButton, PageTitle, Problem},
};

#[component]
pub(crate) fn EvidencePage() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("order")).unwrap_or_default();
    let view = PageData::new(id, admin_evidence);
    view! {
        <PageTitle text="Evidence for a dispute · Admin"/>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match view.await {
                    Ok(view) => view! { <Shown view/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Shown(view: EvidenceView) -> impl IntoView {
    let EvidenceView { record, notice, parts, text } = view;
    view! {
        <header class="object-head">
            <nav aria-label="Breadcrumb" class="small"><a href=record.href>{record.label}</a></nav>
            <div class="split">
                <h1 class="title-1">"Evidence for a dispute"</h1>
                <CopyButton text words="Copy all"/>
            </div>
            <p class="text-2 measure">
                "Copy it into the form at Stripe. It contains no full network addresses and no license keys."
            </p>
        </header>
        <Notices notices=vec![notice]/>
        {parts
            .into_iter()
            .map(|(title, text)| {
                let label = title.clone();
                let copied = text.clone();
                view! {
                    <section class="stack">
                        <div class="split">
                            <h2 class="title-2">{title}</h2>
                            <CopyButton text=copied words="Copy"/>
                        </div>
                        <pre class="card inspect wrap" tabindex="0" role="region" aria-label=label>{text}</pre>
                    </section>
                }
            })
            .collect_view()}
    }
}
