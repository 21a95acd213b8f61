//! Acts on many licenses: first a plan, which changes nothing, and then the changes, in short transactions between which
//! other writers take their turn. Each change is in the audit log. A license that cannot be changed does not prevent others.

use std::collections::BTreeSet;

use latchkey_licensing::{
    account::Role,
    email::EmailAddress,
    ids::LicenseId,
    license::{License, RenewRefusal, Standing},
    policy::Policy,
};
use latchkey_store::{Conn, PageRequest, Seek, Tx};

use crate::{
    actors::Admin,
    desk::lists::{List, ListError, ListQuery, Place, fields::FieldError, licenses::Licenses},
    error::{Internal, internal_errors},
    licenses::{
        issue::{PolicyNotFound, find_policy},
        standing::{StandingChange, StandingError},
        terms::RenewError,
    },
    mail::{
        notify::Notify,
        reasons::{ReinstatementReason, SuspensionReason},
    },
    validation::facts::LicenseFacts,
};

/// The most licenses of one act.
pub const MAX_BULK: usize = 10_000;

/// How many licenses one transaction changes.
const BATCH: usize = 50;

/// How many licenses are read at once to choose them by a filter.
const PAGE: u32 = 1_000;

/// An act on many licenses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkAct {
    /// Suspends them.
    Suspend,
    /// Reinstates those that are suspended.
    Reinstate,
    /// Renews them, each for its policy's duration.
    Renew,
}

/// Which licenses an act changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// These.
    Ids(Vec<LicenseId>),
    /// Those that match the fields of a filter, as in the list of licenses.
    Filter(Vec<(String, String)>),
}

/// What an act does to a license, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkOutcome {
    /// It is changed.
    Changed,
    /// It is as the act would make it.
    Unchanged,
    /// It cannot be changed. The text says why.
    Refused(String),
}

/// A license and what an act does to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkItem {
    /// The license.
    pub license: LicenseId,
    /// What the act does to it.
    pub outcome: BulkOutcome,
}

/// What an act does to each license, in the order of the selection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BulkReport {
    /// The licenses.
    pub items: Vec<BulkItem>,
}

impl BulkReport {
    /// How many licenses are changed.
    pub fn changed(&self) -> usize {
        self.items.iter().filter(|item| item.outcome == BulkOutcome::Changed).count()
    }

    /// How many licenses cannot be changed.
    pub fn refused(&self) -> usize {
        self.items.iter().filter(|item| matches!(item.outcome, BulkOutcome::Refused(_))).count()
    }
}

/// Why an act was not begun.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// There are too many.
    #[error("there are more than {MAX_BULK}: choose fewer")]
    TooMany,
    /// A field of the filter is invalid.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// There is no policy with this code.
    #[error(transparent)]
    PolicyNotFound(#[from] PolicyNotFound),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(BulkError);

impl From<ListError> for BulkError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Field(error) => Self::Field(error),
            ListError::Internal(error) => Self::Internal(error),
        }
    }
}

/// A license to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLicense {
    /// The owner's address. An account is created if there is none with it.
    pub email: EmailAddress,
    /// The policy's code.
    pub policy: String,
}

/// What became of a license to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssueOutcome {
    /// It was issued.
    Issued(LicenseId),
    /// Its owner is banned.
    OwnerIsBanned,
}

