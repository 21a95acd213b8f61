//! Releasing an order that is held.

use latchkey_licensing::{
    account::Role,
    email::EmailAddress,
    ids::{AccountId, LicenseId, OrderId},
    order::{HoldReason, Order, OrderKind, OrderMail, OrderStatus},
};
use latchkey_store::Tx;

use crate::{
    audit::event::OrderEvent,
    billing::refresh::RefreshError,
    error::{Internal, internal_errors},
    identity::actors::{Admin, Fresh},
    mail::notify::Notify,
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

internal_errors!(ReleaseError);

/// What became of an order that an admin released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// Its status. It stays held if something prevents its delivery that cannot be overridden.
    pub status: OrderStatus,
    /// The addresses that get a mail about what was delivered.
    pub mailed_to: Vec<EmailAddress>,
}

impl Admin<'_> {
    /// Delivers a held order in spite of what does not match. `receiver` is whose account gets it, if the checkout does not
    /// say so. An order that another customer paid goes to the account that ordered it.
    pub async fn release_order(
        &self,
        id: OrderId,
        receiver: Option<&EmailAddress>,
        notify: Notify,
        _fresh: &Fresh,
    ) -> Result<Released, ReleaseError> {
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
        order.unsent_mail = (notify == Notify::Nobody).then_some(OrderMail::Delivery);
        order.updated_at = now;
        tx.update_order(&order).await?;
        self.service
            .record(&mut tx, now, self.cause(), OrderEvent::Released { held: order.hold, account: named }.of(id))
            .await?;
        tx.commit().await?;
        let object = ObjectRef { kind: ObjectKind::Checkout, id: checkout };
        self.service.refresh_order(&object).await.map_err(ReleaseError::Refresh)?;
        let mut reader = self.service.store().read().await?;
        let status = reader.find_order(id).await?.ok_or(ReleaseError::NotFound(id))?.status;
        let causes = [format!("purchase:{id}"), format!("upgraded:{id}")];
        Ok(Released { status, mailed_to: reader.list_recipients_of(&causes).await? })
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
}
