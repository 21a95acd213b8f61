//! Machines: the computers on which a license is active.

use std::{fmt, net::IpAddr};

use crate::{
    ids::{LicenseId, MachineId},
    rules::{
        outage::Outage,
        policy::{HEARTBEAT_DRIFT, HeartbeatCull, Policy, words},
    },
    text::has_disruptive,
    time::Timestamp,
};

/// The longest fingerprint that is accepted, in bytes.
pub const MAX_FINGERPRINT_BYTES: usize = 4096;

/// The text by which an app identifies a computer. The server does not interpret it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Accepts a fingerprint unchanged. `None` if it is empty, longer than [`MAX_FINGERPRINT_BYTES`] or
    /// contains control characters, which could not be stored or used in a path.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=MAX_FINGERPRINT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// The fingerprint as the app sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A fingerprint identifies a person's computer, so `Debug`, which logs use, hides it.
impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

/// The longest name, host name, platform or version that is stored, in bytes.
pub const MAX_FACT_BYTES: usize = 255;

/// The largest size of memory or disk that is stored, in bytes: the largest whole number that every JSON reader keeps.
pub const MAX_SIZE_BYTES: u64 = (1 << 53) - 1;

/// Checks a fact about a machine. `None` if it is empty, longer than [`MAX_FACT_BYTES`] or contains letters that change the text
/// around them.
pub fn fact(text: &str) -> Option<String> {
    let fits = (1..=MAX_FACT_BYTES).contains(&text.len()) && !has_disruptive(text);
    fits.then(|| text.to_owned())
}

/// Facts about a computer that an app reports when it activates.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct MachineFacts {
    /// A label chosen by the app or its user.
    pub name: Option<String>,
    /// The computer's host name.
    pub hostname: Option<String>,
    /// The operating system and architecture, as the app spells them.
    pub platform: Option<String>,
    /// The number of processor cores.
    pub cores: Option<u32>,
    /// The size of the memory, in bytes.
    pub memory: Option<u64>,
    /// The size of the disk, in bytes.
    pub disk: Option<u64>,
    /// The computer's IP address, as the app reports it.
    pub ip: Option<IpAddr>,
    /// The version of the app, from `appVersion` or `version` in the activation's metadata.
    pub app_version: Option<String>,
}

/// A computer on which a license is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Assigned when the machine is activated.
    pub id: MachineId,
    /// The license that is active on the machine.
    pub license: LicenseId,
    /// The number of the license's slot that the machine occupies, from 1.
    pub slot: u32,
    /// The fingerprint by which the app identifies the machine.
    pub fingerprint: Fingerprint,
    /// Facts that the app reported.
    pub facts: MachineFacts,
    /// Data that the app attached: a JSON object as text.
    pub metadata: String,
    /// When the last heartbeat was received. `None` before the first.
    pub last_heartbeat_at: Option<Timestamp>,
    /// Whether the machine was dead when the last heartbeat was received.
    pub is_resurrected: bool,
    /// When a machine file was last checked out. `None` if none has been.
    pub last_check_out_at: Option<Timestamp>,
    /// When the app on the machine last contacted the server, to the minute.
    pub last_seen_at: Timestamp,
    /// When the machine was activated.
    pub created_at: Timestamp,
    /// When the machine's data last changed.
    pub updated_at: Timestamp,
}

words! {
    /// The state of a machine's heartbeat.
    HeartbeatStatus {
        /// No heartbeat has been received.
        NotStarted = "NOT_STARTED",
        /// The last heartbeat is within the policy's window.
        Alive = "ALIVE",
        /// The last heartbeat is older than the policy's window.
        Dead = "DEAD",
        /// Alive again after being dead.
        Resurrected = "RESURRECTED",
    }
}

/// The machine is dead and its policy does not let a heartbeat resurrect it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the machine's heartbeat has stopped")]
pub struct HeartbeatStopped;

impl Machine {
    /// When the machine will count as dead without another heartbeat. `None` before the first heartbeat.
    fn dies_at(&self, policy: &Policy) -> Option<Timestamp> {
        self.last_heartbeat_at.map(|at| at.plus(policy.heartbeat_window + HEARTBEAT_DRIFT))
    }

