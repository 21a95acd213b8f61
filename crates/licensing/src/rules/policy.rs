//! Policies: the terms that all licenses of one kind share.

use std::time::Duration;

use crate::{
    ids::{PolicyId, ProductId},
    time::Timestamp,
};

/// An enum that is stored and sent as one fixed word for each case.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$case_doc])* $case,)+ }

        impl $name {
            /// Every case.
            pub const ALL: &[Self] = &[$(Self::$case),+];

            /// The word of the wire protocol and of the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$case => $word),+ }
            }

            /// Reads the word. `None` for any other text.
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
    /// What an expired license may still do. The validation code is `EXPIRED` in all of them.
    ExpiryStrategy {
        /// Validation is false.
        RestrictAccess = "RESTRICT_ACCESS",
        /// The API refuses the key.
        RevokeAccess = "REVOKE_ACCESS",
        /// Validation stays true, newer releases are not offered: perpetual fallback.
        MaintainAccess = "MAINTAIN_ACCESS",
        /// Validation stays true.
        AllowAccess = "ALLOW_ACCESS",
    }

    /// How many machines beyond the limit may be active.
    OverageStrategy {
        /// None.
        NoOverage = "NO_OVERAGE",
        /// A quarter more, rounded down.
        Allow1_25x = "ALLOW_1_25X",
        /// Half more, rounded down.
        Allow1_5x = "ALLOW_1_5X",
        /// Twice the limit.
        Allow2x = "ALLOW_2X",
        /// Any number.
        AlwaysAllow = "ALWAYS_ALLOW",
    }

    /// When a license's duration begins.
    ExpiryBasis {
        /// When it is issued.
        FromCreation = "FROM_CREATION",
        /// When an app first validates it: a trial that starts with its first use.
        FromFirstValidation = "FROM_FIRST_VALIDATION",
        /// When its first machine is activated.
        FromFirstActivation = "FROM_FIRST_ACTIVATION",
    }

    /// What a renewal adds the policy's duration to.
    RenewalBasis {
        /// The old end, also where it has passed.
        FromExpiry = "FROM_EXPIRY",
        /// The day of the renewal; what was left is lost.
        FromNow = "FROM_NOW",
        /// The day of the renewal where the end has passed, else the old end.
        FromNowIfExpired = "FROM_NOW_IF_EXPIRED",
    }

    /// Whether a heartbeat that comes too late brings its machine back.
    HeartbeatResurrection {
        /// No: the machine must be activated again.
        NoRevive = "NO_REVIVE",
        /// Within a minute of its death.
        Within1Minute = "1_MINUTE_REVIVE",
        /// Within two minutes of its death.
        Within2Minutes = "2_MINUTE_REVIVE",
        /// Within five minutes of its death.
        Within5Minutes = "5_MINUTE_REVIVE",
        /// Within ten minutes of its death.
        Within10Minutes = "10_MINUTE_REVIVE",
        /// Within a quarter of an hour of its death.
        Within15Minutes = "15_MINUTE_REVIVE",
        /// Whenever it comes; only where dead machines keep their slots.
        AlwaysRevive = "ALWAYS_REVIVE",
    }

    /// How the keys of a policy's licenses are made.
    KeyScheme {
        /// Random letters with the product's prefix.
        Random = "RANDOM",
        /// A signed document that names the license, which an app can check offline.
        Ed25519Sign = "ED25519_SIGN",
    }

    /// What happens to a machine whose heartbeat stopped.
    HeartbeatCull {
        /// It is deactivated and its slot opens.
        DeactivateDead = "DEACTIVATE_DEAD",
        /// It keeps its slot and counts as dead.
        KeepDead = "KEEP_DEAD",
    }
}

