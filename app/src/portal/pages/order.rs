//! `/portal/orders/{id}`: one order with its licenses and payments.

use crate::shared::page_data::PageData;
use latchkey_licensing::ids::OrderId;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    portal::{
        model::orders::{OrderDetail, OrderItem, OrderedLicense, PaymentLine, Subscription, Totals},
        server_fns::orders::order,
    },
    routes::{FormTarget, Page},
    shared::components::{Heading, PageTitle, Problem, StatusBadge, Submit, Time},
};

#[component]
pub(crate) fn OrderPage() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("order")).unwrap_or_default();
    let data = PageData::new(id, order);
    view! {
        <PageTitle text="Order"/>
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
fn Detail(detail: OrderDetail) -> impl IntoView {
    let OrderDetail { id, status, lines, totals, licenses, payments, subscription, .. } = detail;
    let notice = status.notice.clone();
    let receipt = detail.has_receipt.then(|| view! { <a class="button" href=Page::Receipt(id).path()>"Receipt"</a> });
    let licenses = (!licenses.is_empty()).then(|| view! { <Licenses licenses/> });
    let subscription = subscription.map(|subscription| view! { <SubscriptionCard id subscription/> });
    let has_settings = detail.has_payment_settings;
    view! {
        <nav aria-label="Breadcrumb" class="small"><a href=Page::Orders.path()>"Orders"</a></nav>
        <div class="split">
            <div class="cluster">
                <Heading>"Order " <span translate="no">{detail.number}</span></Heading>
                <StatusBadge status/>
            </div>
            {receipt}
        </div>
        {notice.map(|text| view! { <p class="notice">{text}</p> })}
        {detail.is_test.then(|| view! { <p class="notice-quiet">"This is a test order. No real money was paid."</p> })}
        <section class="card stack">
            <div class="split">
                <h2 class="title-2">"What was ordered"</h2>
                <p class="small text-2">"Ordered " <Time when=detail.placed/></p>
            </div>
            <OrderLines lines totals/>
        </section>
        {licenses}
        {subscription}
        <section class="card stack">
            <h2 class="title-2">"Payments"</h2>
            <Payments payments/>
            {has_settings.then(|| view! { <PaymentSettings id words="Payment details at Stripe" class="button"/> })}
        </section>
    }
    .into_any()
}

/// The lines of an order and their sums.
#[component]
pub(crate) fn OrderLines(lines: Vec<OrderItem>, totals: Totals) -> impl IntoView {
    let rows = lines.into_iter().map(|line| {
        view! {
            <tr>
                <th scope="row">{line.name}</th>
                <td data-label="Quantity" class="amount">{line.quantity}</td>
                <td data-label="Price" class="amount">{line.unit}</td>
                <td data-label="Amount" class="amount">{line.amount}</td>
            </tr>
        }
    });
    view! {
        <table class="table">
            <caption class="visually-hidden">"What was ordered"</caption>
            <thead>
                <tr>
                    <th scope="col">"What"</th>
                    <th scope="col" class="amount">"Quantity"</th>
                    <th scope="col" class="amount">"Price"</th>
                    <th scope="col" class="amount">"Amount"</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
        <Sums totals/>
    }
}

#[component]
fn Sums(totals: Totals) -> impl IntoView {
    let Totals { subtotal, discount, tax, includes_tax, total, refunded, .. } = totals;
    let has_steps = discount.is_some() || (tax.is_some() && !includes_tax);
    let line = |words: &'static str, amount: String| view! { <div><dt>{words}</dt><dd>{amount}</dd></div> };
    let (added, included) = if includes_tax { (None, tax) } else { (tax, None) };
    view! {
        <dl class="sums">
            {has_steps.then(|| line("Subtotal", subtotal))}
            {discount.map(|amount| line("Discount", amount))}
            {added.map(|amount| line("Tax", amount))}
            <div class="sums-total"><dt>"Total"</dt><dd>{total}</dd></div>
            {included.map(|amount| line("Tax included", amount))}
            {refunded.map(|amount| line("Refunded", amount))}
        </dl>
    }
}

/// How many licenses are shown before the others are folded.
const UNFOLDED: usize = 10;

#[component]
fn Licenses(licenses: Vec<OrderedLicense>) -> impl IntoView {
    let mut first = licenses;
    let title = if first.len() > 1 { format!("{} licenses", first.len()) } else { "License".to_owned() };
    let folded = if first.len() > UNFOLDED { first.split_off(UNFOLDED) } else { Vec::new() };
    let more = (!folded.is_empty()).then(|| {
        view! {
            <details class="fold">
                <summary>{format!("Show {} more licenses", folded.len())}</summary>
                <LicenseTable caption="More licenses of this order" licenses=folded/>
            </details>
        }
    });
    view! {
        <section class="card stack">
            <h2 class="title-2">{title}</h2>
            <LicenseTable caption="Licenses of this order" licenses=first/>
            {more}
        </section>
    }
}

#[component]
fn LicenseTable(caption: &'static str, licenses: Vec<OrderedLicense>) -> impl IntoView {
    let rows = licenses.into_iter().map(|license| {
        let href = Page::License(license.id).path();
        view! {
            <tr>
                <th scope="row"><a href=href><code>{license.masked_key}</code></a></th>
                <td data-label="License">{license.name}</td>
                <td data-label="Status"><StatusBadge status=license.status/></td>
            </tr>
        }
    });
    view! {
        <table class="table">
            <caption class="visually-hidden">{caption}</caption>
            <thead>
                <tr>
                    <th scope="col">"Key"</th>
                    <th scope="col">"License"</th>
                    <th scope="col">"Status"</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
}

#[component]
fn SubscriptionCard(id: OrderId, subscription: Subscription) -> impl IntoView {
    let Subscription { status, needs_payment } = subscription;
    let notice = status.notice.clone();
    view! {
        <section class="card stack">
            <div class="split">
                <h2 class="title-2">"Subscription"</h2>
                <StatusBadge status/>
            </div>
            {notice.map(|text| view! { <p class=needs_payment.then_some("notice")>{text}</p> })}
            {needs_payment.then(|| view! { <PaymentSettings id words="Change the payment details" class="button button-accent"/> })}
        </section>
    }
}

/// Leads to the page of the payment provider for cards, address and tax ids, and for ending a subscription.
#[component]
fn PaymentSettings(id: OrderId, words: &'static str, class: &'static str) -> impl IntoView {
    view! {
        <form method="post" action=FormTarget::PaymentSettings(id).path()>
            <Submit class=class>{words}</Submit>
        </form>
    }
}

#[component]
fn Payments(payments: Vec<PaymentLine>) -> impl IntoView {
    if payments.is_empty() {
        return view! { <p class="text-2">"No payment has arrived."</p> }.into_any();
    }
    let rows = payments.into_iter().map(|payment| {
        let documents =
            payment.documents.into_iter().map(|(words, href)| view! { <a href=href rel="external">{words}</a> });
        let events = payment.events.into_iter().map(|(text, when)| view! { <li>{text} ", " <Time when/></li> });
        view! {
            <li class="stack-small">
                <div class="split">
                    <p><strong class="figure">{payment.amount}</strong> " paid " <Time when=payment.when/></p>
                    <p class="cluster cluster-wide small">{documents.collect_view()}</p>
                </div>
                <ul class="small text-2 plain-list">{events.collect_view()}</ul>
            </li>
        }
    });
    view! { <ul class="stack plain-list rows">{rows.collect_view()}</ul> }.into_any()
}
