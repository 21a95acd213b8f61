//! A customer's orders.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use leptos::prelude::*;

use crate::{
    portal::model::orders::{OrderDetail, OrderList},
    shared::error::UiError,
};

/// How many orders a page of the list shows.
#[cfg(feature = "ssr")]
const PER_PAGE: usize = 50;

/// The customer's orders on a page of the list, from 1. A page that does not exist is the nearest one.
#[server(prefix = "/fn", endpoint = "orders", input = PageForm, output = PageJson)]
pub async fn orders(page: usize) -> Result<OrderList, UiError> {
    use crate::server_side as server;
    server_orders(page).await.map_err(server::failed)
}

#[cfg(feature = "ssr")]
async fn server_orders(page: usize) -> Result<OrderList, UiError> {
    use crate::{portal::present, server_side as server};
    let (backend, who) = (server::backend()?, server::viewer()?);
    let views = who.view(&backend.service).orders().await.map_err(|error| server::internal_error(&error))?;
    let pages = views.len().div_ceil(PER_PAGE).max(1);
    let page = page.clamp(1, pages);
    let now = backend.service.now();
    let shown = views.iter().skip((page - 1) * PER_PAGE).take(PER_PAGE);
    Ok(OrderList {
        orders: shown.map(|view| present::orders::summary(view, now, backend.service.brand())).collect(),
        total: views.len(),
        page,
        pages,
    })
}

/// One of the customer's orders.
#[server(prefix = "/fn", endpoint = "order", input = PageForm, output = PageJson)]
pub async fn order(order: String) -> Result<OrderDetail, UiError> {
    use crate::server_side as server;
    server_order(&order).await.map_err(server::failed)
}

#[cfg(feature = "ssr")]
async fn server_order(order: &str) -> Result<OrderDetail, UiError> {
    use crate::{portal::present, server_side as server};
    use latchkey_service::CustomerOrderError;
    let (backend, who) = (server::backend()?, server::viewer()?);
    let order = order.parse().map_err(|_| UiError::NotFound)?;
    let customer = who.view(&backend.service);
    let view = customer.order(order).await.map_err(|error| match error {
        CustomerOrderError::NotFound | CustomerOrderError::NoDocument => UiError::NotFound,
        CustomerOrderError::Unavailable => UiError::PaymentsUnavailable,
        CustomerOrderError::Internal(error) => server::internal_error(&error),
    })?;
    let licenses = customer.licenses().await.map_err(|error| server::internal_error(&error))?;
    Ok(present::orders::detail(&view, &licenses, backend.service.now(), backend.service.brand()))
}
