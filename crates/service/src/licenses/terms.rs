//! Changing what a license grants: renewal, owner, policy, end, limits, metadata.

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
    actors::Admin,
    audit::{
        change::Change,
        event::{LicenseDiff, LicenseEvent},
    },
    error::{Internal, internal_errors},
    licenses::{
        issue::{PolicyNotFound, choose_policy},
        view::IssuedLicense,
    },
};

/// The longest metadata that is kept, in bytes of JSON.
const MAX_METADATA: usize = 8 * 1024;

/// What to change about a license; `None` leaves a term as it is. Limits: `Some(None)` goes back to
/// the policy's.
#[derive(Clone, Debug, Default)]
pub struct LicenseChange {
    /// Another owner, who must have an account.
    pub owner: Option<EmailAddress>,
    /// Another policy of the same product, by its code. The end stays as it is.
    pub policy: Option<String>,
    /// Another end: an instant, or never.
    pub expiry: Option<Option<Timestamp>>,
    /// A machine limit of its own.
    pub max_machines: Option<Option<u32>>,
    /// A core limit of its own.
    pub max_cores: Option<Option<u32>>,
    /// A limit of uses of its own.
    pub max_uses: Option<Option<u32>>,
    /// Where the usage counter is to stand.
    pub uses: Option<u32>,
    /// What to attach instead of what is attached.
    pub metadata: Option<Map<String, Value>>,
    /// Entitlements to give, by code.
    pub add_entitlements: Vec<String>,
    /// Entitlements of its own to take, by code.
    pub remove_entitlements: Vec<String>,
}

/// Why a license was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// There is no license with this id.
    #[error("there is no license with the id {0}")]
    NotFound(LicenseId),
    /// Its terms do not allow it.
    #[error("license {id} cannot be renewed: {why}")]
    Refused {
        /// The license.
        id: LicenseId,
        /// Why.
        why: RenewRefusal,
    },
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

/// Why a license was not changed; all of it is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no license with this id.
    #[error("there is no license with the id {0}")]
    NotFound(LicenseId),
    /// The new owner has no account.
    #[error("there is no account with the address {0}")]
    OwnerNotFound(EmailAddress),
    /// There is no such policy.
    #[error(transparent)]
    PolicyNotFound(#[from] PolicyNotFound),
    /// The policy is for another product.
    #[error("policy `{policy}` sells another product than the license is for")]
    OtherProduct {
        /// The policy's code.
        policy: String,
    },
    /// Node-locked is one machine, so there is no higher limit.
    #[error("policy `{policy}` is node-locked, which is one machine")]
    NodeLocked {
        /// The policy's code.
        policy: String,
    },
    /// A number that the wire protocol does not carry.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// The metadata is too long.
    #[error(transparent)]
    Metadata(#[from] MetadataTooLong),
    /// There is no such entitlement.
    #[error("there is no entitlement `{wanted}`: the catalog has {}", known.join(", "))]
    EntitlementNotFound {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(RenewError, ChangeError);

/// A number that the wire protocol does not carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be from {least} to {most}")]
pub struct OutOfRange {
    /// Which.
    pub field: &'static str,
    /// The least that it may be.
    pub least: u32,
    /// The most that it may be.
    pub most: u32,
}

/// Metadata that is longer than what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("metadata has at most {most} bytes of JSON")]
pub struct MetadataTooLong {
    /// How many bytes are kept.
    pub most: usize,
}

impl Admin<'_> {
    /// Renews a license by its policy's duration.
    pub async fn renew_license(&self, id: LicenseId) -> Result<IssuedLicense, RenewError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let mut facts = self.service.lock_license(&mut tx, id).await?.ok_or(RenewError::NotFound(id))?;
        let expires_at =
            facts.license.expiry_after_renewal(facts.policy(), now).map_err(|why| RenewError::Refused { id, why })?;
        let before = facts.license.expiry;
        facts.license.expiry = Expiry::At(expires_at);
        facts.license.updated_at = now;
        tx.update_license(&facts.license).await?;
        let event = LicenseEvent::Renewed { from: before.at(), to: expires_at };
        self.service.record(&mut tx, now, self.actor, event.of(id)).await?;
        tx.commit().await?;
        Ok(self.written_license(id).await?)
    }

    /// Changes a license's terms, all of them or, where one cannot be, none.
    pub async fn change_license(&self, id: LicenseId, change: LicenseChange) -> Result<IssuedLicense, ChangeError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let facts = self.service.lock_license(&mut tx, id).await?.ok_or(ChangeError::NotFound(id))?;
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
        // A limit from before the policy became node-locked stops no other change; it counts as one.
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
            self.service.record(&mut tx, now, self.actor, event.of(id)).await?;
        }
        tx.commit().await?;
        Ok(self.written_license(id).await?)
    }
}

async fn move_to_policy(
    tx: &mut Tx,
    license: &mut License,
    from: &Policy,
    code: &str,
    now: Timestamp,
) -> Result<(), ChangeError> {
    let policy = choose_policy(tx.list_policies().await?, code)?;
    if policy.product != license.product {
        return Err(ChangeError::OtherProduct { policy: policy.code });
    }
    license.policy = policy.id;
    // Check-ins that nobody asked for until now are not overdue.
    if license.is_overdue(&policy, now) && !license.is_overdue(from, now) {
        license.last_check_in_at = Some(now);
    }
    Ok(())
}

/// Gives or takes entitlements. Returns the codes for which that changed something.
async fn change_entitlements(
    tx: &mut Tx,
    id: LicenseId,
    codes: &[String],
    gives: bool,
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
        let is_changed = if gives {
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

/// The text of metadata that can be kept.
pub(crate) fn metadata_text(metadata: Map<String, Value>) -> Result<String, MetadataTooLong> {
    let text = Value::Object(metadata).to_string();
    // PostgreSQL's text cannot hold NUL, which JSON spells \u0000; it stays escaped in ours.
    if text.len() > MAX_METADATA { Err(MetadataTooLong { most: MAX_METADATA }) } else { Ok(text) }
}

/// Node-locked is one machine: a license of such a policy has no higher limit of its own.
fn check_machine_limit(own: Option<u32>, policy: &Policy) -> Result<(), ChangeError> {
    if policy.is_floating || own.is_none_or(|own| own <= 1) {
        return Ok(());
    }
    Err(ChangeError::NodeLocked { policy: policy.code.clone() })
}

/// A limit after a change, held to what the wire protocol's numbers carry.
#[expect(clippy::option_option, reason = "unchanged, back to the policy's, or a number: three things")]
fn limit(
    change: Option<Option<u32>>,
    present: Option<u32>,
    field: &'static str,
    least: u32,
) -> Result<Option<u32>, OutOfRange> {
    match change {
        None => Ok(present),
        Some(wanted) => in_range(wanted, field, least),
    }
}

/// A number, if the wire protocol carries it.
pub(crate) fn in_range(number: Option<u32>, field: &'static str, least: u32) -> Result<Option<u32>, OutOfRange> {
    let fits = number.is_none_or(|number| (least..=MAX_USES).contains(&number));
    if fits { Ok(number) } else { Err(OutOfRange { field, least, most: MAX_USES }) }
}

/// What changed, for the audit log: no address and no metadata, which may hold either.
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
