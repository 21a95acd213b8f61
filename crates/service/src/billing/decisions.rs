//! What an admin decides about orders.

use latchkey_licensing::{
    account::Role,
    email::EmailAddress,
    ids::{AccountId, LicenseId, OrderId},
    order::{HoldReason, Order, OrderKind, OrderStatus, PaymentStanding, SubscriptionState, number_bytes},
};
use latchkey_store::{OrderSearch, Page, StoredPayment, Tx};

use crate::{
    actors::{Admin, Fresh, Support},
    audit::event::OrderEvent,
    billing::{refresh::RefreshError, view::OrderView},
    error::{Internal, internal_errors},
    ports::payments::{ObjectKind, ObjectRef, PaymentsError},
};

/// Why an order was not released.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// There is no order with this id.
    #[error("there is no order with the id {0}")]
    NotFound(OrderId),
    /// The order is not held.
    #[error("order {0} is not held")]
    NotHeld(OrderId),
    /// The checkout has no usable address, so the admin has to name one.
    #[error("the checkout of order {0} has no usable e-mail address: name the buyer's with --email")]
    AddressRequired(OrderId),
    /// The order has an account or an address of its own.
    #[error("order {0} is not held for a missing e-mail address, and goes to its buyer: leave --email out")]
    AddressNotNeeded(OrderId),
    /// The account that the admin named is banned.
    #[error("the account of this address is disabled: enable it first (`customer enable`), or name another address")]
    AccountDisabled,
    /// The license of an upgrade is still not what it was when the upgrade was ordered.
    #[error(
        "license {0} cannot be upgraded: it must belong to the buyer, have the policy that is upgraded, and be neither suspended nor revoked. Fix it (`license set`, `license reinstate`) and release the order again, or refund the order"
    )]
    NotUpgradable(LicenseId),
    /// The order is released, but it was not brought up to date. The next reconciliation does it.
    #[error("the order is released and is delivered as soon as Stripe can be asked about it: {0}")]
    Refresh(RefreshError),
    /// It was changed since the admin looked at it.
    #[error("it was changed in the meantime")]
    Changed,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

/// Why an order was not refunded.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// There is no order with this id.
    #[error("there is no order with the id {0}")]
    NotFound(OrderId),
    /// Nothing was paid for the order, or everything was refunded.
    #[error("there is nothing to refund for order {0}")]
    NothingPaid(OrderId),
    /// There are no keys of the payment provider.
    #[error("there are no Stripe keys in the settings")]
    NoKeys,
    /// The provider failed. What it did before is recorded, and the same command can be repeated.
    #[error(transparent)]
    Payments(#[from] PaymentsError),
    /// The money is refunded, but the order was not brought up to date. The next event or reconciliation does it.
    #[error("the money is refunded, but the order could not be brought up to date: {0}")]
    Refresh(RefreshError),
    /// It was changed since the admin looked at it.
    #[error("it was changed in the meantime")]
    Changed,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(ReleaseError, RefundError);

impl Support<'_> {
    /// Orders, the newest first.
    pub async fn orders(
        &self,
        filter: &OrderSearch,
        before: Option<OrderId>,
        limit: u32,
    ) -> Result<Page<Order, OrderId>, Internal> {
        let mut reader = self.service.store().read_without_snapshot().await?;
        Ok(reader.list_orders(filter, before, limit).await?)
    }

    /// The ids of the orders with a number, such as `7F3K-9QXM`. Almost always at most one.
    pub async fn orders_with_number(&self, number: &str) -> Result<Vec<OrderId>, Internal> {
        let Some(number) = number_bytes(number) else {
            return Ok(Vec::new());
        };
        let mut reader = self.service.store().read_without_snapshot().await?;
        Ok(reader.list_orders_numbered(number).await?)
    }

    /// An order with its lines, licenses and payments.
    pub async fn order(&self, id: OrderId) -> Result<Option<OrderView>, Internal> {
        let mut reader = self.service.store().read().await?;
        match reader.find_order(id).await? {
            Some(order) => Ok(self.service.view_orders(&mut reader, vec![order]).await?.pop()),
            None => Ok(None),
        }
    }
}

