//! Random sequences of events in the life of a license, under random policies. No sequence leads to more
//! active machines than allowed or makes a suspended license valid.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::{collections::BTreeSet, time::Duration};

use latchkey_licensing::{
    activation::{self, ActivateRefusal, core_count},
    component::ComponentTerms,
    ids::{AccountId, LicenseId, MachineId, PolicyId, ProductId},
    license::{Expiry, FirstUse, KeyHint, License, LicenseStatus, Standing},
    machine::{Fingerprint, HeartbeatStatus, Machine, MachineFacts},
    policy::{
        DEFAULT_FILE_TTL, DEFAULT_HEARTBEAT_WINDOW, ExpiryBasis, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection,
        KeyScheme, MatchingStrategy, OverageStrategy, Policy, RenewalBasis,
    },
    process::ProcessTerms,
    time::Timestamp,
    validation::{self, Scope, Subject, ValidationCode},
};
use proptest::{prelude::*, sample::select};

const T0: Timestamp = Timestamp::from_unix_micros(1_790_000_000_000_000);
const DAY: Duration = Duration::from_hours(24);

/// An event in the life of a license.
#[derive(Clone, Debug)]
enum Event {
    Activate { machine: u8, cores: Option<u32> },
    Deactivate { machine: u8 },
    Beat { machine: u8 },
    Cull,
    Validate { machine: u8 },
    Use { times: u32 },
    CheckIn,
    CheckOut,
    Suspend,
    Reinstate,
    Revoke,
    Renew,
    Wait { minutes: u64 },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let machine = 0u8..8;
    let event = prop_oneof![
        4 => (machine.clone(), prop::option::of(0u32..20)).prop_map(|(machine, cores)| Event::Activate { machine, cores }),
        2 => machine.clone().prop_map(|machine| Event::Deactivate { machine }),
        3 => machine.clone().prop_map(|machine| Event::Beat { machine }),
        1 => Just(Event::Cull),
        3 => machine.prop_map(|machine| Event::Validate { machine }),
        1 => (0u32..5).prop_map(|times| Event::Use { times }),
        1 => Just(Event::CheckIn),
        1 => Just(Event::CheckOut),
        1 => Just(Event::Suspend),
        1 => Just(Event::Reinstate),
        1 => Just(Event::Revoke),
        1 => Just(Event::Renew),
        3 => (0u64..3_000).prop_map(|minutes| Event::Wait { minutes }),
    ];
    prop::collection::vec(event, 0..80)
}

fn policies() -> impl Strategy<Value = Policy> {
    let terms = (
        prop::option::of(1u64..40).prop_map(|days| days.map(|days| DAY * u32::try_from(days).expect("few"))),
        select(ExpiryBasis::ALL),
        select(RenewalBasis::ALL),
        select(ExpiryStrategy::ALL),
        select(OverageStrategy::ALL),
        prop::option::of(0u64..10).prop_map(|days| days.map(|days| DAY * u32::try_from(days + 1).expect("few"))),
    );
    let limits = (
        prop::option::of(0u32..5),
        prop::option::of(1u32..40),
        prop::option::of(0u32..6),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        select(HeartbeatCull::ALL),
        select(HeartbeatResurrection::ALL),
    );
    (terms, limits).prop_map(|(terms, limits)| {
        let (duration, expiry_basis, renewal_basis, expiry_strategy, overage_strategy, check_in_interval) = terms;
        let (max_machines, max_cores, max_uses, is_floating, is_strict, requires_heartbeat, cull, resurrection) =
            limits;
        Policy {
            id: PolicyId::new(T0, [1; 10]),
            product: ProductId::new(T0, [2; 10]),
            code: "any".to_owned(),
            name: "Any".to_owned(),
            duration,
            expiry_basis,
            renewal_basis,
            max_machines,
            max_cores,
            max_uses,
            processes: ProcessTerms::default(),
            components: ComponentTerms::default(),
            is_floating,
            is_strict,
            expiry_strategy,
            overage_strategy,
            machine_matching: MatchingStrategy::Any,
            requires_heartbeat,
            heartbeat_window: DEFAULT_HEARTBEAT_WINDOW,
            cull,
            resurrection,
            check_in_interval,
            key_scheme: KeyScheme::Random,
            file_ttl: DEFAULT_FILE_TTL,
            swap_allowance: None,
            customer_replaces_key: true,
            customer_frees_machines: true,
            customer_renames_machines: true,
            customer_downloads_files: true,
            customer_sees_history: true,
            created_at: T0,
            updated_at: T0,
        }
    })
}

