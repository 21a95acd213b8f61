//! The impact of a policy change: which licenses are valid now and would become invalid.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_licensing::{
    entitlement::EntitlementCode,
    ids::{LicenseId, PolicyId},
    license::{License, Standing},
    machine::Machine,
    outage::Outage,
    policy::Policy,
    time::Timestamp,
    validation::{self, Scope, Subject, ValidationCode},
};
use latchkey_store::Conn;

use crate::{error::Internal, service::Service};

/// How many licenses are read at once.
const PAGE: i64 = 500;

/// How many affected licenses are named.
const EXAMPLES: usize = 5;

/// The fields of a policy that affect whether a license is valid.
pub(crate) const VALIDITY_FIELDS: [&str; 9] = [
    "max_machines",
    "max_cores",
    "overage_strategy",
    "floating",
    "strict",
    "expiry_strategy",
    "check_in",
    "heartbeat",
    "entitlements",
];

/// A policy with the codes of its entitlements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) entitlements: &'a BTreeSet<String>,
}

/// The licenses that a change would make invalid for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewlyInvalid {
    /// The validation code that they would get.
    pub code: ValidationCode,
    /// The number of licenses.
    pub count: u64,
    /// The first of the licenses.
    pub examples: Vec<LicenseId>,
}

impl NewlyInvalid {
    /// The changed field that causes it, as far as that is known; otherwise all changed fields.
    pub(crate) fn field<'c>(&self, changed: impl Iterator<Item = &'c str> + Clone) -> String {
        let candidates: &[&str] = match self.code {
            ValidationCode::TooManyMachines => &["max_machines", "overage_strategy", "floating", "strict"],
            ValidationCode::TooManyCores => &["max_cores", "overage_strategy", "strict"],
            ValidationCode::NoMachine | ValidationCode::NoMachines => &["strict", "floating"],
            ValidationCode::Expired => &["expiry_strategy"],
            ValidationCode::Overdue => &["check_in"],
            ValidationCode::HeartbeatDead | ValidationCode::HeartbeatNotStarted => &["heartbeat"],
            ValidationCode::EntitlementsMissing => &["entitlements"],
            _ => &[],
        };
        let found = candidates.iter().find(|candidate| changed.clone().any(|name| name == **candidate));
        found.map_or_else(|| changed.clone().collect::<Vec<_>>().join(", "), |field| (*field).to_owned())
    }
}

/// The licenses under a policy that are valid now and would be invalid under the new terms, grouped by validation code.
/// A suspended license is checked as if it were reinstated, and revoked licenses are ignored.
pub(crate) async fn newly_invalid(
    conn: &mut Conn,
    policy: PolicyId,
    before: Terms<'_>,
    after: Terms<'_>,
    now: Timestamp,
) -> Result<Vec<NewlyInvalid>, Internal> {
    let outages = Service::all_outages(conn, now).await?;
    let mut found: BTreeMap<&'static str, NewlyInvalid> = BTreeMap::new();
    let mut last = None;
    loop {
        let page = conn.list_licenses_under(policy, last, PAGE).await?;
        let Some(license) = page.last() else {
            return Ok(found.into_values().collect());
        };
        last = Some(license.id);
        let ids: Vec<LicenseId> = page.iter().map(|license| license.id).collect();
        let mut machines: BTreeMap<LicenseId, Vec<Machine>> = BTreeMap::new();
        for machine in conn.list_machines_of(&ids).await? {
            machines.entry(machine.license).or_default().push(machine);
        }
        let mut own: BTreeMap<LicenseId, BTreeSet<EntitlementCode>> = BTreeMap::new();
        for (license, code, _) in conn.list_individual_entitlements(&ids).await? {
            own.entry(license).or_default().insert(code);
        }
        for license in page {
            if matches!(license.standing, Standing::Revoked(_)) {
                continue;
            }
            let license = License { standing: Standing::Good, ..license };
            let machines = machines.remove(&license.id).unwrap_or_default();
            let own = own.remove(&license.id).unwrap_or_default();
            if let Some(code) = reason(&license, &machines, &outages, &own, before, after, now) {
                let entry = found.entry(code.as_str());
                let entry = entry.or_insert_with(|| NewlyInvalid { code, count: 0, examples: Vec::new() });
                entry.count += 1;
                if entry.examples.len() < EXAMPLES {
                    entry.examples.push(license.id);
                }
            }
        }
    }
}

/// The code with which one license would become invalid. `None` if it would not.
fn reason(
    license: &License,
    machines: &[Machine],
    outages: &[Outage],
    own: &BTreeSet<EntitlementCode>,
    before: Terms<'_>,
    after: Terms<'_>,
    now: Timestamp,
) -> Option<ValidationCode> {
    let held = |terms: Terms<'_>| -> BTreeSet<EntitlementCode> {
        terms.entitlements.iter().filter_map(|code| EntitlementCode::parse(code)).chain(own.iter().cloned()).collect()
    };
    let (held_before, held_after) = (held(before), held(after));
    let counted = |terms: Terms<'_>| -> Vec<Machine> {
        machines.iter().map(|machine| machine.with_outages(terms.policy, outages)).collect()
    };
    let (counted_before, counted_after) = (counted(before), counted(after));
    let verdict = |terms: Terms<'_>, machines: &[Machine], held: &BTreeSet<EntitlementCode>, scope: &Scope| {
        let subject = Subject {
            license,
            policy: terms.policy,
            owner_is_banned: false,
            owner_email: "",
            entitlements: held,
            machines,
            // Processes come and go, and apps send the components.
            parts: None,
        };
        validation::validate(&subject, "", scope, now)
    };
    let lost = held_before.difference(&held_after).map(|code| code.as_str().to_owned()).collect::<Vec<_>>();
    let by_entitlement = (!lost.is_empty()).then(|| Scope { entitlements: Some(lost), ..Scope::default() });
    let by_machine = machines
        .iter()
        .map(|machine| Scope { fingerprint: Some(machine.fingerprint.as_str().to_owned()), ..Scope::default() });
    let breaks = |scope: Scope| {
        let is_valid = verdict(before, &counted_before, &held_before, &scope).is_valid;
        let then = verdict(after, &counted_after, &held_after, &scope);
        (is_valid && !then.is_valid).then_some(then.code)
    };
    // A machine that cannot be resurrected under the old terms either is not affected by the change.
    let is_culled = |(before_it, after_it): (&Machine, &Machine)| {
        after_it.should_cull(after.policy, now) && !before_it.cannot_resurrect(before.policy, now)
    };
    std::iter::once(Scope::default())
        .chain(by_entitlement)
        .chain(by_machine)
        .find_map(breaks)
        .or_else(|| counted_before.iter().zip(&counted_after).any(is_culled).then_some(ValidationCode::HeartbeatDead))
}
