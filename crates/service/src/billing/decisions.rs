//! What an admin decides about orders.

use latchkey_licensing::{
    ids::OrderId,
    order::{Order, OrderStatus, PaymentStanding, SubscriptionState, number_bytes},
};
use latchkey_store::{OrderSearch, Page, StoredPayment};

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
    /// The order is released, but it was not brought up to date. The next reconciliation does it.
    #[error("the order is released and is delivered as soon as Stripe can be asked about it: {0}")]
    Refresh(RefreshError),
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
    /// Delivers a held order in spite of what does not match.
    pub async fn release_order(&self, id: OrderId) -> Result<OrderStatus, ReleaseError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let mut order = tx.lock_order(id).await?.ok_or(ReleaseError::NotFound(id))?;
        let (OrderStatus::Held, Some(checkout)) = (order.status, order.checkout.clone()) else {
            return Err(ReleaseError::NotHeld(id));
        };
        // The status follows from the provider's answer. Until then the order stays held, so that this can be repeated.
        order.released_at = Some(now);
        order.updated_at = now;
        tx.update_order(&order).await?;
        self.service.record(&mut tx, now, self.actor, OrderEvent::Released { held: order.hold }.of(id)).await?;
        tx.commit().await?;
        let object = ObjectRef { kind: ObjectKind::Checkout, id: checkout };
        self.service.refresh_order(&object).await.map_err(ReleaseError::Refresh)?;
        let order = self.service.store().read_without_snapshot().await?.find_order(id).await?;
        Ok(order.ok_or(ReleaseError::NotFound(id))?.status)
    }

    /// Refunds what is left of all payments of an order and stops its subscription from renewing. Repeated, it refunds
    /// nothing twice.
    pub async fn refund_order(&self, id: OrderId, _fresh: &Fresh) -> Result<(), RefundError> {
        let payments = self.service.payments().ok_or(RefundError::NoKeys)?;
        let view = self.order(id).await?.ok_or(RefundError::NotFound(id))?;
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
        self.service.record(&mut tx, now, self.actor, OrderEvent::RefundRequested.of(id)).await?;
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