impl Admin<'_> {
    /// What an act would do to each license. Nothing is changed.
    pub async fn plan_bulk(&self, act: BulkAct, selection: &Selection) -> Result<BulkReport, BulkError> {
        let ids = self.select(selection).await?;
        let mut reader = self.service.store().read().await?;
        let mut report = BulkReport::default();
        for id in ids {
            let outcome = match reader.find_license_record(id).await? {
                Some(record) => {
                    let facts = self.service.license_facts(&mut reader, record).await?;
                    self.plan_one(&mut reader, act, &facts).await?
                }
                None => not_found(),
            };
            report.items.push(BulkItem { license: id, outcome });
        }
        Ok(report)
    }

    /// Does an act, and says what became of each license. If the server fails in between, what was done before stays.
    pub async fn apply_bulk(
        &self,
        act: BulkAct,
        selection: &Selection,
        notify: Notify,
    ) -> Result<BulkReport, BulkError> {
        let ids = self.select(selection).await?;
        let mut report = BulkReport::default();
        for ids in ids.chunks(BATCH) {
            let mut tx = self.service.store().write().await?;
            // Always in the same order, because each is locked until the transaction ends.
            let sorted: BTreeSet<LicenseId> = ids.iter().copied().collect();
            for id in sorted {
                let outcome = self.apply_one(&mut tx, act, id, notify).await?;
                report.items.push(BulkItem { license: id, outcome });
            }
            tx.commit().await?;
            self.service.wake_mail_worker();
        }
        Ok(report)
    }

    /// Issues many licenses, in the order that is given.
    pub async fn issue_many(&self, wanted: &[NewLicense], notify: Notify) -> Result<Vec<IssueOutcome>, BulkError> {
        if wanted.len() > MAX_BULK {
            return Err(BulkError::TooMany);
        }
        let policies = self.service.store().read().await?.list_policies().await?;
        let policies = wanted.iter().map(|new| find_policy(policies.clone(), &new.policy));
        let policies: Vec<Policy> = policies.collect::<Result<_, _>>()?;
        let mut outcomes = Vec::with_capacity(wanted.len());
        for batch in wanted.iter().zip(&policies).collect::<Vec<_>>().chunks(BATCH) {
            let mut tx = self.service.store().write().await?;
            for (new, policy) in batch {
                let (owner, _) = self.find_or_create_account(&mut tx, &new.email, None, Role::Customer).await?;
                outcomes.push(if owner.disabled_at.is_some() {
                    IssueOutcome::OwnerIsBanned
                } else {
                    IssueOutcome::Issued(self.insert_license(&mut tx, &owner, policy, notify).await?.0)
                });
            }
            tx.commit().await?;
            self.service.wake_mail_worker();
        }
        Ok(outcomes)
    }

    /// The ids of a selection, each once.
    async fn select(&self, selection: &Selection) -> Result<Vec<LicenseId>, BulkError> {
        let mut ids = Vec::new();
        match selection {
            Selection::Ids(given) => {
                let mut seen = BTreeSet::new();
                ids.extend(given.iter().copied().filter(|id| seen.insert(*id)));
            }
            Selection::Filter(fields) => {
                let mut reader = self.service.store().read().await?;
                let context = self.service.field_context(&mut reader, fields).await?;
                let query = ListQuery::<Licenses>::parse(fields, &context)?;
                if query.place != Place::Start {
                    return Err(FieldError::invalid("after", "no cursor: the act is on all that match").into());
                }
                let mut seek = Seek::Start;
                while ids.len() <= MAX_BULK {
                    let page = PageRequest { seek, limit: PAGE };
                    let slice = Licenses::page(&mut reader, &query.filter, query.sort, &page).await?;
                    ids.extend(slice.items.iter().map(|row| row.license.id));
                    match slice.next {
                        Some(next) => seek = Seek::After(next),
                        None => break,
                    }
                }
            }
        }
        if ids.len() > MAX_BULK { Err(BulkError::TooMany) } else { Ok(ids) }
    }

    async fn plan_one(&self, conn: &mut Conn, act: BulkAct, facts: &LicenseFacts) -> Result<BulkOutcome, Internal> {
        let now = self.service.now();
        let change = match act {
            BulkAct::Renew => return Ok(renewal(&facts.license, facts.policy(), now)),
            BulkAct::Suspend => StandingChange::Suspend(SuspensionReason::ByVendor),
            BulkAct::Reinstate => StandingChange::Reinstate(ReinstatementReason::ByVendor),
        };
        let ordered = conn.find_order_license(facts.license.id).await?;
        let decision = ordered.map_or(facts.license.standing, |ordered| ordered.decision);
        Ok(match change.apply(facts.license.id, decision, now) {
            Ok(Some(_)) => BulkOutcome::Changed,
            Ok(None) => match ordered {
                Some(ordered) if act == BulkAct::Reinstate && facts.license.standing != Standing::Good => {
                    let refusal = StandingError::ByPayment { license: facts.license.id, order: ordered.order };
                    BulkOutcome::Refused(refusal.to_string())
                }
                _ => BulkOutcome::Unchanged,
            },
            Err(StandingError::Internal(error)) => return Err(error),
            Err(refusal) => BulkOutcome::Refused(refusal.to_string()),
        })
    }

    async fn apply_one(
        &self,
        tx: &mut Tx,
        act: BulkAct,
        id: LicenseId,
        notify: Notify,
    ) -> Result<BulkOutcome, Internal> {
        let Some(mut facts) = self.service.lock_license(tx, id).await? else {
            return Ok(not_found());
        };
        // The license may have changed since the plan, so it is looked at again.
        let planned = self.plan_one(tx, act, &facts).await?;
        if planned != BulkOutcome::Changed {
            return Ok(planned);
        }
        let change = match act {
            BulkAct::Suspend => StandingChange::Suspend(SuspensionReason::ByVendor),
            BulkAct::Reinstate => StandingChange::Reinstate(ReinstatementReason::ByVendor),
            BulkAct::Renew => {
                return match self.renew_locked(tx, &mut facts, notify).await {
                    Ok(_) => Ok(BulkOutcome::Changed),
                    Err(RenewError::Internal(error)) => Err(error),
                    Err(refusal) => Ok(BulkOutcome::Refused(refusal.to_string())),
                };
            }
        };
        match self.service.change_standing(tx, &mut facts, change, self.cause(), notify).await {
            Ok(_) => Ok(BulkOutcome::Changed),
            Err(StandingError::Internal(error)) => Err(error),
            Err(refusal) => Ok(BulkOutcome::Refused(refusal.to_string())),
        }
    }
}

fn not_found() -> BulkOutcome {
    BulkOutcome::Refused("there is no such license".to_owned())
}

fn renewal(license: &License, policy: &Policy, now: latchkey_licensing::time::Timestamp) -> BulkOutcome {
    let refused = |why: RenewRefusal| RenewError::Refused { id: license.id, why }.to_string();
    match license.expiry_after_renewal(policy, now) {
        Ok(_) => BulkOutcome::Changed,
        Err(why) => BulkOutcome::Refused(refused(why)),
    }
}
