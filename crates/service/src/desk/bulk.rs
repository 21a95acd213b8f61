//! Acts on many licenses: first a plan, which changes nothing, and then the changes. A license that cannot be changed does
//! not prevent others.

pub(crate) mod apply;
pub(crate) mod issue;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use latchkey_licensing::{
    email::EmailAddress,
    ids::{BulkActId, LicenseId},
    license::Standing,
    license_key,
    order::OrderedLicense,
    time::Timestamp,
};
use latchkey_store::Conn;
use sha2::{Digest, Sha256};

use crate::{
    audit::event::{AuditEvent, BULK_ACT, BulkEvent},
    desk::lists::{ListError, ListQuery, Place, fields::FieldError, licenses::Licenses},
    error::{Internal, internal_errors},
    identity::actors::Support,
    licensing::{
        licenses::{
            issue::PolicyNotFound,
            standing::{StandingChange, StandingError},
        },
        validation::facts::LicenseFacts,
    },
    mail::reasons::{ReinstatementReason, RevocationReason, SuspensionReason},
};

/// The most licenses of one act.
pub const MAX_BULK: usize = 10_000;

/// An act on many licenses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkAct {
    /// Suspends them.
    Suspend,
    /// Reinstates those that are suspended.
    Reinstate,
    /// Renews them, each for its policy's duration.
    Renew,
    /// Revokes them for good.
    Revoke,
    /// Mails their keys to their owners again.
    MailKey,
}

impl BulkAct {
    /// The word in the audit log.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
            Self::Renew => "renew",
            Self::Revoke => "revoke",
            Self::MailKey => "mail_key",
        }
    }

    /// The change of a license's standing, if it is one.
    fn change(self) -> Option<StandingChange> {
        match self {
            Self::Suspend => Some(StandingChange::Suspend(SuspensionReason::ByVendor)),
            Self::Reinstate => Some(StandingChange::Reinstate(ReinstatementReason::ByVendor)),
            Self::Revoke => Some(StandingChange::Revoke(RevocationReason::ByVendor)),
            Self::Renew | Self::MailKey => None,
        }
    }
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
    /// The server failed before it was changed.
    Failed,
}

/// A license and what an act does to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkItem {
    /// The license.
    pub license: LicenseId,
    /// The parts of its key that are shown, and its owner. `None` if there is no such license.
    pub known: Option<(String, EmailAddress)>,
    /// What the act does to it.
    pub outcome: BulkOutcome,
    /// Whether its owner gets a mail about it, if owners are notified.
    pub is_mailed: bool,
}

/// What an act does to each license, in the order of the selection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BulkReport {
    /// The licenses.
    pub items: Vec<BulkItem>,
}

impl BulkReport {
    fn count(&self, is_counted: impl Fn(&BulkItem) -> bool) -> usize {
        self.items.iter().filter(|item| is_counted(item)).count()
    }

    /// How many licenses are changed.
    pub fn changed(&self) -> usize {
        self.count(|item| item.outcome == BulkOutcome::Changed)
    }

    /// How many licenses cannot be changed.
    pub fn refused(&self) -> usize {
        self.count(|item| matches!(item.outcome, BulkOutcome::Refused(_)))
    }

    /// How many owners get a mail, if owners are notified.
    pub fn mails(&self) -> usize {
        self.count(|item| item.is_mailed && item.outcome == BulkOutcome::Changed)
    }
}

/// What an act would do to each license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkPlan {
    /// The licenses.
    pub report: BulkReport,
    /// Stands for the licenses as the plan was made for them. It changes with each of them.
    pub version: String,
}

/// A plan that a person has looked at and agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovedPlan {
    /// Made for each plan. A plan is carried out once.
    pub id: BulkActId,
    /// The plan's version.
    pub version: String,
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
    /// The licenses are not as they were when the plan was made.
    #[error("the licenses have changed since the plan was made")]
    Changed,
    /// The plan was carried out before.
    #[error("this was done before")]
    AlreadyDone,
    /// The server failed. Nothing was changed.
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

