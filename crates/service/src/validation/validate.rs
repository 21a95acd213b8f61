//! Validation, and what it leaves behind: that the license and its machines are in use.

use std::{collections::BTreeSet, time::Duration};

use latchkey_licensing::{
    entitlement::EntitlementCode,
    ids::{LicenseId, MachineId},
    license::{End, FirstUse, License},
    license_key::LicenseKey,
    machine::Machine,
    time::Timestamp,
    validation::{self, Scope, Subject, Verdict},
};
use latchkey_store::Reader;

use crate::{
    audit::log::Actor,
    error::Internal,
    service::Service,
    validation::{
        facts::{ALL_ENTITLEMENTS, ALL_MACHINES, LicenseDocument, LicenseFacts},
        key_holder::{Apps, KeyHolder},
    },
};

/// How far "last seen" and "last validated" may lag, which saves a write a request.
pub(crate) const SEEN_RESOLUTION: Duration = Duration::from_mins(1);

/// How long a validation waits for the database to note it.
const SOON: Duration = Duration::from_secs(1);

impl Apps<'_> {
    /// Validates a key without a credential. `None` if it is not known.
    pub async fn validate_key(&self, key: &str, scope: &Scope) -> Result<Option<(Verdict, LicenseDocument)>, Internal> {
        let mut reader = self.0.store().read().await?;
        let Some((facts, key)) = self.find(&mut reader, key).await? else {
            return Ok(None);
        };
        self.0.validate(reader, facts, &key, scope).await.map(Some)
    }
}

impl KeyHolder {
    /// Validates the license.
    pub async fn validate(&self, scope: &Scope) -> Result<(Verdict, LicenseDocument), Internal> {
        let reader = self.service.store().read().await?;
        self.service.validate(reader, self.facts.clone(), &self.key, scope).await
    }
}

impl Service {
    async fn validate(
        &self,
        mut reader: Reader,
        mut facts: LicenseFacts,
        key: &LicenseKey,
        scope: &Scope,
    ) -> Result<(Verdict, LicenseDocument), Internal> {
        let now = self.now();
        let machines = reader.list_machines(facts.license.id, None, ALL_MACHINES).await?;
        let outages = self.outages(&mut reader, &facts.policy, &machines, now).await?;
        let machines: Vec<Machine> =
            machines.iter().map(|machine| machine.with_outages(&facts.policy, &outages)).collect();
        let held = reader.list_entitlements(facts.license.id, facts.license.policy, None, ALL_ENTITLEMENTS).await?;
        drop(reader);
        let entitlements: BTreeSet<EntitlementCode> = held.into_iter().map(|held| held.code).collect();
        let subject = Subject {
            license: &facts.license,
            policy: &facts.policy,
            owner_is_banned: facts.owner_is_banned(),
            owner_email: facts.owner.email.as_str(),
            entitlements: &entitlements,
            machines: &machines,
        };
        let verdict = validation::validate(&subject, &facts.product.code, scope, now);
        let named = machines.iter().filter(|machine| validation::is_named(scope, machine));
        self.note_use_soon(&facts.license, named, now).await;
        if verdict.is_valid && facts.license.end == End::AfterFirstUse {
            facts.license.end = self.begin(&facts, now).await?;
        }
        facts.license.last_validated_at = Some(now);
        let document = facts.document(&machines, key, now);
        Ok((verdict, document))
    }

    /// Begins a license's time, if this validation is the use that begins it. Returns its end.
    async fn begin(&self, facts: &LicenseFacts, now: Timestamp) -> Result<End, Internal> {
        let mut tx = self.store().write().await?;
        let Some(mut current) = LicenseFacts::lock(&mut tx, facts.license.id).await? else {
            return Ok(facts.license.end);
        };
        let LicenseFacts { license, policy, .. } = &mut current;
        let actor = Actor::App(license.id);
        self.note_first_use(&mut tx, license, policy, FirstUse::Validation, actor, now).await?;
        tx.commit().await?;
        Ok(current.license.end)
    }

    /// Notes that a license and its machines are in use, as far as that is possible soon: nobody waits for
    /// it whose license is good, and the next validation notes it as well.
    async fn note_use_soon<'a>(&self, license: &License, machines: impl Iterator<Item = &'a Machine>, now: Timestamp) {
        let is_stale = |at: Timestamp| now.since(at) >= SEEN_RESOLUTION;
        let stale_license = license.last_validated_at.is_none_or(is_stale).then_some(license.id);
        let stale: Vec<MachineId> =
            machines.filter(|machine| is_stale(machine.last_seen_at)).map(|machine| machine.id).collect();
        if stale_license.is_none() && stale.is_empty() {
            return;
        }
        let service = self.clone();
        // A task of its own, because a transaction is better not broken off while it begins.
        let noted = tokio::spawn(async move {
            if let Err(why) = service.note_use(stale_license, stale, now).await {
                tracing::warn!(%why, "a validation was not noted: {why}");
            }
        });
        // Usually done at once, so that what is asked next sees it; otherwise it is done later.
        let _ = tokio::time::timeout(SOON, noted).await;
    }

    /// Notes that a license and machines of it are in use.
    async fn note_use(
        &self,
        license: Option<LicenseId>,
        machines: Vec<MachineId>,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let mut tx = self.store().write().await?;
        if let Some(license) = license {
            tx.set_license_validated(license, now).await?;
        }
        for machine in machines {
            tx.set_machine_seen(machine, now).await?;
        }
        Ok(tx.commit().await?)
    }
}
