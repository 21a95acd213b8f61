//! `/checkout/{order}/canceled`: to which buyers return who did not pay.

use crate::shared::page_data::PageData;
use latchkey_licensing::order::OrderStatus;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    checkout::{frame::CheckoutFrame, model::CanceledOrder, pages::placed::NotShown, server_fns::read_canceled_order},
    routes::Page,
    shared::components::PageTitle,
};

#[component]
pub(crate) fn OrderCanceledPage() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("order")).unwrap_or_default();
    let data = PageData::new(id, read_canceled_order);
    view! {
        <PageTitle text="Not paid"/>
        <CheckoutFrame>
            <Suspense fallback=|| ()>
                {move || Suspend::new(async move {
                    match data.await {
                        Ok(order) => view! { <Canceled order/> }.into_any(),
                        Err(error) => view! { <NotShown error page=Page::Orders.path()/> }.into_any(),
                    }
                })}
            </Suspense>
        </CheckoutFrame>
    }
}

#[component]
fn Canceled(order: CanceledOrder) -> impl IntoView {
    // The buyer may have paid in another tab.
    if !matches!(order.status, OrderStatus::Open | OrderStatus::Expired) {
        return view! {
            <h1 class="title-1">"This order went through"</h1>
            <p>{format!("Order {} was paid or is being paid.", order.number)}</p>
            <p><a class="button button-accent" href=Page::OrderPlaced(order.id).path()>"See the order"</a></p>
        }
        .into_any();
    }
    let items = order.items.into_iter().map(|item| view! { <li>{item}</li> }).collect_view();
    view! {
        <h1 class="title-1">"You did not pay"</h1>
        <p>"Nothing was charged, and nothing was ordered:"</p>
        <ul class="list">{items}</ul>
        <p><a class="button button-accent" href=order.again rel="external">"Back to the offer"</a></p>
    }
    .into_any()
}
