//! Upgrades: a license moves to another policy for a price and keeps its key and its machines.

use latchkey_licensing::{
    ids::{LicenseId, PolicyId},
    license::{Expiry, License},
    order::Upgrade,
    time::Timestamp,
};
use latchkey_store::Tx;

use crate::{
    actors::Customer,
    audit::{
        actor::Actor,
        change::Change,
        event::{LicenseDiff, LicenseEvent},
    },
    catalog::prices::{CatalogPrice, catalog_prices},
    error::Internal,
    licenses::customer::CustomerError,
    service::Service,
};

impl Service {
    /// Moves an upgraded license to its new policy, or back. If an admin has moved it elsewhere in the meantime, it stays.
    pub(super) async fn move_upgraded(
        &self,
        tx: &mut Tx,
        upgrade: Upgrade,
        target: PolicyId,
        to: PolicyId,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let facts = self.lock_license(tx, upgrade.license).await?;
        let facts = facts.ok_or(Internal::Invariant("the license of an upgrade does not exist"))?;
        let before = facts.license;
        let is_back = to == upgrade.from_policy;
        let expected = if is_back { target } else { upgrade.from_policy };
        if before.policy != expected {
            tracing::warn!(license = %before.id, "an upgrade was not applied: the license has another policy now");
            return Ok(());
        }
        let policy = tx.get_policy(to).await?;
        let expiry = match (is_back, policy.duration) {
            (true, _) => upgrade.from_expiry,
            (false, None) => Expiry::Never,
            // The time that is left stays.
            (false, Some(_)) => match before.expiry {
                Expiry::Never => Expiry::on_issue(&policy, now),
                kept => kept,
            },
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

impl Customer<'_> {
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
