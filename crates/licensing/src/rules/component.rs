//! Components: parts of a machine, such as its board or a disk, by which an app recognizes the machine even if
//! some of them were replaced.

use std::collections::BTreeSet;

use crate::{
    ids::{ComponentId, LicenseId, MachineId},
    rules::{
        machine::Fingerprint,
        policy::{MatchingStrategy, words},
    },
    time::Timestamp,
};

/// The most components of one machine.
pub const MAX_COMPONENTS: usize = 64;

words! {
    /// Where a component's fingerprint may occur only once.
    ComponentUniqueness {
        /// On a machine. Other machines may have the same component.
        UniquePerMachine = "UNIQUE_PER_MACHINE",
        /// On all machines of a license together.
        UniquePerLicense = "UNIQUE_PER_LICENSE",
    }
}

/// What a policy says about components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentTerms {
    /// How many of the components in a scope a machine must have.
    pub matching: MatchingStrategy,
    /// Where a component's fingerprint may occur only once.
    pub uniqueness: ComponentUniqueness,
    /// Whether the scope of every validation by an app must contain components.
    pub are_required: bool,
}

impl Default for ComponentTerms {
    fn default() -> Self {
        Self { matching: MatchingStrategy::Any, uniqueness: ComponentUniqueness::UniquePerMachine, are_required: false }
    }
}

/// A part of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Assigned when the machine is activated.
    pub id: ComponentId,
    /// The license that is active on the machine.
    pub license: LicenseId,
    /// The machine that it is a part of.
    pub machine: MachineId,
    /// The fingerprint by which the app identifies it.
    pub fingerprint: Fingerprint,
    /// The name that the app gave it, such as `BOARD`. May be empty.
    pub name: String,
    /// Data that the app attached: a JSON object as text.
    pub metadata: String,
    /// When the machine was activated with it.
    pub created_at: Timestamp,
}

/// A component of an active machine, for validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldComponent {
    /// The machine.
    pub machine: MachineId,
    /// The component's fingerprint.
    pub fingerprint: Fingerprint,
}

/// The position of the first fingerprint that occurred before in the same list.
pub fn repeated<'a>(fingerprints: impl IntoIterator<Item = &'a Fingerprint>) -> Option<usize> {
    let mut seen = BTreeSet::new();
    fingerprints.into_iter().position(|fingerprint| !seen.insert(fingerprint.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_repeated_fingerprint_is_found() {
        let list = |names: &[&str]| -> Vec<Fingerprint> {
            names.iter().map(|name| Fingerprint::parse(name).expect("valid")).collect()
        };
        assert_eq!(repeated(&list(&["a", "b", "a", "b"])), Some(2));
        assert_eq!(repeated(&list(&["a", "b", "A"])), None);
        assert_eq!(repeated(&list(&[])), None);
    }
}
