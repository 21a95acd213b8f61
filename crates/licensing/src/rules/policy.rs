//! Policies: the terms shared by all licenses of one kind.

use std::time::Duration;

use crate::{
    ids::{PolicyId, ProductId},
    rules::{component::ComponentTerms, process::ProcessTerms},
    time::Timestamp,
};

/// Defines enums that are stored and sent as a fixed word for each variant.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$case_doc])* $case,)+ }

        impl $name {
            /// All variants.
            pub const ALL: &[Self] = &[$(Self::$case),+];

            /// The word used in the wire protocol and the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$case => $word),+ }
            }

            /// Parses the word. `None` for any other text.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|case| case.as_str() == text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| {
                    serde::de::Error::unknown_variant(&text, &[$($word),+])
                })
            }
        }
    )+};
}
pub(crate) use words;

words! {
    /// What a license allows after it has expired. The validation code is `EXPIRED` in every case.
    ExpiryStrategy {
        /// Validation fails.
        RestrictAccess = "RESTRICT_ACCESS",
        /// Validation fails and the API rejects the key.
        RevokeAccess = "REVOKE_ACCESS",
        /// Validation succeeds, but newer releases are not offered (perpetual fallback).
        MaintainAccess = "MAINTAIN_ACCESS",
        /// Validation succeeds.
        AllowAccess = "ALLOW_ACCESS",
    }

    /// How many machines, cores and processes beyond the limits are allowed.
    OverageStrategy {
        /// No overage.
        NoOverage = "NO_OVERAGE",
        /// 1.25 times the limit, rounded down.
        Allow1_25x = "ALLOW_1_25X",
        /// 1.5 times the limit, rounded down.
        Allow1_5x = "ALLOW_1_5X",
        /// Twice the limit.
        Allow2x = "ALLOW_2X",
        /// Unlimited.
        AlwaysAllow = "ALWAYS_ALLOW",
    }

    /// What starts a license's duration.
    ExpiryBasis {
        /// The license is issued.
        FromCreation = "FROM_CREATION",
        /// An app validates the license for the first time: a trial that starts with the first use.
        FromFirstValidation = "FROM_FIRST_VALIDATION",
        /// The first machine is activated.
        FromFirstActivation = "FROM_FIRST_ACTIVATION",
    }

    /// What a renewal adds the policy's duration to.
    RenewalBasis {
        /// The current expiry, even if it has passed.
        FromExpiry = "FROM_EXPIRY",
        /// The time of the renewal. Remaining time is lost.
        FromNow = "FROM_NOW",
        /// The time of the renewal if the license has expired, else the current expiry.
        FromNowIfExpired = "FROM_NOW_IF_EXPIRED",
    }

    /// Until when a late heartbeat resurrects a dead machine.
    HeartbeatResurrection {
        /// Never: the machine must be activated again.
        NoRevive = "NO_REVIVE",
        /// Within 1 minute of its death.
        Within1Minute = "1_MINUTE_REVIVE",
        /// Within 2 minutes of its death.
        Within2Minutes = "2_MINUTE_REVIVE",
        /// Within 5 minutes of its death.
        Within5Minutes = "5_MINUTE_REVIVE",
        /// Within 10 minutes of its death.
        Within10Minutes = "10_MINUTE_REVIVE",
        /// Within 15 minutes of its death.
        Within15Minutes = "15_MINUTE_REVIVE",
        /// At any time. Only valid with [`HeartbeatCull::KeepDead`].
        AlwaysRevive = "ALWAYS_REVIVE",
    }

    /// How license keys are generated.
    KeyScheme {
        /// Random letters after the product's prefix.
        Random = "RANDOM",
        /// A signed text that contains the license's id and can be verified offline.
        Ed25519Sign = "ED25519_SIGN",
    }

    /// How many of the things that an app names must match for a validation to pass.
    MatchingStrategy {
        /// At least one.
        Any = "MATCH_ANY",
        /// At least two.
        Two = "MATCH_TWO",
        /// More than half of them.
        Most = "MATCH_MOST",
        /// All of them.
        All = "MATCH_ALL",
    }

    /// What happens to dead machines.
    HeartbeatCull {
        /// They are deactivated, which frees their slots.
        DeactivateDead = "DEACTIVATE_DEAD",
        /// They keep their slots.
        KeepDead = "KEEP_DEAD",
    }
}