    /// The state of the machine's heartbeat at `now`.
    pub fn heartbeat(&self, policy: &Policy, now: Timestamp) -> HeartbeatStatus {
        match self.dies_at(policy) {
            None => HeartbeatStatus::NotStarted,
            Some(death) if now > death => HeartbeatStatus::Dead,
            Some(_) if self.is_resurrected => HeartbeatStatus::Resurrected,
            Some(_) => HeartbeatStatus::Alive,
        }
    }

    /// The machine after a heartbeat at `now`. A policy that does not require heartbeats accepts any.
    pub fn after_heartbeat(mut self, policy: &Policy, now: Timestamp) -> Result<Self, HeartbeatStopped> {
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

    /// Whether the machine should be deactivated at `now` because it is dead and cannot be resurrected.
    pub fn should_cull(&self, policy: &Policy, now: Timestamp) -> bool {
        policy.requires_heartbeat && policy.cull == HeartbeatCull::DeactivateDead && self.cannot_resurrect(policy, now)
    }

    /// The machine with its last heartbeat adjusted for outages, which must be in chronological order.
    ///
    /// A machine that was alive when an outage began gets its full window again when the outage ends. One
    /// that was already dead stays dead, and the time in which it may be resurrected is extended by the
    /// length of the outage.
    #[must_use]
    pub fn with_outages(&self, policy: &Policy, outages: &[Outage]) -> Self {
        let last_heartbeat_at = self.last_heartbeat_at.map(|received| {
            outages.iter().fold(received, |received, outage| {
                if received >= outage.ended_at() {
                    received
                } else if received.plus(policy.heartbeat_window + HEARTBEAT_DRIFT) < outage.began_at() {
                    received.plus(outage.ended_at().since(outage.began_at()))
                } else {
                    outage.ended_at()
                }
            })
        });
        Self { last_heartbeat_at, ..self.clone() }
    }

    /// Whether the machine is dead and a heartbeat at `now` would not resurrect it.
    pub fn cannot_resurrect(&self, policy: &Policy, now: Timestamp) -> bool {
        match (self.dies_at(policy), policy.resurrection.period()) {
            (Some(death), Some(period)) => now > death.plus(period),
            (None, _) | (_, None) => false,
        }
    }

    /// When the next heartbeat is due. `None` before the first.
    pub fn next_heartbeat_at(&self, policy: &Policy) -> Option<Timestamp> {
        self.last_heartbeat_at.map(|at| at.plus(policy.heartbeat_window))
    }

    /// The name to display: the label, else the host name, else the slot.
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

    /// Every resurrection strategy at its limit: a heartbeat at the last possible instant, and one after it.
    #[test]
    fn late_heartbeats_revive_as_the_policy_says() {
        use crate::rules::policy::HeartbeatResurrection as R;
        let death = T0.plus(Duration::from_secs(630));
        let tick = Duration::from_micros(1);
        for strategy in R::ALL {
            let policy = Policy { requires_heartbeat: true, resurrection: *strategy, ..policy() };
            let first = machine("a").after_heartbeat(&policy, T0).expect("the first heartbeat is accepted");
            assert_eq!(first.heartbeat(&policy, T0), HeartbeatStatus::Alive);
            let Some(period) = strategy.period() else {
                let ages = death.plus(Duration::from_hours(9999));
                assert!(!first.should_cull(&policy, ages));
                let back = first.after_heartbeat(&policy, ages).expect("always revived");
                assert_eq!(back.heartbeat(&policy, ages), HeartbeatStatus::Resurrected);
                continue;
            };
            let last = death.plus(period);
            assert!(!first.should_cull(&policy, last), "{strategy:?}");
            let back = first.clone().after_heartbeat(&policy, last).expect("in time");
            let expected = if period.is_zero() { HeartbeatStatus::Alive } else { HeartbeatStatus::Resurrected };
            assert_eq!(back.heartbeat(&policy, last), expected, "{strategy:?}");
            let again = back.after_heartbeat(&policy, last.plus(tick)).expect("alive");
            assert_eq!(again.heartbeat(&policy, last.plus(tick)), HeartbeatStatus::Alive);
            assert!(first.should_cull(&policy, last.plus(tick)), "{strategy:?}");
            assert_eq!(first.after_heartbeat(&policy, last.plus(tick)), Err(HeartbeatStopped), "{strategy:?}");
        }
    }

    #[test]
    fn only_policies_that_require_heartbeats_cull() {
        let dead = Machine { last_heartbeat_at: Some(T0), ..machine("a") };
        let late = T0.plus(Duration::from_hours(1));
        let required = Policy { requires_heartbeat: true, ..policy() };
        assert!(dead.should_cull(&required, late));
        assert!(!dead.should_cull(&policy(), late));
        assert!(!dead.should_cull(&Policy { cull: HeartbeatCull::KeepDead, ..required.clone() }, late));
        assert!(!machine("no heartbeat").should_cull(&required, late));
        assert!(dead.after_heartbeat(&policy(), late).is_ok(), "without a requirement, any heartbeat is accepted");
    }

    fn at(seconds: u64) -> Timestamp {
        T0.plus(Duration::from_secs(seconds))
    }

    fn outage(from: u64, until: u64) -> Outage {
        Outage::new(at(from), at(until)).expect("ends after it began")
    }

    /// The window is 600 s, with 30 s of drift.
    #[test]
    fn outages_neither_kill_nor_resurrect_machines() {
        let policy = Policy { requires_heartbeat: true, ..policy() };
        let beating = |received| Machine { last_heartbeat_at: Some(at(received)), ..machine("a") };
        let status = |received, outages: &[Outage], now| {
            beating(received).with_outages(&policy, outages).heartbeat(&policy, at(now))
        };
        let long = [outage(1_000, 9_000)];
        for (what, received, outages, now, dead) in [
            ("alive when it began", 500, &long[..], 9_630, false),
            ("and silent after it", 500, &long, 9_631, true),
            ("alive for one more second when it began", 370, &long, 9_630, false),
            ("dead when it began", 369, &long, 9_001, true),
            ("a heartbeat after it", 9_100, &long, 9_730, false),
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
            assert_eq!(status(received, outages, now) == HeartbeatStatus::Dead, dead, "{what}");
        }
        assert_eq!(machine("no heartbeat").with_outages(&policy, &long).last_heartbeat_at, None);
    }

    /// The time left for resurrection when the outage began is still left when it ends.
    #[test]
    fn an_outage_does_not_use_up_the_time_for_resurrection() {
        let policy = Policy {
            requires_heartbeat: true,
            resurrection: HeartbeatResurrection::Within5Minutes,
            cull: HeartbeatCull::DeactivateDead,
            ..policy()
        };
        // Dead at 630 s, 200 s before the outage: 100 s are left.
        let dead = Machine { last_heartbeat_at: Some(T0), ..machine("a") };
        let counted = dead.with_outages(&policy, &[outage(830, 5_000)]);
        assert!(!counted.should_cull(&policy, at(5_100)));
        assert!(counted.should_cull(&policy, at(5_101)));
        assert_eq!(counted.heartbeat(&policy, at(5_000)), HeartbeatStatus::Dead);
        assert!(counted.after_heartbeat(&policy, at(5_100)).is_ok_and(|machine| machine.is_resurrected));
    }

    proptest! {
        /// A machine that sends a heartbeat in every window, except during outages, never dies. One that
        /// was dead when an outage began is dead when it ends.
        #[test]
        fn missed_heartbeats_count_only_while_the_server_was_up(
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
                let ended: Vec<Outage> = outages.iter().copied().filter(|outage| outage.ended_at() <= now).collect();
                let counted = machine.with_outages(&policy, &ended);
                prop_assert_ne!(counted.heartbeat(&policy, now), HeartbeatStatus::Dead, "round {}", round);
                machine = counted.after_heartbeat(&policy, now).expect("alive");
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
