//! Why a license does or does not work: every check of a validation with its result, without the effects of one.

use std::collections::BTreeSet;

use latchkey_licensing::{
    entitlement::EntitlementCode,
    ids::LicenseId,
    license::LicenseStatus,
    time::Timestamp,
    validation::{self, CheckResult, Parts, Scope, Subject, Verdict},
};

use crate::{error::Internal, identity::actors::Support, service::Service};

/// What an app would learn.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The result of the validation.
    pub verdict: Verdict,
    /// Whether the API rejects the key before it validates.
    pub is_key_refused: bool,
    /// Every check in order. The first that fails determines the result.
    pub checks: Vec<CheckResult>,
    /// The status of the license.
    pub status: LicenseStatus,
    /// The entitlements of the license and of its policy, by code.
    pub entitlements: Vec<EntitlementCode>,
    /// The time of the checks.
    pub now: Timestamp,
}

impl Support<'_> {
    /// Explains how a license validates for a scope, such as the fingerprint of a machine. Nothing is recorded: not that
    /// the license was validated, nor its first use, and no request is counted. `None` if there is no such license.
    pub async fn explain_validation(&self, id: LicenseId, scope: &Scope) -> Result<Option<Explanation>, Internal> {
        let now = self.service.now();
        let mut reader = self.service.store().read().await?;
        let Some((record, machines)) = reader.find_license_record_with_machines(id).await? else {
            return Ok(None);
        };
        let facts = self.service.license_facts(&mut reader, record).await?;
        let outages = Service::all_outages(&mut reader, now).await?;
        let machines: Vec<_> = machines.iter().map(|machine| machine.with_outages(facts.policy(), &outages)).collect();
        let held = self.service.all_entitlements(&mut reader, &facts).await?;
        let held: BTreeSet<EntitlementCode> = held.into_iter().map(|held| held.code).collect();
        let components = Service::held_components(&mut reader, &facts, scope).await?;
        let processes = Service::live_processes(&mut reader, &facts, now).await?;
        let subject = Subject {
            license: &facts.license,
            policy: facts.policy(),
            owner_is_banned: facts.owner_is_banned(),
            owner_email: facts.owner.email.as_str(),
            entitlements: &held,
            machines: &machines,
            parts: Some(Parts { components: &components, processes: &processes }),
        };
        let product = &facts.product().code;
        Ok(Some(Explanation {
            verdict: validation::validate(&subject, product, scope, now),
            is_key_refused: facts.may_use_api(now).is_err(),
            checks: validation::explain(&subject, product, scope, now),
            status: facts.license.status(facts.owner_is_banned(), &machines, now),
            entitlements: held.into_iter().collect(),
            now,
        }))
    }
}
