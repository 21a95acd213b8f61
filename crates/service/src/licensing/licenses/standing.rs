//! Suspending, reinstating and revoking licenses.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{LicenseId, OrderId},
    license::Standing,
    time::Timestamp,
};
use latchkey_store::Tx;

use crate::{
    audit::{actor::Cause, event::LicenseEvent},
    error::{Internal, internal_errors},
    identity::actors::Admin,
    licensing::{licenses::view::IssuedLicense, validation::facts::LicenseFacts},
    mail::{
        messages::{
            MailedLicense,
            standing::{ReinstatedMail, RevokedMail, SuspendedMail},
        },
        notify::Notify,
        reasons::{ReinstatementReason, RevocationReason, SuspensionReason},
    },
    service::Service,
};

/// Why a license's standing was not changed.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    /// There is no license with this id.
    #[error("there is no license with the id {0}")]
    NotFound(LicenseId),
    /// The license is revoked, which is permanent.
    #[error("license {0} is revoked, and a revoked license stays revoked")]
    Revoked(LicenseId),
    /// No admin suspended it. Its payment is disputed or was returned.
    #[error(
        "license {license} is not usable because of the payment of order {order}: it is reinstated when the payment is settled"
    )]
    ByPayment {
        /// The license.
        license: LicenseId,
        /// The order by which it was bought.
        order: OrderId,
    },
    /// It was changed since the admin looked at it.
    #[error("it was changed in the meantime")]
    Changed,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(StandingError);

/// A change of a license's standing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StandingChange {
    Suspend(SuspensionReason),
    Reinstate(ReinstatementReason),
    Revoke(RevocationReason),
}

impl StandingChange {
    /// The decision after the change. `None` if nothing changes.
    pub(crate) fn apply(
        self,
        id: LicenseId,
        decision: Standing,
        now: Timestamp,
    ) -> Result<Option<Standing>, StandingError> {
        match (self, decision) {
            (Self::Suspend(_), Standing::Good) => Ok(Some(Standing::Suspended(now))),
            (Self::Reinstate(_), Standing::Suspended(_)) => Ok(Some(Standing::Good)),
            (Self::Revoke(_), Standing::Good | Standing::Suspended(_)) => Ok(Some(Standing::Revoked(now))),
            (Self::Suspend(_) | Self::Reinstate(_), Standing::Revoked(_)) => Err(StandingError::Revoked(id)),
            (Self::Suspend(_), Standing::Suspended(_))
            | (Self::Reinstate(_), Standing::Good)
            | (Self::Revoke(_), Standing::Revoked(_)) => Ok(None),
        }
    }

    fn event(self) -> LicenseEvent {
        match self {
            Self::Suspend(_) => LicenseEvent::Suspended,
            Self::Reinstate(_) => LicenseEvent::Reinstated,
            Self::Revoke(_) => LicenseEvent::Revoked,
        }
    }
}

fn is_reinstatement(change: StandingChange) -> bool {
    matches!(change, StandingChange::Reinstate(_))
}

impl Service {
    /// Changes the standing of a license, which must be locked, with the audit row and the mail to its owner. If the
    /// license has this standing already, nothing is written. Returns the recipient of the mail.
    pub(crate) async fn change_standing(
        &self,
        tx: &mut Tx,
        facts: &mut LicenseFacts,
        change: StandingChange,
        by: impl Into<Cause<'_>> + Send,
        notify: Notify,
    ) -> Result<Option<EmailAddress>, StandingError> {
        let now = self.now();
        let id = facts.license.id;
        // What its payments allow is kept apart from what an admin decided.
        let ordered = tx.find_order_license(id).await?;
        let decision = ordered.map_or(facts.license.standing, |ordered| ordered.decision);
        let Some(decision) = change.apply(id, decision, now)? else {
            return match ordered {
                Some(ordered) if is_reinstatement(change) && facts.license.standing != Standing::Good => {
                    Err(StandingError::ByPayment { license: id, order: ordered.order })
                }
                _ => Ok(None),
            };
        };
        let mut standing = decision;
        if let Some(mut ordered) = ordered {
            ordered.decision = decision;
            tx.update_order_license(&ordered).await?;
            standing = decision.and(ordered.payments);
        }
        facts.license.standing = standing;
        facts.license.updated_at = now;
        tx.update_license(&facts.license).await?;
        self.record(tx, now, by, change.event().of(facts.license.id)).await?;
        // A license that its payment does not allow to be used is not announced as usable.
        let is_announced = !is_reinstatement(change) || standing == Standing::Good;
        match notify {
            Notify::Customer if is_announced => Ok(self.mail_standing(tx, facts, change, now).await?),
            Notify::Customer | Notify::Nobody => Ok(None),
        }
    }

    async fn mail_standing(
        &self,
        tx: &mut Tx,
        facts: &LicenseFacts,
        change: StandingChange,
        at: Timestamp,
    ) -> Result<Option<EmailAddress>, Internal> {
        let (owner, license) = (&facts.owner, MailedLicense::of(facts));
        match change {
            StandingChange::Suspend(reason) => {
                self.mail_customer(tx, owner, &SuspendedMail { license, reason, at }, None).await
            }
            StandingChange::Reinstate(reason) => {
                self.mail_customer(tx, owner, &ReinstatedMail { license, reason }, None).await
            }
            StandingChange::Revoke(reason) => {
                self.mail_customer(tx, owner, &RevokedMail { license, reason, at }, None).await
            }
        }
    }
}

impl Admin<'_> {
    /// Suspends a license. If it is suspended already, nothing changes.
    pub async fn suspend_license(&self, id: LicenseId, notify: Notify) -> Result<IssuedLicense, StandingError> {
        self.change_standing(id, StandingChange::Suspend(SuspensionReason::ByVendor), notify).await
    }

    /// Reinstates a suspended license. If it is in good standing already, nothing changes.
    pub async fn reinstate_license(&self, id: LicenseId, notify: Notify) -> Result<IssuedLicense, StandingError> {
        self.change_standing(id, StandingChange::Reinstate(ReinstatementReason::ByVendor), notify).await
    }

    /// Revokes a license permanently. If it is revoked already, nothing changes.
    pub async fn revoke_license(&self, id: LicenseId, notify: Notify) -> Result<IssuedLicense, StandingError> {
        self.change_standing(id, StandingChange::Revoke(RevocationReason::ByVendor), notify).await
    }

    async fn change_standing(
        &self,
        id: LicenseId,
        change: StandingChange,
        notify: Notify,
    ) -> Result<IssuedLicense, StandingError> {
        let mut tx = self.service.store().write().await?;
        let mut facts = self.service.lock_license(&mut tx, id).await?.ok_or(StandingError::NotFound(id))?;
        if !self.knows(facts.license.updated_at) {
            return Err(StandingError::Changed);
        }
        let mailed_to = self.service.change_standing(&mut tx, &mut facts, change, self.cause(), notify).await?;
        tx.commit().await?;
        self.service.wake_mail_worker();
        Ok(IssuedLicense { mailed_to, ..self.reload_license(id).await? })
    }
}
