//! Processes: runs of an app on a machine. Each is a lease, which lasts for as long as its heartbeats arrive.

use std::time::Duration;

use crate::{
    ids::{LicenseId, MachineId, ProcessId},
    rules::{
        outage::Outage,
        policy::{DEFAULT_HEARTBEAT_WINDOW, HEARTBEAT_DRIFT, Policy, words},
    },
    time::Timestamp,
};

words! {
    /// What a limit of processes counts.
    ProcessLeasing {
        /// The processes of each machine.
        PerMachine = "PER_MACHINE",
        /// The processes of all machines of a license together.
        PerLicense = "PER_LICENSE",
    }

    /// The state of a process.
    ProcessStatus {
        /// The last heartbeat is within the policy's window.
        Alive = "ALIVE",
        /// The last heartbeat is older than the policy's window. The process no longer counts.
        Dead = "DEAD",
    }
}

/// What a policy says about processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessTerms {
    /// How many may run, before overage. `None` is unlimited.
    pub max: Option<u32>,
    /// What the limit counts.
    pub leasing: ProcessLeasing,
    /// The window within which the next heartbeat must arrive, at least
    /// [`MIN_HEARTBEAT_WINDOW`](crate::policy::MIN_HEARTBEAT_WINDOW).
    pub window: Duration,
}

impl Default for ProcessTerms {
    fn default() -> Self {
        Self { max: None, leasing: ProcessLeasing::PerMachine, window: DEFAULT_HEARTBEAT_WINDOW }
    }
}

/// A run of an app on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Assigned when the process is spawned.
    pub id: ProcessId,
    /// The license that is active on the machine.
    pub license: LicenseId,
    /// The machine on which it runs.
    pub machine: MachineId,
    /// The text by which the app identifies it, usually the operating system's number. Unique on a machine.
    pub pid: String,
    /// Data that the app attached: a JSON object as text.
    pub metadata: String,
    /// When the last heartbeat was received. Spawning is the first.
    pub last_heartbeat_at: Timestamp,
    /// When it was spawned.
    pub created_at: Timestamp,
}

/// The processes that hold a place when another one is spawned, counted under the lock that covers the insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessCensus {
    /// Those of the machine.
    pub of_machine: u32,
    /// Those of all machines of the license.
    pub of_license: u32,
    /// Whether one of the machine has the pid of the new one.
    pub is_pid_taken: bool,
}

/// Why a process may not be spawned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpawnRefusal {
    /// A process with this pid runs on the machine.
    #[error("the pid is taken")]
    PidTaken,
    /// As many processes run as the license allows.
    #[error("process limit of {limit} is reached")]
    Limit {
        /// The limit that applies, including overage.
        limit: u32,
    },
}

impl ProcessTerms {
    /// The earliest last heartbeat with which a process is alive at `now`. `outages` must be in chronological order
    /// and have ended by `now`.
    ///
    /// As with machines, a process that was alive when an outage began gets its full window again when the outage
    /// ends, and one that was already dead stays dead.
    pub fn alive_since(&self, outages: &[Outage], now: Timestamp) -> Timestamp {
        let window = self.window + HEARTBEAT_DRIFT;
        outages.iter().rev().fold(now.minus(window), |since, outage| {
            // What was alive when it began is alive until the window after its end has passed.
            if since <= outage.ended_at() { since.min(outage.began_at().minus(window)) } else { since }
        })
    }
}

impl Process {
    /// The process's state, if those whose last heartbeat is `alive_since` or later are alive.
    pub fn status(&self, alive_since: Timestamp) -> ProcessStatus {
        if self.last_heartbeat_at < alive_since { ProcessStatus::Dead } else { ProcessStatus::Alive }
    }

    /// When the next heartbeat is due.
    pub fn next_heartbeat_at(&self, terms: &ProcessTerms) -> Timestamp {
        self.last_heartbeat_at.plus(terms.window)
    }
}

/// The number of processes that a policy allows, with overage. `None` is unlimited.
pub fn process_limit_with_overage(policy: &Policy) -> Option<u32> {
    policy.overage_strategy.ceiling(policy.processes.max)
}

