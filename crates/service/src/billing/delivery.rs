//! Writing what follows from a snapshot: the order, its account, its licenses and the mails, in one transaction.

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::LicenseId,
    license::{Expiry, License, Standing},
    license_key::LicenseKey,
    money::Money,
    order::{
        Allowed, CheckoutTerms, CheckoutTotal, HoldReason, Order, OrderFacts, OrderKind, OrderLine, OrderMail,
        OrderStatus, OrderedLicense, Subscription, Verdict, decide, difference,
    },
    text::is_disruptive,
    time::Timestamp,
};
use latchkey_store::{StoredDispute, StoredPayment, StoredRefund, Tx};

use crate::{
    audit::{
        actor::Actor,
        event::{LicenseEvent, OrderEvent},
    },
    billing::{licenses::standing_event, mails::OrderChange},
    error::Internal,
    identity::accounts::create::account_created,
    licensing::licenses::keys::NewKey,
    ports::payments::{OrderSnapshot, PaymentSnapshot},
    service::Service,
};

/// The longest name that is kept.
const MAX_NAME: usize = 100;

/// The longest address that is kept.
const MAX_ADDRESS: usize = 320;

/// What an order delivered just now: the keys by line.
pub(super) type NewKeys = Vec<Vec<LicenseKey>>;

impl Service {
    /// Writes what follows from a snapshot of a locked order. Returns the order afterwards, or `None` if nothing is new.
    pub(super) async fn apply_snapshot(
        &self,
        tx: &mut Tx,
        before: &Order,
        snapshot: &OrderSnapshot,
    ) -> Result<Option<Order>, Internal> {
        let now = self.now();
        let lines: Vec<OrderLine> =
            tx.list_order_lines(&[before.id]).await?.into_iter().map(|(_, line)| line).collect();
        let known: Vec<StoredPayment> =
            tx.list_order_payments(&[before.id]).await?.into_iter().map(|(_, payment)| payment).collect();
        let payments = merged(&known, snapshot);
        let mut after = with_snapshot(before, snapshot, &payments);
        // The address was erased with the account, but the provider still has it.
        if before.email.is_none()
            && after.email.is_some()
            && let Some(account) = before.account
            && tx.find_account(account).await?.is_some_and(|account| account.is_deleted())
        {
            after.email = None;
        }
        let mut facts = OrderFacts {
            checkout: snapshot.checkout.state,
            // What was delivered is not taken back because it is looked at again.
            hold: if before.delivered_at.is_some() || after.released_at.is_some() {
                None
            } else {
                hold_reason(before, &lines, snapshot)
            },
            payments: payments.iter().map(StoredPayment::facts).collect(),
            subscription: snapshot.subscription.as_ref().map(|subscription| subscription.state),
            is_canceled_at_period_end: after
                .subscription
                .as_ref()
                .is_some_and(|subscription| subscription.is_canceled_at_period_end),
            grace: self.0.options.billing.grace,
        };
        let mut verdict = decide(&facts);
        let mut receiver = None;
        if verdict.delivers && before.delivered_at.is_none() {
            match self.receiver(tx, before, snapshot, now).await? {
                Ok(account) => receiver = Some(account),
                Err(reason) => {
                    facts.hold = Some(reason);
                    after.released_at = None;
                    after.unsent_mail = None;
                    verdict = decide(&facts);
                }
            }
        }
        after.status = verdict.status;
        after.hold = facts.hold;
        if verdict.status.is_delivered() && after.paid_at.is_none() {
            after.paid_at = Some(payments.first().map_or(now, |payment| payment.paid_at));
        }
        if verdict.status == OrderStatus::Refunded {
            after.unsent_mail = None;
        }
        let is_new = receiver.is_some();
        if !is_new && after == *before && payments == known {
            return Ok(None);
        }
        after.version += 1;
        after.updated_at = now;
        let mut keys = NewKeys::new();
        if let Some(account) = &receiver {
            after.account = Some(account.id);
            after.delivered_at = Some(now);
            after.unsent_mail = after.unsent_mail.filter(|mail| *mail != OrderMail::Delivery);
            if let Some(customer) = &after.customer {
                tx.insert_stripe_customer(customer, account.id, after.is_live, now).await?;
            }
            if after.kind == OrderKind::Purchase {
                keys = self.issue_ordered(tx, &after, &lines, account, verdict).await?;
                after.expires_at = verdict.expires_at;
            }
        }
        // Licenses that were just issued are what the payments allow.
        if after.delivered_at.is_some() && (before.delivered_at.is_some() || after.kind != OrderKind::Purchase) {
            self.apply_verdict(tx, &mut after, verdict, now).await?;
        }
        tx.update_order(&after).await?;
        if payments != known {
            tx.set_order_payments(after.id, &payments).await?;
        }
        self.record_order(tx, before, &after, now).await?;
        let unpaid = snapshot.subscription.as_ref().and_then(|subscription| subscription.unpaid);
        let change = OrderChange { before, after: &after, known: &known, payments: &payments, keys: &keys, unpaid };
        self.mail_order_changes(tx, &change, &lines).await?;
        Ok(Some(after))
    }

