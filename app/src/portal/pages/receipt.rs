//! `/portal/orders/{id}/receipt`: a receipt that fits on one sheet of paper.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    portal::{model::orders::OrderDetail, pages::order::OrderLines, server_fns::orders::order},
    routes::Page,
    shared::{
        branding::use_branding,
        components::{Heading, PageTitle, Problem},
        model::RelativeTime,
    },
};

#[component]
pub(crate) fn ReceiptPage() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("order")).unwrap_or_default();
    let data = PageData::new(id, order);
    view! {
        <PageTitle text="Receipt"/>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(detail) if detail.has_receipt => view! { <Receipt detail/> }.into_any(),
                    Ok(detail) => view! { <NoReceipt detail/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

/// For an order that is not paid.
#[component]
fn NoReceipt(detail: OrderDetail) -> impl IntoView {
    view! {
        <section class="card empty">
            <Heading>"No receipt yet"</Heading>
            <p class="text-2">"There is a receipt as soon as the order is paid."</p>
            <p><a class="button" href=Page::Order(detail.id).path()>"Back to the order"</a></p>
        </section>
    }
}

#[component]
fn Receipt(detail: OrderDetail) -> impl IntoView {
    let OrderDetail { id, number, lines, totals, payments, status, .. } = detail;
    let brand = use_branding().brand;
    let seller = brand.imprint();
    let shop = (!seller.contains(&brand.name)).then(|| view! { <p>{brand.name.clone()}</p> });
    let seller: Vec<_> = seller.into_iter().map(|line| view! { <p>{line}</p> }).collect();
    let support = brand.support.as_ref().map(|support| view! { <p>{support.text().to_owned()}</p> });
    let payments = payments.into_iter().map(|payment| {
        let events = payment.events.into_iter().map(|(text, when)| view! { <p>{text} ", " {date(&when)}</p> });
        view! {
            <p><strong>"Paid"</strong> " " {payment.amount} " on " {date(&payment.when)}</p>
            {events.collect_view()}
        }
    });
    view! {
        <div class="split no-print">
            <nav aria-label="Breadcrumb" class="small">
                <a href=Page::Orders.path()>"Orders"</a> " / " <a href=Page::Order(id).path()>{number.clone()}</a>
            </nav>
            <PrintButton/>
        </div>
        <article class="card receipt stack-large" aria-label=format!("Receipt of order {number}")>
            <header class="split receipt-head">
                <div>
                    <Heading>"Receipt"</Heading>
                    <p class="text-2">"Order " <span translate="no">{number.clone()}</span></p>
                    <p class="text-2">"Date " {date(&detail.placed)}</p>
                </div>
                <p class="receipt-state">{status.word}</p>
            </header>
            {detail.is_test.then(|| view! { <p><strong>"Test order. No real money was paid."</strong></p> })}
            <div class="receipt-parties">
                <section>
                    <h2 class="title-3">"Seller"</h2>
                    {seller}
                    {shop}
                    {support}
                </section>
                <section>
                    <h2 class="title-3">"Buyer"</h2>
                    {detail.buyer_name.map(|name| view! { <p>{name}</p> })}
                    {detail.buyer_email.map(|email| view! { <p>{email}</p> })}
                </section>
            </div>
            <OrderLines lines totals/>
            <section class="small">{payments.collect_view()}</section>
        </article>
    }
    .into_any()
}

/// The date of an instant. On paper, it must not be relative.
fn date(when: &RelativeTime) -> String {
    when.exact.split(',').next().unwrap_or(&when.exact).to_owned()
}

/// Printing needs script. Without it, the browser's menu prints.
#[component]
fn PrintButton() -> impl IntoView {
    let has_script = RwSignal::new(false);
    Effect::new(move |_| has_script.set(true));
    view! {
        <Show when=move || has_script.get() fallback=|| view! { <p class="small text-2">"Print this page with your browser’s menu."</p> }>
            <button r#type="button" class="button" on:click=|_| print()>"Print"</button>
        </Show>
    }
}

#[cfg(feature = "hydrate")]
fn print() {
    // A browser that cannot print says so itself.
    let _ = window().print();
}

#[cfg(not(feature = "hydrate"))]
fn print() {}
