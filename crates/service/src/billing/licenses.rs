//! What payments do to licenses.

use latchkey_licensing::{
    ids::LicenseId,
    license::{Expiry, Standing},
    order::Verdict,
    time::Timestamp,
};
use latchkey_store::Tx;

use crate::{
    audit::{
        actor::Actor,
        change::Change,
        event::{LicenseDiff, LicenseEvent},
    },
    error::Internal,
    service::Service,
};

impl Service {
    /// Makes a license of an order what the payments allow. An admin's decision about it stays. `applied` is the expiry
    /// that it got from the payments last.
    pub(super) async fn apply_to_license(
        &self,
        tx: &mut Tx,
        id: LicenseId,
        verdict: Verdict,
        applied: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let facts = self.lock_license(tx, id).await?;
        let mut license = facts.ok_or(Internal::Invariant("a license of an order does not exist"))?.license;
        // Read after the license was locked, because an admin may have decided in the meantime.
        let ordered = tx.find_order_license(id).await?;
        let mut ordered = ordered.ok_or(Internal::Invariant("a license of an order does not exist"))?;
        let payments = verdict.allowed.standing(ordered.payments, now);
        let before = license.clone();
        let mut events = Vec::new();
        if payments != ordered.payments {
            ordered.payments = payments;
            tx.update_order_license(&ordered).await?;
        }
        let standing = ordered.decision.and(payments);
        if standing != license.standing {
            events.extend(standing_event(license.standing, standing));
            license.standing = standing;
        }
        if let Some(until) = verdict.expires_at
            && verdict.expires_at != applied
        {
            // An expiry that an admin set to a later time stays.
            let is_admins = license.expiry.at() != applied && license.expiry.at().is_none_or(|at| at > until);
            if applied.is_none() || !is_admins {
                events.extend(expiry_event(license.expiry, until, applied.is_none()));
                license.expiry = Expiry::At(until);
            }
        }
        if license == before {
            return Ok(());
        }
        license.updated_at = now;
        tx.update_license(&license).await?;
        for event in events {
            self.record(tx, now, Actor::Server, event.of(id)).await?;
        }
        Ok(())
    }
}

/// The event of a change of standing. `None` if only the instant changed.
pub(super) fn standing_event(before: Standing, after: Standing) -> Option<LicenseEvent> {
    match (before, after) {
        (Standing::Good, Standing::Good)
        | (Standing::Suspended(_), Standing::Suspended(_))
        | (Standing::Revoked(_), Standing::Revoked(_)) => None,
        (_, Standing::Good) => Some(LicenseEvent::Reinstated),
        (_, Standing::Suspended(_)) => Some(LicenseEvent::Suspended),
        (_, Standing::Revoked(_)) => Some(LicenseEvent::Revoked),
    }
}

/// The event of a change of expiry. The first one follows from issuing the license.
fn expiry_event(before: Expiry, until: Timestamp, is_first: bool) -> Option<LicenseEvent> {
    let after = Expiry::At(until);
    if before == after || is_first {
        return None;
    }
    if before.at().is_some_and(|at| at < until) {
        return Some(LicenseEvent::Renewed { from: before.at(), to: until });
    }
    let diff = LicenseDiff { expiry: Change::of(before, after), ..LicenseDiff::default() };
    Some(LicenseEvent::Changed(Box::new(diff)))
}