    /// The account that receives an order. It is created if the buyer has none.
    async fn receiver(
        &self,
        tx: &mut Tx,
        order: &Order,
        snapshot: &OrderSnapshot,
        now: Timestamp,
    ) -> Result<Result<Account, HoldReason>, Internal> {
        // The buyer was signed in, or an admin named the account. If the account was deleted since, the buyer gets another one.
        let named = match order.account {
            Some(account) => {
                Some(tx.find_account(account).await?.ok_or(Internal::Invariant("the buyer's account does not exist"))?)
            }
            None => None,
        };
        let account = if let Some(account) = named.filter(|account| !account.is_deleted()) {
            account
        } else {
            let email = snapshot.checkout.email.as_deref().map(EmailAddress::parse);
            let Some(Ok(email)) = email else {
                return Ok(Err(HoldReason::NoAddress));
            };
            let name = snapshot.checkout.name.as_deref().and_then(clean_name);
            let account = self.new_account(&email, name, Role::Customer, now)?;
            if tx.insert_account(&account).await? {
                self.record(tx, now, Actor::Server, account_created(&account)).await?;
                account
            } else {
                let found = tx.find_account_by_email(&email).await?;
                found.ok_or(Internal::Invariant("an address is taken, but by no account"))?
            }
        };
        if account.disabled_at.is_some() {
            return Ok(Err(HoldReason::AccountDisabled));
        }
        if let Some(customer) = &snapshot.checkout.customer {
            let bound = tx.find_account_of_stripe_customer(customer).await?;
            let is_other = bound.is_some_and(|bound| bound != account.id);
            // An admin may decide that the account that ordered receives it all the same. The customer stays the other's.
            let is_released = order.released_at.is_some() && order.hold == Some(HoldReason::WrongCustomer);
            if is_other && !is_released {
                return Ok(Err(HoldReason::WrongCustomer));
            }
        }
        if let OrderKind::Upgrade(upgrade) = order.kind {
            let facts = self.lock_license(tx, upgrade.license).await?;
            if !facts.is_some_and(|facts| upgrade.can_apply_to(&facts.license, account.id)) {
                return Ok(Err(HoldReason::NotUpgradable));
            }
        }
        Ok(Ok(account))
    }

    /// Issues a license for each unit of each line, which may be used as the payments allow. The primary key of
    /// `order_licenses` makes a second one impossible.
    async fn issue_ordered(
        &self,
        tx: &mut Tx,
        order: &Order,
        lines: &[OrderLine],
        owner: &Account,
        verdict: Verdict,
    ) -> Result<NewKeys, Internal> {
        let now = order.updated_at;
        let payments = verdict.allowed.standing(Standing::Good, now);
        let mut keys = NewKeys::new();
        for line in lines {
            let policy = tx.get_policy(line.policy).await?;
            let product = tx.get_product(policy.product).await?;
            let mut of_line = Vec::new();
            let mut ordered = Vec::new();
            for unit in 1..=line.quantity {
                let id = LicenseId::new(now, self.random()?);
                let expiry = Expiry::on_issue(&policy, now);
                let key: NewKey = self.new_license_key(tx, id, &policy, &product, expiry).await?;
                let mut license = License::issue(id, owner.id, &policy, key.hint(), now);
                license.standing = payments;
                license.expiry = verdict.expires_at.map_or(license.expiry, Expiry::At);
                tx.insert_license(&license, key.stored()).await?;
                let issued = LicenseEvent::Issued { policy: policy.code.clone(), imported: false };
                for event in [Some(issued), standing_event(Standing::Good, payments)].into_iter().flatten() {
                    self.record(tx, now, Actor::Server, event.of(id)).await?;
                }
                ordered.push(OrderedLicense {
                    order: order.id,
                    line: line.number,
                    unit,
                    license: id,
                    decision: Standing::Good,
                    payments,
                });
                of_line.push(key.key);
            }
            tx.insert_order_licenses(&ordered).await?;
            keys.push(of_line);
        }
        Ok(keys)
    }

