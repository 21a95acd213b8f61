//! `/portal/orders`: the customer's orders.

use crate::shared::page_data::PageData;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    portal::{
        model::orders::{OrderList, OrderSummary},
        server_fns::orders::orders,
    },
    routes::Page,
    shared::components::{Heading, PageTitle, Problem, StatusBadge, Time},
};

#[component]
pub(crate) fn OrdersPage() -> impl IntoView {
    let query = use_query_map();
    let page = move || query.with(|query| query.get("page")).and_then(|page| page.parse().ok()).unwrap_or(1);
    let data = PageData::new(page, orders);
    view! {
        <PageTitle text="Orders"/>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(list) if list.orders.is_empty() => view! { <NoOrders/> }.into_any(),
                    Ok(list) => view! { <OrderTable list/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn NoOrders() -> impl IntoView {
    view! {
        <section class="card empty">
            <div class="crosshair" aria-hidden="true"></div>
            <Heading>"No orders yet"</Heading>
            <p class="text-2">
                "What you buy appears here with its receipts. If you bought something with another e-mail address, sign in with that address."
            </p>
        </section>
    }
}

#[component]
fn OrderTable(list: OrderList) -> impl IntoView {
    let OrderList { orders, total, page, pages } = list;
    let count = if total == 1 { "1 order".to_owned() } else { format!("{total} orders") };
    view! {
        <div class="split">
            <Heading>"Orders"</Heading>
            <p class="small text-2">{count}</p>
        </div>
        <section class="card card-flush">
            <table class="table">
                <caption class="visually-hidden">"Your orders, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Order"</th>
                        <th scope="col">"What"</th>
                        <th scope="col">"Date"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col" class="amount">"Amount"</th>
                    </tr>
                </thead>
                <tbody>{orders.into_iter().map(|order| view! { <OrderRow order/> }).collect_view()}</tbody>
            </table>
        </section>
        {(pages > 1).then(|| view! { <Paging page pages/> })}
    }
}

#[component]
fn OrderRow(order: OrderSummary) -> impl IntoView {
    let href = Page::Order(order.id).path();
    view! {
        <tr>
            <th scope="row"><a href=href translate="no">{order.number}</a></th>
            <td data-label="What">{order.items}</td>
            <td data-label="Date"><Time when=order.placed/></td>
            <td data-label="Status"><StatusBadge status=order.status/></td>
            <td data-label="Amount" class="amount">{order.total}</td>
        </tr>
    }
}

#[component]
fn Paging(page: usize, pages: usize) -> impl IntoView {
    let link = |page: usize, words: &'static str| {
        view! { <a class="button button-small" href=format!("{}?page={page}", Page::Orders.path())>{words}</a> }
    };
    view! {
        <nav aria-label="Pages" class="split">
            <p class="small text-2">{format!("Page {page} of {pages}")}</p>
            <div class="cluster">
                {(page > 1).then(|| link(page - 1, "Newer"))}
                {(page < pages).then(|| link(page + 1, "Older"))}
            </div>
        </nav>
    }
}
