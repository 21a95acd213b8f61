//! Validation: is this license good for this use, now?
//!
//! The order of the checks is part of the contract, because clients act on the first code they see:
//! banned, suspended, expired (where the policy revokes access), overdue for check-in, then the scopes
//! (product, policy, user, entitlements, machine, fingerprint, what the server cannot vouch for), then
//! machines, cores and heartbeats, then expiry, then `VALID`.

use std::collections::BTreeSet;

use crate::{
    rules::{
        activation::core_count,
        entitlement::EntitlementCode,
        license::{License, Standing},
        machine::{HeartbeatStatus, Machine},
        policy::{ExpiryStrategy, Policy, words},
    },
    time::Timestamp,
};

words! {
    /// The outcome of a validation, as the wire protocol names it.
    ValidationCode {
        /// The license is good.
        Valid = "VALID",
        /// There is no such license.
        NotFound = "NOT_FOUND",
        /// Its owner is banned.
        Banned = "BANNED",
        /// It is suspended or revoked.
        Suspended = "SUSPENDED",
        /// Its end has passed.
        Expired = "EXPIRED",
        /// A check-in is overdue.
        Overdue = "OVERDUE",
        /// The machine's heartbeat stopped.
        HeartbeatDead = "HEARTBEAT_DEAD",
        /// The machine never sent a heartbeat, and must.
        HeartbeatNotStarted = "HEARTBEAT_NOT_STARTED",
        /// No machine is active under a node-locked license.
        NoMachine = "NO_MACHINE",
        /// No machine is active under a floating license.
        NoMachines = "NO_MACHINES",
        /// More machines are active than the license allows.
        TooManyMachines = "TOO_MANY_MACHINES",
        /// The active machines have more cores than the license allows.
        TooManyCores = "TOO_MANY_CORES",
        /// An entitlement that was asked for is missing.
        EntitlementsMissing = "ENTITLEMENTS_MISSING",
        /// Entitlements were asked for without naming one.
        EntitlementsScopeEmpty = "ENTITLEMENTS_SCOPE_EMPTY",
        /// A fingerprint was asked for without naming one.
        FingerprintScopeEmpty = "FINGERPRINT_SCOPE_EMPTY",
        /// No active machine has the fingerprint.
        FingerprintScopeMismatch = "FINGERPRINT_SCOPE_MISMATCH",
        /// No active machine has the id.
        MachineScopeMismatch = "MACHINE_SCOPE_MISMATCH",
        /// The license is for another product.
        ProductScopeMismatch = "PRODUCT_SCOPE_MISMATCH",
        /// The license is under another policy.
        PolicyScopeMismatch = "POLICY_SCOPE_MISMATCH",
        /// The license belongs to someone else.
        UserScopeMismatch = "USER_SCOPE_MISMATCH",
        /// There are no environments.
        EnvironmentScopeMismatch = "ENVIRONMENT_SCOPE_MISMATCH",
        /// Components were asked for without naming one.
        ComponentsScopeEmpty = "COMPONENTS_SCOPE_EMPTY",
        /// The machine has no such component.
        ComponentsScopeMismatch = "COMPONENTS_SCOPE_MISMATCH",
        /// There is no release with this checksum.
        ChecksumScopeMismatch = "CHECKSUM_SCOPE_MISMATCH",
        /// There is no release of this version.
        VersionScopeMismatch = "VERSION_SCOPE_MISMATCH",
    }
}

/// Everything a validation looks at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The license.
    pub license: &'a License,
    /// Its policy.
    pub policy: &'a Policy,
    /// Whether its owner is banned.
    pub owner_is_banned: bool,
    /// The owner's address, by which a user may be named.
    pub owner_email: &'a str,
    /// Entitlements from policy and license.
    pub entitlements: &'a BTreeSet<EntitlementCode>,
    /// The active machines.
    pub machines: &'a [Machine],
}

