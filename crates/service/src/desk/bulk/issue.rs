//! Issuing many licenses at once, one for each line of a list.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::LicenseId,
    policy::Policy,
};
use sha2::{Digest, Sha256};

use super::{ApprovedPlan, BulkError, MAX_BULK, apply::BATCH, version};
use crate::{
    audit::event::BulkEvent,
    error::Internal,
    identity::actors::{Admin, Fresh},
    licensing::licenses::issue::PolicyNotFound,
    mail::notify::Notify,
};

/// A license to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLicense {
    /// The owner's address. An account is created if there is none with it.
    pub email: EmailAddress,
    /// The name of a new account. An account that exists keeps its own.
    pub name: Option<String>,
    /// The policy's code.
    pub policy: String,
}

/// What would become of a license to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuePlanItem {
    /// Its owner has an account.
    Known(Account),
    /// An account is created.
    NewAccount,
    /// Its owner is banned, so it is not issued.
    OwnerIsBanned,
}

/// What would become of each license to issue, in the order that is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuePlan {
    /// The licenses.
    pub items: Vec<IssuePlanItem>,
    /// Stands for the list and the accounts as they were when the plan was made.
    pub version: String,
}

/// What became of a license to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssueOutcome {
    /// It was issued.
    Issued(LicenseId),
    /// Its owner is banned.
    OwnerIsBanned,
    /// The server failed before it was issued.
    Failed,
}

impl Admin<'_> {
    /// What would become of each license to issue. Nothing is changed. The number of statements does not depend on that of the
    /// licenses.
    pub async fn plan_issue(&self, wanted: &[NewLicense]) -> Result<IssuePlan, BulkError> {
        if wanted.len() > MAX_BULK {
            return Err(BulkError::TooMany);
        }
        let mut reader = self.service.store().read().await?;
        find_policies(wanted, &reader.list_policies().await?)?;
        let mut seen = BTreeSet::new();
        let emails = wanted.iter().map(|new| new.email.clone()).filter(|email| seen.insert(email.as_str().to_owned()));
        let accounts = reader.list_accounts_by_email(&emails.collect::<Vec<_>>()).await?;
        let accounts: BTreeMap<&str, &Account> =
            accounts.iter().map(|account| (account.email.as_str(), account)).collect();
        let mut hash = Sha256::new();
        let items = wanted.iter().map(|new| {
            let item = match accounts.get(new.email.as_str()) {
                None => IssuePlanItem::NewAccount,
                Some(account) if account.disabled_at.is_some() => IssuePlanItem::OwnerIsBanned,
                Some(account) => IssuePlanItem::Known((*account).clone()),
            };
            let kind = match item {
                IssuePlanItem::NewAccount => "new",
                IssuePlanItem::OwnerIsBanned => "banned",
                IssuePlanItem::Known(_) => "known",
            };
            for text in [new.email.as_str(), new.name.as_deref().unwrap_or_default(), &new.policy, kind] {
                hash.update(text.as_bytes());
                hash.update([0]);
            }
            item
        });
        let items = items.collect();
        Ok(IssuePlan { items, version: version(hash) })
    }

    /// Issues many licenses, in the order that is given. If the server fails in between, what was done before stays, and the
    /// report says so.
    pub async fn issue_many(
        &self,
        wanted: &[NewLicense],
        approved: &ApprovedPlan,
        notify: Notify,
        _fresh: &Fresh,
    ) -> Result<Vec<IssueOutcome>, BulkError> {
        if self.plan_issue(wanted).await?.version != approved.version {
            return Err(BulkError::Changed);
        }
        let policies = find_policies(wanted, &self.service.store().read().await?.list_policies().await?)?;
        let licenses = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
        self.begin(approved.id, BulkEvent::Begun { act: "issue".to_owned(), licenses }).await?;
        let mut outcomes = Vec::with_capacity(wanted.len());
        let wanted: Vec<(&NewLicense, Policy)> = wanted.iter().zip(policies).collect();
        for batch in wanted.chunks(BATCH) {
            match self.issue_batch(batch, notify).await {
                Ok(issued) => outcomes.extend(issued),
                Err(error) => {
                    tracing::error!(%error, "issuing many licenses ended early: {error}");
                    break;
                }
            }
        }
        outcomes.resize(wanted.len(), IssueOutcome::Failed);
        Ok(outcomes)
    }

    /// Issues some licenses: all of them or, if the server fails, none.
    async fn issue_batch(
        &self,
        batch: &[(&NewLicense, Policy)],
        notify: Notify,
    ) -> Result<Vec<IssueOutcome>, Internal> {
        let mut tx = self.service.store().write().await?;
        // New accounts lock their addresses, and new licenses their owners, until the transaction ends. So both are written
        // in an order that is the same for all lists.
        let mut by_address: Vec<usize> = (0..batch.len()).collect();
        by_address.sort_by_key(|at| batch.get(*at).map(|(new, _)| new.email.as_str()));
        let mut owned: Vec<(usize, Account, &Policy)> = Vec::with_capacity(batch.len());
        for at in by_address {
            let Some((new, policy)) = batch.get(at) else { continue };
            let (owner, _) = self.find_or_create_account(&mut tx, &new.email, new.name.clone(), Role::Customer).await?;
            owned.push((at, owner, policy));
        }
        owned.sort_by_key(|(at, owner, _)| (owner.id, *at));
        let mut outcomes = vec![IssueOutcome::Failed; batch.len()];
        for (at, owner, policy) in owned {
            let outcome = if owner.disabled_at.is_some() {
                IssueOutcome::OwnerIsBanned
            } else {
                IssueOutcome::Issued(self.insert_license(&mut tx, &owner, policy, notify).await?.0)
            };
            if let Some(place) = outcomes.get_mut(at) {
                *place = outcome;
            }
        }
        tx.commit().await?;
        self.service.wake_mail_worker();
        Ok(outcomes)
    }
}

/// The policy of each license.
fn find_policies(wanted: &[NewLicense], policies: &[Policy]) -> Result<Vec<Policy>, BulkError> {
    let found = wanted.iter().map(|new| match policies.iter().find(|policy| policy.code == new.policy) {
        Some(policy) => Ok(policy.clone()),
        None => Err(PolicyNotFound {
            wanted: new.policy.clone(),
            known: policies.iter().map(|policy| policy.code.clone()).collect(),
        }),
    });
    Ok(found.collect::<Result<_, _>>()?)
}