impl Admin<'_> {
    /// Delivers a held order in spite of what does not match. `receiver` is whose account gets it, if the checkout does not
    /// say so.
    pub async fn release_order(
        &self,
        id: OrderId,
        receiver: Option<&EmailAddress>,
        _fresh: &Fresh,
    ) -> Result<OrderStatus, ReleaseError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let mut order = tx.lock_order(id).await?.ok_or(ReleaseError::NotFound(id))?;
        let (OrderStatus::Held, Some(checkout)) = (order.status, order.checkout.clone()) else {
            return Err(ReleaseError::NotHeld(id));
        };
        if !self.knows(order.updated_at) {
            return Err(ReleaseError::Changed);
        }
        let named = self.named_receiver(&mut tx, &order, receiver).await?;
        if let (Some(HoldReason::NotUpgradable), OrderKind::Upgrade(upgrade), Some(account)) =
            (order.hold, order.kind, order.account)
        {
            let license = tx.find_license(upgrade.license).await?;
            if !license.is_some_and(|license| upgrade.can_apply_to(&license, account)) {
                return Err(ReleaseError::NotUpgradable(upgrade.license));
            }
        }
        order.account = named.or(order.account);
        // The status follows from the provider's answer. Until then the order stays held, so that this can be repeated.
        order.released_at = Some(now);
        order.updated_at = now;
        tx.update_order(&order).await?;
        self.service
            .record(&mut tx, now, self.cause(), OrderEvent::Released { held: order.hold, account: named }.of(id))
            .await?;
        tx.commit().await?;
        let object = ObjectRef { kind: ObjectKind::Checkout, id: checkout };
        self.service.refresh_order(&object).await.map_err(ReleaseError::Refresh)?;
        let order = self.service.store().read_without_snapshot().await?.find_order(id).await?;
        Ok(order.ok_or(ReleaseError::NotFound(id))?.status)
    }

    /// The account that the admin names for an order without a usable address.
    async fn named_receiver(
        &self,
        tx: &mut Tx,
        order: &Order,
        receiver: Option<&EmailAddress>,
    ) -> Result<Option<AccountId>, ReleaseError> {
        match (order.hold, receiver) {
            (Some(HoldReason::NoAddress), Some(email)) => {
                let name = order.buyer_name.clone();
                let (account, _) = self.find_or_create_account(tx, email, name, Role::Customer).await?;
                if account.disabled_at.is_some() {
                    return Err(ReleaseError::AccountDisabled);
                }
                Ok(Some(account.id))
            }
            // A release that could not be completed has named the account already.
            (Some(HoldReason::NoAddress), None) if order.account.is_none() => {
                Err(ReleaseError::AddressRequired(order.id))
            }
            (_, Some(_)) => Err(ReleaseError::AddressNotNeeded(order.id)),
            (_, None) => Ok(None),
        }
    }

    /// Refunds what is left of all payments of an order and stops its subscription from renewing. Repeated, it refunds
    /// nothing twice.
    pub async fn refund_order(&self, id: OrderId, _fresh: &Fresh) -> Result<(), RefundError> {
        let payments = self.service.payments().ok_or(RefundError::NoKeys)?;
        let view = self.order(id).await?.ok_or(RefundError::NotFound(id))?;
        if !self.knows(view.order.updated_at) {
            return Err(RefundError::Changed);
        }
        // The provider does not refund what is disputed.
        let kept = |payment: &&StoredPayment| {
            payment.paid_minor > 0 && payment.facts().standing() <= PaymentStanding::PartlyRefunded
        };
        let left: Vec<&StoredPayment> = view.payments.iter().filter(kept).collect();
        let (false, Some(checkout)) = (left.is_empty(), view.order.checkout.clone()) else {
            return Err(RefundError::NothingPaid(id));
        };
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        self.service.record(&mut tx, now, self.cause(), OrderEvent::RefundRequested.of(id)).await?;
        tx.commit().await?;
        let mut failure = None;
        if let Some(subscription) = &view.order.subscription
            && subscription.state != SubscriptionState::Ended
        {
            failure = payments.cancel_subscription(&subscription.id).await.err();
        }
        for payment in left {
            let key = format!("latchkey-refund-{}-{}", payment.id, payment.refunds.len());
            if let Err(error) = payments.refund(&payment.id, &key).await {
                failure.get_or_insert(error);
            }
        }
        let object = ObjectRef { kind: ObjectKind::Checkout, id: checkout };
        let refreshed = self.service.refresh_order(&object).await;
        match failure {
            Some(error) => Err(error.into()),
            None => refreshed.map(drop).map_err(RefundError::Refresh),
        }
    }
}