/// What the caller wants the license to be good for; an empty text counts as not given, but for
/// the fingerprint.
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
    /// The id of an active machine.
    pub machine: Option<String>,
    /// The fingerprints of active machines, all of which must match.
    pub fingerprints: Option<Vec<String>>,
    /// An environment's id or code.
    pub environment: Option<String>,
    /// Component fingerprints.
    pub components: Option<Vec<String>>,
    /// A release's checksum.
    pub checksum: Option<String>,
    /// A release's version.
    pub version: Option<String>,
}

/// The answer of a validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the license is good for the use.
    pub is_valid: bool,
    /// Why.
    pub code: ValidationCode,
    /// Why, in words.
    pub detail: &'static str,
}

/// The answer for a key or id that does not exist.
pub const NOT_FOUND: Verdict = no(ValidationCode::NotFound, "does not exist");

const fn no(code: ValidationCode, detail: &'static str) -> Verdict {
    Verdict { is_valid: false, code, detail }
}

/// Validates `subject` for `scope` at `now`. `product_code` is the code of the license's product.
pub fn validate(subject: &Subject<'_>, product_code: &str, scope: &Scope, now: Timestamp) -> Verdict {
    let refusal = standing(subject, now)
        .or_else(|| scopes(subject, product_code, scope))
        .or_else(|| named_machines(subject, scope))
        .or_else(|| unknown_things(scope))
        .or_else(|| machine_count(subject))
        .or_else(|| named_heartbeats(subject, scope, now));
    refusal.unwrap_or_else(|| expiry(subject, now))
}

fn standing(subject: &Subject<'_>, now: Timestamp) -> Option<Verdict> {
    if subject.owner_is_banned {
        return Some(no(ValidationCode::Banned, "its owner is banned"));
    }
    match subject.license.standing {
        Standing::Suspended(_) => return Some(no(ValidationCode::Suspended, "is suspended")),
        // The protocol has no word of its own for a revoked license; the detail tells.
        Standing::Revoked(_) => return Some(no(ValidationCode::Suspended, "is revoked")),
        Standing::Good => {}
    }
    if subject.policy.expiry == ExpiryStrategy::RevokeAccess && subject.license.is_expired(now) {
        return Some(no(ValidationCode::Expired, "is expired"));
    }
    subject.license.is_overdue(subject.policy, now).then_some(no(ValidationCode::Overdue, "is overdue for check in"))
}

fn scopes(subject: &Subject<'_>, product_code: &str, scope: &Scope) -> Option<Verdict> {
    let differs = |wanted: &Option<String>, id: String, other: &str| {
        wanted
            .as_deref()
            .is_some_and(|wanted| !wanted.is_empty() && wanted != id && !wanted.eq_ignore_ascii_case(other))
    };
    let license = subject.license;
    if differs(&scope.product, license.product.to_string(), product_code) {
        return Some(no(ValidationCode::ProductScopeMismatch, "is for another product"));
    }
    if differs(&scope.policy, license.policy.to_string(), &subject.policy.code) {
        return Some(no(ValidationCode::PolicyScopeMismatch, "is under another policy"));
    }
    if differs(&scope.user, license.account.to_string(), subject.owner_email) {
        return Some(no(ValidationCode::UserScopeMismatch, "belongs to another user"));
    }
    match scope.entitlements.as_deref() {
        None => None,
        Some([]) => Some(no(ValidationCode::EntitlementsScopeEmpty, "was asked for no entitlement by name")),
        Some(wanted) => {
            let held = |code: &String| subject.entitlements.iter().any(|held| held.as_str() == code);
            (!wanted.iter().all(held)).then_some(no(ValidationCode::EntitlementsMissing, "lacks an entitlement"))
        }
    }
}