/// The terms shared by all licenses of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent term set by the vendor")]
pub struct Policy {
    /// Assigned when the policy is added to the catalog.
    pub id: PolicyId,
    /// The product that licenses under this policy are for.
    pub product: ProductId,
    /// The name used in commands and the catalog file, such as `lifetime`.
    pub code: String,
    /// The name shown to customers and admins.
    pub name: String,
    /// How long a license lasts. `None` is perpetual.
    pub duration: Option<Duration>,
    /// What starts the duration.
    pub expiry_basis: ExpiryBasis,
    /// What a renewal adds the duration to.
    pub renewal_basis: RenewalBasis,
    /// How many machines may be active, before overage. `None` is unlimited.
    pub max_machines: Option<u32>,
    /// How many processor cores the active machines may have together, before overage. `None` is unlimited.
    pub max_cores: Option<u32>,
    /// The highest value of the usage counter. `None` is unlimited.
    pub max_uses: Option<u32>,
    /// How many processes may run, and how they stay alive.
    pub processes: ProcessTerms,
    /// How components are compared.
    pub components: ComponentTerms,
    /// Whether several machines may be active. `false` is node-locked: one machine.
    pub is_floating: bool,
    /// Whether every validation checks the machine, core and process limits, even one without a machine in its scope.
    pub is_strict: bool,
    /// What a license allows after it has expired.
    pub expiry_strategy: ExpiryStrategy,
    /// How many machines, cores and processes beyond the limits are allowed.
    pub overage_strategy: OverageStrategy,
    /// How many of the fingerprints in a validation's scope must belong to active machines.
    pub machine_matching: MatchingStrategy,
    /// Whether machines must send heartbeats.
    pub requires_heartbeat: bool,
    /// The window within which the next heartbeat must arrive, at least [`MIN_HEARTBEAT_WINDOW`].
    pub heartbeat_window: Duration,
    /// What happens to dead machines.
    pub cull: HeartbeatCull,
    /// Until when a late heartbeat resurrects a dead machine.
    pub resurrection: HeartbeatResurrection,
    /// The longest time between check-ins. `None` if check-ins are not required.
    pub check_in_interval: Option<Duration>,
    /// How license keys are generated.
    pub key_scheme: KeyScheme,
    /// The default time to live of license and machine files, at least [`MIN_FILE_TTL`].
    pub file_ttl: Duration,
    /// How often customers may free machines themselves. `None` is unlimited.
    pub swap_allowance: Option<SwapAllowance>,
    /// Whether customers may replace their own license key.
    pub customer_replaces_key: bool,
    /// Whether customers may free machines themselves, as often as the swap allowance says.
    pub customer_frees_machines: bool,
    /// Whether customers may rename their machines.
    pub customer_renames_machines: bool,
    /// Whether customers may download files for machines without internet access.
    pub customer_downloads_files: bool,
    /// Whether customers see the history of their license.
    pub customer_sees_history: bool,
    /// When the policy was added to the catalog.
    pub created_at: Timestamp,
    /// When the policy's terms last changed.
    pub updated_at: Timestamp,
}

/// How often customers may free machines themselves: `count` times in any `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwapAllowance {
    /// The number of machines that may be freed.
    pub count: u32,
    /// The length of the sliding window, which ends now.
    pub window: Duration,
}

/// What is left of a swap allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwapsLeft {
    /// The policy's allowance.
    pub allowance: SwapAllowance,
    /// How many machines may still be freed now.
    pub left: u32,
    /// When the next swap becomes available again. `None` if none has been used.
    pub next_at: Option<Timestamp>,
}

