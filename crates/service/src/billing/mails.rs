//! Mails about orders. Each follows from a change of what is stored about the order, so that events that arrive twice or in
//! another order send nothing twice.

use std::collections::BTreeSet;

use latchkey_licensing::{
    account::Account,
    email::EmailAddress,
    ids::AccountId,
    license::{License, Standing},
    money::Money,
    order::{HoldReason, Order, OrderKind, OrderLine, OrderMail, OrderStatus, SubscriptionState},
    policy::Policy,
    portal_paths,
    product::Product,
};
use latchkey_store::{StoredPayment, Tx};

use crate::{
    billing::delivery::NewKeys,
    error::Internal,
    mail::{
        messages::{
            MailedLicense,
            orders::{
                MailedOrder, OrderHeldMail, OrderedItem, PaymentFailedMail, PaymentPendingMail, PurchaseMail,
                RefundedMail, UpgradeReversedMail, UpgradedMail,
            },
            standing::{ReinstatedMail, RevokedMail, SuspendedMail},
            term::{RenewalFailedMail, RenewalPayment, RenewedMail},
        },
        reasons::{RefundEffect, ReinstatementReason, RevocationReason, SuspensionReason, UpgradeReason},
    },
    service::Service,
};

/// A line with what it is about.
type Item = (OrderLine, Policy, Product);

/// A change of an order.
pub(super) struct OrderChange<'a> {
    pub(super) before: &'a Order,
    pub(super) after: &'a Order,
    /// The payments as they were stored.
    pub(super) known: &'a [StoredPayment],
    pub(super) payments: &'a [StoredPayment],
    /// The keys that were delivered just now.
    pub(super) keys: &'a NewKeys,
    /// What the open invoice of a failed renewal asks for.
    pub(super) unpaid: Option<Money>,
}

/// A person who gets mails about a delivered order.
struct Recipient {
    account: Account,
    /// The licenses of the order that the person owns.
    licenses: Vec<License>,
}

impl OrderChange<'_> {
    fn is_upgrade(&self) -> bool {
        matches!(self.after.kind, OrderKind::Upgrade(_))
    }

    /// The page on which the account that received the order prints its receipt. Others may not see it.
    fn receipt_url(&self, portal_url: &str, account: &Account) -> Option<String> {
        let is_own = self.after.account == Some(account.id);
        is_own.then(|| format!("{portal_url}{}", portal_paths::receipt(self.after.id)))
    }

    /// A key that makes a mail be sent once to each recipient.
    fn dedupe_key(&self, cause: &str, id: &str, account: &Account) -> String {
        if self.after.account == Some(account.id) {
            format!("{cause}:{id}")
        } else {
            format!("{cause}:{id}:{}", account.id)
        }
    }

    /// The amount of all refunds that are new and that a mail reports, and the id of the first.
    fn new_refunds(&self) -> Option<(String, String)> {
        let counted = |payments: &[StoredPayment]| -> BTreeSet<String> {
            let refunds = payments.iter().flat_map(|payment| &payment.refunds);
            refunds.filter(|refund| refund.state.counts()).map(|refund| refund.id.clone()).collect()
        };
        if self.before.unsent_mail == Some(OrderMail::Refund) {
            return None;
        }
        let already = counted(self.known);
        let refunds = self.payments.iter().flat_map(|payment| &payment.refunds);
        let new: Vec<_> = refunds.filter(|refund| refund.state.counts() && !already.contains(&refund.id)).collect();
        let first = new.first()?.id.clone();
        let amount = new.iter().fold(0, |sum: i64, refund| sum.saturating_add(refund.amount_minor));
        Some((Money::new(amount, self.after.currency()).to_string(), first))
    }
}

