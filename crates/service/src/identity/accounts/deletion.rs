//! Deleting an account.
//!
//! What identifies the person is erased: the address, the name, sessions, passkeys, mails, notes, the names of computers, and
//! what the payment provider's events say.
//! What others rely on stays and belongs to a pseudonym: licenses, whose keys continue to work, and orders without their
//! address, which tax law requires to be kept. The audit log is never changed; it names accounts by their ids only.

use std::collections::BTreeSet;

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::{AccountId, LicenseId, OrderId},
    order::{Order, OrderStatus, SubscriptionState},
    time::Timestamp,
};
use latchkey_store::{Conn, StoredPayment, Tx};

use crate::{
    audit::{
        actor::Cause,
        event::{ACCOUNT, AccountEvent, LICENSE, ORDER},
    },
    error::{Internal, internal_errors},
    identity::{
        accounts::email_change::lock_addresses,
        actors::{Admin, Customer, Fresh},
    },
    mail::messages::account::AccountDeletedMail,
    service::Service,
};

/// Why an account was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteAccountError {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The person signed in, or presented the second factor, too long ago.
    #[error("this needs a recent sign-in")]
    NotFresh,
    /// Support agents and admins lose their role first.
    #[error("this is an account of staff: take the role away first")]
    Staff,
    /// It has been deleted.
    #[error("the account was deleted")]
    Deleted,
    /// Something has to end first.
    #[error("{}", obstacles(.0))]
    Unfinished(Vec<Unfinished>),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(DeleteAccountError);

/// An order that has to end before its customer's account can be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The order.
    pub order: OrderId,
    /// Its number.
    pub number: String,
    /// What has to end.
    pub why: UnfinishedWhy,
}

/// What has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnfinishedWhy {
    /// Its subscription would be charged again.
    Subscription,
    /// Its payment, or an admin's decision about it, is awaited.
    Payment,
}

impl Unfinished {
    fn of(order: &Order) -> Option<Self> {
        let renews = order.subscription.as_ref().is_some_and(|subscription| {
            subscription.state != SubscriptionState::Ended && !subscription.is_canceled_at_period_end
        });
        let is_awaited = matches!(order.status, OrderStatus::Pending | OrderStatus::Held);
        let why = match (renews, is_awaited) {
            (true, _) => UnfinishedWhy::Subscription,
            (false, true) => UnfinishedWhy::Payment,
            (false, false) => return None,
        };
        Some(Self { order: order.id, number: order.number(), why })
    }

    /// What it is and what to do about it.
    fn sentence(&self) -> String {
        let number = &self.number;
        match self.why {
            UnfinishedWhy::Subscription => {
                format!(
                    "the subscription of order {number} still runs: cancel it on the order's page, under payment settings"
                )
            }
            UnfinishedWhy::Payment => {
                format!("order {number} waits for its payment or for a decision: wait until it is settled")
            }
        }
    }
}

fn obstacles(unfinished: &[Unfinished]) -> String {
    let sentences: Vec<String> = unfinished.iter().map(Unfinished::sentence).collect();
    sentences.join("; ")
}

/// What the deletion of an account would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionPlan {
    /// The number of licenses that become anonymous.
    pub licenses: usize,
    /// The number of orders that are kept without the address.
    pub orders: usize,
    /// What has to end first.
    pub unfinished: Vec<Unfinished>,
}

/// An account was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedAccount {
    /// Its id, which stays in the audit log.
    pub id: AccountId,
    /// The number of licenses that became anonymous.
    pub licenses: usize,
    /// The number of orders that were kept.
    pub orders: usize,
}

impl Customer<'_> {
    /// What the deletion of the customer's account would do.
    pub async fn plan_deletion(&self) -> Result<DeletionPlan, Internal> {
        plan(&mut *self.service().store().read().await?, self.who().account.id).await
    }

    /// Deletes the customer's account. Needs a recent sign-in or second factor.
    pub async fn delete_account(&self) -> Result<DeletedAccount, DeleteAccountError> {
        if !self.who().is_fresh(self.service().now()) {
            return Err(DeleteAccountError::NotFresh);
        }
        self.service().delete_account(&self.who().account, self.cause()).await
    }
}

impl Admin<'_> {
    /// What the deletion of an account would do.
    pub async fn plan_deletion(&self, account: AccountId) -> Result<DeletionPlan, Internal> {
        plan(&mut *self.service.store().read().await?, account).await
    }

    /// Deletes an account.
    pub async fn delete_account(
        &self,
        account: &Account,
        _fresh: &Fresh,
    ) -> Result<DeletedAccount, DeleteAccountError> {
        self.service.delete_account(account, self.cause()).await
    }
}

async fn plan(conn: &mut Conn, account: AccountId) -> Result<DeletionPlan, Internal> {
    let licenses = conn.list_licenses_of(account).await?.len();
    let orders = conn.list_orders_of(account).await?;
    let kept = orders.iter().filter(|order| order.status.is_visible()).count();
    Ok(DeletionPlan { licenses, orders: kept, unfinished: orders.iter().filter_map(Unfinished::of).collect() })
}