/// The machines that the scope names must be active: by id, and by each fingerprint.
fn named_machines(subject: &Subject<'_>, scope: &Scope) -> Option<Verdict> {
    let absent = |code, detail| Some(no_machines(subject).unwrap_or(no(code, detail)));
    if scope.machine.as_deref().is_some_and(|id| !id.is_empty())
        && !subject.machines.iter().any(|machine| has_id(scope, machine))
    {
        return absent(ValidationCode::MachineScopeMismatch, "is not active on that machine");
    }
    let fingerprints = scope.fingerprints.as_deref()?;
    if fingerprints.is_empty() || fingerprints.iter().any(String::is_empty) {
        return Some(no(ValidationCode::FingerprintScopeEmpty, "was asked for an empty fingerprint"));
    }
    let is_active = |wanted: &String| subject.machines.iter().any(|machine| machine.fingerprint.as_str() == wanted);
    if fingerprints.iter().all(is_active) {
        return None;
    }
    absent(ValidationCode::FingerprintScopeMismatch, "is not active on this machine")
}

/// Whether the scope names this machine by its id: read as an id, so that the case of its letters does
/// not matter, as it does not in paths.
fn has_id(scope: &Scope, machine: &Machine) -> bool {
    scope.machine.as_deref().is_some_and(|wanted| wanted.parse() == Ok(machine.id))
}

/// Whether a machine is one of those that the scope names, by id or by fingerprint.
pub fn is_named(scope: &Scope, machine: &Machine) -> bool {
    let by_fingerprint = scope.fingerprints.iter().flatten().any(|wanted| wanted == machine.fingerprint.as_str());
    by_fingerprint || has_id(scope, machine)
}

/// The machines that the scope names must be alive, where the policy asks for heartbeats.
fn named_heartbeats(subject: &Subject<'_>, scope: &Scope, now: Timestamp) -> Option<Verdict> {
    let mut named = subject.machines.iter().filter(|machine| is_named(scope, machine));
    named.find_map(|machine| heartbeat(subject.policy, machine, now))
}

fn no_machines(subject: &Subject<'_>) -> Option<Verdict> {
    subject.machines.is_empty().then_some(if subject.policy.is_floating {
        no(ValidationCode::NoMachines, "is active on no machine")
    } else {
        no(ValidationCode::NoMachine, "is not active on its machine")
    })
}

fn heartbeat(policy: &Policy, machine: &Machine, now: Timestamp) -> Option<Verdict> {
    match machine.heartbeat(policy, now) {
        HeartbeatStatus::NotStarted if policy.requires_heartbeat => {
            Some(no(ValidationCode::HeartbeatNotStarted, "waits for the machine's first heartbeat"))
        }
        HeartbeatStatus::Dead if policy.requires_heartbeat => {
            Some(no(ValidationCode::HeartbeatDead, "has lost the machine's heartbeat"))
        }
        _ => None,
    }
}

/// Scopes about records that this server does not keep can only fail: saying "valid" would vouch
/// for something that was never checked.
fn unknown_things(scope: &Scope) -> Option<Verdict> {
    let given = |wanted: &Option<String>| wanted.as_deref().is_some_and(|wanted| !wanted.is_empty());
    match scope.components.as_deref() {
        Some([]) => return Some(no(ValidationCode::ComponentsScopeEmpty, "was asked for no component by name")),
        Some(_) => return Some(no(ValidationCode::ComponentsScopeMismatch, "has no such component")),
        None => {}
    }
    if given(&scope.environment) {
        return Some(no(ValidationCode::EnvironmentScopeMismatch, "is in no environment"));
    }
    if given(&scope.checksum) {
        return Some(no(ValidationCode::ChecksumScopeMismatch, "has no release with that checksum"));
    }
    given(&scope.version).then_some(no(ValidationCode::VersionScopeMismatch, "has no release of that version"))
}