/// Decides whether another process may be spawned.
pub fn may_spawn(policy: &Policy, census: ProcessCensus) -> Result<(), SpawnRefusal> {
    if census.is_pid_taken {
        return Err(SpawnRefusal::PidTaken);
    }
    let count = match policy.processes.leasing {
        ProcessLeasing::PerMachine => census.of_machine,
        ProcessLeasing::PerLicense => census.of_license,
    };
    match process_limit_with_overage(policy) {
        Some(limit) if count >= limit => Err(SpawnRefusal::Limit { limit }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::{
        license::tests::{T0, policy},
        machine::{HeartbeatStatus, Machine, tests::machine},
        policy::OverageStrategy,
    };

    fn at(seconds: u64) -> Timestamp {
        T0.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn the_leasing_strategy_says_what_is_counted() {
        use ProcessLeasing::{PerLicense, PerMachine};
        use SpawnRefusal::{Limit, PidTaken};
        for (leasing, max, overage, of_machine, of_license, is_pid_taken, expected) in [
            (PerMachine, None, OverageStrategy::NoOverage, 99, 99, false, Ok(())),
            (PerMachine, Some(2), OverageStrategy::NoOverage, 1, 99, false, Ok(())),
            (PerMachine, Some(2), OverageStrategy::NoOverage, 2, 2, false, Err(Limit { limit: 2 })),
            (PerMachine, Some(2), OverageStrategy::NoOverage, 2, 2, true, Err(PidTaken)),
            (PerMachine, Some(2), OverageStrategy::Allow1_5x, 2, 2, false, Ok(())),
            (PerMachine, Some(2), OverageStrategy::Allow1_5x, 3, 3, false, Err(Limit { limit: 3 })),
            (PerMachine, Some(2), OverageStrategy::AlwaysAllow, 99, 99, false, Ok(())),
            (PerLicense, Some(2), OverageStrategy::NoOverage, 0, 1, false, Ok(())),
            (PerLicense, Some(2), OverageStrategy::NoOverage, 0, 2, false, Err(Limit { limit: 2 })),
            (PerMachine, Some(0), OverageStrategy::NoOverage, 0, 0, false, Err(Limit { limit: 0 })),
        ] {
            let policy = Policy {
                processes: ProcessTerms { max, leasing, ..ProcessTerms::default() },
                overage_strategy: overage,
                ..policy()
            };
            let census = ProcessCensus { of_machine, of_license, is_pid_taken };
            assert_eq!(may_spawn(&policy, census), expected, "{leasing:?} {max:?} {overage:?} {census:?}");
        }
    }

    fn process(last_heartbeat_at: Timestamp) -> Process {
        let machine = machine("a");
        Process {
            id: ProcessId::new(T0, [1; 10]),
            license: machine.license,
            machine: machine.id,
            pid: "1".to_owned(),
            metadata: "{}".to_owned(),
            last_heartbeat_at,
            created_at: T0,
        }
    }

    #[test]
    fn a_process_dies_after_its_window_and_the_drift() {
        let terms = ProcessTerms { window: Duration::from_mins(1), ..ProcessTerms::default() };
        let status = |seconds| process(T0).status(terms.alive_since(&[], at(seconds)));
        assert_eq!(
            [status(0), status(90), status(91)],
            [ProcessStatus::Alive, ProcessStatus::Alive, ProcessStatus::Dead]
        );
        assert_eq!(process(T0).next_heartbeat_at(&terms), at(60));
    }

    proptest! {
        /// Processes follow the same rule of outages as machines.
        #[test]
        fn outages_count_as_they_do_for_machines(
            gaps in prop::collection::vec((0_u64..2_000, 1_u64..5_000), 0..5),
            received in 0_u64..20_000,
            later in 0_u64..5_000,
        ) {
            let policy = policy();
            let (mut outages, mut end) = (Vec::new(), 0);
            for (after, lasts) in gaps {
                outages.extend(Outage::new(at(end + after), at(end + after + lasts)));
                end += after + lasts;
            }
            let now = at(end.max(received) + later);
            let machine = Machine { last_heartbeat_at: Some(at(received)), ..machine("a") };
            let is_dead = machine.with_outages(&policy, &outages).heartbeat(&policy, now) == HeartbeatStatus::Dead;
            let since = policy.processes.alive_since(&outages, now);
            prop_assert_eq!(process(at(received)).status(since) == ProcessStatus::Dead, is_dead);
        }
    }
}
