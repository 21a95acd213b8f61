//! The pages of acts. Their forms are sent to the same path, so that they work without script.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};

use crate::{
    admin::{
        components::{
            Copyable,
            acts::{BulkGroups, ConfirmForm},
            catalog::{EntryFormCard, PlanCard},
        },
        model::object_view::{ActContent, ActView},
        pages::{evidence::EvidencePage, explain::ExplainPage},
        server_fns::objects::admin_act,
    },
    routes::{LicenseActName, OrderActName},
    shared::components::{PageTitle, Problem},
};

/// The page of an act on any record.
#[component]
pub(crate) fn ActPage() -> impl IntoView {
    let (path, search) = (use_location().pathname, use_location().search);
    let view = PageData::new(move || (path.get(), search.get()), |(path, query)| admin_act(path, query));
    view! {
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match view.await {
                    Ok(view) => view! { <Shown view/> }.into_any(),
                    Err(error) => view! { <PageTitle text="Admin"/> <Problem error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

/// The page of an act on a license. One of them only reads.
#[component]
pub(crate) fn LicenseActPage() -> impl IntoView {
    let act = act_name();
    move || {
        if act.get() == LicenseActName::Explain.as_str() {
            view! { <ExplainPage/> }.into_any()
        } else {
            view! { <ActPage/> }.into_any()
        }
    }
}

/// The page of an act on an order. One of them only reads.
#[component]
pub(crate) fn OrderActPage() -> impl IntoView {
    let act = act_name();
    move || {
        if act.get() == OrderActName::Evidence.as_str() {
            view! { <EvidencePage/> }.into_any()
        } else {
            view! { <ActPage/> }.into_any()
        }
    }
}

fn act_name() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|params| params.get("act")).unwrap_or_default())
}

#[component]
fn Shown(view: ActView) -> impl IntoView {
    let ActView { title, record, content } = view;
    let back = record.href.clone();
    let content = match content {
        ActContent::Form(confirmation) => view! { <ConfirmForm confirmation=*confirmation/> }.into_any(),
        ActContent::Entry(form) => view! { <EntryFormCard form=*form/> }.into_any(),
        ActContent::CatalogPlan(plan) => view! { <PlanCard plan=*plan/> }.into_any(),
        ActContent::Refused(why) => view! {
            <section class="card stack measure">
                <p role="alert">{why}</p>
                <p><a class="button" href=back>"Back"</a></p>
            </section>
        }
        .into_any(),
        ActContent::Confirm(path) => view! {
            <section class="card stack measure">
                <p>"This needs your passkey again, because you last used it more than 5 minutes ago."</p>
                <p class="cluster">
                    <a class="button" href=back>"Cancel"</a>
                    // Another bundle's page.
                    <a class="button button-accent" href=path rel="external">"Confirm that it is you"</a>
                </p>
            </section>
        }
        .into_any(),
        ActContent::BulkPlan { outcome, form } => view! {
            <BulkGroups outcome/>
            {match form {
                Some(form) => view! { <ConfirmForm confirmation=*form/> }.into_any(),
                None => view! { <p><a class="button" href=back>"Back"</a></p> }.into_any(),
            }}
        }
        .into_any(),
        ActContent::Report(outcome) => view! {
            <BulkGroups outcome/>
            <p><a class="button" href=back>"Done"</a></p>
        }
        .into_any(),
        ActContent::Secret { what, text } => view! {
            <section class="card stack measure">
                <h2 class="title-2">{what.clone()}</h2>
                <p class="secret"><Copyable text what=what.to_lowercase()/></p>
                <p class="small text-2">"It is shown once. The audit log records that you looked at it."</p>
                <p><a class="button" href=back>"Done"</a></p>
            </section>
        }
        .into_any(),
    };
    view! {
        <PageTitle text=format!("{title} · Admin")/>
        <header class="object-head">
            <nav aria-label="Breadcrumb" class="small"><a class="break-anywhere" href=record.href>{record.label}</a></nav>
            <h1 class="title-1">{title}</h1>
        </header>
        {content}
    }
}
