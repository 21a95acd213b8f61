//! Bringing an order up to date with everything that the payment provider knows about it.
//!
//! Events, the page to which a buyer returns and the reconciliation all end here. Reading takes time, and several readers
//! may run at once: a reader that finds that the order was written after it began reading starts over, so that an older
//! answer never replaces a newer one.

use std::sync::Arc;

use latchkey_licensing::{ids::OrderId, order::Order};
use latchkey_store::StoredPayment;

use crate::{
    error::{Internal, internal_errors},
    ports::payments::{KnownPayments, ObjectKind, ObjectRef, OrderSnapshot, Payments, PaymentsError},
    service::Service,
};

/// How often a reader starts over before it gives up.
const ROUNDS: u32 = 8;

/// The checkout that an object belongs to.
struct Origin {
    checkout: String,
    /// The object, and those between it and the checkout as far as it was necessary to ask.
    path: Vec<ObjectRef>,
}

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
        let Some(origin) = self.origin(payments.as_ref(), object).await? else {
            return Ok(Refreshed::NotOurs);
        };
        let mut contended = None;
        for _ in 0..ROUNDS {
            // The version is read before the provider is asked.
            let (read, known) = self.known(&origin).await?;
            let Some(snapshot) = payments.order_snapshot(&origin.checkout, known.as_ref()).await? else {
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
            let version_read = read.filter(|read| read.id == id).map_or(0, |read| read.version);
            if order.version != version_read {
                contended = Some(id);
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
        Err(RefreshError::Contended(contended.unwrap_or_else(|| OrderId::from(uuid::Uuid::nil()))))
    }

    /// The checkout of an object. The provider is asked only as long as the database does not know the answer.
    async fn origin(&self, payments: &dyn Payments, object: &ObjectRef) -> Result<Option<Origin>, RefreshError> {
        let mut path = Vec::new();
        let mut next = object.clone();
        loop {
            if next.kind == ObjectKind::Checkout {
                return Ok(Some(Origin { checkout: next.id, path }));
            }
            let order = self.store().read_without_snapshot().await?.find_order_by_object(&next.id).await?;
            path.push(next);
            if let Some(checkout) = order.and_then(|order| order.checkout) {
                return Ok(Some(Origin { checkout, path }));
            }
            let parent = match path.last() {
                Some(last) => payments.parent(last).await?,
                None => None,
            };
            match parent {
                // An invoice without a subscription and its payment lead to each other.
                Some(parent) if !path.contains(&parent) => next = parent,
                _ => return Ok(None),
            }
        }
    }

    /// The order of a checkout as stored, and which of its payments need not be read again. A subscription can have
    /// hundreds. An event about the checkout itself, which is at the beginning, reads everything, and so does anyone who
    /// asks for the checkout.
    async fn known(&self, origin: &Origin) -> Result<(Option<Order>, Option<KnownPayments>), RefreshError> {
        let mut reader = self.store().read().await?;
        let Some(order) = reader.find_order_by_object(&origin.checkout).await? else {
            return Ok((None, None));
        };
        if origin.path.is_empty() || order.delivered_at.is_none() || order.subscription.is_none() {
            return Ok((Some(order), None));
        }
        let payments = reader.list_order_payments(&[order.id]).await?;
        let payments: Vec<StoredPayment> = payments.into_iter().map(|(_, payment)| payment).collect();
        let known = known_payments(&payments, &origin.path);
        Ok((Some(order), known))
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

/// What is known of the payments of a subscription when something happened to the objects of a path.
fn known_payments(payments: &[StoredPayment], path: &[ObjectRef]) -> Option<KnownPayments> {
    let is_changed = |payment: &&StoredPayment| {
        path.iter().any(|object| {
            object.id == payment.id
                || payment.refunds.iter().any(|refund| refund.id == object.id)
                || payment.disputes.iter().any(|dispute| dispute.id == object.id)
        })
    };
    let of_path = path.iter().filter(|object| object.kind == ObjectKind::Invoice).map(|object| object.id.clone());
    let of_payments = payments.iter().filter(is_changed).filter_map(|payment| payment.invoice.clone());
    Some(KnownPayments {
        since: payments.iter().filter(|payment| payment.invoice.is_some()).map(|payment| payment.paid_at).max()?,
        invoices: payments.iter().filter_map(|payment| payment.invoice.clone()).collect(),
        changed: of_path.chain(of_payments).collect(),
    })
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
