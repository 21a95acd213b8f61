//! `/portal/licenses/{id}`: one license with its key and its computers.

use crate::shared::page_data::PageData;
use latchkey_licensing::ids::LicenseId;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    checkout::model::Offer,
    portal::{
        components::{ComputerTable, HelpCard, KeyRow, LicenseHead, LicenseNotice, NextStep, ReleaseBuilds, SlotMeter},
        model::{HistoryLine, LicenseDetail, LicenseSummary, Swaps, downloads::DownloadList},
        pages::overview::Grants,
        server_fns::licenses::license,
    },
    routes::{FormTarget, Page},
    shared::{
        branding::{set_help_subject, use_branding},
        components::{Heading, HiddenField, PageTitle, Problem, Submit, Time},
        error::UiError,
        page_owner::OwnerField,
    },
};

#[component]
pub(crate) fn LicensePage() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("license")).unwrap_or_default();
    let data = PageData::new(id, license);
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
    let LicenseDetail { license, revealed_key, order, downloads, upgrades, history } = detail;
    let subject = license.help_subject();
    set_help_subject(subject.clone());
    let id = license.id;
    let upgrades = (!upgrades.is_empty()).then(|| view! { <Upgrades license=id offers=upgrades/> });
    let can_replace_key = license.can_replace_key;
    let title = license.product.clone();
    // Otherwise the next step is to ask for it.
    let has_help = license.is_usable();
    let rights = license.rights;
    view! {
        <nav aria-label="Breadcrumb" class="breadcrumb small"><a href=Page::Licenses.path()>"Licenses"</a></nav>
        <div class="with-rail">
            <article class="card stack license-card">
                <LicenseHead license=license.clone()>
                    <Heading>{title}</Heading>
                </LicenseHead>
                <LicenseNotice status=license.status.clone() subject=subject.clone()/>
                <KeyRow license=id masked=license.masked_key.clone() revealed=revealed_key is_usable=license.is_usable()/>
                <Grants names=license.entitlements.clone()/>
                <p class="small text-2">
                    "Issued on " <Time when=license.issued.clone()/>
                    {order.map(|(order, number)| view! { ", bought with " <a href=Page::Order(order).path()>"order " {number}</a> })}
                    "."
                </p>
            </article>
            <aside class="rail" aria-label="Next steps and help">
                <NextStep license=license.clone() is_listed=false/>
                {has_help.then(|| view! { <HelpCard subject=Some(subject)/> })}
            </aside>
        </div>
        <Computers license/>
        {downloads.map(|list| view! { <Downloads license=id list/> })}
        {upgrades}
        {rights.sees_history.then(|| view! {
            <section class="card stack">
                <h2 class="title-2">"History"</h2>
                <History lines=history/>
            </section>
        })}
        {can_replace_key.then(|| view! { <Danger license=id/> })}
    }
    .into_any()
}

#[component]
fn Computers(license: LicenseSummary) -> impl IntoView {
    let can_free = license.rights.frees_computers;
    let swaps = license.swaps.clone().filter(|_| can_free);
    let no_freeing =
        (!can_free && !license.computers.is_empty()).then(|| UiError::ComputerNotFreeable.text(&use_branding().brand));
    let usage = license.usage();
    let free = license.free_places().map(|free| format!(", {free}"));
    view! {
        <section class="card stack" id="computers">
            <div class="split">
                <h2 class="title-2">"Computers"</h2>
                <p class="small text-2"><span>{usage}</span> {free}</p>
            </div>
            <SlotMeter license=license.clone()/>
            <ComputerTable license/>
            {swaps.map(|swaps| view! { <SwapLine swaps/> })}
            {no_freeing.map(|text| view! { <p class="small text-2">{text}</p> })}
        </section>
    }
}

/// The newest builds, and the way to the others.
#[component]
fn Downloads(license: LicenseId, list: DownloadList) -> impl IntoView {
    let DownloadList { releases, has_more, notice } = list;
    let all = has_more.then(|| view! { <a class="small" href=Page::Downloads(license).path()>"All versions"</a> });
    view! {
        <section class="card stack" id="downloads">
            <div class="split"><h2 class="title-2">"Downloads"</h2> {all}</div>
            {notice.map(|text| view! { <p class="small measure">{text}</p> })}
            {releases.into_iter().map(|release| view! { <ReleaseBuilds release/> }).collect_view()}
        </section>
    }
}

/// What cannot be undone, apart from everything else.
#[component]
fn Danger(license: LicenseId) -> impl IntoView {
    view! {
        <section class="card danger-zone split">
            <div>
                <h2 class="title-3">"Somebody else has your key?"</h2>
                <p class="small text-2">"A new key makes the old one useless at once. Each of your computers then asks for the new key."</p>
            </div>
            <a class="button button-danger-quiet" href=Page::NewKey(license).path()>"Replace this key"</a>
        </section>
    }
}

/// What the license can be upgraded to, each with a form that leads to the payment.
#[component]
fn Upgrades(license: LicenseId, offers: Vec<Offer>) -> impl IntoView {
    let rows = offers.into_iter().map(|offer| {
        let amount = offer.amount.map(|amount| amount.to_string());
        let tax = offer.tax.map(|tax| format!(", {tax}"));
        let label = format!("Upgrade to {}", offer.policy);
        view! {
            <li class="split">
                <div>
                    <h3 class="title-3">{offer.policy}</h3>
                    <p class="small text-2">{offer.terms.join(" ")}</p>
                </div>
                <div class="cluster">
                    <p><strong class="figure">{amount}</strong> <span class="small text-2">{tax}</span></p>
                    <form method="post" action=FormTarget::Checkout.path()>
                        <OwnerField/>
                        <HiddenField name="price" value=offer.price.to_string()/>
                        <HiddenField name="quantity" value="1"/>
                        <HiddenField name="license" value=license.to_string()/>
                        <Submit label>"Upgrade"</Submit>
                    </form>
                </div>
            </li>
        }
    });
    view! {
        <section class="card stack">
            <h2 class="title-2">"Upgrades"</h2>
            <ul class="stack plain-list rows">{rows.collect_view()}</ul>
        </section>
    }
}

/// How many computers the customer may still free.
#[component]
fn SwapLine(swaps: Swaps) -> impl IntoView {
    let next = swaps.next.clone().filter(|_| swaps.left == 0);
    view! {
        <p class="small text-2">
            "Computers that you can free yourself: " <strong>{swaps.words()}</strong> "."
            {next.map(|when| view! { " Another one is available on " <Time when/> "." })}
        </p>
    }
}

#[component]
fn History(lines: Vec<HistoryLine>) -> impl IntoView {
    let rows = lines.into_iter().map(|line| {
        view! {
            <tr>
                <th scope="row">{line.text}</th>
                <td data-label="By">{line.by}</td>
                <td data-label="When"><Time when=line.when/></td>
            </tr>
        }
    });
    view! {
        <table class="table">
            <caption class="visually-hidden">"History of this license, newest first"</caption>
            <thead>
                <tr>
                    <th scope="col">"What"</th>
                    <th scope="col">"By"</th>
                    <th scope="col">"When"</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
}
