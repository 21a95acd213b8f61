//! Validation: is this license valid for this use, now?
//!
//! The order of the checks is part of the contract, because clients act on the code that they get: banned,
//! suspended, expired (if the policy revokes access), overdue for check-in, then the scopes (product,
//! policy, user, entitlements, machine, fingerprint, components, scopes that the server does not support), then
//! machines, cores, processes and heartbeats, then expiry, then `VALID`.

use std::collections::BTreeSet;

use crate::{
    ids::MachineId,
    rules::{
        activation::core_count,
        component::HeldComponent,
        entitlement::EntitlementCode,
        license::{License, Standing},
        machine::{HeartbeatStatus, Machine},
        policy::{ExpiryStrategy, Policy, words},
        process::{ProcessLeasing, process_limit_with_overage},
    },
    time::Timestamp,
};

words! {
    /// The result of a validation as a code of the wire protocol.
    ValidationCode {
        /// The license is valid.
        Valid = "VALID",
        /// No license has this key or id.
        NotFound = "NOT_FOUND",
        /// The license's owner is banned.
        Banned = "BANNED",
        /// The license is suspended or revoked.
        Suspended = "SUSPENDED",
        /// The license has expired.
        Expired = "EXPIRED",
        /// A check-in is overdue.
        Overdue = "OVERDUE",
        /// The machine is dead.
        HeartbeatDead = "HEARTBEAT_DEAD",
        /// The policy requires heartbeats and the machine has never sent one.
        HeartbeatNotStarted = "HEARTBEAT_NOT_STARTED",
        /// The license is node-locked and its machine is not active.
        NoMachine = "NO_MACHINE",
        /// The license is floating and no machine is active.
        NoMachines = "NO_MACHINES",
        /// More machines are active than the license allows.
        TooManyMachines = "TOO_MANY_MACHINES",
        /// The active machines have more cores than the license allows.
        TooManyCores = "TOO_MANY_CORES",
        /// More processes run than the license allows.
        TooManyProcesses = "TOO_MANY_PROCESSES",
        /// The license lacks a required entitlement.
        EntitlementsMissing = "ENTITLEMENTS_MISSING",
        /// The list of required entitlements is empty.
        EntitlementsScopeEmpty = "ENTITLEMENTS_SCOPE_EMPTY",
        /// The fingerprint in the scope is empty.
        FingerprintScopeEmpty = "FINGERPRINT_SCOPE_EMPTY",
        /// No active machine has this fingerprint.
        FingerprintScopeMismatch = "FINGERPRINT_SCOPE_MISMATCH",
        /// No active machine has this id.
        MachineScopeMismatch = "MACHINE_SCOPE_MISMATCH",
        /// The license is for another product.
        ProductScopeMismatch = "PRODUCT_SCOPE_MISMATCH",
        /// The license is under another policy.
        PolicyScopeMismatch = "POLICY_SCOPE_MISMATCH",
        /// The license belongs to someone else.
        UserScopeMismatch = "USER_SCOPE_MISMATCH",
        /// Environments are not supported, so this scope always fails.
        EnvironmentScopeMismatch = "ENVIRONMENT_SCOPE_MISMATCH",
        /// The list of components is empty.
        ComponentsScopeEmpty = "COMPONENTS_SCOPE_EMPTY",
        /// No machine has as many of these components as the policy wants.
        ComponentsScopeMismatch = "COMPONENTS_SCOPE_MISMATCH",
        /// The policy requires components in the scope, and there are none.
        ComponentsScopeRequired = "COMPONENTS_SCOPE_REQUIRED",
        /// Releases are not supported, so this scope always fails.
        ChecksumScopeMismatch = "CHECKSUM_SCOPE_MISMATCH",
        /// Releases are not supported, so this scope always fails.
        VersionScopeMismatch = "VERSION_SCOPE_MISMATCH",
    }
}

/// The license to validate, with all data that validation needs.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The license to validate.
    pub license: &'a License,
    /// The policy that the license is under.
    pub policy: &'a Policy,
    /// Whether the license's owner is banned.
    pub owner_is_banned: bool,
    /// The owner's e-mail address, which may be used in the user scope.
    pub owner_email: &'a str,
    /// The entitlements of the policy and of the license.
    pub entitlements: &'a BTreeSet<EntitlementCode>,
    /// All active machines of the license.
    pub machines: &'a [Machine],
    /// What is known about the parts of the machines. `None` leaves out the checks of components and processes, for
    /// questions that are not an app's.
    pub parts: Option<Parts<'a>>,
}

/// The components and processes of a license's machines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts<'a> {
    /// Those components whose fingerprints are in the scope.
    pub components: &'a [HeldComponent],
    /// How many processes are alive on each machine. Only required for a strict policy with a limit of processes.
    pub processes: &'a [(MachineId, u32)],
}