impl Service {
    async fn delete_account(&self, known: &Account, by: Cause<'_>) -> Result<DeletedAccount, DeleteAccountError> {
        let now = self.now();
        let id = known.id;
        let pseudonym = EmailAddress::pseudonym(id);
        let mut tx = self.store().write().await?;
        // Those who deliver an order lock it before they write what belongs to the account, and those who sign in lock
        // their requests, so both come before the account.
        let mut orders = Vec::new();
        let mut ids: Vec<OrderId> = tx.list_orders_of(id).await?.into_iter().map(|order| order.id).collect();
        ids.sort_unstable();
        for order in ids {
            orders.extend(tx.lock_order(order).await?);
        }
        // Those who give a license to another account lock it before both accounts.
        let mut licenses: Vec<LicenseId> =
            tx.list_licenses_of(id).await?.into_iter().map(|license| license.id).collect();
        licenses.sort_unstable();
        for license in licenses {
            tx.lock_license(license).await?;
        }
        lock_addresses(&mut tx, &known.email, &pseudonym, now).await?;
        tx.lock_account(id).await?;
        let account = tx.find_account(id).await?.ok_or(DeleteAccountError::NotFound)?;
        if account.is_deleted() {
            return Err(DeleteAccountError::Deleted);
        }
        if account.role != Role::Customer {
            return Err(DeleteAccountError::Staff);
        }
        let unfinished: Vec<Unfinished> = orders.iter().filter_map(Unfinished::of).collect();
        if !unfinished.is_empty() {
            return Err(DeleteAccountError::Unfinished(unfinished));
        }
        let deleted = DeletedAccount {
            id,
            licenses: tx.list_licenses_of(id).await?.len(),
            orders: orders.iter().filter(|order| order.status.is_visible()).count(),
        };
        self.erase(&mut tx, &account, orders, now).await?;
        tx.set_account_erased(id, &pseudonym, now).await?;
        let event = AccountEvent::Deleted {
            licenses: u64::try_from(deleted.licenses).unwrap_or(u64::MAX),
            orders: u64::try_from(deleted.orders).unwrap_or(u64::MAX),
        };
        self.record(&mut tx, now, by, event.of(id)).await?;
        let mail = AccountDeletedMail { licenses: deleted.licenses, orders: deleted.orders, at: now };
        self.mail_address(&mut tx, &account.email, &mail, None).await?;
        tx.commit().await?;
        self.wake_mail_worker();
        Ok(deleted)
    }

    /// Erases what identifies the person, apart from the account's own row.
    async fn erase(&self, tx: &mut Tx, account: &Account, orders: Vec<Order>, now: Timestamp) -> Result<(), Internal> {
        let id = account.id;
        let licenses: Vec<String> =
            tx.list_licenses_of(id).await?.iter().map(|license| license.id.to_string()).collect();
        let order_ids: Vec<String> = orders.iter().map(|order| order.id.to_string()).collect();
        for (kind, subjects) in [(ACCOUNT, vec![id.to_string()]), (LICENSE, licenses), (ORDER, order_ids)] {
            tx.delete_notes_about(kind, &subjects).await?;
        }
        let payments = tx.list_order_payments(&orders.iter().map(|order| order.id).collect::<Vec<_>>()).await?;
        tx.erase_stripe_event_bodies(&objects(&orders, &payments)).await?;
        for order in orders.into_iter().filter(|order| order.email.is_some()) {
            let order = Order { email: None, version: order.version + 1, updated_at: now, ..order };
            tx.update_order(&order).await?;
        }
        tx.erase_machine_names_of(id, now).await?;
        tx.erase_component_names_of(id).await?;
        tx.erase_process_metadata_of(id).await?;
        tx.erase_license_metadata_of(id, now).await?;
        tx.delete_mails_of(id, &account.email).await?;
        tx.delete_sign_in_requests_of(id, &account.email).await?;
        tx.delete_email_changes_of(id).await?;
        tx.delete_known_browsers_of(id).await?;
        tx.delete_saved_views_of(id).await?;
        tx.delete_recovery_codes_of(id).await?;
        tx.delete_passkeys_of(id).await?;
        tx.delete_ceremonies_of(id).await?;
        tx.delete_sessions_of(id).await?;
        Ok(())
    }
}

/// The provider's ids of the objects that its events about these orders are about.
fn objects(orders: &[Order], payments: &[(OrderId, StoredPayment)]) -> Vec<String> {
    let of_orders = orders.iter().flat_map(|order| {
        let subscription = order.subscription.as_ref().map(|subscription| subscription.id.clone());
        [order.checkout.clone(), order.customer.clone(), subscription]
    });
    let of_payments = payments.iter().flat_map(|(_, payment)| {
        let refunds = payment.refunds.iter().map(|refund| refund.id.clone());
        let disputes = payment.disputes.iter().map(|dispute| dispute.id.clone());
        [Some(payment.id.clone()), payment.invoice.clone()].into_iter().flatten().chain(refunds).chain(disputes)
    });
    let all: BTreeSet<String> = of_orders.flatten().chain(of_payments).collect();
    all.into_iter().collect()
}