    /// Makes the licenses of a delivered order what the payments allow.
    async fn apply_verdict(
        &self,
        tx: &mut Tx,
        after: &mut Order,
        verdict: Verdict,
        now: Timestamp,
    ) -> Result<(), Internal> {
        match &mut after.kind {
            OrderKind::Upgrade(upgrade) => {
                let should_apply = verdict.delivers && verdict.allowed == Allowed::Yes;
                if upgrade.is_applied != should_apply {
                    upgrade.is_applied = should_apply;
                    let upgrade = *upgrade;
                    self.apply_upgrades(tx, after.id, upgrade, now).await?;
                }
            }
            OrderKind::Purchase => {
                let licenses = tx.list_order_licenses(&[after.id]).await?;
                for ordered in &licenses {
                    self.apply_to_license(tx, ordered.license, verdict, after.expires_at, now).await?;
                }
                after.expires_at = verdict.expires_at;
            }
        }
        Ok(())
    }

    async fn record_order(&self, tx: &mut Tx, before: &Order, after: &Order, now: Timestamp) -> Result<(), Internal> {
        let mut events = Vec::new();
        if before.status != after.status {
            events.push(OrderEvent::StatusChanged {
                from: before.status,
                to: after.status,
                held: after.hold.filter(|_| !after.status.is_delivered()),
            });
        }
        if before.delivered_at.is_none() && after.delivered_at.is_some() {
            events.push(OrderEvent::Delivered);
        }
        if before.refunded_minor != after.refunded_minor {
            events.push(OrderEvent::Refunded {
                refunded_minor: after.refunded_minor,
                currency: after.currency().to_string(),
            });
        }
        if after.has_fraud_warning && !before.has_fraud_warning {
            events.push(OrderEvent::FraudSuspected);
        }
        if before.subscription_state() != after.subscription_state()
            && let Some(state) = after.subscription_state()
        {
            events.push(OrderEvent::SubscriptionChanged { to: state });
        }
        if events.is_empty() {
            events.push(OrderEvent::Updated);
        }
        for event in events {
            self.record(tx, now, Actor::Server, event.of(after.id)).await?;
        }
        Ok(())
    }
}

/// The order with what the provider says about it, apart from what is decided.
fn with_snapshot(before: &Order, snapshot: &OrderSnapshot, payments: &[StoredPayment]) -> Order {
    let checkout = &snapshot.checkout;
    let sum = |amounts: &mut dyn Iterator<Item = i64>| amounts.fold(0, i64::saturating_add);
    Order {
        checkout: Some(checkout.id.clone()),
        customer: checkout.customer.clone().or_else(|| before.customer.clone()),
        subscription: snapshot.subscription.as_ref().map(|subscription| Subscription {
            id: subscription.id.clone(),
            state: subscription.state,
            is_canceled_at_period_end: subscription.is_canceled_at_period_end,
        }),
        total_minor: Some(checkout.total.minor),
        tax_minor: checkout.tax_minor.max(0),
        discount_minor: checkout.discount_minor.max(0),
        paid_minor: sum(&mut payments.iter().map(|payment| payment.paid_minor)),
        refunded_minor: sum(&mut payments.iter().map(|payment| payment.facts().refunded_minor())),
        has_fraud_warning: before.has_fraud_warning
            || snapshot.payments.iter().any(|payment| payment.has_fraud_warning),
        email: checkout.email.as_deref().map(|email| clean(email, MAX_ADDRESS)).or_else(|| before.email.clone()),
        buyer_name: checkout.name.as_deref().and_then(clean_name).or_else(|| before.buyer_name.clone()),
        ..before.clone()
    }
}

