//! Validating licenses.

use std::collections::BTreeSet;

use latchkey_licensing::{
    component::HeldComponent,
    entitlement::EntitlementCode,
    ids::MachineId,
    license::{Expiry, FirstUse},
    license_key::LicenseKey,
    machine::Machine,
    time::Timestamp,
    validation::{self, Parts, Scope, Subject, Verdict},
};

use crate::{
    audit::actor::Actor,
    error::Internal,
    licensing::validation::{
        facts::{LicenseDocument, LicenseFacts},
        key_holder::{Apps, Found, KeyHolder, KeyRequest, KeyRequestError},
    },
    service::{Service, write_behind::is_stale},
};

impl Apps<'_> {
    /// Validates a license by its key, without authentication, and counts the request against the limits. `None` if the
    /// key is unknown.
    pub async fn validate_key(
        &self,
        request: KeyRequest<'_>,
        scope: &Scope,
    ) -> Result<Option<(Verdict, LicenseDocument)>, KeyRequestError> {
        let Some(Found { facts, key, machines }) = self.find(KeyRequest { with_machines: true, ..request }).await?
        else {
            return Ok(None);
        };
        Ok(Some(self.0.validate(facts, machines.unwrap_or_default(), &key, scope).await?))
    }
}

impl KeyHolder {
    /// Validates the license.
    pub async fn validate(self, scope: &Scope) -> Result<(Verdict, LicenseDocument), Internal> {
        let machines = match self.machines {
            Some(machines) => machines,
            None => {
                self.service.store().read_without_snapshot().await?.list_active_machines(self.facts.license.id).await?
            }
        };
        self.service.validate(self.facts, machines, &self.key, scope).await
    }
}

impl Service {
    async fn validate(
        &self,
        mut facts: LicenseFacts,
        machines: Vec<Machine>,
        key: &LicenseKey,
        scope: &Scope,
    ) -> Result<(Verdict, LicenseDocument), Internal> {
        let now = self.now();
        let machines = self.with_outages(&facts, machines, now).await?;
        let entitlements: BTreeSet<EntitlementCode> = if scope.entitlements.is_some() {
            let mut reader = self.store().read_without_snapshot().await?;
            let held = self.all_entitlements(&mut reader, &facts).await?;
            held.into_iter().map(|held| held.code).collect()
        } else {
            BTreeSet::new()
        };
        let (components, processes) = self.scoped_parts(&facts, scope, now).await?;
        let subject = Subject {
            license: &facts.license,
            policy: facts.policy(),
            owner_is_banned: facts.owner_is_banned(),
            owner_email: facts.owner.email.as_str(),
            entitlements: &entitlements,
            machines: &machines,
            parts: Some(Parts { components: &components, processes: &processes }),
        };
        let verdict = validation::validate(&subject, &facts.product().code, scope, now);
        let validated = facts.license.last_validated_at.is_none_or(|at| is_stale(at, now)).then_some(facts.license.id);
        let named = machines.iter().filter(|machine| validation::is_in_scope(scope, machine));
        let seen = named.filter(|machine| is_stale(machine.last_seen_at, now)).map(|machine| machine.id);
        self.note_validation(validated, seen, now);
        if verdict.is_valid && facts.license.expiry == Expiry::AfterFirstUse {
            facts.license.expiry = self.begin(&facts, now).await?;
        }
        facts.license.last_validated_at = Some(now);
        let document = facts.document(&machines, key, now);
        Ok((verdict, document))
    }

    /// The components in the scope, and the processes that the policy limits. Most validations ask for neither.
    async fn scoped_parts(
        &self,
        facts: &LicenseFacts,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<(Vec<HeldComponent>, Vec<(MachineId, u32)>), Internal> {
        if scope.components.is_none() && facts.policy().processes.max.is_none() {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut reader = self.store().read_without_snapshot().await?;
        let components = Self::held_components(&mut reader, facts, scope).await?;
        Ok((components, Self::live_processes(&mut reader, facts, now).await?))
    }

    /// The machines with their heartbeats adjusted for outages.
    async fn with_outages(
        &self,
        facts: &LicenseFacts,
        machines: Vec<Machine>,
        now: Timestamp,
    ) -> Result<Vec<Machine>, Internal> {
        if !Self::may_need_outages(facts.policy(), &machines, now) {
            return Ok(machines);
        }
        let mut reader = self.store().read().await?;
        let outages = Self::all_outages(&mut reader, now).await?;
        Ok(machines.iter().map(|machine| machine.with_outages(facts.policy(), &outages)).collect())
    }

    /// Starts a license's duration, if this validation is the use that starts it. Returns the expiry.
    async fn begin(&self, facts: &LicenseFacts, now: Timestamp) -> Result<Expiry, Internal> {
        let mut tx = self.store().write().await?;
        let Some(mut current) = self.lock_license(&mut tx, facts.license.id).await? else {
            return Ok(facts.license.expiry);
        };
        let actor = Actor::App(current.license.id);
        let terms = current.terms.clone();
        self.start_duration_on_first_use(
            &mut tx,
            &mut current.license,
            &terms.policy,
            FirstUse::Validation,
            actor,
            now,
        )
        .await?;
        tx.commit().await?;
        Ok(current.license.expiry)
    }
}