fn machine_count(subject: &Subject<'_>) -> Option<Verdict> {
    if !subject.policy.is_strict {
        return None;
    }
    let ceiling = subject.license.machine_ceiling(subject.policy);
    no_machines(subject).or_else(|| {
        let count = u32::try_from(subject.machines.len()).unwrap_or(u32::MAX);
        if ceiling.is_some_and(|ceiling| count > ceiling) {
            return Some(no(ValidationCode::TooManyMachines, "is active on more machines than it allows"));
        }
        let cores = subject.license.core_ceiling(subject.policy);
        let over = cores.is_some_and(|cores| core_count(subject.machines) > u64::from(cores));
        over.then_some(no(ValidationCode::TooManyCores, "is active on more cores than it allows"))
    })
}

fn expiry(subject: &Subject<'_>, now: Timestamp) -> Verdict {
    if !subject.license.is_expired(now) {
        return Verdict { is_valid: true, code: ValidationCode::Valid, detail: "is valid" };
    }
    let is_valid = matches!(subject.policy.expiry, ExpiryStrategy::MaintainAccess | ExpiryStrategy::AllowAccess);
    Verdict { is_valid, code: ValidationCode::Expired, detail: "is expired" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::license::End;
    use crate::rules::license::tests::{DAY, T0, license, policy};
    use crate::rules::machine::tests::machine;
    use proptest::prelude::*;

    struct Case {
        license: License,
        policy: Policy,
        machines: Vec<Machine>,
        banned: bool,
        scope: Scope,
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
            };
            let verdict = validate(&subject, "chartgpt", &self.scope, T0);
            (verdict.is_valid, verdict.code)
        }
    }

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table, one row a reason")]
    fn one_reason_each() {
        type Change = fn(&mut Case);
        let cases: &[(Change, ValidationCode)] = &[
            (|_| {}, ValidationCode::Valid),
            (|c| c.banned = true, ValidationCode::Banned),
            (|c| c.license.standing = Standing::Suspended(T0), ValidationCode::Suspended),
            (|c| c.license.standing = Standing::Revoked(T0), ValidationCode::Suspended),
            (|c| c.license.end = End::At(T0), ValidationCode::Expired),
            (|c| c.scope.product = Some(text("other")), ValidationCode::ProductScopeMismatch),
            (|c| c.scope.product = Some(text("")), ValidationCode::Valid),
            (|c| c.scope.product = Some(text("ChartGPT")), ValidationCode::Valid),
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
                    c.policy.check_in = Some(DAY);
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
                    c.policy.overage = crate::rules::policy::OverageStrategy::Allow1_25x;
                    c.machines[0].facts.cores = Some(5);
                },
                ValidationCode::Valid,
            ),
            (|c| c.scope.components = Some(vec![]), ValidationCode::ComponentsScopeEmpty),
            (|c| c.scope.components = Some(vec!["x".into()]), ValidationCode::ComponentsScopeMismatch),
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
    fn the_expiry_strategies_differ_in_validity_alone() {
        for (strategy, is_valid) in [
            (ExpiryStrategy::RestrictAccess, false),
            (ExpiryStrategy::RevokeAccess, false),
            (ExpiryStrategy::MaintainAccess, true),
            (ExpiryStrategy::AllowAccess, true),
        ] {
            let mut case = Case::new();
            case.policy.expiry = strategy;
            case.license.end = End::At(T0);
            assert_eq!(case.code(), (is_valid, ValidationCode::Expired), "{strategy:?}");
        }
    }

    #[test]
    fn revoked_access_ends_before_the_scopes_are_read() {
        let mut case = Case::new();
        case.policy.expiry = ExpiryStrategy::RevokeAccess;
        case.license.end = End::At(T0);
        case.scope.product = Some(text("other"));
        assert_eq!(case.code().1, ValidationCode::Expired);
        case.policy.expiry = ExpiryStrategy::RestrictAccess;
        assert_eq!(case.code().1, ValidationCode::ProductScopeMismatch);
    }

    proptest! {
        /// LC-14: nothing in scope, policy or machines makes a suspended, revoked or banned license good.
        #[test]
        fn lc_14_never_good_without_standing(
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
}
