//! Carrying out a plan, in short transactions between which other writers take their turn. Each change is in the audit log.

use std::collections::BTreeMap;

use latchkey_licensing::ids::LicenseId;
use latchkey_store::Tx;

use super::{
    ApprovedPlan, BulkAct, BulkError, BulkOutcome, BulkPlan, BulkReport, NO_MAIL, Selection, not_found, outcome,
    refused,
};
use crate::{
    audit::event::BulkEvent,
    error::Internal,
    identity::actors::{Admin, Fresh, Support},
    licensing::{
        licenses::{standing::StandingError, terms::RenewError},
        validation::facts::LicenseFacts,
    },
    mail::notify::Notify,
};

/// How many licenses one transaction changes.
pub(super) const BATCH: usize = 50;

/// Someone who carries out an act.
trait Doer: Sync {
    fn support(&self) -> &Support<'_>;

    /// Does the act to a license, which is locked and was found to allow it.
    fn change(
        &self,
        tx: &mut Tx,
        facts: &mut LicenseFacts,
        notify: Notify,
    ) -> impl Future<Output = Result<BulkOutcome, Internal>> + Send;
}

/// An admin, who may change licenses.
struct Changes<'a>(&'a Admin<'a>, BulkAct);

/// A support agent, who may mail keys to their owners.
struct KeyMails<'a>(&'a Support<'a>);

impl Doer for Changes<'_> {
    fn support(&self) -> &Support<'_> {
        self.0
    }

    async fn change(&self, tx: &mut Tx, facts: &mut LicenseFacts, notify: Notify) -> Result<BulkOutcome, Internal> {
        let Self(admin, act) = self;
        let Some(change) = act.change() else {
            return match admin.renew_locked(tx, facts, notify).await {
                Ok(_) => Ok(BulkOutcome::Changed),
                Err(RenewError::Internal(error)) => Err(error),
                Err(refusal) => Ok(BulkOutcome::Refused(refusal.to_string())),
            };
        };
        match admin.service.change_standing(tx, facts, change, admin.cause(), notify).await {
            Ok(_) => Ok(BulkOutcome::Changed),
            Err(StandingError::Internal(error)) => Err(error),
            Err(refusal) => Ok(BulkOutcome::Refused(refused(&refusal))),
        }
    }
}

impl Doer for KeyMails<'_> {
    fn support(&self) -> &Support<'_> {
        self.0
    }

    async fn change(&self, tx: &mut Tx, facts: &mut LicenseFacts, _: Notify) -> Result<BulkOutcome, Internal> {
        Ok(match self.0.service.mail_key(tx, facts, self.0.cause()).await? {
            Some(_) => BulkOutcome::Changed,
            None => BulkOutcome::Refused(NO_MAIL.to_owned()),
        })
    }
}

impl Admin<'_> {
    /// Carries out a plan, and says what became of each license. If the server fails in between, what was done before stays,
    /// and the report says so.
    pub async fn apply_bulk(
        &self,
        act: BulkAct,
        selection: &Selection,
        approved: &ApprovedPlan,
        notify: Notify,
        _fresh: &Fresh,
    ) -> Result<BulkReport, BulkError> {
        match act {
            BulkAct::MailKey => self.mail_keys(selection, approved).await,
            _ => carry_out(&Changes(self, act), act, selection, approved, notify).await,
        }
    }
}

impl Support<'_> {
    /// The same for [`BulkAct::MailKey`], which support agents may do, too.
    pub async fn mail_keys(&self, selection: &Selection, approved: &ApprovedPlan) -> Result<BulkReport, BulkError> {
        carry_out(&KeyMails(self), BulkAct::MailKey, selection, approved, Notify::Customer).await
    }
}

async fn carry_out(
    doer: &impl Doer,
    act: BulkAct,
    selection: &Selection,
    approved: &ApprovedPlan,
    notify: Notify,
) -> Result<BulkReport, BulkError> {
    let support = doer.support();
    let BulkPlan { mut report, version } = support.plan_bulk(act, selection).await?;
    if version != approved.version {
        return Err(BulkError::Changed);
    }
    let changed = report.items.iter().filter(|item| item.outcome == BulkOutcome::Changed);
    let mut ids: Vec<LicenseId> = changed.map(|item| item.license).collect();
    // Always in the same order, because each is locked until its transaction ends.
    ids.sort_unstable();
    let licenses = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    support.begin(approved.id, BulkEvent::Begun { act: act.as_str().to_owned(), licenses }).await?;
    let mut outcomes: BTreeMap<LicenseId, BulkOutcome> = BTreeMap::new();
    for ids in ids.chunks(BATCH) {
        match batch(doer, act, ids, notify).await {
            Ok(done) => outcomes.extend(done),
            Err(error) => {
                tracing::error!(%error, "an act on many licenses ended early: {error}");
                break;
            }
        }
    }
    for item in report.items.iter_mut().filter(|item| item.outcome == BulkOutcome::Changed) {
        item.outcome = outcomes.remove(&item.license).unwrap_or(BulkOutcome::Failed);
    }
    Ok(report)
}

/// Changes some licenses: all of them or, if the server fails, none.
async fn batch(
    doer: &impl Doer,
    act: BulkAct,
    ids: &[LicenseId],
    notify: Notify,
) -> Result<Vec<(LicenseId, BulkOutcome)>, Internal> {
    let service = doer.support().service;
    let mut tx = service.store().write().await?;
    let mut done = Vec::with_capacity(ids.len());
    for id in ids {
        let outcome = match service.lock_license(&mut tx, *id).await? {
            None => not_found(),
            Some(mut facts) => {
                // It may have changed since the plan, so it is looked at again.
                let ordered = tx.find_order_license(*id).await?;
                match outcome(act, &facts, ordered.as_ref(), service.now()) {
                    BulkOutcome::Changed => doer.change(&mut tx, &mut facts, notify).await?,
                    other => other,
                }
            }
        };
        done.push((*id, outcome));
    }
    tx.commit().await?;
    service.wake_mail_worker();
    Ok(done)
}
