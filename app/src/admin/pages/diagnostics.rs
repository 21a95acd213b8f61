//! `/admin/diagnostics`: the state of the instance.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    admin::{
        components::{
            Copyable,
            acts::ToastRegion,
            list::EmptyList,
            object::{Facts, Notices},
        },
        model::{
            diagnostics::{DiagnosticsContent, DiagnosticsView, Guide},
            lists::Emptiness,
        },
        pages::object::SectionView,
        server_fns::diagnostics::admin_diagnostics,
    },
    shared::components::{CopyButton, PageTitle, Problem},
};

#[component]
pub(crate) fn DiagnosticsPage() -> impl IntoView {
    let search = use_location().search;
    let view = PageData::new(move || search.get(), admin_diagnostics);
    view! {
        <PageTitle text="Diagnostics · Admin"/>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match view.await {
                    Ok(DiagnosticsView::Shown(content)) => view! { <Shown content=*content/> }.into_any(),
                    Ok(DiagnosticsView::Refused(needs)) => view! {
                        <h1 class="title-1">"Diagnostics"</h1>
                        <EmptyList why=Emptiness::NoPermission { needs }/>
                    }
                    .into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Shown(content: DiagnosticsContent) -> impl IntoView {
    let DiagnosticsContent { toast, all_checks, test_mail, notices, facts, sections, guides, report } = content;
    let toasts: Vec<_> = toast.into_iter().collect();
    view! {
        <ToastRegion toasts=Signal::stored(toasts)/>
        <header class="object-head">
            <div class="split">
                <h1 class="title-1">"Diagnostics"</h1>
                <div class="cluster">
                    <a class="button button-small" href=test_mail.href>{test_mail.label}</a>
                    {all_checks.map(|link| view! { <a class="button button-small" href=link.href>{link.label}</a> })}
                </div>
            </div>
        </header>
        <Notices notices/>
        <Facts facts/>
        {sections.into_iter().map(|section| view! { <SectionView section/> }).collect_view()}
        {guides.into_iter().map(|guide| view! { <GuideView guide/> }).collect_view()}
        <Report report/>
    }
}

#[component]
fn GuideView(guide: Guide) -> impl IntoView {
    let Guide { title, steps, commands } = guide;
    view! {
        <section class="stack-small">
            <h2 class="title-2">{title}</h2>
            <ol class="list list-numbered measure">{steps.into_iter().map(|step| view! { <li>{step}</li> }).collect_view()}</ol>
            <ul class="stack-small plain-list call">
                {commands.into_iter().map(|command| view! { <li><Copyable text=command what="command"/></li> }).collect_view()}
            </ul>
        </section>
    }
}

#[component]
fn Report(report: String) -> impl IntoView {
    let copied = report.clone();
    view! {
        <section class="stack-small" aria-labelledby="report">
            <div class="split">
                <h2 class="title-2" id="report">"Support report"</h2>
                <CopyButton text=copied words="Copy report"/>
            </div>
            <p class="small text-2">"Everything above as plain text. It contains no secrets and no data of customers."</p>
            <pre class="card inspect wrap" tabindex="0" role="region" aria-label="Text of the support report">{report}</pre>
        </section>
    }
}