/// A license with its policy and machines, as a server without a database would hold it.
struct Life {
    policy: Policy,
    license: License,
    machines: Vec<Machine>,
    now: Timestamp,
}

fn fingerprint(machine: u8) -> Fingerprint {
    Fingerprint::parse(&format!("machine-{machine}")).expect("a fingerprint")
}

impl Life {
    fn new(policy: Policy) -> Self {
        let key = KeyHint { prefix: "CGPT", tail: "7F3K" };
        let license = License::issue(LicenseId::new(T0, [3; 10]), AccountId::new(T0, [4; 10]), &policy, key, T0);
        Self { policy, license, machines: Vec::new(), now: T0 }
    }

    fn start_duration(&mut self, first_use: FirstUse) {
        if let Some(expiry) = self.license.expiry_after(first_use, &self.policy, self.now) {
            self.license.expiry = expiry;
        }
    }

    fn cull(&mut self) {
        let (policy, now) = (&self.policy, self.now);
        self.machines.retain(|machine| !machine.should_cull(policy, now));
    }

    fn validate(&self, machine: u8) -> validation::Verdict {
        let entitlements = BTreeSet::new();
        let subject = Subject {
            license: &self.license,
            policy: &self.policy,
            owner_is_banned: false,
            owner_email: "ada@example.com",
            entitlements: &entitlements,
            machines: &self.machines,
            parts: None,
        };
        let scope = Scope { fingerprints: Some(vec![format!("machine-{machine}")]), ..Scope::default() };
        validation::validate(&subject, "chartgpt", &scope, self.now)
    }

    fn apply(&mut self, event: Event) -> Result<(), TestCaseError> {
        match event {
            Event::Wait { minutes } => self.now = self.now.plus(Duration::from_mins(minutes)),
            Event::Suspend if self.license.standing == Standing::Good => {
                self.license.standing = Standing::Suspended(self.now);
            }
            Event::Reinstate if matches!(self.license.standing, Standing::Suspended(_)) => {
                self.license.standing = Standing::Good;
            }
            Event::Revoke => self.license.standing = Standing::Revoked(self.now),
            Event::CheckIn => self.license.last_check_in_at = Some(self.now),
            Event::CheckOut => {
                self.start_duration(FirstUse::CheckOut);
                prop_assert_ne!(
                    self.license.expiry,
                    Expiry::AfterFirstUse,
                    "a check-out starts a trial, so that no file is unlimited"
                );
            }
            Event::Suspend | Event::Reinstate => {}
            Event::Renew => {
                let before = self.license.expiry;
                if let Ok(expires_at) = self.license.expiry_after_renewal(&self.policy, self.now) {
                    prop_assert!(matches!(before, Expiry::At(_)), "only a license with an expiry can be renewed");
                    self.license.expiry = Expiry::At(expires_at);
                }
            }
            Event::Use { times } => {
                let before = self.license.uses;
                match self.license.uses_after(&self.policy, times) {
                    Ok(after) => {
                        prop_assert_eq!(after, before + times);
                        prop_assert!(self.license.use_limit(&self.policy).is_none_or(|limit| after <= limit));
                        self.license.uses = after;
                    }
                    Err(refusal) => prop_assert!(before + times > refusal.limit),
                }
            }
            Event::Cull => self.cull(),
            Event::Beat { machine } => {
                let wanted = fingerprint(machine);
                let Some(at) = self.machines.iter().position(|machine| machine.fingerprint == wanted) else {
                    return Ok(());
                };
                let machine = self.machines.swap_remove(at);
                if let Ok(alive) = machine.clone().after_heartbeat(&self.policy, self.now) {
                    prop_assert_ne!(alive.heartbeat(&self.policy, self.now), HeartbeatStatus::Dead);
                    self.machines.push(alive);
                } else {
                    prop_assert_eq!(machine.heartbeat(&self.policy, self.now), HeartbeatStatus::Dead);
                    self.machines.push(machine);
                }
            }
            Event::Deactivate { machine } => {
                let wanted = fingerprint(machine);
                self.machines.retain(|machine| machine.fingerprint != wanted);
            }
            Event::Activate { machine, cores } => {
                if self.license.standing != Standing::Good {
                    return Ok(());
                }
                self.cull();
                self.activate(machine, cores)?;
            }
            Event::Validate { machine } => {
                let verdict = self.validate(machine);
                if verdict.is_valid {
                    self.start_duration(FirstUse::Validation);
                    self.license.last_validated_at = Some(self.now);
                }
            }
        }
        Ok(())
    }