/// The use for which the caller validates the license. Empty strings are ignored, except as fingerprints.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The product's id or code.
    pub product: Option<String>,
    /// The policy's id or code.
    pub policy: Option<String>,
    /// The owner's id or e-mail address.
    pub user: Option<String>,
    /// Entitlement codes, all of which must be held.
    pub entitlements: Option<Vec<String>>,
    /// The id of a machine that must be active.
    pub machine: Option<String>,
    /// The fingerprint of a machine that must be active.
    pub fingerprint: Option<String>,
    /// The fingerprints of machines, as many of which must be active as the policy's [`MatchingStrategy`] says.
    pub fingerprints: Option<Vec<String>>,
    /// The id or code of an environment. Not supported: fails if set.
    pub environment: Option<String>,
    /// The fingerprints of components. A machine must have as many of them as the policy wants.
    pub components: Option<Vec<String>>,
    /// The checksum of a release. Not supported: fails if set.
    pub checksum: Option<String>,
    /// The version of a release. Not supported: fails if set.
    pub version: Option<String>,
}

/// The result of a validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the license is valid for the scope.
    pub is_valid: bool,
    /// The reason as a code.
    pub code: ValidationCode,
    /// The reason in words, to follow "the license": `is suspended`.
    pub detail: &'static str,
}

/// The result for a key or id that does not exist.
pub const NOT_FOUND: Verdict = invalid(ValidationCode::NotFound, "does not exist");

const fn invalid(code: ValidationCode, detail: &'static str) -> Verdict {
    Verdict { is_valid: false, code, detail }
}

words! {
    /// What a validation checks, in this order.
    CheckKind {
        /// That the owner is not banned.
        Owner = "owner",
        /// That the license is neither suspended nor revoked.
        Standing = "standing",
        /// That the license has not expired, if its policy revokes access then.
        Access = "access",
        /// That no check-in is overdue.
        CheckIn = "check_in",
        /// That the license is for the product in the scope.
        Product = "product",
        /// That the license is under the policy in the scope.
        Policy = "policy",
        /// That the license belongs to the user in the scope.
        User = "user",
        /// That the license has the entitlements in the scope.
        Entitlements = "entitlements",
        /// That the license is active on the machine in the scope.
        Machine = "machine",
        /// That the license is active on enough of the machines with the fingerprints in the scope.
        Fingerprints = "fingerprints",
        /// That a machine has the components in the scope.
        Components = "components",
        /// That the scope contains nothing that this server does not support.
        Unsupported = "unsupported",
        /// That the license is active on some machine, and not on too many, nor on too many cores or with too many
        /// processes.
        Limits = "limits",
        /// That the machines in the scope are alive.
        Heartbeats = "heartbeats",
        /// That the license has not expired.
        Expiry = "expiry",
    }
}

/// The result of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// What was checked.
    pub check: CheckKind,
    /// Whether the policy or the scope asks for it. Otherwise it passes.
    pub is_asked: bool,
    /// Why it fails. `None` if it passes.
    pub failure: Option<Verdict>,
}

#[derive(Clone, Copy)]
struct Input<'a> {
    subject: &'a Subject<'a>,
    product_code: &'a str,
    scope: &'a Scope,
    now: Timestamp,
}

