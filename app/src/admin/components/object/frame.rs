//! The frame of an object's page.

use leptos::prelude::*;

use crate::{
    admin::{
        components::{Copyable, Menu, Value},
        model::{
            lists::LinkTo,
            objects::{ActLink, Fact, ObjectHead, Related},
        },
    },
    shared::components::StatusBadge,
};

/// Links to the sections of a page, with whether each is shown.
#[component]
pub(crate) fn SectionTabs(tabs: Vec<(LinkTo, bool)>) -> impl IntoView {
    let links = tabs.into_iter().map(|(tab, is_current)| {
        view! { <a href=tab.href aria-current=is_current.then_some("page")>{tab.label}</a> }
    });
    view! { <nav aria-label="Sections" class="object-tabs">{links.collect_view()}</nav> }
}

/// The header with the one menu of acts, the tabs, and two columns: what the object is, and what belongs to it.
#[component]
pub(crate) fn ObjectFrame(head: ObjectHead, #[prop(into)] side: ViewFn, children: Children) -> impl IntoView {
    let ObjectHead { kind, list, title, id, status, acts, tabs } = head;
    let what = format!("{} id", kind.to_lowercase());
    view! {
        <header class="object-head">
            <nav aria-label="Breadcrumb" class="small">
                <a href=list.href>{list.label}</a>
            </nav>
            <div class="split">
                <div class="cluster">
                    <h1 class="title-1 break-anywhere"><span class="visually-hidden">{kind} " "</span> {title}</h1>
                    {status.map(|status| view! { <StatusBadge status/> })}
                </div>
                {(!acts.is_empty()).then(|| view! { <ActMenu acts/> })}
            </div>
            <Copyable text=id what/>
            {(tabs.len() > 1).then(|| view! { <SectionTabs tabs/> })}
        </header>
        <div class="object-columns">
            <div class="stack-large">{children()}</div>
            <aside class="stack-large" aria-label="What belongs to it">{side.run()}</aside>
        </div>
    }
}

/// From so many acts on, a reason that they share is given once, below everything else.
const SHARED: usize = 3;

/// Everything that can be done. What is not possible stays in its place and says why, unless many acts have the same reason.
#[component]
fn ActMenu(acts: Vec<ActLink>) -> impl IntoView {
    let count = |reason: &String| acts.iter().filter(|act| act.reason.as_ref() == Some(reason)).count();
    let shared = acts.iter().filter_map(|act| act.reason.clone()).find(|reason| count(reason) >= SHARED);
    let (alike, acts): (Vec<_>, Vec<_>) =
        acts.into_iter().partition(|act| shared.is_some() && act.reason == shared && act.href.is_none());
    let alike = shared.map(|reason| ActLink {
        label: alike.into_iter().map(|act| act.label).collect::<Vec<_>>().join(", "),
        href: None,
        reason: Some(reason),
        is_dangerous: false,
    });
    let act = |ActLink { label, href, reason, is_dangerous }: ActLink| match href {
        Some(href) => view! { <li><a href=href class:menu-danger=is_dangerous>{label}</a></li> }.into_any(),
        None => {
            view! { <li class="menu-off"><span>{label}</span> <span class="menu-note">{reason}</span></li> }.into_any()
        }
    };
    view! {
        <Menu label="Actions" class="menu-right">
            <ul class="menu-list">{acts.into_iter().chain(alike).map(act).collect_view()}</ul>
        </Menu>
    }
}

/// Labeled values.
#[component]
pub(crate) fn Facts(facts: Vec<Fact>) -> impl IntoView {
    view! {
        <dl class="card fact-grid">
            {facts
                .into_iter()
                .map(|fact| view! { <div><dt>{fact.label}</dt><dd><Value cell=fact.value/></dd></div> })
                .collect_view()}
        </dl>
    }
}

/// The object as the server stores it, without secrets.
#[component]
pub(crate) fn Inspect(#[prop(into)] json: String) -> impl IntoView {
    view! { <pre class="card inspect" tabindex="0" role="region" aria-label="The object as JSON"><code translate="no">{json}</code></pre> }
}

#[component]
pub(crate) fn RelatedColumn(groups: Vec<Related>) -> impl IntoView {
    groups
        .into_iter()
        .map(|Related { title, links, all }| {
            let is_empty = links.is_empty();
            view! {
                <section class="related">
                    <h2 class="title-3">{title}</h2>
                    {is_empty.then(|| view! { <p class="small text-2">"None"</p> })}
                    <ul class="stack-small plain-list">
                        {links
                            .into_iter()
                            .map(|link| view! { <li><a class="break-anywhere" href=link.href>{link.label}</a></li> })
                            .collect_view()}
                        {all.map(|link| view! { <li class="small"><a href=link.href>{link.label}</a></li> })}
                    </ul>
                </section>
            }
        })
        .collect_view()
}