/// What does not match the order.
fn hold_reason(order: &Order, lines: &[OrderLine], snapshot: &OrderSnapshot) -> Option<HoldReason> {
    let checkout = &snapshot.checkout;
    if checkout.reference.as_deref() != Some(order.id.to_string().as_str()) {
        return Some(HoldReason::WrongOrder);
    }
    let ordered = CheckoutTerms {
        is_live: order.is_live,
        is_subscription: order.is_subscription,
        lines: lines.iter().map(|line| (line.stripe_price.clone(), line.quantity)).collect(),
        subtotal: order.subtotal,
    };
    let found = CheckoutTerms {
        is_live: checkout.is_live,
        is_subscription: checkout.is_subscription,
        lines: checkout.lines.iter().map(|line| (line.price.clone(), line.quantity)).collect(),
        subtotal: checkout.subtotal,
    };
    let paid = snapshot.payments.first().map(|payment| payment.paid);
    let total = CheckoutTotal {
        total: checkout.total,
        discount_minor: checkout.discount_minor,
        tax_minor: checkout.tax_minor,
        paid,
    };
    let other_currency = snapshot.payments.iter().any(|payment| payment.paid.currency != order.currency());
    if other_currency && order.is_live == checkout.is_live {
        return Some(HoldReason::WrongCurrency);
    }
    difference(&ordered, &found, total)
}

/// The payments of a snapshot, with those that are known and that it says nothing about.
fn merged(known: &[StoredPayment], snapshot: &OrderSnapshot) -> Vec<StoredPayment> {
    let mut payments: Vec<StoredPayment> = snapshot.payments.iter().map(stored).collect();
    if !snapshot.has_all_payments {
        let is_read = |known: &StoredPayment| snapshot.payments.iter().any(|payment| payment.id == known.id);
        payments.extend(known.iter().filter(|known| !is_read(known)).cloned());
    }
    payments.sort_by(|one, other| (one.paid_at, &one.id).cmp(&(other.paid_at, &other.id)));
    payments
}

/// A payment as it is stored, with its refunds and disputes in the order in which they are read back.
fn stored(payment: &PaymentSnapshot) -> StoredPayment {
    let Money { minor, .. } = payment.paid;
    let mut stored = StoredPayment {
        id: payment.id.clone(),
        paid_minor: minor.max(0),
        paid_at: payment.paid_at,
        invoice: payment.invoice.clone(),
        period_ends_at: payment.period_ends_at,
        refunds: payment
            .refunds
            .iter()
            .map(|refund| StoredRefund {
                id: refund.id.clone(),
                amount_minor: refund.amount_minor.max(0),
                state: refund.state,
                created_at: refund.created_at,
            })
            .collect(),
        disputes: payment
            .disputes
            .iter()
            .map(|dispute| StoredDispute {
                id: dispute.id.clone(),
                amount_minor: dispute.amount_minor.max(0),
                state: dispute.state,
                reason: dispute.reason.clone(),
                due_at: dispute.due_at,
                created_at: dispute.created_at,
            })
            .collect(),
    };
    stored.refunds.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    stored.disputes.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    stored
}

/// A name as buyers type it at the provider, made fit for an account.
fn clean_name(text: &str) -> Option<String> {
    let name = clean(text, MAX_NAME);
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Text as buyers type it at the provider, without characters that change how terminals and pages show other text, and not
/// longer than `max` characters.
fn clean(text: &str, max: usize) -> String {
    let is_invisible = |letter: char| {
        is_disruptive(letter)
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().filter(|letter| !is_invisible(*letter)).take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_buyers_type_cannot_control_a_terminal() {
        assert_eq!(clean("a\u{1b}[2J\0\n\u{202e}b\u{200b}@example.com", 100), "a[2Jb@example.com");
        assert_eq!(clean("Zoë Ångström 山田", 100), "Zoë Ångström 山田");
        assert_eq!(clean_name("\u{200b} \n"), None);
        assert_eq!(clean(&"x".repeat(5_000), MAX_ADDRESS).len(), MAX_ADDRESS);
    }
}
