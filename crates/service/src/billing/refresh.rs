//! Bringing an order up to date with everything that the payment provider knows about it.
//!
//! Events, the page to which a buyer returns and the reconciliation all end here. Reading takes time, and several readers
//! may run at once: a reader that finds that the order was written after it began reading starts over, so that an older
//! answer never replaces a newer one.

use std::sync::Arc;

use latchkey_licensing::{ids::OrderId, order::Order};

use crate::{
    error::{Internal, internal_errors},
    ports::payments::{ObjectRef, OrderSnapshot, Payments, PaymentsError},
    service::Service,
};

/// How often a reader starts over before it gives up.
const ROUNDS: u32 = 8;

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The object belongs to no order of this instance.
    NotOurs,
    /// There was nothing new.
    Unchanged(OrderId),
    /// The order changed.
    Changed(OrderId),
}

/// Why an order was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// There are no keys of the payment provider.
    #[error("there are no Stripe keys in the settings")]
    NoKeys,
    /// The provider failed.
    #[error(transparent)]
    Payments(#[from] PaymentsError),
    /// The checkout names an order that does not exist, for example because the database was restored from a backup.
    #[error("the checkout names order {0}, which does not exist")]
    UnknownOrder(OrderId),
    /// The checkout names an order that was made for another checkout.
    #[error("the checkout names order {0}, which belongs to another checkout")]
    OtherCheckout(OrderId),
    /// Others wrote the order again and again while it was being read.
    #[error("order {0} was changed by others all the time")]
    Contended(OrderId),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(RefreshError);

impl RefreshError {
    /// Whether another attempt can succeed without anybody doing something.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            // What is refused now is accepted once somebody has corrected the key.
            Self::Payments(error) => error.is_temporary() || error.is_outage(),
            Self::NoKeys | Self::Contended(_) | Self::Internal(_) => true,
            Self::UnknownOrder(_) | Self::OtherCheckout(_) => false,
        }
    }

    /// Whether no event can be handled now, so that attempts say nothing about this one.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::NoKeys => true,
            Self::Payments(error) => error.is_outage(),
            Self::UnknownOrder(_) | Self::OtherCheckout(_) | Self::Contended(_) | Self::Internal(_) => false,
        }
    }
}

impl Service {
    /// The payment provider. `None` without keys.
    pub fn payments(&self) -> Option<&Arc<dyn Payments>> {
        self.0.payments.as_ref()
    }

    /// Brings the order to which an object belongs up to date.
    pub async fn refresh_order(&self, object: &ObjectRef) -> Result<Refreshed, RefreshError> {
        let payments = self.payments().ok_or(RefreshError::NoKeys)?;
        let mut known = self.store().read_without_snapshot().await?.find_order_by_object(&object.id).await?;
        for _ in 0..ROUNDS {
            let Some(snapshot) = payments.order_snapshot(object).await? else {
                return Ok(Refreshed::NotOurs);
            };
            let Some(id) = snapshot.order else {
                return Ok(Refreshed::NotOurs);
            };
            let mut tx = self.store().write().await?;
            let order = tx.lock_order(id).await?.ok_or(RefreshError::UnknownOrder(id))?;
            if order.checkout.as_ref().is_some_and(|checkout| *checkout != snapshot.checkout.id) {
                return Err(RefreshError::OtherCheckout(id));
            }
            // An order that was never written from a snapshot has version 0.
            let version_read = known.filter(|(order, _)| *order == id).map_or(0, |(_, version)| version);
            if order.version != version_read {
                known = Some((id, order.version));
                continue;
            }
            let Some(after) = self.apply_snapshot(&mut tx, &order, &snapshot).await? else {
                drop(tx);
                self.refund_suspected(id, &snapshot).await?;
                return Ok(Refreshed::Unchanged(id));
            };
            tx.commit().await?;
            self.wake_mail_worker();
            alarm(&order, &after);
            self.refund_suspected(id, &snapshot).await?;
            return Ok(Refreshed::Changed(id));
        }
        Err(RefreshError::Contended(known.map_or_else(|| OrderId::from(uuid::Uuid::nil()), |(id, _)| id)))
    }

    /// Refunds payments that the card's network suspects, if the settings ask for it. If that fails, the event is handled
    /// again, and comes here again.
    async fn refund_suspected(&self, id: OrderId, snapshot: &OrderSnapshot) -> Result<(), RefreshError> {
        let Some(payments) = self.payments().filter(|_| self.0.options.billing.refunds_on_fraud_warning) else {
            return Ok(());
        };
        let suspected = snapshot
            .payments
            .iter()
            .filter(|payment| payment.has_fraud_warning && payment.refunds.is_empty() && payment.disputes.is_empty());
        for payment in suspected {
            tracing::warn!(order = %id, "a suspected payment is refunded");
            if let Some(subscription) = &snapshot.subscription {
                payments.cancel_subscription(&subscription.id).await?;
            }
            // The key makes several processes refund once.
            payments.refund(&payment.id, &format!("latchkey-fraud-{}", payment.id)).await?;
        }
        Ok(())
    }
}

/// Logs what an admin should know at once.
fn alarm(before: &Order, after: &Order) {
    if before.hold != after.hold
        && let Some(reason) = after.hold
    {
        tracing::error!(order = %after.id, reason = reason.as_str(), "an order is held: {}", reason.as_str());
    }
    if after.has_fraud_warning && !before.has_fraud_warning {
        tracing::error!(order = %after.id, "a card network suspects that the payment of an order is fraudulent");
    }
}