/// The terms of licenses of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a term of its own that a vendor sets")]
pub struct Policy {
    /// Its id.
    pub id: PolicyId,
    /// The product that it sells.
    pub product: ProductId,
    /// The name that commands and catalogs use, such as `chartgpt-lifetime`.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// How long a license lasts; `None` is perpetual.
    pub duration: Option<Duration>,
    /// When the duration begins.
    pub expiry_basis: ExpiryBasis,
    /// What a renewal adds the duration to.
    pub renewal: RenewalBasis,
    /// How many machines may be active; `None` is any number.
    pub max_machines: Option<u32>,
    /// How many processor cores the active machines may have together; `None` is any number.
    pub max_cores: Option<u32>,
    /// How far the usage counter may go; `None` is without end.
    pub max_uses: Option<u32>,
    /// Whether more than one machine is meant; `false` is node-locked.
    pub is_floating: bool,
    /// Whether validation also counts machines when no machine is named.
    pub is_strict: bool,
    /// What an expired license may still do.
    pub expiry: ExpiryStrategy,
    /// How many machines beyond the limit may be active.
    pub overage: OverageStrategy,
    /// Whether machines must send heartbeats.
    pub requires_heartbeat: bool,
    /// How long a heartbeat counts, at least [`MIN_HEARTBEAT`].
    pub heartbeat: Duration,
    /// What happens to machines whose heartbeat stopped.
    pub cull: HeartbeatCull,
    /// Whether a late heartbeat brings its machine back.
    pub resurrection: HeartbeatResurrection,
    /// How often apps must check in; `None` is never.
    pub check_in: Option<Duration>,
    /// How keys are made.
    pub scheme: KeyScheme,
    /// How long a file for offline use lasts where nobody asks for another time, at least
    /// [`MIN_OFFLINE_FILE`].
    pub offline_file: Duration,
    /// How often customers may free machines themselves; `None` is as often as they like.
    pub swaps: Option<SwapAllowance>,
    /// Whether customers may replace their own key.
    pub customer_rotates_key: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How often customers may free machines themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwapAllowance {
    /// How many times.
    pub count: u32,
    /// Within how long, looking back from now.
    pub window: Duration,
}

/// What is left of a swap allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwapsLeft {
    /// The allowance.
    pub allowance: SwapAllowance,
    /// How many are left now.
    pub left: u32,
    /// When the next one comes back; `None` while all are there.
    pub next_at: Option<Timestamp>,
}

impl SwapAllowance {
    /// The instant from which on swaps count at `now`.
    pub fn since(self, now: Timestamp) -> Timestamp {
        now.minus(self.window)
    }

    /// What is left after the swaps at `times`, the earliest first, all of them within the window.
    pub fn left(self, times: &[Timestamp]) -> SwapsLeft {
        let used = u32::try_from(times.len()).unwrap_or(u32::MAX);
        let left = self.count.saturating_sub(used);
        // With more used than allowed (the allowance was lowered), the surplus must run out first.
        let surplus = usize::try_from(used.saturating_sub(self.count)).unwrap_or(usize::MAX);
        let next_at = times.get(surplus).map(|at| at.plus(self.window)).filter(|_| self.count > 0);
        SwapsLeft { allowance: self, left, next_at }
    }
}

/// The shortest time that a file for offline use may last, by the wire protocol.
pub const MIN_OFFLINE_FILE: Duration = Duration::from_hours(1);

/// How long a file for offline use lasts where a policy says nothing.
pub const DEFAULT_OFFLINE_FILE: Duration = Duration::from_hours(30 * 24);

/// The shortest heartbeat window that a policy may set.
pub const MIN_HEARTBEAT: Duration = Duration::from_mins(1);

/// The heartbeat window where a policy says nothing.
pub const DEFAULT_HEARTBEAT: Duration = Duration::from_mins(10);

/// How late a heartbeat may be before it counts as missed.
pub const HEARTBEAT_DRIFT: Duration = Duration::from_secs(30);

impl HeartbeatResurrection {
    /// For how long after its death a heartbeat brings a machine back; `None` is for ever.
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

impl OverageStrategy {
    /// How many machines may be active where the limit is `limit`. `None` is any number.
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
    fn words_read_back() {
        for case in ExpiryStrategy::ALL {
            assert_eq!(ExpiryStrategy::parse(case.as_str()), Some(*case));
        }
        assert_eq!(OverageStrategy::parse("allow_2x"), None);
    }

    #[test]
    fn swaps_come_back_after_their_window() {
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