impl Support<'_> {
    /// What an act would do to each license. Nothing is changed. The number of statements does not depend on that of the
    /// licenses.
    pub async fn plan_bulk(&self, act: BulkAct, selection: &Selection) -> Result<BulkPlan, BulkError> {
        let mut reader = self.service.store().read().await?;
        let ids = self.select(&mut reader, selection).await?;
        let records = reader.list_license_records(&ids).await?;
        let orders = reader.list_order_licenses_of(&ids).await?;
        let orders: BTreeMap<LicenseId, OrderedLicense> =
            orders.into_iter().map(|ordered| (ordered.license, ordered)).collect();
        let mut known: BTreeMap<LicenseId, LicenseFacts> = BTreeMap::new();
        for record in records {
            known.insert(record.license.id, self.service.license_facts(&mut reader, record).await?);
        }
        let now = self.service.now();
        let mut hash = Sha256::new();
        let items = ids.into_iter().map(|id| {
            let item = match known.get(&id) {
                Some(facts) => {
                    hash.update(facts.license.updated_at.unix_micros().to_be_bytes());
                    planned(act, facts, orders.get(&id), now)
                }
                None => BulkItem { license: id, known: None, outcome: not_found(), is_mailed: false },
            };
            hash.update(id.uuid().as_bytes());
            hash.update([match item.outcome {
                BulkOutcome::Changed => 1_u8,
                BulkOutcome::Unchanged => 2,
                BulkOutcome::Refused(_) | BulkOutcome::Failed => 3,
            }]);
            item
        });
        let report = BulkReport { items: items.collect() };
        Ok(BulkPlan { report, version: version(hash) })
    }

    /// The ids of a selection, each once.
    async fn select(&self, conn: &mut Conn, selection: &Selection) -> Result<Vec<LicenseId>, BulkError> {
        let ids = match selection {
            Selection::Ids(given) => {
                let mut seen = BTreeSet::new();
                given.iter().copied().filter(|id| seen.insert(*id)).collect()
            }
            Selection::Filter(fields) => {
                let context = self.service.field_context(conn, fields).await?;
                let query = ListQuery::<Licenses>::parse(fields, &context)?;
                if query.place != Place::Start {
                    return Err(FieldError::invalid("after", "no cursor: the act is on all that match").into());
                }
                let at_most = u32::try_from(MAX_BULK).unwrap_or(u32::MAX).saturating_add(1);
                conn.list_license_ids_by(&query.filter, at_most).await?
            }
        };
        if ids.len() > MAX_BULK { Err(BulkError::TooMany) } else { Ok(ids) }
    }

    /// Records that an act begins. Fails if it has begun before.
    async fn begin(&self, id: BulkActId, event: BulkEvent) -> Result<(), BulkError> {
        let mut tx = self.service.store().write().await?;
        // Two requests for the same act take turns.
        tx.lock_instance().await?;
        if !tx.list_audit_of(BULK_ACT, &id.to_string(), 1).await?.is_empty() {
            return Err(BulkError::AlreadyDone);
        }
        let event = AuditEvent::Bulk(id, event);
        self.service.record(&mut tx, self.service.now(), self.cause(), event).await?;
        Ok(tx.commit().await?)
    }

    /// An id for an act that is being planned.
    pub fn new_bulk_act(&self) -> Result<BulkActId, Internal> {
        Ok(BulkActId::new(self.service.now(), self.service.random()?))
    }
}

/// A hash as text.
fn version(hash: Sha256) -> String {
    let mut text = String::with_capacity(32);
    for byte in hash.finalize().iter().take(16) {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn not_found() -> BulkOutcome {
    BulkOutcome::Refused("There is no such license.".to_owned())
}

/// What an act would do to a license.
fn planned(act: BulkAct, facts: &LicenseFacts, ordered: Option<&OrderedLicense>, now: Timestamp) -> BulkItem {
    let license = &facts.license;
    let is_mailed = facts.owner.is_in_use() && is_announced(act, ordered);
    let known = Some((license_key::masked(&license.key_prefix, &license.key_tail), facts.owner.email.clone()));
    BulkItem { license: license.id, known, outcome: outcome(act, facts, ordered, now), is_mailed }
}

/// A license that its payment does not allow to be used is not announced as usable.
fn is_announced(act: BulkAct, ordered: Option<&OrderedLicense>) -> bool {
    act != BulkAct::Reinstate || ordered.is_none_or(|ordered| ordered.payments == Standing::Good)
}

fn outcome(act: BulkAct, facts: &LicenseFacts, ordered: Option<&OrderedLicense>, now: Timestamp) -> BulkOutcome {
    let license = &facts.license;
    let Some(change) = act.change() else {
        return match act {
            BulkAct::MailKey if !facts.owner.is_in_use() => BulkOutcome::Refused(NO_MAIL.to_owned()),
            BulkAct::MailKey => BulkOutcome::Changed,
            _ => match license.expiry_after_renewal(facts.policy(), now) {
                Ok(_) => BulkOutcome::Changed,
                Err(why) => BulkOutcome::Refused(format!("It cannot be renewed: {why}.")),
            },
        };
    };
    let decision = ordered.map_or(license.standing, |ordered| ordered.decision);
    match change.apply(license.id, decision, now) {
        Ok(Some(_)) => BulkOutcome::Changed,
        Ok(None) if act == BulkAct::Reinstate && ordered.is_some() && license.standing != Standing::Good => {
            BulkOutcome::Refused(BY_PAYMENT.to_owned())
        }
        Ok(None) => BulkOutcome::Unchanged,
        Err(refusal) => BulkOutcome::Refused(refused(&refusal)),
    }
}

const NO_MAIL: &str = "The account is disabled or deleted, so it gets no mail.";

const BY_PAYMENT: &str = "The payment of its order is the reason, so it is reinstated when the payment is settled.";

/// Why a license's standing cannot be changed, in the same words for all licenses.
fn refused(refusal: &StandingError) -> String {
    match refusal {
        StandingError::Revoked(_) => "It is revoked, and a revoked license stays revoked.".to_owned(),
        StandingError::ByPayment { .. } => BY_PAYMENT.to_owned(),
        other => other.to_string(),
    }
}
