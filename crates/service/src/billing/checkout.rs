//! Opening a checkout: an order is written first, and then the buyer is sent to the payment provider.

use std::time::Duration;

use latchkey_licensing::{
    account::Account,
    email::EmailAddress,
    ids::{LicenseId, OrderId},
    money::Money,
    order::{Order, OrderKind, OrderLine, OrderStatus, Upgrade},
    portal_paths,
    time::Timestamp,
};

use latchkey_store::Tx;

use crate::{
    audit::{actor::Actor, event::OrderEvent},
    catalog::prices::{CatalogPrice, catalog_prices},
    error::{Internal, internal_errors},
    identity::{actors::SignedIn, sign_in::secrets::BrowserSecret},
    operation::rate_limit::{
        bucket::ClientAddress,
        gcra::{Limit, Throttled},
    },
    ports::payments::{NewCheckout, NewCheckoutLine, OpenedCheckout, PaymentsError},
    service::Service,
};

/// How long a buyer may take to pay.
const CHECKOUT_LIFETIME: Duration = Duration::from_hours(12);

/// Checkouts opened from one network. People who cannot decide open some; the limit stops programs.
const PER_NETWORK: Limit = Limit { burst: 20, interval: Duration::from_secs(15) };

/// What a visitor wants to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The code of the price.
    pub price: String,
    /// How many licenses.
    pub quantity: u32,
    /// The license to upgrade, if the price is that of an upgrade.
    pub upgrade: Option<LicenseId>,
}

/// The person who buys.
#[derive(Clone, Debug)]
pub struct Buyer<'a> {
    /// The session, if the person is signed in.
    pub signed_in: Option<&'a SignedIn>,
    /// The secret that this browser got with an earlier checkout.
    pub browser: Option<BrowserSecret>,
    /// The person's network.
    pub address: ClientAddress,
}

/// A checkout that was opened.
#[derive(Debug)]
pub struct StartedCheckout {
    /// The order.
    pub order: OrderId,
    /// The provider's page, on which the buyer pays.
    pub url: String,
    /// The secret by which this browser may see the order. It belongs into a cookie.
    pub browser: BrowserSecret,
}