/// A check, which returns why it fails.
type Check = fn(Input<'_>) -> Option<Verdict>;

/// All checks except for the expiry, in the order of the contract.
const CHECKS: [(CheckKind, Check); 14] = [
    (CheckKind::Owner, |input| owner(input.subject)),
    (CheckKind::Standing, |input| standing(input.subject)),
    (CheckKind::Access, |input| access(input.subject, input.now)),
    (CheckKind::CheckIn, |input| check_in(input.subject, input.now)),
    (CheckKind::Product, product),
    (CheckKind::Policy, |input| policy(input.subject, input.scope)),
    (CheckKind::User, |input| user(input.subject, input.scope)),
    (CheckKind::Entitlements, |input| entitlements(input.subject, input.scope)),
    (CheckKind::Machine, |input| named_machine(input.subject, input.scope)),
    (CheckKind::Fingerprints, |input| named_fingerprints(input.subject, input.scope)),
    (CheckKind::Components, |input| components(input.subject, input.scope)),
    (CheckKind::Unsupported, |input| unsupported_scopes(input.scope)),
    (CheckKind::Limits, |input| limits(input.subject, input.scope)),
    (CheckKind::Heartbeats, |input| named_heartbeats(input.subject, input.scope, input.now)),
];

/// Validates `subject` for `scope` at `now`. `product_code` is the code of the license's product.
pub fn validate(subject: &Subject<'_>, product_code: &str, scope: &Scope, now: Timestamp) -> Verdict {
    let input = Input { subject, product_code, scope, now };
    let failure = CHECKS.iter().find_map(|(_, check)| check(input));
    failure.unwrap_or_else(|| expiry(subject, now))
}

/// The result of every check of a validation, in order. The first that fails determines the verdict of [`validate`].
pub fn explain(subject: &Subject<'_>, product_code: &str, scope: &Scope, now: Timestamp) -> Vec<CheckResult> {
    let input = Input { subject, product_code, scope, now };
    let result = |check, failure| CheckResult { check, is_asked: is_asked(check, input), failure };
    let mut results: Vec<_> = CHECKS.iter().map(|(kind, check)| result(*kind, check(input))).collect();
    results.push(result(CheckKind::Expiry, Some(expiry(subject, now)).filter(|verdict| !verdict.is_valid)));
    results
}

fn is_asked(check: CheckKind, input: Input<'_>) -> bool {
    let Input { subject, scope, .. } = input;
    let given = |wanted: &Option<String>| wanted.as_deref().is_some_and(|wanted| !wanted.is_empty());
    match check {
        CheckKind::Owner | CheckKind::Standing | CheckKind::Expiry => true,
        CheckKind::Access => subject.policy.expiry_strategy == ExpiryStrategy::RevokeAccess,
        CheckKind::CheckIn => subject.policy.check_in_interval.is_some(),
        CheckKind::Product => given(&scope.product),
        CheckKind::Policy => given(&scope.policy),
        CheckKind::User => given(&scope.user),
        CheckKind::Entitlements => scope.entitlements.is_some(),
        CheckKind::Machine => given(&scope.machine),
        CheckKind::Fingerprints => scope.fingerprint.is_some() || scope.fingerprints.is_some(),
        CheckKind::Components => {
            subject.parts.is_some() && (scope.components.is_some() || subject.policy.components.are_required)
        }
        CheckKind::Unsupported => [&scope.environment, &scope.checksum, &scope.version].into_iter().any(given),
        CheckKind::Limits => subject.policy.is_strict,
        CheckKind::Heartbeats => {
            let counts = |machine: &Machine| subject.policy.requires_heartbeat || machine.last_heartbeat_at.is_some();
            subject.machines.iter().any(|machine| is_in_scope(scope, machine) && counts(machine))
        }
    }
}

fn owner(subject: &Subject<'_>) -> Option<Verdict> {
    subject.owner_is_banned.then_some(invalid(ValidationCode::Banned, "its owner is banned"))
}

fn standing(subject: &Subject<'_>) -> Option<Verdict> {
    match subject.license.standing {
        Standing::Suspended(_) => Some(invalid(ValidationCode::Suspended, "is suspended")),
        // The protocol has no code for revoked licenses. The detail says it.
        Standing::Revoked(_) => Some(invalid(ValidationCode::Suspended, "is revoked")),
        Standing::Good => None,
    }
}

fn access(subject: &Subject<'_>, now: Timestamp) -> Option<Verdict> {
    let is_revoked = subject.policy.expiry_strategy == ExpiryStrategy::RevokeAccess && subject.license.is_expired(now);
    is_revoked.then_some(invalid(ValidationCode::Expired, "is expired"))
}

fn check_in(subject: &Subject<'_>, now: Timestamp) -> Option<Verdict> {
    let is_overdue = subject.license.is_overdue(subject.policy, now);
    is_overdue.then_some(invalid(ValidationCode::Overdue, "is overdue for check-in"))
}

/// Whether the scope wants another record than the one with this id, and this code or address.
fn differs(wanted: Option<&str>, id: String, other: &str) -> bool {
    wanted.is_some_and(|wanted| !wanted.is_empty() && wanted != id && !wanted.eq_ignore_ascii_case(other))
}

fn product(input: Input<'_>) -> Option<Verdict> {
    let id = input.subject.license.product.to_string();
    differs(input.scope.product.as_deref(), id, input.product_code)
        .then_some(invalid(ValidationCode::ProductScopeMismatch, "is for another product"))
}

fn policy(subject: &Subject<'_>, scope: &Scope) -> Option<Verdict> {
    differs(scope.policy.as_deref(), subject.license.policy.to_string(), &subject.policy.code)
        .then_some(invalid(ValidationCode::PolicyScopeMismatch, "is under another policy"))
}

fn user(subject: &Subject<'_>, scope: &Scope) -> Option<Verdict> {
    differs(scope.user.as_deref(), subject.license.account.to_string(), subject.owner_email)
        .then_some(invalid(ValidationCode::UserScopeMismatch, "belongs to another user"))
}

fn entitlements(subject: &Subject<'_>, scope: &Scope) -> Option<Verdict> {
    match scope.entitlements.as_deref() {
        None => None,
        Some([]) => Some(invalid(
            ValidationCode::EntitlementsScopeEmpty,
            "cannot be validated for an empty list of entitlements",
        )),
        Some(wanted) => {
            let held = |code: &String| subject.entitlements.iter().any(|held| held.as_str() == code);
            (!wanted.iter().all(held)).then_some(invalid(ValidationCode::EntitlementsMissing, "lacks an entitlement"))
        }
    }
}

/// The failure of a machine that is not active.
fn absent(subject: &Subject<'_>, code: ValidationCode, detail: &'static str) -> Verdict {
    no_machines(subject).unwrap_or(invalid(code, detail))
}

/// Checks that the machine in the scope is active.
fn named_machine(subject: &Subject<'_>, scope: &Scope) -> Option<Verdict> {
    let is_absent = scope.machine.as_deref().is_some_and(|id| !id.is_empty())
        && !subject.machines.iter().any(|machine| has_id(scope, machine));
    is_absent.then(|| absent(subject, ValidationCode::MachineScopeMismatch, "is not active on that machine"))
}

/// Checks that the machine with the fingerprint in the scope is active, and enough of those with the fingerprints.
fn named_fingerprints(subject: &Subject<'_>, scope: &Scope) -> Option<Verdict> {
    let several = scope.fingerprints.as_deref();
    if several.is_some_and(<[String]>::is_empty) || named(scope).any(str::is_empty) {
        return Some(invalid(ValidationCode::FingerprintScopeEmpty, "cannot be validated for an empty fingerprint"));
    }
    let is_active = |wanted: &str| subject.machines.iter().any(|machine| machine.fingerprint.as_str() == wanted);
    let is_met = scope.fingerprint.as_deref().is_none_or(is_active)
        && several.is_none_or(|several| enough(subject.policy, several, is_active));
    (!is_met).then(|| absent(subject, ValidationCode::FingerprintScopeMismatch, "is not active on this machine"))
}

/// All fingerprints in the scope.
fn named(scope: &Scope) -> impl Iterator<Item = &str> {
    scope.fingerprint.iter().chain(scope.fingerprints.iter().flatten()).map(String::as_str)
}

/// Whether as many of the fingerprints pass as the policy asks for. One that is sent twice counts once.
fn enough(policy: &Policy, fingerprints: &[String], passes: impl Fn(&str) -> bool) -> bool {
    let distinct: BTreeSet<&str> = fingerprints.iter().map(String::as_str).collect();
    let matched = distinct.iter().filter(|wanted| passes(wanted)).count();
    policy.machine_matching.is_met(matched, distinct.len())
}

/// Whether the scope contains this machine's id. It is compared as a UUID, so that the case of the letters
/// does not matter, as in paths.
fn has_id(scope: &Scope, machine: &Machine) -> bool {
    scope.machine.as_deref().is_some_and(|wanted| wanted.parse() == Ok(machine.id))
}

/// Whether the scope contains this machine's id or fingerprint.
pub fn is_in_scope(scope: &Scope, machine: &Machine) -> bool {
    has_id(scope, machine) || named(scope).any(|wanted| wanted == machine.fingerprint.as_str())
}

/// Checks that the machines in the scope are alive: those that must be active, and enough of the others.
fn named_heartbeats(subject: &Subject<'_>, scope: &Scope, now: Timestamp) -> Option<Verdict> {
    let failure = |machine: &Machine| heartbeat(subject.policy, machine, now);
    let find = |wanted: &str| subject.machines.iter().find(|machine| machine.fingerprint.as_str() == wanted);
    let by_id = subject.machines.iter().find(|machine| has_id(scope, machine));
    let by_fingerprint = scope.fingerprint.as_deref().and_then(find);
    by_id.and_then(failure).or_else(|| by_fingerprint.and_then(failure)).or_else(|| {
        let several = scope.fingerprints.as_deref()?;
        let is_alive = |wanted: &str| find(wanted).is_some_and(|machine| failure(machine).is_none());
        if enough(subject.policy, several, is_alive) {
            return None;
        }
        several.iter().find_map(|wanted| find(wanted).and_then(failure))
    })
}

fn no_machines(subject: &Subject<'_>) -> Option<Verdict> {
    subject.machines.is_empty().then_some(if subject.policy.is_floating {
        invalid(ValidationCode::NoMachines, "is not active on any machine")
    } else {
        invalid(ValidationCode::NoMachine, "is not active on its machine")
    })
}

fn heartbeat(policy: &Policy, machine: &Machine, now: Timestamp) -> Option<Verdict> {
    match machine.heartbeat(policy, now) {
        HeartbeatStatus::NotStarted if policy.requires_heartbeat => {
            Some(invalid(ValidationCode::HeartbeatNotStarted, "is waiting for the machine's first heartbeat"))
        }
        // A machine that has sent heartbeats is expected to go on, even if the policy does not require them.
        HeartbeatStatus::Dead => {
            Some(invalid(ValidationCode::HeartbeatDead, "is active on a machine whose heartbeat has stopped"))
        }
        HeartbeatStatus::NotStarted | HeartbeatStatus::Alive | HeartbeatStatus::Resurrected => None,
    }
}

/// The components in a scope. Clients send `null` and empty strings for those that they do not know.
pub fn wanted_components(scope: &Scope) -> BTreeSet<&str> {
    scope.components.iter().flatten().map(String::as_str).filter(|wanted| !wanted.is_empty()).collect()
}

/// Whether the scope contains a machine, by its id or fingerprint.
fn names_machines(scope: &Scope) -> bool {
    scope.machine.as_deref().is_some_and(|id| !id.is_empty()) || named(scope).next().is_some()
}

/// Checks that one machine has as many of the components in the scope as the policy wants. If the scope contains
/// machines, it must be one of them.
fn components(subject: &Subject<'_>, scope: &Scope) -> Option<Verdict> {
    let parts = subject.parts?;
    if scope.components.is_none() {
        return subject
            .policy
            .components
            .are_required
            .then_some(invalid(ValidationCode::ComponentsScopeRequired, "must be validated for components"));
    }
    let wanted = wanted_components(scope);
    if wanted.is_empty() {
        return Some(invalid(
            ValidationCode::ComponentsScopeEmpty,
            "cannot be validated for an empty list of components",
        ));
    }
    let is_any = !names_machines(scope);
    let mut candidates = subject.machines.iter().filter(|machine| is_any || is_in_scope(scope, machine));
    let has_enough = |machine: &Machine| {
        let held: BTreeSet<&str> = parts
            .components
            .iter()
            .filter(|held| held.machine == machine.id && wanted.contains(held.fingerprint.as_str()))
            .map(|held| held.fingerprint.as_str())
            .collect();
        subject.policy.components.matching.is_met(held.len(), wanted.len())
    };
    (!candidates.any(has_enough))
        .then_some(invalid(ValidationCode::ComponentsScopeMismatch, "does not have enough of these components"))
}

/// Fails scopes about records that this server does not have. `VALID` would claim that they were checked.
fn unsupported_scopes(scope: &Scope) -> Option<Verdict> {
    let given = |wanted: &Option<String>| wanted.as_deref().is_some_and(|wanted| !wanted.is_empty());
    if given(&scope.environment) {
        return Some(invalid(ValidationCode::EnvironmentScopeMismatch, "does not belong to that environment"));
    }
    if given(&scope.checksum) {
        return Some(invalid(ValidationCode::ChecksumScopeMismatch, "has no release with that checksum"));
    }
    given(&scope.version).then_some(invalid(ValidationCode::VersionScopeMismatch, "has no release of that version"))
}

fn limits(subject: &Subject<'_>, scope: &Scope) -> Option<Verdict> {
    if !subject.policy.is_strict {
        return None;
    }
    machine_count(subject).or_else(|| process_count(subject, scope))
}

/// Checks the processes of the machines in the scope, or of all machines if it contains none.
fn process_count(subject: &Subject<'_>, scope: &Scope) -> Option<Verdict> {
    let (parts, limit) = (subject.parts?, process_limit_with_overage(subject.policy)?);
    let exceeds = match subject.policy.processes.leasing {
        ProcessLeasing::PerLicense => {
            parts.processes.iter().map(|(_, count)| u64::from(*count)).sum::<u64>() > u64::from(limit)
        }
        ProcessLeasing::PerMachine => {
            let is_any = !names_machines(scope);
            let mut named = subject.machines.iter().filter(|machine| is_any || is_in_scope(scope, machine));
            named.any(|machine| parts.processes.iter().any(|(id, count)| *id == machine.id && *count > limit))
        }
    };
    exceeds.then_some(invalid(ValidationCode::TooManyProcesses, "has more processes than it allows"))
}

fn machine_count(subject: &Subject<'_>) -> Option<Verdict> {
    let ceiling = subject.license.machine_limit_with_overage(subject.policy);
    no_machines(subject).or_else(|| {
        let count = u32::try_from(subject.machines.len()).unwrap_or(u32::MAX);
        if ceiling.is_some_and(|ceiling| count > ceiling) {
            return Some(invalid(ValidationCode::TooManyMachines, "is active on more machines than it allows"));
        }
        let cores = subject.license.core_limit_with_overage(subject.policy);
        let exceeds = cores.is_some_and(|cores| core_count(subject.machines) > u64::from(cores));
        exceeds.then_some(invalid(ValidationCode::TooManyCores, "is active on more cores than it allows"))
    })
}

fn expiry(subject: &Subject<'_>, now: Timestamp) -> Verdict {
    if !subject.license.is_expired(now) {
        return Verdict { is_valid: true, code: ValidationCode::Valid, detail: "is valid" };
    }
    let is_valid =
        matches!(subject.policy.expiry_strategy, ExpiryStrategy::MaintainAccess | ExpiryStrategy::AllowAccess);
    Verdict { is_valid, code: ValidationCode::Expired, detail: "is expired" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::license::Expiry;
    use crate::rules::license::tests::{DAY, T0, license, policy};
    use crate::rules::machine::tests::machine;
    use crate::rules::policy::MatchingStrategy;
    use proptest::prelude::*;

    struct Case {
        license: License,
        policy: Policy,
        machines: Vec<Machine>,
        banned: bool,
        scope: Scope,
        components: Vec<HeldComponent>,
        processes: Vec<(MachineId, u32)>,
    }

    impl Case {
        fn new() -> Self {
            let policy = policy();
            Self {
                license: license(&policy),
                policy,
                machines: vec![machine("fp")],
                banned: false,
                scope: Scope::default(),
                components: Vec::new(),
                processes: Vec::new(),
            }
        }

        fn code(&self) -> (bool, ValidationCode) {
            let held = BTreeSet::from([EntitlementCode::parse("PRO").expect("valid")]);
            let subject = Subject {
                license: &self.license,
                policy: &self.policy,
                owner_is_banned: self.banned,
                owner_email: "ada@example.com",
                entitlements: &held,
                machines: &self.machines,
                parts: Some(Parts { components: &self.components, processes: &self.processes }),
            };
            let verdict = validate(&subject, "acme-draw", &self.scope, T0);
            (verdict.is_valid, verdict.code)
        }

        /// A second machine, and components: `board` and `disk` of the first, `gpu` of the second.
        fn with_components(&mut self, wanted: &[&str]) {
            self.machines.push(machine("other"));
            let held = [("board", 0), ("disk", 0), ("gpu", 1)].map(|(name, owner)| HeldComponent {
                machine: self.machines[owner].id,
                fingerprint: crate::rules::machine::Fingerprint::parse(name).expect("valid"),
            });
            self.components = held.into();
            self.scope.components = Some(wanted.iter().map(|name| text(name)).collect());
        }

        /// Two processes may run, and this many do on the first machine and on a second one.
        fn with_processes(&mut self, leasing: ProcessLeasing, first: u32, second: u32) {
            self.machines.push(machine("other"));
            self.policy.processes.max = Some(2);
            self.policy.processes.leasing = leasing;
            self.processes = vec![(self.machines[0].id, first), (self.machines[1].id, second)];
        }
    }

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table with one row for each code")]
    fn every_code() {
        type Change = fn(&mut Case);
        let cases: &[(Change, ValidationCode)] = &[
            (|_| {}, ValidationCode::Valid),
            (|c| c.banned = true, ValidationCode::Banned),
            (|c| c.license.standing = Standing::Suspended(T0), ValidationCode::Suspended),
            (|c| c.license.standing = Standing::Revoked(T0), ValidationCode::Suspended),
            (|c| c.license.expiry = Expiry::At(T0), ValidationCode::Expired),
            (|c| c.scope.product = Some(text("other")), ValidationCode::ProductScopeMismatch),
            (|c| c.scope.product = Some(text("")), ValidationCode::Valid),
            (|c| c.scope.product = Some(text("Acme-Draw")), ValidationCode::Valid),
            (|c| c.scope.product = Some(c.license.product.to_string()), ValidationCode::Valid),
            (|c| c.scope.policy = Some(text("other")), ValidationCode::PolicyScopeMismatch),
            (|c| c.scope.user = Some(text("eve@example.com")), ValidationCode::UserScopeMismatch),
            (|c| c.scope.user = Some(text("ada@example.com")), ValidationCode::Valid),
            (|c| c.scope.entitlements = Some(vec![]), ValidationCode::EntitlementsScopeEmpty),
            (|c| c.scope.entitlements = Some(vec!["PRO".into()]), ValidationCode::Valid),
            (|c| c.scope.entitlements = Some(vec!["PRO".into(), "X".into()]), ValidationCode::EntitlementsMissing),
            (|c| c.scope.machine = Some(text("other")), ValidationCode::MachineScopeMismatch),
            (|c| c.scope.machine = Some(c.machines[0].id.to_string()), ValidationCode::Valid),
            (|c| c.scope.fingerprints = Some(vec!["fp".into()]), ValidationCode::Valid),
            (|c| c.scope.fingerprints = Some(vec![String::new()]), ValidationCode::FingerprintScopeEmpty),
            (|c| c.scope.fingerprints = Some(vec!["no".into()]), ValidationCode::FingerprintScopeMismatch),
            (|c| c.scope.fingerprints = Some(vec![]), ValidationCode::FingerprintScopeEmpty),
            (|c| c.scope.fingerprint = Some(String::new()), ValidationCode::FingerprintScopeEmpty),
            (|c| c.scope.fingerprint = Some("no".into()), ValidationCode::FingerprintScopeMismatch),
            (|c| c.scope.fingerprint = Some("fp".into()), ValidationCode::Valid),
            (
                |c| {
                    c.scope.fingerprint = Some("no".into());
                    c.scope.fingerprints = Some(vec!["fp".into()]);
                },
                ValidationCode::FingerprintScopeMismatch,
            ),
            (|c| c.scope.fingerprints = Some(vec!["no".into(), "fp".into()]), ValidationCode::Valid),
            (
                |c| {
                    c.policy.machine_matching = MatchingStrategy::All;
                    c.scope.fingerprints = Some(vec!["no".into(), "fp".into()]);
                },
                ValidationCode::FingerprintScopeMismatch,
            ),
            (
                |c| {
                    c.policy.machine_matching = MatchingStrategy::Two;
                    c.scope.fingerprints = Some(vec!["no".into(), "fp".into(), "fp".into()]);
                },
                ValidationCode::FingerprintScopeMismatch,
            ),
            (
                |c| {
                    c.scope.machine = Some(c.machines[0].id.to_string());
                    c.scope.fingerprints = Some(vec!["no".into()]);
                },
                ValidationCode::FingerprintScopeMismatch,
            ),
            (
                |c| {
                    c.scope.machine = Some(c.machines[0].id.to_string());
                    c.scope.fingerprints = Some(vec!["fp".into()]);
                },
                ValidationCode::Valid,
            ),
            (
                |c| {
                    c.policy.requires_heartbeat = true;
                    c.scope.fingerprints = Some(vec!["fp".into()]);
                    c.scope.version = Some(text("1"));
                },
                ValidationCode::VersionScopeMismatch,
            ),
            (|c| c.machines.clear(), ValidationCode::NoMachines),
            (
                |c| {
                    c.machines.clear();
                    c.policy.is_strict = false;
                },
                ValidationCode::Valid,
            ),
            (
                |c| {
                    c.machines.clear();
                    c.policy.is_floating = false;
                },
                ValidationCode::NoMachine,
            ),
            (
                |c| {
                    c.machines.clear();
                    c.scope.fingerprints = Some(vec!["fp".into()]);
                },
                ValidationCode::NoMachines,
            ),
            (|c| c.license.max_machines = Some(0), ValidationCode::TooManyMachines),
            (
                |c| {
                    c.policy.requires_heartbeat = true;
                    c.scope.fingerprints = Some(vec!["fp".into()]);
                },
                ValidationCode::HeartbeatNotStarted,
            ),
            (
                |c| {
                    c.policy.requires_heartbeat = true;
                    c.machines[0].last_heartbeat_at = Some(T0.minus(DAY));
                    c.scope.fingerprints = Some(vec!["fp".into()]);
                },
                ValidationCode::HeartbeatDead,
            ),
            (
                |c| {
                    c.machines[0].last_heartbeat_at = Some(T0.minus(DAY));
                    c.scope.fingerprint = Some("fp".into());
                },
                ValidationCode::HeartbeatDead,
            ),
            (
                |c| {
                    c.machines[0].last_heartbeat_at = Some(T0.minus(DAY));
                    c.scope.machine = Some(c.machines[0].id.to_string());
                },
                ValidationCode::HeartbeatDead,
            ),
            (
                |c| {
                    c.machines[0].last_heartbeat_at = Some(T0.minus(DAY));
                    c.machines.push(Machine { slot: 2, ..machine("other") });
                    c.scope.fingerprints = Some(vec!["fp".into(), "other".into()]);
                },
                ValidationCode::Valid,
            ),
            (
                |c| {
                    c.policy.machine_matching = MatchingStrategy::All;
                    c.machines[0].last_heartbeat_at = Some(T0.minus(DAY));
                    c.machines.push(Machine { slot: 2, ..machine("other") });
                    c.scope.fingerprints = Some(vec!["fp".into(), "other".into()]);
                },
                ValidationCode::HeartbeatDead,
            ),
            (|c| c.machines[0].last_heartbeat_at = Some(T0.minus(DAY)), ValidationCode::Valid),
            (
                |c| {
                    c.policy.check_in_interval = Some(DAY);
                    c.license.created_at = T0.minus(DAY * 2);
                    c.scope.product = Some(text("other"));
                },
                ValidationCode::Overdue,
            ),
            (
                |c| {
                    c.policy.max_cores = Some(4);
                    c.machines[0].facts.cores = Some(5);
                },
                ValidationCode::TooManyCores,
            ),
            (
                |c| {
                    c.policy.max_cores = Some(4);
                    c.policy.overage_strategy = crate::rules::policy::OverageStrategy::Allow1_25x;
                    c.machines[0].facts.cores = Some(5);
                },
                ValidationCode::Valid,
            ),
            (|c| c.scope.components = Some(vec![]), ValidationCode::ComponentsScopeEmpty),
            (|c| c.scope.components = Some(vec!["x".into()]), ValidationCode::ComponentsScopeMismatch),
            (|c| c.scope.components = Some(vec![String::new()]), ValidationCode::ComponentsScopeEmpty),
            (|c| c.with_components(&["board", "new"]), ValidationCode::Valid),
            (|c| c.with_components(&["new"]), ValidationCode::ComponentsScopeMismatch),
            (
                |c| {
                    c.with_components(&["gpu"]);
                    c.scope.fingerprints = Some(vec![text("fp")]);
                },
                ValidationCode::ComponentsScopeMismatch,
            ),
            (
                |c| {
                    c.with_components(&["gpu"]);
                    c.scope.machine = Some(c.machines[1].id.to_string());
                },
                ValidationCode::Valid,
            ),
            (
                |c| {
                    c.with_components(&["board", "disk"]);
                    c.policy.components.matching = MatchingStrategy::Two;
                },
                ValidationCode::Valid,
            ),
            // Of two machines, none has two.
            (
                |c| {
                    c.with_components(&["board", "gpu"]);
                    c.policy.components.matching = MatchingStrategy::Two;
                },
                ValidationCode::ComponentsScopeMismatch,
            ),
            // The same one twice is one.
            (
                |c| {
                    c.with_components(&["board", "board"]);
                    c.policy.components.matching = MatchingStrategy::Two;
                },
                ValidationCode::ComponentsScopeMismatch,
            ),
            (|c| c.policy.components.are_required = true, ValidationCode::ComponentsScopeRequired),
            (|c| c.with_processes(ProcessLeasing::PerMachine, 2, 2), ValidationCode::Valid),
            (|c| c.with_processes(ProcessLeasing::PerMachine, 2, 3), ValidationCode::TooManyProcesses),
            (
                |c| {
                    c.with_processes(ProcessLeasing::PerMachine, 2, 3);
                    c.scope.fingerprints = Some(vec![text("fp")]);
                },
                ValidationCode::Valid,
            ),
            (|c| c.with_processes(ProcessLeasing::PerLicense, 1, 1), ValidationCode::Valid),
            (|c| c.with_processes(ProcessLeasing::PerLicense, 1, 2), ValidationCode::TooManyProcesses),
            (
                |c| {
                    c.with_processes(ProcessLeasing::PerLicense, 1, 2);
                    c.policy.overage_strategy = crate::rules::policy::OverageStrategy::Allow1_5x;
                },
                ValidationCode::Valid,
            ),
            (
                |c| {
                    c.with_processes(ProcessLeasing::PerLicense, 1, 2);
                    c.policy.is_strict = false;
                },
                ValidationCode::Valid,
            ),
            (|c| c.scope.environment = Some(text("x")), ValidationCode::EnvironmentScopeMismatch),
            (|c| c.scope.checksum = Some(text("x")), ValidationCode::ChecksumScopeMismatch),
            (|c| c.scope.version = Some(text("1")), ValidationCode::VersionScopeMismatch),
        ];
        for (row, (change, code)) in cases.iter().enumerate() {
            let mut case = Case::new();
            change(&mut case);
            assert_eq!(case.code(), (*code == ValidationCode::Valid, *code), "row {row}");
        }
    }

    #[test]
    fn the_expiry_strategies_differ_only_in_validity() {
        for (strategy, is_valid) in [
            (ExpiryStrategy::RestrictAccess, false),
            (ExpiryStrategy::RevokeAccess, false),
            (ExpiryStrategy::MaintainAccess, true),
            (ExpiryStrategy::AllowAccess, true),
        ] {
            let mut case = Case::new();
            case.policy.expiry_strategy = strategy;
            case.license.expiry = Expiry::At(T0);
            assert_eq!(case.code(), (is_valid, ValidationCode::Expired), "{strategy:?}");
        }
    }

    #[test]
    fn revoked_access_is_checked_before_the_scopes() {
        let mut case = Case::new();
        case.policy.expiry_strategy = ExpiryStrategy::RevokeAccess;
        case.license.expiry = Expiry::At(T0);
        case.scope.product = Some(text("other"));
        assert_eq!(case.code().1, ValidationCode::Expired);
        case.policy.expiry_strategy = ExpiryStrategy::RestrictAccess;
        assert_eq!(case.code().1, ValidationCode::ProductScopeMismatch);
    }

    /// Questions that are not an app's, such as what a change of the catalog breaks, have no components in their scope.
    #[test]
    fn components_and_processes_can_be_left_out() {
        let mut case = Case::new();
        case.with_processes(ProcessLeasing::PerLicense, 9, 9);
        case.policy.components.are_required = true;
        let held = BTreeSet::new();
        let subject = Subject {
            license: &case.license,
            policy: &case.policy,
            owner_is_banned: false,
            owner_email: "ada@example.com",
            entitlements: &held,
            machines: &case.machines,
            parts: None,
        };
        assert_eq!(validate(&subject, "acme-draw", &case.scope, T0).code, ValidationCode::Valid);
    }

    proptest! {
        /// LC-14: nothing in the scope, policy or machines makes a suspended, revoked or banned license valid.
        #[test]
        fn lc_14_never_valid_unless_in_good_standing(
            revoked: bool, banned: bool, strict: bool, floating: bool, machines in 0usize..4,
            product in prop::option::of("\\PC{0,8}"), fingerprint in prop::option::of("\\PC{0,8}"),
        ) {
            let mut case = Case::new();
            case.banned = banned;
            case.license.standing = if revoked { Standing::Revoked(T0) } else { Standing::Suspended(T0) };
            case.policy.is_strict = strict;
            case.policy.is_floating = floating;
            case.machines = (0..machines).map(|n| machine(&"x".repeat(n + 1))).collect();
            case.scope.product = product;
            case.scope.fingerprints = fingerprint.map(|f| vec![f]);
            prop_assert!(!case.code().0);
        }
    }

    #[test]
    fn an_explanation_lists_every_check_and_agrees_with_the_verdict() {
        let mut case = Case::new();
        case.policy.is_strict = true;
        case.license.standing = Standing::Suspended(T0);
        case.license.expiry = Expiry::At(T0);
        case.policy.expiry_strategy = ExpiryStrategy::RestrictAccess;
        case.scope.fingerprints = Some(vec!["other".to_owned()]);
        let held = BTreeSet::new();
        let subject = Subject {
            license: &case.license,
            policy: &case.policy,
            owner_is_banned: false,
            owner_email: "ada@example.com",
            entitlements: &held,
            machines: &case.machines,
            parts: None,
        };
        let results = explain(&subject, "chartgpt", &case.scope, T0);
        assert_eq!(results.iter().map(|result| result.check).collect::<Vec<_>>(), CheckKind::ALL);
        let failed: Vec<_> = results.iter().filter(|result| result.failure.is_some()).collect();
        let kinds: Vec<_> = failed.iter().map(|result| result.check).collect();
        assert_eq!(kinds, [CheckKind::Standing, CheckKind::Fingerprints, CheckKind::Expiry]);
        assert!(failed.iter().all(|result| result.is_asked));
        assert!(results.iter().any(|result| result.check == CheckKind::Product && !result.is_asked));
        assert_eq!(failed[0].failure, Some(validate(&subject, "chartgpt", &case.scope, T0)));
    }
}
