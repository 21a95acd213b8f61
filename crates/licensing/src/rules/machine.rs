//! Machines: the computers on which a license is active.

use std::fmt;

use crate::{
    ids::{LicenseId, MachineId},
    rules::{
        outage::Outage,
        policy::{HEARTBEAT_DRIFT, HeartbeatCull, Policy, words},
    },
    time::Timestamp,
};

/// The longest fingerprint that is taken, in bytes.
pub const MAX_FINGERPRINT_BYTES: usize = 4096;

/// What an app uses to tell one computer from another: opaque to the server.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Takes a fingerprint as it is. `None` if it is empty, longer than [`MAX_FINGERPRINT_BYTES`] or
    /// holds control characters, which no database column and no path could carry.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=MAX_FINGERPRINT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// The fingerprint as the app sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A fingerprint names a person's computer: `Debug`, which logs use, shows none.
impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

/// The longest name, host name, platform or version that is kept, in bytes.
pub const MAX_FACT_BYTES: usize = 255;

/// A text about a machine. `None` if it is empty, too long or holds control characters.
pub fn fact(text: &str) -> Option<String> {
    let fits = (1..=MAX_FACT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// What an app tells about a computer when it activates.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct MachineFacts {
    /// A label that the app or its user gave.
    pub name: Option<String>,
    /// The host name.
    pub hostname: Option<String>,
    /// Operating system and architecture.
    pub platform: Option<String>,
    /// Number of processor cores.
    pub cores: Option<u32>,
    /// Version of the app, where it says so in the metadata's `appVersion` or `version`.
    pub app_version: Option<String>,
}

/// An active machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its id.
    pub id: MachineId,
    /// The license it is active under.
    pub license: LicenseId,
    /// Which of the license's slots it holds, from 1.
    pub slot: u32,
    /// What the app identifies it by.
    pub fingerprint: Fingerprint,
    /// What the app told about it.
    pub facts: MachineFacts,
    /// What the app attached to it, a JSON object as text.
    pub metadata: String,
    /// When the last heartbeat came.
    pub last_heartbeat_at: Option<Timestamp>,
    /// Whether the last heartbeat brought it back after its death.
    pub is_resurrected: bool,
    /// When a file was last checked out for it.
    pub last_check_out_at: Option<Timestamp>,
    /// When an app on it last spoke to the server, to the minute.
    pub last_seen_at: Timestamp,
    /// When it was activated.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

words! {
    /// The state of a machine's heartbeat.
    HeartbeatStatus {
        /// No heartbeat came yet.
        NotStarted = "NOT_STARTED",
        /// The last heartbeat is recent.
        Alive = "ALIVE",
        /// The last heartbeat is too old.
        Dead = "DEAD",
        /// A heartbeat came after the machine counted as dead.
        Resurrected = "RESURRECTED",
    }
}

/// The machine's heartbeat had stopped, and its policy does not bring it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the machine's heartbeat had stopped")]
pub struct HeartbeatStopped;

impl Machine {
    /// When it counts as dead if no heartbeat comes; `None` before the first one.
    fn dies_at(&self, policy: &Policy) -> Option<Timestamp> {
        self.last_heartbeat_at.map(|at| at.plus(policy.heartbeat + HEARTBEAT_DRIFT))
    }

    /// The heartbeat's state at `now`.
    pub fn heartbeat(&self, policy: &Policy, now: Timestamp) -> HeartbeatStatus {
        match self.dies_at(policy) {
            None => HeartbeatStatus::NotStarted,
            Some(death) if now > death => HeartbeatStatus::Dead,
            Some(_) if self.is_resurrected => HeartbeatStatus::Resurrected,
            Some(_) => HeartbeatStatus::Alive,
        }
    }

    /// The machine after a heartbeat at `now`. A policy that requires no heartbeat takes every one.
    pub fn beat(mut self, policy: &Policy, now: Timestamp) -> Result<Self, HeartbeatStopped> {
        let was_dead = self.heartbeat(policy, now) == HeartbeatStatus::Dead;
        if was_dead && policy.requires_heartbeat && self.cannot_resurrect(policy, now) {
            return Err(HeartbeatStopped);
        }
        self.is_resurrected = was_dead;
        self.last_heartbeat_at = Some(now);
        self.last_seen_at = now;
        self.updated_at = now;
        Ok(self)
    }

    /// Whether it is to be deactivated at `now`, because its heartbeat stopped and no later one could
    /// bring it back.
    pub fn is_to_be_culled(&self, policy: &Policy, now: Timestamp) -> bool {
        policy.requires_heartbeat && policy.cull == HeartbeatCull::DeactivateDead && self.cannot_resurrect(policy, now)
    }

    /// The machine with the heartbeat that counts. If it was alive when an outage began, it has its full
    /// window after it. If it was dead by then it stays so, and what is left of the time in which it may
    /// come back begins where it stopped. `outages` are in order.
    #[must_use]
    pub fn with_outages(&self, policy: &Policy, outages: &[Outage]) -> Self {
        let last_heartbeat_at = self.last_heartbeat_at.map(|heard| {
            outages.iter().fold(heard, |heard, outage| {
                if heard >= outage.ended_at() {
                    heard
                } else if heard.plus(policy.heartbeat + HEARTBEAT_DRIFT) < outage.began_at() {
                    heard.plus(outage.ended_at().since(outage.began_at()))
                } else {
                    outage.ended_at()
                }
            })
        });
        Self { last_heartbeat_at, ..self.clone() }
    }

    /// Whether its heartbeat stopped for good: none that comes now would bring it back.
    pub fn cannot_resurrect(&self, policy: &Policy, now: Timestamp) -> bool {
        match (self.dies_at(policy), policy.resurrection.period()) {
            (Some(death), Some(period)) => now > death.plus(period),
            (None, _) | (_, None) => false,
        }
    }

    /// When the next heartbeat is due, if one has come and the policy asks for them.
    pub fn next_heartbeat_at(&self, policy: &Policy) -> Option<Timestamp> {
        self.last_heartbeat_at.filter(|_| policy.requires_heartbeat).map(|at| at.plus(policy.heartbeat))
    }

    /// What people call it: its label, its host name, or its slot.
    pub fn label(&self) -> String {
        let given = self.facts.name.as_ref().or(self.facts.hostname.as_ref());
        given.cloned().unwrap_or_else(|| format!("Computer {}", self.slot))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::rules::license::tests::{T0, license, policy};
    use crate::rules::policy::HeartbeatResurrection;

    pub(crate) fn machine(fingerprint: &str) -> Machine {
        Machine {
            id: MachineId::new(T0, [fingerprint.len().to_le_bytes()[0]; 10]),
            license: license(&policy()).id,
            slot: 1,
            fingerprint: Fingerprint::parse(fingerprint).expect("valid"),
            facts: MachineFacts::default(),
            metadata: "{}".to_owned(),
            last_heartbeat_at: None,
            is_resurrected: false,
            last_check_out_at: None,
            last_seen_at: T0,
            created_at: T0,
            updated_at: T0,
        }
    }

    #[test]
    fn heartbeat_window_has_thirty_seconds_of_drift() {
        let policy = policy();
        let mut machine = machine("a");
        assert_eq!(machine.heartbeat(&policy, T0), HeartbeatStatus::NotStarted);
        machine.last_heartbeat_at = Some(T0);
        let at = |seconds| machine.heartbeat(&policy, T0.plus(Duration::from_secs(seconds)));
        assert_eq!(
            [at(0), at(600), at(630), at(631)],
            [HeartbeatStatus::Alive, HeartbeatStatus::Alive, HeartbeatStatus::Alive, HeartbeatStatus::Dead,]
        );
    }

    /// Every resurrection strategy at its edge: a beat in time, at the last instant, and after it.
    #[test]
    fn late_heartbeats_revive_as_the_policy_says() {
        use crate::rules::policy::HeartbeatResurrection as R;
        let death = T0.plus(Duration::from_secs(630));
        let tick = Duration::from_micros(1);
        for strategy in R::ALL {
            let policy = Policy { requires_heartbeat: true, resurrection: *strategy, ..policy() };
            let first = machine("a").beat(&policy, T0).expect("the first beat is taken");
            assert_eq!(first.heartbeat(&policy, T0), HeartbeatStatus::Alive);
            let Some(period) = strategy.period() else {
                let ages = death.plus(Duration::from_hours(9999));
                assert!(!first.is_to_be_culled(&policy, ages));
                let back = first.beat(&policy, ages).expect("always revived");
                assert_eq!(back.heartbeat(&policy, ages), HeartbeatStatus::Resurrected);
                continue;
            };
            let last = death.plus(period);
            assert!(!first.is_to_be_culled(&policy, last), "{strategy:?}");
            let back = first.clone().beat(&policy, last).expect("in time");
            let expected = if period.is_zero() { HeartbeatStatus::Alive } else { HeartbeatStatus::Resurrected };
            assert_eq!(back.heartbeat(&policy, last), expected, "{strategy:?}");
            let again = back.beat(&policy, last.plus(tick)).expect("alive");
            assert_eq!(again.heartbeat(&policy, last.plus(tick)), HeartbeatStatus::Alive);
            assert!(first.is_to_be_culled(&policy, last.plus(tick)), "{strategy:?}");
            assert_eq!(first.beat(&policy, last.plus(tick)), Err(HeartbeatStopped), "{strategy:?}");
        }
    }

    #[test]
    fn only_policies_that_ask_for_heartbeats_cull() {
        let dead = Machine { last_heartbeat_at: Some(T0), ..machine("a") };
        let late = T0.plus(Duration::from_hours(1));
        let required = Policy { requires_heartbeat: true, ..policy() };
        assert!(dead.is_to_be_culled(&required, late));
        assert!(!dead.is_to_be_culled(&policy(), late));
        assert!(!dead.is_to_be_culled(&Policy { cull: HeartbeatCull::KeepDead, ..required.clone() }, late));
        assert!(!machine("never beat").is_to_be_culled(&required, late));
        assert!(dead.beat(&policy(), late).is_ok(), "where none is required, each is taken");
    }

    fn at(seconds: u64) -> Timestamp {
        T0.plus(Duration::from_secs(seconds))
    }

    fn outage(from: u64, until: u64) -> Outage {
        Outage::new(at(from), at(until)).expect("ends after it began")
    }

    /// The window is 600 s, with 30 s of drift.
    #[test]
    fn outages_kill_no_machine_and_revive_none() {
        let policy = Policy { requires_heartbeat: true, ..policy() };
        let beating = |heard| Machine { last_heartbeat_at: Some(at(heard)), ..machine("a") };
        let status =
            |heard, outages: &[Outage], now| beating(heard).with_outages(&policy, outages).heartbeat(&policy, at(now));
        let long = [outage(1_000, 9_000)];
        for (what, heard, outages, now, dead) in [
            ("alive when it began", 500, &long[..], 9_630, false),
            ("and silent after it", 500, &long, 9_631, true),
            ("its last second", 370, &long, 9_630, false),
            ("dead when it began", 369, &long, 9_001, true),
            ("heard after it", 9_100, &long, 9_730, false),
            ("and silent then", 9_100, &long, 9_731, true),
            (
                "two outages, the second within the window",
                500,
                &[outage(1_000, 9_000), outage(9_600, 20_000)],
                20_630,
                false,
            ),
            (
                "two outages, the second after the window",
                500,
                &[outage(1_000, 9_000), outage(9_700, 20_000)],
                20_001,
                true,
            ),
        ] {
            assert_eq!(status(heard, outages, now) == HeartbeatStatus::Dead, dead, "{what}");
        }
        assert_eq!(machine("never beat").with_outages(&policy, &long).last_heartbeat_at, None);
    }

    /// What is left of the time to come back is left after the outage.
    #[test]
    fn an_outage_takes_nothing_of_the_time_to_come_back() {
        let policy = Policy {
            requires_heartbeat: true,
            resurrection: HeartbeatResurrection::Within5Minutes,
            cull: HeartbeatCull::DeactivateDead,
            ..policy()
        };
        // Dead at 630 s, 200 s before the outage: 100 s are left.
        let dead = Machine { last_heartbeat_at: Some(T0), ..machine("a") };
        let counted = dead.with_outages(&policy, &[outage(830, 5_000)]);
        assert!(!counted.is_to_be_culled(&policy, at(5_100)));
        assert!(counted.is_to_be_culled(&policy, at(5_101)));
        assert_eq!(counted.heartbeat(&policy, at(5_000)), HeartbeatStatus::Dead);
        assert!(counted.beat(&policy, at(5_100)).is_ok_and(|machine| machine.is_resurrected));
    }

    proptest! {
        /// A machine whose app asks every window, and is heard whenever the server is there, never dies;
        /// one that was dead when an outage began is dead after it.
        #[test]
        fn only_silence_that_could_be_broken_counts(
            gaps in prop::collection::vec((1_u64..3_000, 1_u64..50_000), 0..6),
            offset in 0_u64..600,
            rounds in 1_u64..100,
        ) {
            let policy = Policy { requires_heartbeat: true, ..policy() };
            let mut outages = Vec::new();
            let mut end = 0;
            for (after, lasts) in gaps {
                outages.push(outage(end + after, end + after + lasts));
                end += after + lasts;
            }
            let mut machine = Machine { last_heartbeat_at: Some(at(0)), ..machine("a") };
            for round in 0..rounds {
                let now = at(offset + round * 600);
                if outages.iter().any(|outage| outage.began_at() <= now && now < outage.ended_at()) {
                    continue;
                }
                let over: Vec<Outage> = outages.iter().copied().filter(|outage| outage.ended_at() <= now).collect();
                let counted = machine.with_outages(&policy, &over);
                prop_assert_ne!(counted.heartbeat(&policy, now), HeartbeatStatus::Dead, "round {}", round);
                machine = counted.beat(&policy, now).expect("alive");
            }
            for (index, gap) in outages.iter().enumerate() {
                if machine.with_outages(&policy, &outages[..index]).heartbeat(&policy, gap.began_at()) == HeartbeatStatus::Dead {
                    let after = machine.with_outages(&policy, &outages[..=index]);
                    prop_assert_eq!(after.heartbeat(&policy, gap.ended_at()), HeartbeatStatus::Dead);
                }
            }
        }
    }

    #[test]
    fn labels() {
        let mut machine = machine("a");
        assert_eq!(machine.label(), "Computer 1");
        machine.facts.hostname = Some("desk".to_owned());
        assert_eq!(machine.label(), "desk");
        machine.facts.name = Some("Office PC".to_owned());
        assert_eq!(machine.label(), "Office PC");
    }

    #[test]
    fn fingerprints_are_opaque_but_bounded() {
        assert!(Fingerprint::parse("a b/ü").is_some());
        assert!(Fingerprint::parse("").is_none());
        assert!(Fingerprint::parse("a\0b").is_none());
        assert!(Fingerprint::parse(&"x".repeat(MAX_FINGERPRINT_BYTES)).is_some());
        assert!(Fingerprint::parse(&"x".repeat(MAX_FINGERPRINT_BYTES + 1)).is_none());
    }
}
