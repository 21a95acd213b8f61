//! Refunding an order.

use std::collections::BTreeSet;

use latchkey_licensing::{
    email::EmailAddress,
    ids::OrderId,
    order::{OrderMail, PaymentStanding, SubscriptionState},
};
use latchkey_store::StoredPayment;

use crate::{
    audit::event::OrderEvent,
    billing::refresh::RefreshError,
    error::{Internal, internal_errors},
    identity::actors::{Admin, Fresh},
    mail::notify::Notify,
    ports::payments::{ObjectKind, ObjectRef, PaymentsError},
};

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

internal_errors!(RefundError);

impl Admin<'_> {
    /// Refunds what is left of all payments of an order and stops its subscription from renewing. Repeated, it refunds
    /// nothing twice. Returns the addresses that get a mail about it.
    pub async fn refund_order(
        &self,
        id: OrderId,
        notify: Notify,
        _fresh: &Fresh,
    ) -> Result<Vec<EmailAddress>, RefundError> {
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
        self.request_refund(id, notify).await?;
        let (mut failure, mut is_any_refunded) = (None::<PaymentsError>, false);
        if let Some(subscription) = &view.order.subscription
            && subscription.state != SubscriptionState::Ended
        {
            failure = payments.cancel_subscription(&subscription.id).await.err();
        }
        for payment in left {
            let key = format!("latchkey-refund-{}-{}", payment.id, payment.refunds.len());
            match payments.refund(&payment.id, &key).await {
                Ok(()) => is_any_refunded = true,
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        let object = ObjectRef { kind: ObjectKind::Checkout, id: checkout };
        let refreshed = self.service.refresh_order(&object).await;
        if let Some(error) = failure {
            if !is_any_refunded {
                self.send_mails_again(id).await?;
            }
            return Err(error.into());
        }
        refreshed.map_err(RefundError::Refresh)?;
        let mut reader = self.service.store().read().await?;
        let known: BTreeSet<&str> = refund_ids(&view.payments).collect();
        let payments: Vec<StoredPayment> =
            reader.list_order_payments(&[id]).await?.into_iter().map(|(_, payment)| payment).collect();
        let new = refund_ids(&payments).filter(|refund| !known.contains(refund));
        let causes: Vec<String> = new.map(|refund| format!("refunded:{refund}")).collect();
        Ok(reader.list_recipients_of(&causes).await?)
    }

    /// Records the request to refund an order, and whether the refunds are reported by mail, before the provider is asked:
    /// its event may arrive before its response.
    async fn request_refund(&self, id: OrderId, notify: Notify) -> Result<(), RefundError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let mut order = tx.lock_order(id).await?.ok_or(RefundError::NotFound(id))?;
        order.unsent_mail = (notify == Notify::Nobody).then_some(OrderMail::Refund);
        tx.update_order(&order).await?;
        self.service.record(&mut tx, now, self.cause(), OrderEvent::RefundRequested.of(id)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Refunds that are made in another way later are reported by mail.
    async fn send_mails_again(&self, id: OrderId) -> Result<(), RefundError> {
        let mut tx = self.service.store().write().await?;
        let mut order = tx.lock_order(id).await?.ok_or(RefundError::NotFound(id))?;
        if order.unsent_mail.take().is_some() {
            tx.update_order(&order).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

fn refund_ids(payments: &[StoredPayment]) -> impl Iterator<Item = &str> {
    payments.iter().flat_map(|payment| &payment.refunds).map(|refund| refund.id.as_str())
}
