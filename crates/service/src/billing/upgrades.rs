//! Upgrades: a license moves to another policy for a price and keeps its key and its machines.

use std::collections::BTreeMap;

use latchkey_licensing::{
    ids::{LicenseId, OrderId, PolicyId},
    license::{Expiry, License},
    order::{OrderKind, Upgrade},
    time::Timestamp,
};
use latchkey_store::Tx;

use crate::{
    audit::{
        actor::Actor,
        change::Change,
        event::{LicenseDiff, LicenseEvent},
    },
    catalog::prices::{CatalogPrice, catalog_prices},
    error::Internal,
    identity::actors::CustomerView,
    licensing::licenses::customer::CustomerError,
    service::Service,
};

impl Service {
    /// Gives a license the policy of the last of its upgrades that are paid, or the one from before all of them. `changed`
    /// is the order that changed, with its new state. If an admin has moved the license elsewhere, it stays.
    pub(super) async fn apply_upgrades(
        &self,
        tx: &mut Tx,
        changed: OrderId,
        upgrade: Upgrade,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let facts = self.lock_license(tx, upgrade.license).await?;
        let facts = facts.ok_or(Internal::Invariant("the license of an upgrade does not exist"))?;
        let mut upgrades = Vec::new();
        for order in tx.list_upgrades_of(upgrade.license).await? {
            // An upgrade that was never delivered has no part in it.
            if let OrderKind::Upgrade(upgrade) = order.kind
                && (order.delivered_at.is_some() || order.id == changed)
            {
                upgrades.push((order.id, upgrade));
            }
        }
        let ids: Vec<OrderId> = upgrades.iter().map(|(id, _)| *id).collect();
        let targets: BTreeMap<OrderId, PolicyId> =
            tx.list_order_lines(&ids).await?.into_iter().map(|(order, line)| (order, line.policy)).collect();
        let base = upgrades.first().map_or(upgrade, |(_, first)| *first);
        let policy_after = |is_applied: &dyn Fn(OrderId, Upgrade) -> bool| {
            let last = upgrades.iter().rev().find(|(id, upgrade)| is_applied(*id, *upgrade));
            last.and_then(|(id, _)| targets.get(id).copied()).unwrap_or(base.from_policy)
        };
        let from = policy_after(&|_, upgrade| upgrade.is_applied);
        let to = policy_after(&|id, other| if id == changed { upgrade.is_applied } else { other.is_applied });
        let before = facts.license;
        if from == to {
            return Ok(());
        }
        if before.policy != from {
            tracing::warn!(license = %before.id, "an upgrade was not applied: the license has another policy now");
            return Ok(());
        }
        let policy = tx.get_policy(to).await?;
        let expiry = if to == base.from_policy {
            expiry_without_upgrades(tx, &before, base).await?
        } else {
            match (policy.duration, before.expiry) {
                (None, _) => Expiry::Never,
                (Some(_), Expiry::Never) => Expiry::on_issue(&policy, now),
                // The time that is left stays.
                (Some(_), kept) => kept,
            }
        };
        let mut license = License { policy: to, expiry, updated_at: now, ..before.clone() };
        // A check-in that was not required until now must not be overdue.
        if policy.check_in_interval.is_some() && license.last_check_in_at.is_none() {
            license.last_check_in_at = Some(now);
        }
        tx.update_license(&license).await?;
        let diff = LicenseDiff {
            policy: Change::of(before.policy, to),
            expiry: Change::of(before.expiry, expiry),
            ..LicenseDiff::default()
        };
        self.record(tx, now, Actor::Server, LicenseEvent::Changed(Box::new(diff)).of(license.id)).await
    }
}

/// The expiry of a license that loses its upgrades. A subscription may have been renewed in the meantime.
async fn expiry_without_upgrades(tx: &mut Tx, license: &License, base: Upgrade) -> Result<Expiry, Internal> {
    let Some(ordered) = tx.find_order_license(license.id).await? else {
        return Ok(base.from_expiry);
    };
    let order = tx.find_order(ordered.order).await?;
    let renewed = order.and_then(|order| order.expires_at);
    Ok(renewed.map_or(base.from_expiry, Expiry::At))
}

impl CustomerView<'_> {
    /// The upgrades that are for sale for one of the customer's licenses.
    pub async fn upgrades(&self, id: LicenseId) -> Result<Vec<CatalogPrice>, CustomerError> {
        let Some(payments) = self.service().payments() else {
            return Ok(Vec::new());
        };
        let mut reader = self.service().store().read().await?;
        let license = self.own(reader.find_license(id).await?)?;
        let mut prices = catalog_prices(&mut reader).await?;
        prices.retain(|found| {
            found.price.upgrades(&license)
                && found.price.amount.is_some()
                && found.price.sold_as(payments.is_live()).is_some()
        });
        Ok(prices)
    }
}