impl Service {
    /// Queues the mails that a change of an order causes.
    pub(super) async fn mail_order_changes(
        &self,
        tx: &mut Tx,
        change: &OrderChange<'_>,
        lines: &[OrderLine],
    ) -> Result<(), Internal> {
        let (before, after) = (change.before, change.after);
        let mut items = Vec::with_capacity(lines.len());
        for line in lines {
            let policy = tx.get_policy(line.policy).await?;
            let product = tx.get_product(policy.product).await?;
            items.push((line.clone(), policy, product));
        }
        let number = after.number();
        let total = after.total().to_string();
        let ordered: Vec<OrderedItem<'_>> = items
            .iter()
            .map(|(line, policy, product)| OrderedItem {
                product: &product.name,
                policy: &policy.name,
                quantity: line.quantity,
            })
            .collect();
        let order = MailedOrder { number: &number, total: &total, items: &ordered };
        let Some(account) = after.account.filter(|_| after.delivered_at.is_some()) else {
            return self.mail_undelivered(tx, change, order, &items).await;
        };
        let recipients = recipients(tx, after, account).await?;
        if before.delivered_at.is_none() && before.unsent_mail != Some(OrderMail::Delivery) {
            self.mail_delivery(tx, change, order, &items, &recipients).await?;
        }
        for to in &recipients {
            self.mail_refunds(tx, change, to, order).await?;
            if change.is_upgrade() {
                self.mail_upgrade(tx, change, to, order, &items).await?;
            } else {
                self.mail_standing_of_order(tx, change, to, &items).await?;
            }
            self.mail_renewal(tx, change, to, &items).await?;
        }
        Ok(())
    }

    /// The mail about what was bought, with the keys.
    async fn mail_delivery(
        &self,
        tx: &mut Tx,
        change: &OrderChange<'_>,
        order: MailedOrder<'_>,
        items: &[Item],
        recipients: &[Recipient],
    ) -> Result<(), Internal> {
        let id = change.after.id.to_string();
        for to in recipients {
            let receipt_url = change.receipt_url(&self.0.options.portal_url, &to.account);
            let receipt_url = receipt_url.as_deref();
            if change.is_upgrade() {
                if let Some(license) = to.mailed(items) {
                    let mail =
                        UpgradedMail { order, license: license.mailed(), reason: UpgradeReason::Paid, receipt_url };
                    let key = change.dedupe_key("upgraded", &id, &to.account);
                    self.mail_customer(tx, &to.account, &mail, Some(&key)).await?;
                }
            } else {
                let download_url = self.0.options.billing.download_url.as_deref();
                let mail = PurchaseMail { order, keys: change.keys, download_url, receipt_url };
                let key = change.dedupe_key("purchase", &id, &to.account);
                self.mail_customer(tx, &to.account, &mail, Some(&key)).await?;
            }
        }
        Ok(())
    }

