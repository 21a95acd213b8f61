//! Decides whether another machine may be activated, and which slot it gets.

use std::collections::BTreeSet;

use crate::rules::{
    license::License,
    machine::{Fingerprint, Machine},
    policy::Policy,
};

/// Why a machine may not be activated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActivateRefusal {
    /// A machine with this fingerprint is already active.
    #[error("fingerprint is already active")]
    FingerprintTaken,
    /// As many machines are active as the license allows.
    #[error("machine limit of {limit} is reached")]
    MachineLimit {
        /// The limit that applies, including overage.
        limit: u32,
    },
    /// Together, the machines would have more cores than the license allows.
    #[error("core limit of {limit} would be exceeded")]
    CoreLimit {
        /// The limit that applies, including overage.
        limit: u32,
    },
}

/// The total number of processor cores of these machines. Machines that did not report theirs count as 0.
pub fn core_count(machines: &[Machine]) -> u64 {
    machines.iter().filter_map(|machine| machine.facts.cores).map(u64::from).sum()
}

/// Decides whether a machine with this fingerprint and, if known, this many cores may be activated.
/// Returns the lowest free slot, counted from 1.
///
/// `active` must be all active machines of the license, read under the lock that also covers the insert.
pub fn assign_slot(
    license: &License,
    policy: &Policy,
    active: &[Machine],
    fingerprint: &Fingerprint,
    cores: Option<u32>,
) -> Result<u32, ActivateRefusal> {
    if active.iter().any(|machine| machine.fingerprint == *fingerprint) {
        return Err(ActivateRefusal::FingerprintTaken);
    }
    if let Some(limit) = license.machine_limit_with_overage(policy)
        && u32::try_from(active.len()).unwrap_or(u32::MAX) >= limit
    {
        return Err(ActivateRefusal::MachineLimit { limit });
    }
    if let Some(limit) = license.core_limit_with_overage(policy)
        && core_count(active) + u64::from(cores.unwrap_or(0)) > u64::from(limit)
    {
        return Err(ActivateRefusal::CoreLimit { limit });
    }
    let taken: BTreeSet<u32> = active.iter().map(|machine| machine.slot).collect();
    // If n slots are taken, at least one of the first n + 1 is free.
    Ok((1..=u32::MAX).find(|slot| !taken.contains(slot)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::license::tests::{license, policy};
    use crate::rules::machine::tests::machine;
    use proptest::prelude::*;

    fn named(name: &str, slot: u32) -> Machine {
        Machine { slot, ..machine(name) }
    }

    fn fp(name: &str) -> Fingerprint {
        Fingerprint::parse(name).expect("valid")
    }

    #[test]
    fn takes_the_lowest_free_slot() {
        let policy = Policy { max_machines: Some(3), ..policy() };
        let license = license(&policy);
        let active = [named("a", 1), named("b", 3)];
        assert_eq!(assign_slot(&license, &policy, &active, &fp("c"), None), Ok(2));
    }

    #[test]
    fn refuses_a_known_fingerprint_even_when_full() {
        let policy = policy();
        let active = [named("a", 1), named("b", 2)];
        let license = license(&policy);
        assert_eq!(assign_slot(&license, &policy, &active, &fp("a"), None), Err(ActivateRefusal::FingerprintTaken));
        assert_eq!(
            assign_slot(&license, &policy, &active, &fp("c"), None),
            Err(ActivateRefusal::MachineLimit { limit: 2 })
        );
    }

    #[test]
    fn cores_are_counted_together() {
        let policy = Policy { max_machines: None, max_cores: Some(12), ..policy() };
        let license = license(&policy);
        let mut eight = named("a", 1);
        eight.facts.cores = Some(8);
        let active = [eight, named("b", 2)];
        assert_eq!(assign_slot(&license, &policy, &active, &fp("c"), Some(4)), Ok(3));
        assert_eq!(
            assign_slot(&license, &policy, &active, &fp("c"), Some(5)),
            Err(ActivateRefusal::CoreLimit { limit: 12 })
        );
        assert_eq!(assign_slot(&license, &policy, &active, &fp("c"), None), Ok(3), "unreported cores count as 0");
    }

    proptest! {
        /// LC-10, for this decision alone: in any order of activations and deactivations there are never
        /// more active machines than allowed, no refusal below the limit, and no slot used twice.
        #[test]
        fn lc_10_never_above_the_limit(limit in 0u32..6, events in prop::collection::vec((any::<bool>(), 0u8..12), 0..60)) {
            let policy = Policy { max_machines: Some(limit), ..policy() };
            let license = license(&policy);
            let mut active: Vec<Machine> = Vec::new();
            for (arrives, name) in events {
                let name = format!("m{name}");
                let known = active.iter().any(|m| m.fingerprint == fp(&name));
                if arrives {
                    match assign_slot(&license, &policy, &active, &fp(&name), None) {
                        Ok(slot) => {
                            prop_assert!(active.iter().all(|m| m.slot != slot) && slot <= limit);
                            active.push(named(&name, slot));
                        }
                        Err(ActivateRefusal::FingerprintTaken) => prop_assert!(known),
                        Err(ActivateRefusal::MachineLimit { .. }) => prop_assert_eq!(active.len(), limit as usize),
                        Err(ActivateRefusal::CoreLimit { .. }) => prop_assert!(false, "there is no core limit"),
                    }
                } else {
                    active.retain(|m| m.fingerprint != fp(&name));
                }
                prop_assert!(active.len() <= limit as usize);
            }
        }
    }
}
