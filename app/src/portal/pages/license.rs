//! `/portal/licenses/{id}`: one license with its key and its computers.

use latchkey_licensing::ids::LicenseId;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    checkout::model::Offer,
    portal::{
        components::{ComputerTable, KeyRow},
        model::{HistoryLine, LicenseDetail, Swaps},
        server_fns::licenses::license,
    },
    routes::{FormTarget, Page},
    shared::{
        branding::use_branding,
        components::{HiddenField, PageTitle, Problem, StatusBadge, Submit, Time},
        error::UiError,
        page_owner::OwnerField,
    },
};

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
    let LicenseDetail { license, revealed_key, order, upgrades, history } = detail;
    let bought = order.map(|(order, number)| {
        view! { <div><dt>"Bought with"</dt><dd><a href=Page::Order(order).path()>"Order " {number}</a></dd></div> }
    });
    let id = license.id;
    let upgrades = (!upgrades.is_empty()).then(|| view! { <Upgrades license=id offers=upgrades/> });
    let notice = license.status.notice.clone();
    let new_key = license.can_replace_key.then(|| Page::NewKey(license.id).path());
    let rights = license.rights;
    let swaps = license.swaps.clone().filter(|_| rights.frees_computers);
    let no_freeing = (!rights.frees_computers && !license.computers.is_empty())
        .then(|| UiError::ComputerNotFreeable.text(&use_branding().brand));
    view! {
        <nav aria-label="Breadcrumb" class="small"><a href=Page::Licenses.path()>"Licenses"</a></nav>
        <div class="split">
            <h1 class="title-1">{license.product.clone()}</h1>
            <StatusBadge status=license.status.clone()/>
        </div>
        {notice.map(|text| view! { <p class="notice">{text}</p> })}
        <section class="card stack">
            <h2 class="title-2">"License key"</h2>
            <KeyRow license=license.id masked=license.masked_key.clone() revealed=revealed_key/>
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
                {bought}
            </dl>
            {new_key.map(|href| view! { <p class="small"><a href=href>"Replace this key"</a></p> })}
        </section>
        <section class="card stack">
            <div class="split">
                <h2 class="title-2">"Computers"</h2>
                <p class="small text-2">{license.usage()}</p>
            </div>
            <ComputerTable license/>
            {swaps.map(|swaps| view! { <SwapLine swaps/> })}
            {no_freeing.map(|text| view! { <p class="small text-2">{text}</p> })}
        </section>
        {upgrades}
        {rights.sees_history.then(|| view! {
            <section class="card stack">
                <h2 class="title-2">"History"</h2>
                <History lines=history/>
            </section>
        })}
    }
    .into_any()
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
