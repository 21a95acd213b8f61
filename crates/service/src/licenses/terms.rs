//! Changing what a license grants: renewal, owner, policy, end, limits, metadata.

use latchkey_licensing::{
    email::EmailAddress,
    entitlement::EntitlementCode,
    ids::LicenseId,
    license::{End, License},
    policy::Policy,
    time::Timestamp,
};
use latchkey_store::Tx;
use serde_json::{Map, Value};

use crate::{
    audit::event::{Change, LicenseDiff, LicenseEvent},
    error::Internal,
    licenses::decisions::{Admin, AdminError, IssuedLicense},
};

/// The longest metadata that is kept, in bytes of JSON.
pub(crate) const MAX_METADATA: usize = 8 * 1024;

/// What to change about a license; `None` leaves a term as it is. Limits: `Some(None)` goes back to
/// the policy's.
#[derive(Clone, Debug, Default)]
pub struct LicenseChange {
    /// Another owner, who must have an account.
    pub owner: Option<EmailAddress>,
    /// Another policy of the same product, by its code. The end stays as it is.
    pub policy: Option<String>,
    /// Another end: an instant, or never.
    pub end: Option<Option<Timestamp>>,
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

impl Admin<'_> {
    /// Renews a license by its policy's duration.
    pub async fn renew_license(&self, id: LicenseId) -> Result<IssuedLicense, AdminError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let mut facts = self.service.lock_license(&mut tx, id).await?.ok_or(AdminError::LicenseNotFound(id))?;
        let end = facts.license.renewed(facts.policy(), now).map_err(|why| AdminError::NotRenewable { id, why })?;
        let before = facts.license.end;
        facts.license.end = End::At(end);
        facts.license.updated_at = now;
        tx.update_license(&facts.license).await?;
        let event = LicenseEvent::Renewed { from: before.at(), to: end };
        self.service.record(&mut tx, now, self.actor, event.of(id)).await?;
        tx.commit().await?;
        self.license(id).await
    }

    /// Changes a license's terms, all of them or, where one cannot be, none.
    pub async fn change_license(&self, id: LicenseId, change: LicenseChange) -> Result<IssuedLicense, AdminError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        let facts = self.service.lock_license(&mut tx, id).await?.ok_or(AdminError::LicenseNotFound(id))?;
        let before = facts.license.clone();
        let mut license = facts.license.clone();
        if let Some(email) = &change.owner {
            let owner = tx.find_account_by_email(email).await?;
            license.account = owner.ok_or_else(|| AdminError::AccountNotFound(email.to_string()))?.id;
        }
        if let Some(code) = &change.policy {
            self.move_to_policy(&mut tx, &mut license, facts.policy(), code, now).await?;
        }
        if let Some(end) = change.end {
            license.end = end.map_or(End::Never, End::At);
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
            let policy = tx.find_policy(license.policy).await?.ok_or(Internal::Broken("a license has no policy"))?;
            check_machine_limit(license.max_machines, &policy)?;
        }
        let added = self.change_entitlements(&mut tx, id, &change.add_entitlements, true).await?;
        let removed = self.change_entitlements(&mut tx, id, &change.remove_entitlements, false).await?;
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
        self.license(id).await
    }

    /// Replaces a license's key: the old one opens nothing from now on.
    pub async fn rotate_license_key(&self, id: LicenseId) -> Result<IssuedLicense, AdminError> {
        let mut tx = self.service.store().write().await?;
        let facts = self.service.lock_license(&mut tx, id).await?.ok_or(AdminError::LicenseNotFound(id))?;
        self.service.replace_key(&mut tx, &facts, self.actor).await?;
        tx.commit().await?;
        self.license(id).await
    }

    /// The policy with this code.
    pub(crate) async fn find_policy(&self, tx: &mut Tx, code: &str) -> Result<Policy, AdminError> {
        let mut policies = tx.list_policies().await?;
        if let Some(at) = policies.iter().position(|policy| policy.code == code) {
            Ok(policies.swap_remove(at))
        } else {
            let known = policies.into_iter().map(|policy| policy.code).collect();
            Err(AdminError::PolicyNotFound { wanted: code.to_owned(), known })
        }
    }

    async fn move_to_policy(
        &self,
        tx: &mut Tx,
        license: &mut License,
        from: &Policy,
        code: &str,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let policy = self.find_policy(tx, code).await?;
        if policy.product != license.product {
            return Err(AdminError::Invalid(format!(
                "policy `{code}` sells another product than the license is for: issue a new license under it"
            )));
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
        &self,
        tx: &mut Tx,
        id: LicenseId,
        codes: &[String],
        gives: bool,
    ) -> Result<Vec<String>, AdminError> {
        let mut changed = Vec::new();
        if codes.is_empty() {
            return Ok(changed);
        }
        let all = tx.list_all_entitlements().await?;
        for code in codes {
            let wanted = EntitlementCode::parse(code);
            let found = all.iter().find(|held| Some(&held.code) == wanted.as_ref()).ok_or_else(|| {
                let known: Vec<&str> = all.iter().map(|held| held.code.as_str()).collect();
                AdminError::Invalid(format!("there is no entitlement `{code}`: the catalog has {}", known.join(", ")))
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
}

/// The text of metadata that can be kept.
pub(crate) fn metadata_text(metadata: Map<String, Value>) -> Result<String, AdminError> {
    let text = Value::Object(metadata).to_string();
    // PostgreSQL's text cannot hold NUL, which JSON spells \u0000; it stays escaped in ours.
    if text.len() > MAX_METADATA {
        return Err(AdminError::Invalid(format!("metadata has at most {MAX_METADATA} bytes of JSON")));
    }
    Ok(text)
}

/// Node-locked is one machine: a license of such a policy has no higher limit of its own.
fn check_machine_limit(own: Option<u32>, policy: &Policy) -> Result<(), AdminError> {
    if policy.is_floating || own.is_none_or(|own| own <= 1) {
        return Ok(());
    }
    Err(AdminError::Invalid(format!(
        "max_machines: the policy `{}` is node-locked, which is one machine: move the license to another policy, or leave its limit to the policy",
        policy.code
    )))
}

/// A limit after a change, held to what the wire protocol's numbers carry.
#[expect(clippy::option_option, reason = "unchanged, back to the policy's, or a number: three things")]
fn limit(change: Option<Option<u32>>, present: Option<u32>, name: &str, least: u32) -> Result<Option<u32>, AdminError> {
    let Some(wanted) = change else {
        return Ok(present);
    };
    let fits = wanted.is_none_or(|wanted| (least..=i32::MAX.unsigned_abs()).contains(&wanted));
    if fits { Ok(wanted) } else { Err(AdminError::Invalid(format!("{name} must be from {least} to {}", i32::MAX))) }
}

/// What changed, for the audit log: no address and no metadata, which may hold either.
fn differences(before: &License, after: &License) -> LicenseDiff {
    LicenseDiff {
        owner: Change::of(before.account, after.account),
        policy: Change::of(before.policy, after.policy),
        end: Change::of(before.end, after.end),
        max_machines: Change::of(before.max_machines, after.max_machines),
        max_cores: Change::of(before.max_cores, after.max_cores),
        max_uses: Change::of(before.max_uses, after.max_uses),
        uses: Change::of(before.uses, after.uses),
        metadata: before.metadata != after.metadata,
        entitlements_added: Vec::new(),
        entitlements_removed: Vec::new(),
    }
}