/// Why no checkout was opened.
#[derive(Debug, thiserror::Error)]
pub enum StartCheckoutError {
    /// There are no keys of the payment provider.
    #[error("nothing is for sale yet")]
    NoKeys,
    /// There is no price with this code.
    #[error("there is no such offer")]
    PriceNotFound,
    /// The price has no amount, or there is no price of the provider for it.
    #[error("this offer is not for sale yet")]
    NotForSale,
    /// The quantity is not allowed.
    #[error("the quantity must be from {min} to {max}")]
    Quantity {
        /// The smallest quantity.
        min: u32,
        /// The largest quantity.
        max: u32,
    },
    /// Only the owner of a license can upgrade it.
    #[error("sign in to upgrade a license")]
    SignInRequired,
    /// The price is for an upgrade and no license was named, or the license cannot be upgraded by it.
    #[error("this license cannot be upgraded by this offer")]
    NotUpgradable,
    /// Too many checkouts were opened from this network.
    #[error("too many checkouts were opened")]
    Throttled(Throttled),
    /// The provider does not open checkouts now.
    #[error(transparent)]
    Payments(#[from] PaymentsError),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(StartCheckoutError);

impl Service {
    /// Writes an order and opens a checkout for it. What is bought and what it costs comes from the catalog.
    pub async fn start_checkout(
        &self,
        buyer: &Buyer<'_>,
        wanted: &Wanted,
    ) -> Result<StartedCheckout, StartCheckoutError> {
        let payments = self.payments().ok_or(StartCheckoutError::NoKeys)?;
        let is_live = payments.is_live();
        let now = self.now();
        let mut tx = self.store().write().await?;
        let bucket = buyer.address.bucket("checkout");
        if let Some(throttled) = PER_NETWORK.take(&mut tx, &bucket, now).await? {
            return Err(StartCheckoutError::Throttled(throttled));
        }
        let prices = catalog_prices(&mut tx).await?;
        let found = prices.into_iter().find(|found| found.price.code == wanted.price);
        let found = found.ok_or(StartCheckoutError::PriceNotFound)?;
        let price = &found.price;
        let (Some(amount), Some(sold_as)) = (price.amount, price.sold_as(is_live)) else {
            return Err(StartCheckoutError::NotForSale);
        };
        if !(price.min_quantity..=price.max_quantity).contains(&wanted.quantity) {
            return Err(StartCheckoutError::Quantity { min: price.min_quantity, max: price.max_quantity });
        }
        let account = buyer.signed_in.map(|who| &who.account);
        let kind = order_kind(&mut tx, &found, wanted.upgrade, account).await?;
        let customer = match account {
            Some(account) => tx.find_stripe_customer_of(account.id, is_live).await?,
            None => None,
        };
        let browser = match &buyer.browser {
            Some(browser) => browser.clone(),
            None => BrowserSecret::new(self.random()?),
        };
        let subtotal = amount.minor.checked_mul(i64::from(wanted.quantity));
        let subtotal = subtotal.ok_or(Internal::Invariant("the price of an order overflows"))?;
        let id = OrderId::new(now, self.random()?);
        // The order of a signed-in buyer is shown to the account and not to the browser.
        let browser_hash = match account {
            Some(_) => BrowserSecret::new(self.random()?).hash(),
            None => browser.hash(),
        };
        let order = new_order(id, kind, &found, Money::new(subtotal, amount.currency), is_live, browser_hash, now);
        let order =
            Order { buyer: account.map(|account| account.id), account: account.map(|account| account.id), ..order };
        let line = OrderLine {
            number: 1,
            price_code: price.code.clone(),
            stripe_price: sold_as.to_owned(),
            policy: price.policy,
            quantity: wanted.quantity,
            unit_minor: amount.minor,
        };
        tx.insert_order(&order).await?;
        tx.insert_order_lines(id, std::slice::from_ref(&line)).await?;
        let actor = account.map_or(Actor::Visitor, Actor::from).on(buyer.address.0);
        self.record(
            &mut tx,
            now,
            actor,
            OrderEvent::Opened { price: price.code.clone(), quantity: wanted.quantity }.of(id),
        )
        .await?;
        tx.commit().await?;

        if let OrderKind::Upgrade(upgrade) = order.kind {
            self.end_other_upgrades(upgrade.license, id).await?;
        }
        let portal = &self.0.options.portal_url;
        let checkout = NewCheckout {
            order: id,
            is_subscription: order.is_subscription,
            lines: vec![NewCheckoutLine { price: line.stripe_price, quantity: line.quantity }],
            email: account.filter(|_| customer.is_none()).map(|account| account.email.clone()),
            customer,
            success_url: format!("{portal}{}", portal_paths::order_placed(id)),
            cancel_url: format!("{portal}{}", portal_paths::order_canceled(id)),
            expires_at: now.plus(CHECKOUT_LIFETIME),
            idempotency_key: uuid::Builder::from_random_bytes(self.random()?).into_uuid(),
        };
        let opened = match self.open_at_provider(&checkout, account.map(|account| &account.email)).await {
            Ok(opened) => opened,
            Err(error) => {
                self.close_unopened(id).await?;
                return Err(error.into());
            }
        };
        let mut tx = self.store().write().await?;
        if let Some(mut order) = tx.lock_order(id).await?.filter(|order| order.checkout.is_none()) {
            order.checkout = Some(opened.id);
            order.updated_at = self.now();
            tx.update_order(&order).await?;
            tx.commit().await?;
        }
        Ok(StartedCheckout { order: id, url: opened.url, browser })
    }

    /// Opens a checkout. A customer whom the vendor has deleted at the provider is not used again.
    async fn open_at_provider(
        &self,
        checkout: &NewCheckout,
        email: Option<&EmailAddress>,
    ) -> Result<OpenedCheckout, PaymentsError> {
        let payments = self.payments().ok_or_else(|| PaymentsError::Refused("there are no keys".to_owned()))?;
        match payments.open_checkout(checkout).await {
            Err(PaymentsError::NotFound(_) | PaymentsError::Refused(_)) if checkout.customer.is_some() => {
                let random = self.random().map_err(|error| PaymentsError::Unavailable(error.to_string()))?;
                let idempotency_key = uuid::Builder::from_random_bytes(random).into_uuid();
                let email = email.cloned();
                payments
                    .open_checkout(&NewCheckout { customer: None, email, idempotency_key, ..checkout.clone() })
                    .await
            }
            opened => opened,
        }
    }

    /// Ends the open checkouts of other upgrades of a license, so that nobody pays for two.
    async fn end_other_upgrades(&self, license: LicenseId, except: OrderId) -> Result<(), StartCheckoutError> {
        let Some(payments) = self.payments() else {
            return Ok(());
        };
        let upgrades = self.store().read_without_snapshot().await?.list_upgrades_of(license).await?;
        let open = upgrades.into_iter().filter(|order| order.id != except && order.status == OrderStatus::Open);
        for checkout in open.filter_map(|order| order.checkout) {
            payments.expire_checkout(&checkout).await?;
        }
        Ok(())
    }

    /// Closes an order whose checkout was not opened. If the provider opened it all the same and somebody pays, its event
    /// opens the order again.
    async fn close_unopened(&self, id: OrderId) -> Result<(), Internal> {
        let now = self.now();
        let mut tx = self.store().write().await?;
        if let Some(mut order) = tx.lock_order(id).await?.filter(|order| order.version == 0) {
            order.status = OrderStatus::Expired;
            order.updated_at = now;
            tx.update_order(&order).await?;
            let event = OrderEvent::StatusChanged { from: OrderStatus::Open, to: OrderStatus::Expired, held: None };
            self.record(&mut tx, now, Actor::Server, event.of(id)).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// What an order of this price is for.
async fn order_kind(
    tx: &mut Tx,
    found: &CatalogPrice,
    license: Option<LicenseId>,
    account: Option<&Account>,
) -> Result<OrderKind, StartCheckoutError> {
    let kind = match (found.price.is_upgrade(), license) {
        (false, None) => OrderKind::Purchase,
        (true, Some(license)) => {
            let account = account.ok_or(StartCheckoutError::SignInRequired)?;
            let license = tx.find_license(license).await?.filter(|license| license.account == account.id);
            let license = license.filter(|license| found.price.upgrades(license));
            let license = license.ok_or(StartCheckoutError::NotUpgradable)?;
            OrderKind::Upgrade(Upgrade {
                license: license.id,
                from_policy: license.policy,
                from_expiry: license.expiry,
                is_applied: false,
            })
        }
        (true, None) if account.is_none() => return Err(StartCheckoutError::SignInRequired),
        (true, None) | (false, Some(_)) => return Err(StartCheckoutError::NotUpgradable),
    };
    Ok(kind)
}

fn new_order(
    id: OrderId,
    kind: OrderKind,
    found: &CatalogPrice,
    subtotal: Money,
    is_live: bool,
    browser_hash: [u8; 32],
    now: Timestamp,
) -> Order {
    Order {
        id,
        kind,
        buyer: None,
        account: None,
        browser_hash,
        is_live,
        is_subscription: found.price.interval.is_some(),
        subtotal,
        total_minor: None,
        tax_minor: 0,
        discount_minor: 0,
        paid_minor: 0,
        refunded_minor: 0,
        status: OrderStatus::Open,
        hold: None,
        released_at: None,
        unsent_mail: None,
        has_fraud_warning: false,
        checkout: None,
        customer: None,
        subscription: None,
        expires_at: None,
        email: None,
        buyer_name: None,
        version: 0,
        created_at: now,
        updated_at: now,
        paid_at: None,
        delivered_at: None,
    }
}