impl SwapAllowance {
    /// The start of the window that ends at `now`.
    pub fn since(self, now: Timestamp) -> Timestamp {
        now.minus(self.window)
    }

    /// What is left after swaps at `times`, which must be in ascending order and within the window.
    pub fn left(self, times: &[Timestamp]) -> SwapsLeft {
        let used = u32::try_from(times.len()).unwrap_or(u32::MAX);
        let left = self.count.saturating_sub(used);
        // More may have been used than the allowance if it was lowered. The surplus must expire first.
        let surplus = usize::try_from(used.saturating_sub(self.count)).unwrap_or(usize::MAX);
        let next_at = times.get(surplus).map(|at| at.plus(self.window)).filter(|_| self.count > 0);
        SwapsLeft { allowance: self, left, next_at }
    }
}

/// The shortest time to live of a license or machine file, set by the wire protocol.
pub const MIN_FILE_TTL: Duration = Duration::from_hours(1);

/// The time to live of license and machine files if the policy does not specify one.
pub const DEFAULT_FILE_TTL: Duration = Duration::from_hours(30 * 24);

/// The shortest heartbeat window that a policy may set.
pub const MIN_HEARTBEAT_WINDOW: Duration = Duration::from_mins(1);

/// The heartbeat window if the policy does not specify one.
pub const DEFAULT_HEARTBEAT_WINDOW: Duration = Duration::from_mins(10);

/// How long after its window a heartbeat may still arrive.
pub const HEARTBEAT_DRIFT: Duration = Duration::from_secs(30);

impl HeartbeatResurrection {
    /// For how long after its death a machine can be resurrected. `None` is without limit.
    pub fn period(self) -> Option<Duration> {
        let minutes = match self {
            Self::NoRevive => 0,
            Self::Within1Minute => 1,
            Self::Within2Minutes => 2,
            Self::Within5Minutes => 5,
            Self::Within10Minutes => 10,
            Self::Within15Minutes => 15,
            Self::AlwaysRevive => return None,
        };
        Some(Duration::from_mins(minutes))
    }
}

impl MatchingStrategy {
    /// Whether `matched` of `named` things are enough. `matched` is at most `named`, which is at least 1.
    pub fn is_met(self, matched: usize, named: usize) -> bool {
        let needed = match self {
            Self::Any => 1,
            Self::Two => 2,
            Self::Most => named / 2 + 1,
            Self::All => named,
        };
        matched >= needed
    }
}

