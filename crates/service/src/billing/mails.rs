//! Mails about orders. Each follows from a change of what is stored about the order, so that events that arrive twice or in
//! another order send nothing twice.

use std::collections::BTreeSet;

use latchkey_licensing::{
    account::Account,
    email::EmailAddress,
    license::Standing,
    money::Money,
    order::{Order, OrderKind, OrderLine, OrderStatus, SubscriptionState},
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
                MailedOrder, OrderedItem, PaymentFailedMail, PaymentPendingMail, PurchaseMail, RefundedMail,
                UpgradedMail,
            },
            standing::{ReinstatedMail, RevokedMail, SuspendedMail},
            term::{RenewalFailedMail, RenewalPayment, RenewedMail},
        },
        reasons::{RefundEffect, ReinstatementReason, RevocationReason, SuspensionReason},
    },
    service::Service,
};

/// A line with what it is about.
type Item = (OrderLine, Policy, Product);

impl Service {
    /// Queues the mails that a change of an order causes.
    #[expect(clippy::too_many_arguments, reason = "the order and its payments, before and after")]
    pub(super) async fn mail_order_changes(
        &self,
        tx: &mut Tx,
        before: &Order,
        after: &Order,
        lines: &[OrderLine],
        known: &[StoredPayment],
        payments: &[StoredPayment],
        keys: &NewKeys,
    ) -> Result<(), Internal> {
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
        let portal = &self.0.options.portal_url;
        let Some(account) = after.account.filter(|_| after.delivered_at.is_some()) else {
            return self.mail_undelivered(tx, before, after, order, &items).await;
        };
        let account = tx.find_account(account).await?;
        let account = account.ok_or(Internal::Invariant("the account of an order does not exist"))?;
        if before.delivered_at.is_none() {
            let receipt_url = format!("{portal}{}", portal_paths::receipt(after.id));
            let receipt_url = Some(receipt_url.as_str());
            if matches!(after.kind, OrderKind::Upgrade(_)) {
                if let Some(license) = self.mailed_license(tx, after, &items).await? {
                    let mail = UpgradedMail { order, license: license.mailed(), receipt_url };
                    self.mail_customer(tx, &account, &mail, Some(&format!("upgraded:{}", after.id))).await?;
                }
            } else {
                let download_url = self.0.options.billing.download_url.as_deref();
                let mail = PurchaseMail { order, keys, download_url, receipt_url };
                self.mail_customer(tx, &account, &mail, Some(&format!("purchase:{}", after.id))).await?;
            }
        }
        self.mail_refunds(tx, after, &account, order, known, payments).await?;
        self.mail_standing_of_order(tx, before, after, &account, &items).await?;
        self.mail_renewal(tx, before, after, &account, &items, known, payments).await
    }

