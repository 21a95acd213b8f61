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
pub struct Policy {
    /// Its id.
    pub id: PolicyId,
    /// The product that it sells.
    pub product: ProductId,
    /// The name that commands and catalogs use, such as `chartgpt-lifetime`.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// How long a license lasts from its issue; `None` is perpetual.
    pub duration: Option<Duration>,
    /// How many machines may be active; `None` is any number.
    pub max_machines: Option<u32>,
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
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The shortest heartbeat window that a policy may set.
pub const MIN_HEARTBEAT: Duration = Duration::from_mins(1);

/// The heartbeat window where a policy says nothing.
pub const DEFAULT_HEARTBEAT: Duration = Duration::from_mins(10);

/// How late a heartbeat may be before it counts as missed.
pub const HEARTBEAT_DRIFT: Duration = Duration::from_secs(30);

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