    fn activate(&mut self, machine: u8, cores: Option<u32>) -> Result<(), TestCaseError> {
        let wanted = fingerprint(machine);
        match activation::assign_slot(&self.license, &self.policy, &self.machines, &wanted, cores) {
            Ok(slot) => {
                self.machines.push(Machine {
                    id: MachineId::new(self.now, [machine; 10]),
                    license: self.license.id,
                    slot,
                    fingerprint: wanted,
                    facts: MachineFacts { cores, ..MachineFacts::default() },
                    metadata: "{}".to_owned(),
                    last_heartbeat_at: None,
                    is_resurrected: false,
                    last_check_out_at: None,
                    last_seen_at: self.now,
                    created_at: self.now,
                    updated_at: self.now,
                });
                self.start_duration(FirstUse::Activation);
            }
            Err(ActivateRefusal::FingerprintTaken) => {
                prop_assert!(self.machines.iter().any(|machine| machine.fingerprint == wanted));
            }
            Err(ActivateRefusal::MachineLimit { limit }) => {
                prop_assert!(self.machines.len() >= limit as usize, "no refusal below the limit");
            }
            Err(ActivateRefusal::CoreLimit { limit }) => {
                prop_assert!(core_count(&self.machines) + u64::from(cores.unwrap_or(0)) > u64::from(limit));
            }
        }
        Ok(())
    }

    /// The invariants that hold after every event.
    fn check(&self) -> Result<(), TestCaseError> {
        let ceiling = self.license.machine_limit_with_overage(&self.policy);
        prop_assert!(ceiling.is_none_or(|ceiling| self.machines.len() <= ceiling as usize), "LC-10");
        prop_assert!(self.policy.is_floating || self.machines.len() <= 1, "a node-locked license has one machine");
        let cores = self.license.core_limit_with_overage(&self.policy);
        prop_assert!(cores.is_none_or(|cores| core_count(&self.machines) <= u64::from(cores)));
        let slots: BTreeSet<u32> = self.machines.iter().map(|machine| machine.slot).collect();
        prop_assert_eq!(slots.len(), self.machines.len(), "each slot is used once");
        for machine in 0..8 {
            let verdict = self.validate(machine);
            let is_good = self.license.standing == Standing::Good;
            prop_assert!(is_good || !verdict.is_valid, "LC-14: {:?}", verdict);
            prop_assert!(is_good || verdict.code == ValidationCode::Suspended);
            let status = self.license.status(false, &self.machines, self.now);
            prop_assert_eq!(status == LicenseStatus::Suspended, !is_good);
            prop_assert_eq!(
                verdict.code == ValidationCode::Valid,
                verdict.is_valid && !self.license.is_expired(self.now)
            );
        }
        Ok(())
    }
}

proptest! {
    /// LC-10 and LC-14 for random sequences.
    #[test]
    fn lc_10_lc_14_no_sequence_of_events_exceeds_the_limit_or_makes_a_suspended_license_valid(policy in policies(), events in events()) {
        let mut life = Life::new(policy);
        life.check()?;
        for event in events {
            life.apply(event)?;
            life.check()?;
        }
    }
}