    /// Mails about a payment that has not arrived go to the address that the buyer typed: there may be no account.
    async fn mail_undelivered(
        &self,
        tx: &mut Tx,
        before: &Order,
        after: &Order,
        order: MailedOrder<'_>,
        items: &[Item],
    ) -> Result<(), Internal> {
        let email = after.email.as_deref().map(EmailAddress::parse);
        let Some(Ok(email)) = email.filter(|_| before.status != after.status) else {
            return Ok(());
        };
        let portal = &self.0.options.portal_url;
        match after.status {
            OrderStatus::Pending => {
                let order_url = format!("{portal}{}", portal_paths::order_placed(after.id));
                let mail = PaymentPendingMail { order, order_url: Some(&order_url) };
                self.mail_address(tx, &email, &mail, Some(&format!("payment_pending:{}", after.id))).await.map(drop)
            }
            OrderStatus::PaymentFailed => {
                let offer = items.first().map(|(line, ..)| portal_paths::offer(&line.price_code));
                let retry_url = offer.map(|path| format!("{portal}{path}"));
                let mail = PaymentFailedMail { order, retry_url: retry_url.as_deref() };
                self.mail_address(tx, &email, &mail, Some(&format!("payment_failed:{}", after.id))).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// One mail for all refunds that are new.
    async fn mail_refunds(
        &self,
        tx: &mut Tx,
        after: &Order,
        account: &Account,
        order: MailedOrder<'_>,
        known: &[StoredPayment],
        payments: &[StoredPayment],
    ) -> Result<(), Internal> {
        let counted = |payments: &[StoredPayment]| -> BTreeSet<String> {
            let refunds = payments.iter().flat_map(|payment| &payment.refunds);
            refunds.filter(|refund| refund.state.counts()).map(|refund| refund.id.clone()).collect()
        };
        let already = counted(known);
        let new = payments.iter().flat_map(|payment| &payment.refunds);
        let new: Vec<_> = new.filter(|refund| refund.state.counts() && !already.contains(&refund.id)).collect();
        let Some(first) = new.first() else {
            return Ok(());
        };
        let amount = new.iter().fold(0, |sum: i64, refund| sum.saturating_add(refund.amount_minor));
        let amount = Money::new(amount, after.currency()).to_string();
        let is_upgrade = matches!(after.kind, OrderKind::Upgrade(_));
        let effect = match after.status {
            OrderStatus::Paid | OrderStatus::PartlyRefunded => RefundEffect::Unchanged,
            _ if is_upgrade => RefundEffect::TurnedBack,
            OrderStatus::Disputed => RefundEffect::Suspended,
            _ => RefundEffect::Revoked,
        };
        let receipt_url = format!("{}{}", self.0.options.portal_url, portal_paths::receipt(after.id));
        let mail = RefundedMail { order, amount: &amount, effect, receipt_url: Some(&receipt_url) };
        self.mail_customer(tx, account, &mail, Some(&format!("refunded:{}", first.id))).await?;
        Ok(())
    }

    /// Mails about disputes. A refund has a mail of its own, which says what it does to the licenses.
    async fn mail_standing_of_order(
        &self,
        tx: &mut Tx,
        before: &Order,
        after: &Order,
        account: &Account,
        items: &[Item],
    ) -> Result<(), Internal> {
        // A license that loses an upgrade can still be used.
        if before.status == after.status || matches!(after.kind, OrderKind::Upgrade(_)) {
            return Ok(());
        }
        let is_usable = |status| matches!(status, OrderStatus::Paid | OrderStatus::PartlyRefunded);
        let Some(license) = self.mailed_license(tx, after, items).await? else {
            return Ok(());
        };
        // An admin may have suspended or revoked it.
        let can_be_used = license.license.standing == Standing::Good;
        let license = license.mailed();
        let at = after.updated_at;
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
    #[expect(clippy::too_many_arguments, reason = "the order and its payments, before and after")]
    async fn mail_renewal(
        &self,
        tx: &mut Tx,
        before: &Order,
        after: &Order,
        account: &Account,
        items: &[Item],
        known: &[StoredPayment],
        payments: &[StoredPayment],
    ) -> Result<(), Internal> {
        let is_past_due = |order: &Order| order.subscription_state() == Some(SubscriptionState::PastDue);
        let is_failed = is_past_due(after) && !is_past_due(before);
        let renewal = payments.iter().find(|payment| !known.iter().any(|known| known.id == payment.id));
        let renewal = renewal.filter(|_| before.delivered_at.is_some() && after.expires_at > before.expires_at);
        if !is_failed && renewal.is_none() {
            return Ok(());
        }
        let Some(license) = self.mailed_license(tx, after, items).await? else {
            return Ok(());
        };
        let portal = &self.0.options.portal_url;
        if let (Some(payment), Some(until)) = (renewal, payments.iter().filter_map(|payment| payment.pays_until).max())
        {
            let total = Money::new(payment.paid_minor, after.currency()).to_string();
            let receipt_url = format!("{portal}{}", portal_paths::receipt(after.id));
            let payment_made = RenewalPayment { total: &total, receipt_url: Some(&receipt_url) };
            let mail = RenewedMail { license: license.mailed(), until, payment: Some(payment_made) };
            self.mail_customer(tx, account, &mail, Some(&format!("renewed:{}", payment.id))).await?;
        }
        if is_failed {
            let total = after.total().to_string();
            let fix_url = format!("{portal}{}", portal_paths::order(after.id));
            let mail = RenewalFailedMail {
                license: license.mailed(),
                total: &total,
                fix_url: &fix_url,
                usable_until: after.expires_at,
            };
            self.mail_customer(tx, account, &mail, None).await?;
        }
        Ok(())
    }

    /// The license of an order, for a mail. If there are several, the mail names their number.
    async fn mailed_license(
        &self,
        tx: &mut Tx,
        order: &Order,
        items: &[Item],
    ) -> Result<Option<OrderLicenses>, Internal> {
        let (id, quantity) = match order.kind {
            OrderKind::Upgrade(upgrade) => (Some(upgrade.license), 1),
            OrderKind::Purchase => {
                let licenses = tx.list_order_licenses(&[order.id]).await?;
                (licenses.first().map(|ordered| ordered.license), licenses.len())
            }
        };
        let Some(id) = id else {
            return Ok(None);
        };
        let license = tx.find_license(id).await?;
        let license = license.ok_or(Internal::Invariant("a license of an order does not exist"))?;
        Ok(items.first().map(|(_, policy, product)| OrderLicenses {
            policy: if quantity == 1 { policy.name.clone() } else { format!("{} ({quantity} licenses)", policy.name) },
            product: product.name.clone(),
            license,
        }))
    }
}

struct OrderLicenses {
    license: latchkey_licensing::license::License,
    policy: String,
    product: String,
}

impl OrderLicenses {
    fn mailed(&self) -> MailedLicense<'_> {
        MailedLicense {
            id: self.license.id,
            product: &self.product,
            policy: &self.policy,
            masked_key: latchkey_licensing::license_key::masked(&self.license.key_prefix, &self.license.key_tail),
        }
    }
}
