//! What is offered, and what became of an order. A checkout is opened by a form that is not a server function, because it
//! leads to another site.

use crate::shared::{page_form::PageForm, page_json::PageJson};
use leptos::prelude::*;

use crate::{
    checkout::model::{CanceledOrder, OfferDetail, PlacedOrder},
    shared::error::UiError,
};

/// What can be bought for a price.
#[server(prefix = "/fn", endpoint = "read_offer", input = PageForm, output = PageJson)]
pub async fn read_offer(price: String) -> Result<OfferDetail, UiError> {
    use crate::server_side as server;
    server_offer(&price).await.map_err(server::failed)
}

#[cfg(feature = "ssr")]
async fn server_offer(price: &str) -> Result<OfferDetail, UiError> {
    use crate::{checkout::model::UpgradableLicense, server_side as server};
    use latchkey_licensing::license_key::masked;
    let backend = server::backend()?;
    let prices = backend.service.prices().await.map_err(|error| server::internal_error(&error))?;
    let found = prices.into_iter().find(|found| found.price.code == price).ok_or(UiError::OfferNotFound)?;
    let is_live = backend.service.payments().map(|payments| payments.is_live());
    let offer = super::present::offer(&found, is_live).ok_or(UiError::OfferNotFound)?;
    let who = server::identity().ok();
    let mut upgradable = Vec::new();
    if let Some(who) = who.as_ref().filter(|_| offer.is_upgrade) {
        let views = backend.service.customer(who).licenses().await.map_err(|error| server::internal_error(&error))?;
        let views = views.into_iter().filter(|view| found.price.upgrades(&view.license));
        upgradable.extend(views.map(|view| UpgradableLicense {
            id: view.license.id,
            policy: view.policy.name,
            masked_key: masked(&view.license.key_prefix, &view.license.key_tail),
        }));
    }
    let flash = backend.cookies.take_flash(&server::parts()?.headers);
    Ok(OfferDetail { offer, account: who.map(|who| who.account.email.to_string()), upgradable, flash })
}

/// What became of an order that this browser, or the signed-in account, made. For all other orders, the result is the same
/// as if they did not exist.
#[server(prefix = "/fn", endpoint = "read_placed_order", input = PageForm, output = PageJson)]
pub async fn read_placed_order(order: String) -> Result<PlacedOrder, UiError> {
    use crate::server_side as server;
    server_placed_order(&order).await.map(super::present::placed).map_err(server::failed)
}

/// The same without the keys, for a buyer who returned without paying.
#[server(prefix = "/fn", endpoint = "read_canceled_order", input = PageForm, output = PageJson)]
pub async fn read_canceled_order(order: String) -> Result<CanceledOrder, UiError> {
    use crate::server_side as server;
    server_placed_order(&order).await.map(|placed| super::present::canceled(&placed)).map_err(server::failed)
}

#[cfg(feature = "ssr")]
async fn server_placed_order(order: &str) -> Result<latchkey_service::PlacedOrder, UiError> {
    use crate::server_side as server;
    use latchkey_service::PlacedOrderError;
    let (backend, parts) = (server::backend()?, server::parts()?);
    let order = order.parse().map_err(|_| UiError::OrderNotShown)?;
    let (who, browser) = (server::identity().ok(), backend.cookies.checkout_secret(&parts.headers));
    match backend.service.placed_order(order, who.as_ref(), browser.as_ref()).await {
        Ok(placed) => Ok(placed),
        Err(PlacedOrderError::NotFound) => Err(UiError::OrderNotShown),
        Err(PlacedOrderError::Internal(error)) => Err(server::internal_error(&error)),
    }
}
