//! Changing the terms of a license: renewal, owner, policy, expiry, limits, entitlements and metadata.

use latchkey_licensing::{
    email::EmailAddress,
    entitlement::EntitlementCode,
    ids::LicenseId,
    license::{Expiry, License, MAX_USES, RenewRefusal},
    policy::Policy,
    time::Timestamp,
};
use latchkey_store::Tx;
use serde_json::{Map, Value};

use crate::{
    audit::{
        change::Change,
        event::{LicenseDiff, LicenseEvent},
    },
    error::{Internal, internal_errors},
    identity::actors::Admin,
    licensing::{
        licenses::{
            issue::{PolicyNotFound, find_policy},
            view::IssuedLicense,
        },
        validation::facts::LicenseFacts,
    },
    mail::{
        messages::{MailedLicense, term::RenewedMail},
        notify::Notify,
    },
};

/// The longest metadata, in bytes of JSON.
const MAX_METADATA: usize = 8 * 1024;

/// A change of a license's terms. `None` leaves a term as it is. For limits, `Some(None)` returns to the policy's
/// limit.
#[derive(Clone, Debug, Default)]
pub struct LicenseChange {
    /// The address of the new owner, who must have an account.
    pub owner: Option<EmailAddress>,
    /// The code of the new policy, which must be for the same product. The expiry stays as it is.
    pub policy: Option<String>,
    /// The new expiry. `Some(None)` makes the license perpetual.
    pub expiry: Option<Option<Timestamp>>,
    /// The license's own machine limit.
    pub max_machines: Option<Option<u32>>,
    /// The license's own core limit.
    pub max_cores: Option<Option<u32>>,
    /// The license's own limit of uses.
    pub max_uses: Option<Option<u32>>,
    /// The new value of the usage counter.
    pub uses: Option<u32>,
    /// The new metadata, which replaces the old.
    pub metadata: Option<Map<String, Value>>,
    /// Entitlements to add to the license's own, by code.
    pub add_entitlements: Vec<String>,
    /// Entitlements to remove from the license's own, by code.
    pub remove_entitlements: Vec<String>,
}

/// Why a license was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// There is no license with this id.
    #[error("there is no license with the id {0}")]
    NotFound(LicenseId),
    /// The license's terms do not allow it.
    #[error("license {id} cannot be renewed: {why}")]
    Refused {
        /// The license's id.
        id: LicenseId,
        /// The reason.
        why: RenewRefusal,
    },
    /// It was changed since the admin looked at it.
    #[error("it was changed in the meantime")]
    Changed,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

