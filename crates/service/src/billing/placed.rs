//! The order that a buyer has just made, for the page to which the buyer returns after the checkout.

use std::time::Duration;

use latchkey_licensing::{
    account::Account,
    email::EmailAddress,
    ids::{LicenseId, OrderId},
    license::{License, Standing},
    license_key::LicenseKey,
    order::Order,
};
use latchkey_store::Conn;

use crate::{
    audit::event::{KEY_REPLACED, LICENSE},
    billing::view::OrderView,
    error::{Internal, internal_errors},
    identity::{actors::SignedIn, sign_in::secrets::BrowserSecret},
    ports::payments::{ObjectKind, ObjectRef},
    service::Service,
};

/// How long after the delivery a browser that is not signed in may see what was bought in it.
const SHOWN_TO_BROWSER: Duration = Duration::from_hours(24);

/// What a buyer sees after the checkout.
#[derive(Debug)]
pub struct PlacedOrder {
    /// The order.
    pub view: OrderView,
    /// Its licenses, except those that an admin gave to somebody else.
    pub licenses: Vec<PlacedLicense>,
    /// Whether the buyer is signed in to the account that received it.
    pub is_signed_in: bool,
}

/// A license that was bought.
#[derive(Debug)]
pub struct PlacedLicense {
    /// The license.
    pub license: License,
    /// Its key.
    pub key: PlacedKey,
}

/// The key of a license that was bought, for the browser in which it was bought.
#[derive(Debug)]
pub enum PlacedKey {
    /// The key that was delivered.
    Delivered(LicenseKey),
    /// It was replaced. The portal shows the other one to the license's owner, who is signed in there.
    Replaced,
    /// The license is revoked, so the key is of no use.
    Revoked,
}

/// Why an order is not shown.
#[derive(Debug, thiserror::Error)]
pub enum PlacedOrderError {
    /// There is no such order, or it was made by somebody else.
    #[error("there is no such order")]
    NotFound,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(PlacedOrderError);

impl Service {
    /// The order that a person made in this browser, or signed in. If it is not paid as far as is known, the provider is
    /// asked, so that a buyer who returns before the provider's event does not wait for it.
    pub async fn placed_order(
        &self,
        id: OrderId,
        who: Option<&SignedIn>,
        browser: Option<&BrowserSecret>,
    ) -> Result<PlacedOrder, PlacedOrderError> {
        let order = self.own_order(id, who, browser).await?;
        if let Some(checkout) = &order.checkout
            && !order.status.is_delivered()
            && self.payments().is_some()
            && self.0.asked_about.is_due(id, self.now())
        {
            let object = ObjectRef { kind: ObjectKind::Checkout, id: checkout.clone() };
            // The page shows what is known. The provider's event or the reconciliation brings the rest.
            if let Err(error) = self.refresh_order(&object).await {
                tracing::warn!(order = %id, %error, "the provider could not be asked about an order: {error}");
            }
        }
        let order = self.own_order(id, who, browser).await?;
        let mut reader = self.store().read().await?;
        let is_signed_in = who.is_some_and(|who| order.account == Some(who.account.id));
        let view = self.view_orders(&mut reader, vec![order]).await?.pop();
        let view = view.ok_or(Internal::Invariant("an order has no view"))?;
        let licenses = self.placed_licenses(&mut reader, &view).await?;
        Ok(PlacedOrder { view, licenses, is_signed_in })
    }

    /// The licenses of an order by line and unit, with the keys that were delivered.
    async fn placed_licenses(&self, conn: &mut Conn, view: &OrderView) -> Result<Vec<PlacedLicense>, Internal> {
        let ids: Vec<LicenseId> = view.lines.iter().flat_map(|line| line.licenses.iter().copied()).collect();
        let mut licenses = conn.list_licenses_of_order(view.order.id).await?;
        licenses.retain(|license| Some(license.account) == view.order.account);
        licenses.sort_by_key(|license| ids.iter().position(|id| *id == license.id));
        let subjects: Vec<String> = licenses.iter().map(|license| license.id.to_string()).collect();
        let replaced = conn.list_audited(LICENSE, KEY_REPLACED, &subjects).await?;
        let is_replaced = |license: &License| replaced.contains(&license.id.to_string());
        let is_revoked = |license: &License| matches!(license.standing, Standing::Revoked(_));
        let shown: Vec<License> =
            licenses.iter().filter(|license| !is_replaced(license) && !is_revoked(license)).cloned().collect();
        let mut keys = self.open_keys(conn, &shown).await?;
        let placed = licenses.into_iter().map(|license| {
            let key = match keys.remove(&license.id) {
                _ if is_revoked(&license) => PlacedKey::Revoked,
                Some(key) => PlacedKey::Delivered(key),
                None => PlacedKey::Replaced,
            };
            PlacedLicense { license, key }
        });
        Ok(placed.collect())
    }

    async fn own_order(
        &self,
        id: OrderId,
        who: Option<&SignedIn>,
        browser: Option<&BrowserSecret>,
    ) -> Result<Order, PlacedOrderError> {
        let order = self.store().read_without_snapshot().await?.find_order(id).await?;
        let order = order.ok_or(PlacedOrderError::NotFound)?;
        let is_account = who.is_some_and(|who| {
            let account = Some(who.account.id);
            order.buyer == account
                || (order.delivered_at.is_some() && order.account == account)
                || is_expected_by(&order, &who.account)
        });
        let is_recent = order.delivered_at.is_none_or(|at| self.now().since(at) < SHOWN_TO_BROWSER);
        // Equal hashes of 256 random bits reveal nothing by how long the comparison takes.
        let is_browser = is_recent && browser.is_some_and(|browser| browser.hash() == order.browser_hash);
        if is_account || is_browser { Ok(order) } else { Err(PlacedOrderError::NotFound) }
    }
}

/// Whether an order that nobody has received yet was made with the account's address by a buyer who was not signed in. The
/// person also receives the mails about the order.
pub(super) fn is_expected_by(order: &Order, account: &Account) -> bool {
    let email = order.email.as_deref().map(EmailAddress::parse);
    let is_typed = matches!(email, Some(Ok(email)) if email == account.email);
    order.delivered_at.is_none() && order.buyer.is_none() && is_typed
}