    /// Mails about an order that is not delivered go to the address that the buyer typed: there may be no account.
    async fn mail_undelivered(
        &self,
        tx: &mut Tx,
        change: &OrderChange<'_>,
        order: MailedOrder<'_>,
        items: &[Item],
    ) -> Result<(), Internal> {
        let (before, after) = (change.before, change.after);
        let email = after.email.as_deref().map(EmailAddress::parse);
        // Banned people get no mail.
        let Some(Ok(email)) = email.filter(|_| after.hold != Some(HoldReason::AccountDisabled)) else {
            return Ok(());
        };
        let id = after.id;
        if let Some((amount, first)) = change.new_refunds() {
            let mail = RefundedMail { order, amount: &amount, effect: RefundEffect::NotDelivered, receipt_url: None };
            self.mail_address(tx, &email, &mail, Some(&format!("refunded:{first}"))).await?;
        }
        if before.status == after.status {
            return Ok(());
        }
        let portal = &self.0.options.portal_url;
        let order_url = format!("{portal}{}", portal_paths::order_placed(id));
        let order_url = Some(order_url.as_str());
        match after.status {
            OrderStatus::Pending => {
                let mail = PaymentPendingMail { order, order_url };
                self.mail_address(tx, &email, &mail, Some(&format!("payment_pending:{id}"))).await?;
            }
            OrderStatus::PaymentFailed => {
                let offer = items.first().map(|(line, ..)| portal_paths::offer(&line.price_code));
                let retry_url = offer.map(|path| format!("{portal}{path}"));
                let mail = PaymentFailedMail { order, retry_url: retry_url.as_deref() };
                self.mail_address(tx, &email, &mail, Some(&format!("payment_failed:{id}"))).await?;
            }
            OrderStatus::Held => {
                let mail = OrderHeldMail { order, order_url };
                self.mail_address(tx, &email, &mail, Some(&format!("order_held:{id}"))).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// One mail for all refunds that are new.
    async fn mail_refunds(
        &self,
        tx: &mut Tx,
        change: &OrderChange<'_>,
        to: &Recipient,
        order: MailedOrder<'_>,
    ) -> Result<(), Internal> {
        let Some((amount, first)) = change.new_refunds() else {
            return Ok(());
        };
        let effect = match change.after.status {
            OrderStatus::Paid | OrderStatus::PartlyRefunded => RefundEffect::Unchanged,
            _ if change.is_upgrade() => RefundEffect::TurnedBack,
            OrderStatus::Disputed => RefundEffect::Suspended,
            _ => RefundEffect::Revoked,
        };
        let receipt_url = change.receipt_url(&self.0.options.portal_url, &to.account);
        let mail = RefundedMail { order, amount: &amount, effect, receipt_url: receipt_url.as_deref() };
        let key = change.dedupe_key("refunded", &first, &to.account);
        self.mail_customer(tx, &to.account, &mail, Some(&key)).await?;
        Ok(())
    }

    /// Mails about an upgrade that a dispute turns back, or that applies again. A refund has a mail of its own, which says
    /// what it does to the upgrade.
    async fn mail_upgrade(
        &self,
        tx: &mut Tx,
        change: &OrderChange<'_>,
        to: &Recipient,
        order: MailedOrder<'_>,
        items: &[Item],
    ) -> Result<(), Internal> {
        let is_applied = |order: &Order| matches!(order.kind, OrderKind::Upgrade(upgrade) if upgrade.is_applied);
        let Some(license) = to.licenses.first() else {
            return Ok(());
        };
        let is_disputed = matches!(change.after.status, OrderStatus::Disputed | OrderStatus::DisputeLost);
        match (is_applied(change.before), is_applied(change.after)) {
            (true, false) if is_disputed => {
                let policy = tx.get_policy(license.policy).await?;
                let product = tx.get_product(policy.product).await?;
                let mail = UpgradeReversedMail { license: MailedLicense::new(license, &policy, &product) };
                self.mail_customer(tx, &to.account, &mail, None).await?;
            }
            (false, true) if change.before.delivered_at.is_some() => {
                let receipt_url = change.receipt_url(&self.0.options.portal_url, &to.account);
                if let Some(license) = to.mailed(items) {
                    let reason = UpgradeReason::PaymentKept;
                    let receipt_url = receipt_url.as_deref();
                    let mail = UpgradedMail { order, license: license.mailed(), reason, receipt_url };
                    self.mail_customer(tx, &to.account, &mail, None).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Mails about disputes. A refund has a mail of its own, which says what it does to the licenses.
    async fn mail_standing_of_order(
        &self,
        tx: &mut Tx,
        change: &OrderChange<'_>,
        to: &Recipient,
        items: &[Item],
    ) -> Result<(), Internal> {
        let (before, after) = (change.before, change.after);
        if before.status == after.status {
            return Ok(());
        }
        let is_usable = |status| matches!(status, OrderStatus::Paid | OrderStatus::PartlyRefunded);
        let Some(licenses) = to.mailed(items) else {
            return Ok(());
        };
        // An admin may have suspended or revoked it.
        let can_be_used = licenses.license.standing == Standing::Good;
        let license = licenses.mailed();
        let (account, at) = (&to.account, after.updated_at);
        match (before.status, after.status) {
            (_, OrderStatus::Disputed) => {
                let mail = SuspendedMail { license, reason: SuspensionReason::Dispute, at };
                self.mail_customer(tx, account, &mail, None).await?;
            }
            (_, OrderStatus::DisputeLost) => {
                let mail = RevokedMail { license, reason: RevocationReason::DisputeLost, at };
                self.mail_customer(tx, account, &mail, None).await?;
            }
            (OrderStatus::Disputed, status) if is_usable(status) && can_be_used => {
                let mail = ReinstatedMail { license, reason: ReinstatementReason::DisputeSettled };
                self.mail_customer(tx, account, &mail, None).await?;
            }
            (OrderStatus::Refunded | OrderStatus::DisputeLost, status) if is_usable(status) && can_be_used => {
                let mail = ReinstatedMail { license, reason: ReinstatementReason::RefundFailed };
                self.mail_customer(tx, account, &mail, None).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Mails about a subscription that was renewed or could not be renewed.
    async fn mail_renewal(
        &self,
        tx: &mut Tx,
        change: &OrderChange<'_>,
        to: &Recipient,
        items: &[Item],
    ) -> Result<(), Internal> {
        let (before, after) = (change.before, change.after);
        let is_past_due = |order: &Order| order.subscription_state() == Some(SubscriptionState::PastDue);
        let is_failed = is_past_due(after) && !is_past_due(before);
        let is_new = |payment: &&StoredPayment| !change.known.iter().any(|known| known.id == payment.id);
        let renewal = change.payments.iter().find(is_new);
        let renewal = renewal.filter(|_| before.delivered_at.is_some() && after.expires_at > before.expires_at);
        if !is_failed && renewal.is_none() {
            return Ok(());
        }
        let Some(license) = to.mailed(items) else {
            return Ok(());
        };
        let portal = &self.0.options.portal_url;
        let until = change.payments.iter().filter_map(|payment| payment.period_ends_at).max();
        if let (Some(payment), Some(until)) = (renewal, until) {
            let total = Money::new(payment.paid_minor, after.currency()).to_string();
            let receipt_url = change.receipt_url(portal, &to.account);
            let payment_made = RenewalPayment { total: &total, receipt_url: receipt_url.as_deref() };
            let mail = RenewedMail { license: license.mailed(), until, payment: Some(payment_made) };
            let key = change.dedupe_key("renewed", &payment.id, &to.account);
            self.mail_customer(tx, &to.account, &mail, Some(&key)).await?;
        }
        if is_failed {
            let total = change.unpaid.unwrap_or_else(|| after.total()).to_string();
            // Only the account that received the order can pay.
            let fix_url =
                (after.account == Some(to.account.id)).then(|| format!("{portal}{}", portal_paths::order(after.id)));
            let mail = RenewalFailedMail {
                license: license.mailed(),
                total: &total,
                fix_url: fix_url.as_deref(),
                usable_until: after.expires_at,
            };
            self.mail_customer(tx, &to.account, &mail, None).await?;
        }
        Ok(())
    }
}

/// The owners of an order's licenses, or the account that received it if it has no licenses. An admin may have given a
/// license to somebody else.
async fn recipients(tx: &mut Tx, order: &Order, account: AccountId) -> Result<Vec<Recipient>, Internal> {
    let mut licenses: Vec<License> = match order.kind {
        OrderKind::Upgrade(upgrade) => tx.find_license(upgrade.license).await?.into_iter().collect(),
        OrderKind::Purchase => tx.list_licenses_of_order(order.id).await?,
    };
    let mut owners: Vec<AccountId> = Vec::new();
    for license in &licenses {
        if !owners.contains(&license.account) {
            owners.push(license.account);
        }
    }
    if owners.is_empty() {
        owners.push(account);
    }
    let mut accounts = tx.list_accounts(&owners).await?;
    // In the order of their licenses, so that mails are queued in the same order everywhere.
    accounts.sort_by_key(|account| owners.iter().position(|owner| *owner == account.id));
    let mut recipients = Vec::with_capacity(accounts.len());
    for account in accounts {
        let (own, others) = licenses.into_iter().partition(|license| license.account == account.id);
        licenses = others;
        recipients.push(Recipient { account, licenses: own });
    }
    Ok(recipients)
}

impl Recipient {
    /// The first of the licenses, for a mail. If there are several, the mail names their number.
    fn mailed(&self, items: &[Item]) -> Option<OrderLicenses<'_>> {
        let license = self.licenses.first()?;
        let quantity = self.licenses.len();
        let (_, policy, product) = items.first()?;
        Some(OrderLicenses {
            policy: if quantity == 1 { policy.name.clone() } else { format!("{} ({quantity} licenses)", policy.name) },
            product: product.name.clone(),
            license,
        })
    }
}

struct OrderLicenses<'a> {
    license: &'a License,
    policy: String,
    product: String,
}

impl OrderLicenses<'_> {
    fn mailed(&self) -> MailedLicense<'_> {
        MailedLicense {
            id: self.license.id,
            product: &self.product,
            policy: &self.policy,
            masked_key: latchkey_licensing::license_key::masked(&self.license.key_prefix, &self.license.key_tail),
        }
    }
}
