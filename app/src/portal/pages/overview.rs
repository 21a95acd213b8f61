//! `/portal`: what the customer bought.

use crate::shared::page_data::PageData;
use leptos::prelude::*;

use crate::{
    portal::{
        components::{
            ComputerRows, HelpCard, KeyRow, LicenseHead, LicenseNotice, LicenseTable, NextStep, Search, SlotMeter,
        },
        model::{HistoryLine, LicenseList, LicenseSummary, OverviewDetail, orders::OverdueOrder},
        server_fns::licenses::overview,
    },
    routes::Page,
    shared::{
        branding::{Contact, set_help_subject, use_branding},
        components::{Heading, PageTitle, Problem, Time},
    },
};

/// The most licenses that are shown as cards. More are a table.
const CARDS: usize = 3;

#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let data = PageData::new(|| (), |()| overview());
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
    let OverviewDetail { licenses: list, overdue, activity, email } = overview;
    let overdue = overdue.into_iter().map(|order| view! { <Overdue order/> }).collect_view();
    let Some(first) = list.licenses.first().cloned() else {
        return view! { {overdue} <NoLicenses email=Some(email)/> }.into_any();
    };
    if list.licenses.len() > CARDS {
        return view! { {overdue} <Many list activity/> }.into_any();
    }
    let subject = (list.licenses.len() == 1).then(|| first.help_subject());
    if let Some(subject) = subject.clone() {
        set_help_subject(subject);
    }
    let title = if list.licenses.len() == 1 { "Your license" } else { "Your licenses" };
    // The license that needs something, if one does.
    let next = list.licenses.iter().find(|license| license.is_usable()).cloned().unwrap_or(first);
    // Otherwise the next step is to ask for it.
    let has_help = next.is_usable();
    view! {
        {overdue}
        <Heading>{title}</Heading>
        <div class="with-rail">
            <div class="stack-large">
                {list.licenses.into_iter().map(|license| view! { <LicenseCard license/> }).collect_view()}
            </div>
            <aside class="rail" aria-label="Next steps and help">
                <NextStep license=next/>
                <Activity lines=activity/>
                {has_help.then(|| view! { <HelpCard subject/> })}
            </aside>
        </div>
    }
    .into_any()
}

/// The first of many licenses.
#[component]
fn Many(list: LicenseList, activity: Vec<HistoryLine>) -> impl IntoView {
    let search = list.is_long().then(|| view! { <Search text=String::new()/> });
    let more = list.next.is_some().then(|| {
        view! { <p><a class="button" href=Page::Licenses.path()>"See all licenses"</a></p> }
    });
    view! {
        <div class="split">
            <Heading>"Your licenses"</Heading>
            {search}
        </div>
        <LicenseTable licenses=list.licenses/>
        {more}
        <div class="rail rail-wide">
            <Activity lines=activity/>
        </div>
    }
}

/// What happened recently.
#[component]
fn Activity(lines: Vec<HistoryLine>) -> impl IntoView {
    (!lines.is_empty()).then(|| {
        let lines = lines.into_iter().map(|line| {
            view! { <li>{line.text} <span class="text-2">{line.by} ", " <Time when=line.when/></span></li> }
        });
        view! {
            <section class="rail-part">
                <h2 class="title-3">"Recent activity"</h2>
                <ul class="plain-list activity small">{lines.collect_view()}</ul>
            </section>
        }
    })
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
pub(crate) fn NoLicenses(#[prop(optional_no_strip)] email: Option<String>) -> impl IntoView {
    let branding = use_branding();
    let shop = branding.home.map(|href| {
        view! { <p><a class="button" href=href rel="external">{format!("Visit {}", branding.brand.name)}</a></p> }
    });
    let who = email.map(|email| view! { "You are signed in as " <strong class="break-anywhere">{email}</strong> ". " });
    view! {
        <section class="card empty">
            <div class="crosshair" aria-hidden="true"></div>
            <Heading>"No licenses yet"</Heading>
            <p class="text-2">
                {who} "A license appears here as soon as it is bought or issued. If you bought one with another e-mail address, sign in with that address."
            </p>
            {shop}
            <p class="small text-2">"If a license is missing, please " <Contact brand=use_branding().brand/> "."</p>
        </section>
    }
}

#[component]
fn LicenseCard(license: LicenseSummary) -> impl IntoView {
    let href = Page::License(license.id).path();
    let subject = license.help_subject();
    let (title, title_href) = (license.product.clone(), href.clone());
    let label = format!("License details of {} {}", license.product, license.masked_key);
    view! {
        <article class="card stack license-card">
            <LicenseHead license=license.clone()>
                <h2 class="title-2"><a href=title_href>{title}</a></h2>
            </LicenseHead>
            <LicenseNotice status=license.status.clone() subject/>
            <KeyRow license=license.id masked=license.masked_key.clone() revealed=None is_usable=license.is_usable()/>
            <Grants names=license.entitlements.clone()/>
            <section class="stack-small">
                <div class="split">
                    <h3 class="title-3">{license.usage()}</h3>
                    <a class="small" href=href aria-label=label>"License details"</a>
                </div>
                <SlotMeter license=license.clone()/>
                <ComputerRows license/>
            </section>
        </article>
    }
}

/// What the license includes.
#[component]
pub(crate) fn Grants(names: Vec<String>) -> impl IntoView {
    (!names.is_empty()).then(|| view! { <p class="small text-2">"Includes " {names.join(", ")} "."</p> })
}