/// Why a license was not changed. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no license with this id.
    #[error("there is no license with the id {0}")]
    NotFound(LicenseId),
    /// The new owner has no account.
    #[error("there is no account with the address {0}")]
    OwnerNotFound(EmailAddress),
    /// There is no policy with this code.
    #[error(transparent)]
    PolicyNotFound(#[from] PolicyNotFound),
    /// The policy is for another product.
    #[error("policy `{policy}` is for another product than the license")]
    OtherProduct {
        /// The policy's code.
        policy: String,
    },
    /// A license under a node-locked policy cannot have a higher limit than one machine.
    #[error("policy `{policy}` is node-locked, so the license can have only one machine")]
    NodeLocked {
        /// The policy's code.
        policy: String,
    },
    /// A number is outside the range of the wire protocol.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// The metadata is too long.
    #[error(transparent)]
    Metadata(#[from] MetadataTooLong),
    /// There is no entitlement with this code.
    #[error("there is no entitlement `{wanted}`: the catalog has {}", known.join(", "))]
    EntitlementNotFound {
        /// The code that was given.
        wanted: String,
        /// The codes of all entitlements.
        known: Vec<String>,
    },
    /// It was changed since the admin looked at it.
    #[error("it was changed in the meantime")]
    Changed,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(RenewError, ChangeError);

/// A number is outside the range of the wire protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be from {min} to {max}")]
pub struct OutOfRange {
    /// The name of the field.
    pub field: &'static str,
    /// The smallest allowed value.
    pub min: u32,
    /// The largest allowed value.
    pub max: u32,
}

/// The metadata is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("metadata must have at most {max} bytes of JSON")]
pub struct MetadataTooLong {
    /// The largest allowed length in bytes.
    pub max: usize,
}

impl Admin<'_> {
    /// Renews a license: adds its policy's duration.
    pub async fn renew_license(&self, id: LicenseId, notify: Notify) -> Result<IssuedLicense, RenewError> {
        let mut tx = self.service.store().write().await?;
        let mut facts = self.service.lock_license(&mut tx, id).await?.ok_or(RenewError::NotFound(id))?;
        if !self.knows(facts.license.updated_at) {
            return Err(RenewError::Changed);
        }
        let mailed_to = self.renew_locked(&mut tx, &mut facts, notify).await?;
        tx.commit().await?;
        self.service.wake_mail_worker();
        Ok(IssuedLicense { mailed_to, ..self.reload_license(id).await? })
    }

    /// Renews a license, which must be locked. Returns the recipient of the mail.
    pub(crate) async fn renew_locked(
        &self,
        tx: &mut Tx,
        facts: &mut LicenseFacts,
        notify: Notify,
    ) -> Result<Option<EmailAddress>, RenewError> {
        let (now, id) = (self.service.now(), facts.license.id);
        let expires_at =
            facts.license.expiry_after_renewal(facts.policy(), now).map_err(|why| RenewError::Refused { id, why })?;
        let before = facts.license.expiry;
        facts.license.expiry = Expiry::At(expires_at);
        facts.license.updated_at = now;
        tx.update_license(&facts.license).await?;
        let event = LicenseEvent::Renewed { from: before.at(), to: expires_at };
        self.service.record(tx, now, self.cause(), event.of(id)).await?;
        match notify {
            Notify::Customer => {
                let mail = RenewedMail { license: MailedLicense::of(facts), until: expires_at, payment: None };
                Ok(self.service.mail_customer(tx, &facts.owner, &mail, None).await?)
            }
            Notify::Nobody => Ok(None),
        }
    }

    /// Changes a license's terms: all that are given or, if one of them cannot be changed, none.
    pub async fn change_license(&self, id: LicenseId, change: LicenseChange) -> Result<IssuedLicense, ChangeError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let facts = self.service.lock_license(&mut tx, id).await?.ok_or(ChangeError::NotFound(id))?;
        if !self.knows(facts.license.updated_at) {
            return Err(ChangeError::Changed);
        }
        let before = facts.license.clone();
        let mut license = facts.license.clone();
        if let Some(email) = &change.owner {
            let owner = tx.find_account_by_email(email).await?;
            license.account = owner.ok_or_else(|| ChangeError::OwnerNotFound(email.clone()))?.id;
        }
        if let Some(code) = &change.policy {
            move_to_policy(&mut tx, &mut license, facts.policy(), code, now).await?;
        }
        if let Some(expires_at) = change.expiry {
            license.expiry = expires_at.map_or(Expiry::Never, Expiry::At);
        }
        license.max_machines = limit(change.max_machines, license.max_machines, "max_machines", 0)?;
        license.max_cores = limit(change.max_cores, license.max_cores, "max_cores", 1)?;
        license.max_uses = limit(change.max_uses, license.max_uses, "max_uses", 0)?;
        if let Some(uses) = change.uses {
            license.uses = limit(Some(Some(uses)), None, "uses", 0)?.unwrap_or_default();
        }
        if let Some(metadata) = change.metadata {
            license.metadata = metadata_text(metadata)?;
        }
        // A limit that was set before the policy became node-locked counts as 1 and does not prevent other changes.
        if license.max_machines != before.max_machines || license.policy != before.policy {
            let policy = tx.get_policy(license.policy).await?;
            check_machine_limit(license.max_machines, &policy)?;
        }
        let added = change_entitlements(&mut tx, id, &change.add_entitlements, true).await?;
        let removed = change_entitlements(&mut tx, id, &change.remove_entitlements, false).await?;
        if license != before || !added.is_empty() || !removed.is_empty() {
            license.updated_at = now;
            tx.update_license(&license).await?;
            let diff = LicenseDiff {
                entitlements_added: added,
                entitlements_removed: removed,
                ..differences(&before, &license)
            };
            let event = LicenseEvent::Changed(Box::new(diff));
            self.service.record(&mut tx, now, self.cause(), event.of(id)).await?;
        }
        tx.commit().await?;
        Ok(self.reload_license(id).await?)
    }
}

