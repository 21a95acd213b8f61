//! The pages of the catalog.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};

use crate::{
    admin::{
        components::{
            acts::ToastRegion,
            catalog::FileCard,
            list::EmptyList,
            object::{SectionTabs, Timeline},
        },
        model::{
            catalog::{CatalogContent, CatalogSection, CatalogView},
            lists::Emptiness,
        },
        pages::object::{ObjectShown, SectionBodyView},
        server_fns::catalog::{admin_catalog, admin_catalog_entry},
    },
    shared::components::{PageTitle, Problem},
};

/// Everything that is sold, or the catalog as a file.
#[component]
pub(crate) fn CatalogPage() -> impl IntoView {
    let search = use_location().search;
    let view = PageData::new(move || search.get(), admin_catalog);
    view! {
        <PageTitle text="Catalog · Admin"/>
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
fn Shown(view: CatalogView) -> impl IntoView {
    let CatalogView { toast, tabs, first, is_empty, content } = view;
    let toasts: Vec<_> = toast.into_iter().collect();
    let content = match content {
        CatalogContent::File(file) => view! { <FileCard file/> }.into_any(),
        CatalogContent::Entries { timeline, .. } if is_empty => {
            let why = Emptiness::NothingYet {
                what: "Nothing is sold yet".to_owned(),
                how: "Begin with a product, which is what apps name. Then add a policy with the terms of its licenses, and a price."
                    .to_owned(),
                action: first,
            };
            let (entries, pages) = timeline;
            let has_history = !entries.is_empty();
            view! {
                <EmptyList why/>
                {has_history.then(|| view! { <Timeline entries pages/> })}
            }
            .into_any()
        }
        CatalogContent::Entries { sections, timeline: (entries, pages) } => view! {
            {sections.into_iter().map(|section| view! { <Section section/> }).collect_view()}
            <Timeline entries pages/>
        }
        .into_any(),
    };
    view! {
        <ToastRegion toasts=Signal::stored(toasts)/>
        <header class="object-head">
            <h1 class="title-1">"Catalog"</h1>
            <SectionTabs tabs/>
        </header>
        {content}
    }
}

#[component]
fn Section(section: CatalogSection) -> impl IntoView {
    let CatalogSection { section, create } = section;
    let title = section.title.clone();
    view! {
        <section class="stack-small">
            <div class="split">
                <h2 class="title-2">{title}</h2>
                {create.map(|link| view! { <a class="button button-small" href=link.href>{link.label}</a> })}
            </div>
            <SectionBodyView section/>
        </section>
    }
}

/// A product, policy, price or entitlement.
#[component]
pub(crate) fn CatalogEntryPage() -> impl IntoView {
    let params = use_params_map();
    let param = move |name: &str| params.with(|params| params.get(name)).unwrap_or_default();
    let search = use_location().search;
    let view = PageData::new(
        move || (param("kind"), param("code"), search.get()),
        |(kind, code, query)| admin_catalog_entry(kind, code, query),
    );
    view! {
        <PageTitle text="Catalog · Admin"/>
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