impl OverageStrategy {
    /// The word that `keygen-rs` expects in documents.
    pub const fn wire_word(self) -> &'static str {
        match self {
            Self::NoOverage => "NO_OVERAGE",
            Self::Allow1_25x => "ALLOW125X_OVERAGE",
            Self::Allow1_5x => "ALLOW15X_OVERAGE",
            Self::Allow2x => "ALLOW2X_OVERAGE",
            Self::AlwaysAllow => "ALWAYS_ALLOW_OVERAGE",
        }
    }

    /// Parses the word as any client of the protocol spells it: `ALLOW_1_25X`, `ALLOW_1_25X_OVERAGE` and
    /// `ALLOW125X_OVERAGE` are the same. `None` for any other text.
    pub fn parse_any(text: &str) -> Option<Self> {
        let plain = |word: &str| {
            let word = word.to_ascii_uppercase().replace('_', "");
            match word.strip_suffix("OVERAGE") {
                Some(start) if start != "NO" => start.to_owned(),
                _ => word,
            }
        };
        let wanted = plain(text);
        Self::ALL.iter().copied().find(|strategy| plain(strategy.as_str()) == wanted)
    }

    /// The number that is allowed where the limit is `limit`. `None` is unlimited.
    pub fn ceiling(self, limit: Option<u32>) -> Option<u32> {
        let limit = limit?;
        match self {
            Self::NoOverage => Some(limit),
            Self::Allow1_25x => Some(limit.saturating_add(limit / 4)),
            Self::Allow1_5x => Some(limit.saturating_add(limit / 2)),
            Self::Allow2x => Some(limit.saturating_mul(2)),
            Self::AlwaysAllow => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for case in ExpiryStrategy::ALL {
            assert_eq!(ExpiryStrategy::parse(case.as_str()), Some(*case));
        }
        assert_eq!(OverageStrategy::parse("allow_2x"), None);
    }

    #[test]
    fn overage_is_read_as_any_client_spells_it() {
        use OverageStrategy as O;
        for (strategy, spellings) in [
            (O::NoOverage, ["NO_OVERAGE", "NoOverage", "no_overage"]),
            (O::Allow1_25x, ["ALLOW_1_25X", "ALLOW_1_25X_OVERAGE", "ALLOW125X_OVERAGE"]),
            (O::Allow1_5x, ["ALLOW_1_5X", "ALLOW_1_5X_OVERAGE", "ALLOW15X_OVERAGE"]),
            (O::Allow2x, ["ALLOW_2X", "ALLOW_2X_OVERAGE", "ALLOW2X_OVERAGE"]),
            (O::AlwaysAllow, ["ALWAYS_ALLOW", "ALWAYS_ALLOW_OVERAGE", "AlwaysAllowOverage"]),
        ] {
            for spelling in spellings.into_iter().chain([strategy.wire_word()]) {
                assert_eq!(O::parse_any(spelling), Some(strategy), "{spelling}");
            }
        }
        for other in ["", "OVERAGE", "NO", "ALLOW_3X", "ALLOW"] {
            assert_eq!(O::parse_any(other), None, "{other}");
        }
    }

    #[test]
    fn strategies_differ_in_how_many_they_want() {
        use MatchingStrategy as M;
        for (strategy, held, wanted, is_met) in [
            (M::Any, 0, 3, false),
            (M::Any, 1, 3, true),
            (M::Two, 1, 3, false),
            (M::Two, 2, 3, true),
            (M::Two, 1, 1, false),
            (M::Most, 1, 2, false),
            (M::Most, 2, 3, true),
            (M::Most, 2, 4, false),
            (M::Most, 3, 4, true),
            (M::Most, 1, 1, true),
            (M::Most, 0, 1, false),
            (M::All, 2, 3, false),
            (M::All, 3, 3, true),
        ] {
            assert_eq!(strategy.is_met(held, wanted), is_met, "{strategy:?}: {held} of {wanted}");
        }
    }

    #[test]
    fn swaps_become_available_again_after_their_window() {
        let at = |seconds: i64| Timestamp::from_unix_micros(seconds * 1_000_000);
        let allowance = SwapAllowance { count: 2, window: Duration::from_secs(100) };
        for (times, left, next_at) in [
            (vec![], 2, None),
            (vec![at(10)], 1, Some(at(110))),
            (vec![at(10), at(20)], 0, Some(at(110))),
            (vec![at(10), at(20), at(30)], 0, Some(at(120))),
        ] {
            let found = allowance.left(&times);
            assert_eq!((found.left, found.next_at), (left, next_at), "{times:?}");
        }
        let none = SwapAllowance { count: 0, ..allowance }.left(&[]);
        assert_eq!((none.left, none.next_at), (0, None));
        assert_eq!(allowance.since(at(150)), at(50));
    }

    #[test]
    fn ceilings() {
        use OverageStrategy as O;
        for (strategy, limit, ceiling) in [
            (O::NoOverage, Some(2), Some(2)),
            (O::Allow1_25x, Some(2), Some(2)),
            (O::Allow1_25x, Some(4), Some(5)),
            (O::Allow1_5x, Some(3), Some(4)),
            (O::Allow2x, Some(3), Some(6)),
            (O::Allow2x, Some(u32::MAX), Some(u32::MAX)),
            (O::AlwaysAllow, Some(3), None),
            (O::NoOverage, None, None),
        ] {
            assert_eq!(strategy.ceiling(limit), ceiling, "{strategy:?} {limit:?}");
        }
    }
}
