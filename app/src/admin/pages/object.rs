//! The pages of all kinds of records.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};

use crate::{
    admin::{
        components::{
            Copyable,
            acts::ToastRegion,
            list::DataTable,
            object::{Facts, Inspect, Notices, ObjectFrame, RelatedColumn, Timeline},
        },
        model::object_view::{ObjectContent, ObjectKind, ObjectView, Section, SectionBody},
        server_fns::objects::admin_object,
    },
    shared::components::{PageTitle, Problem},
};

#[component]
fn ObjectPage(kind: ObjectKind, param: &'static str, title: &'static str) -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get(param)).unwrap_or_default();
    let search = use_location().search;
    let view = PageData::new(move || (id(), search.get()), move |(id, query)| admin_object(kind, id, query));
    view! {
        <PageTitle text=format!("{title} · Admin")/>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match view.await {
                    Ok(view) => view! { <ObjectShown view/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

/// A record with its head, its content and what belongs to it.
#[component]
pub(crate) fn ObjectShown(view: ObjectView) -> impl IntoView {
    let ObjectView { head, toast, notices, content, related } = view;
    let toasts: Vec<_> = toast.into_iter().collect();
    let content = match content {
        ObjectContent::Summary { facts, sections, timeline } => view! {
            <Facts facts/>
            {sections.into_iter().map(|section| view! { <SectionView section/> }).collect_view()}
            {timeline.map(|(entries, pages)| view! { <Timeline entries pages/> })}
        }
        .into_any(),
        ObjectContent::Inspect { json, calls } => view! {
            <Inspect json/>
            {calls.into_iter().map(|(label, text)| view! { <SameElsewhere label text/> }).collect_view()}
        }
        .into_any(),
    };
    view! {
        <ToastRegion toasts=Signal::stored(toasts)/>
        <ObjectFrame head side=move || view! { <RelatedColumn groups=related.clone()/> }>
            <Notices notices/>
            {content}
        </ObjectFrame>
    }
}

/// A titled part of a page.
#[component]
pub(crate) fn SectionView(section: Section) -> impl IntoView {
    let title = section.title.clone();
    view! {
        <section class="stack">
            <h2 class="title-2">{title}</h2>
            <SectionBodyView section/>
        </section>
    }
}

/// What stands below the title of a part of a page.
#[component]
pub(crate) fn SectionBodyView(section: Section) -> impl IntoView {
    let Section { title, body, all } = section;
    let body = match body {
        SectionBody::Table(table) => view! { <DataTable table/> }.into_any(),
        SectionBody::Code(text) => {
            view! { <pre class="card inspect" tabindex="0" role="region" aria-label=title><code translate="no">{text}</code></pre> }
                .into_any()
        }
        SectionBody::Nothing(text) => view! { <p class="small text-2">{text}</p> }.into_any(),
    };
    view! {
        {body}
        {all.map(|link| view! { <p class="small"><a href=link.href>{link.label}</a></p> })}
    }
}

/// A command or request that shows the same.
#[component]
fn SameElsewhere(label: String, text: String) -> impl IntoView {
    view! {
        <section class="stack-small">
            <h2 class="title-3">{label}</h2>
            <p class="call"><Copyable text what="command"/></p>
        </section>
    }
}

macro_rules! object_pages {
    ($($page:ident = $kind:ident, $param:literal, $title:literal;)+) => {$(
        #[component]
        pub(crate) fn $page() -> impl IntoView {
            view! { <ObjectPage kind=ObjectKind::$kind param=$param title=$title/> }
        }
    )+};
}

object_pages! {
    CustomerPage = Customer, "customer", "Customer";
    LicensePage = License, "license", "License";
    MachinePage = Machine, "machine", "Machine";
    OrderPage = Order, "order", "Order";
    EventPage = Event, "event", "Event";
    MailPage = Mail, "mail", "Mail";
}