async fn move_to_policy(
    tx: &mut Tx,
    license: &mut License,
    from: &Policy,
    code: &str,
    now: Timestamp,
) -> Result<(), ChangeError> {
    let policy = find_policy(tx.list_policies().await?, code)?;
    if policy.product != license.product {
        return Err(ChangeError::OtherProduct { policy: policy.code });
    }
    license.policy = policy.id;
    // A check-in that was not required until now must not be overdue.
    if license.is_overdue(&policy, now) && !license.is_overdue(from, now) {
        license.last_check_in_at = Some(now);
    }
    Ok(())
}

/// Adds or removes entitlements. Returns the codes of those that were actually added or removed.
async fn change_entitlements(
    tx: &mut Tx,
    id: LicenseId,
    codes: &[String],
    is_added: bool,
) -> Result<Vec<String>, ChangeError> {
    let mut changed = Vec::new();
    if codes.is_empty() {
        return Ok(changed);
    }
    let all = tx.list_all_entitlements().await?;
    for code in codes {
        let wanted = EntitlementCode::parse(code);
        let found = all.iter().find(|held| Some(&held.code) == wanted.as_ref()).ok_or_else(|| {
            let known = all.iter().map(|held| held.code.as_str().to_owned()).collect();
            ChangeError::EntitlementNotFound { wanted: code.clone(), known }
        })?;
        let is_changed = if is_added {
            tx.add_license_entitlement(id, found.id).await?
        } else {
            tx.remove_license_entitlement(id, found.id).await?
        };
        if is_changed {
            changed.push(found.code.as_str().to_owned());
        }
    }
    Ok(changed)
}

/// The metadata as text, if it is not too long.
pub(crate) fn metadata_text(metadata: Map<String, Value>) -> Result<String, MetadataTooLong> {
    let text = Value::Object(metadata).to_string();
    // PostgreSQL's text type cannot contain NUL. In JSON it is always escaped as \u0000.
    if text.len() > MAX_METADATA { Err(MetadataTooLong { max: MAX_METADATA }) } else { Ok(text) }
}

/// Fails if a license under a node-locked policy has a machine limit above 1.
fn check_machine_limit(own: Option<u32>, policy: &Policy) -> Result<(), ChangeError> {
    if policy.is_floating || own.is_none_or(|own| own <= 1) {
        return Ok(());
    }
    Err(ChangeError::NodeLocked { policy: policy.code.clone() })
}

/// The limit after a change. Fails if it is outside the range of the wire protocol.
#[expect(clippy::option_option, reason = "three cases: unchanged, back to the policy's limit, or a number")]
fn limit(
    change: Option<Option<u32>>,
    current: Option<u32>,
    field: &'static str,
    min: u32,
) -> Result<Option<u32>, OutOfRange> {
    match change {
        None => Ok(current),
        Some(wanted) => in_range(wanted, field, min),
    }
}

/// The number, if it is within the range of the wire protocol.
pub(crate) fn in_range(number: Option<u32>, field: &'static str, min: u32) -> Result<Option<u32>, OutOfRange> {
    let fits = number.is_none_or(|number| (min..=MAX_USES).contains(&number));
    if fits { Ok(number) } else { Err(OutOfRange { field, min, max: MAX_USES }) }
}

/// What changed, for the audit log, without addresses and without metadata, which may contain them.
fn differences(before: &License, after: &License) -> LicenseDiff {
    LicenseDiff {
        owner: Change::of(before.account, after.account),
        policy: Change::of(before.policy, after.policy),
        expiry: Change::of(before.expiry, after.expiry),
        max_machines: Change::of(before.max_machines, after.max_machines),
        max_cores: Change::of(before.max_cores, after.max_cores),
        max_uses: Change::of(before.max_uses, after.max_uses),
        uses: Change::of(before.uses, after.uses),
        metadata: before.metadata != after.metadata,
        entitlements_added: Vec::new(),
        entitlements_removed: Vec::new(),
    }
}
