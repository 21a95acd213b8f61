//! What an admin decides about orders.

use latchkey_licensing::{
    ids::OrderId,
    order::{Order, OrderStatus},
};
use latchkey_store::Page;

use crate::{
    actors::Admin,
    audit::event::OrderEvent,
    billing::{refresh::RefreshError, view::OrderView},
    error::{Internal, internal_errors},
    ports::payments::{ObjectKind, ObjectRef},
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
    /// The order is released, but it was not brought up to date. The next event or reconciliation does it.
    #[error("the order is released, but Stripe could not be asked about it: {0}")]
    Refresh(RefreshError),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(ReleaseError);

impl Admin<'_> {
    /// Orders, the newest first.
    pub async fn orders(
        &self,
        status: Option<OrderStatus>,
        before: Option<OrderId>,
        limit: u32,
    ) -> Result<Page<Order, OrderId>, Internal> {
        let mut reader = self.service.store().read_without_snapshot().await?;
        Ok(reader.list_orders(status, before, limit).await?)
    }

    /// An order with its lines, licenses and payments.
    pub async fn order(&self, id: OrderId) -> Result<Option<OrderView>, Internal> {
        let mut reader = self.service.store().read().await?;
        match reader.find_order(id).await? {
            Some(order) => Ok(self.service.view_orders(&mut reader, vec![order]).await?.pop()),
            None => Ok(None),
        }
    }

    /// Delivers a held order in spite of what does not match.
    pub async fn release_order(&self, id: OrderId) -> Result<OrderStatus, ReleaseError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let mut order = tx.lock_order(id).await?.ok_or(ReleaseError::NotFound(id))?;
        let (OrderStatus::Held, Some(checkout)) = (order.status, order.checkout.clone()) else {
            return Err(ReleaseError::NotHeld(id));
        };
        order.released_at = Some(now);
        order.updated_at = now;
        // The status follows from the provider's answer. Until then it is as if the payment had not been confirmed.
        order.status = OrderStatus::Pending;
        tx.update_order(&order).await?;
        self.service.record(&mut tx, now, self.actor, OrderEvent::Released { held: order.hold }.of(id)).await?;
        tx.commit().await?;
        let object = ObjectRef { kind: ObjectKind::Checkout, id: checkout };
        self.service.refresh_order(&object).await.map_err(ReleaseError::Refresh)?;
        let order = self.service.store().read_without_snapshot().await?.find_order(id).await?;
        Ok(order.ok_or(ReleaseError::NotFound(id))?.status)
    }
}
