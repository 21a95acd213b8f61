//! Releases of a product: which of their builds a license may have, and which release is an update.

mod file_name;
mod target;
mod version;

pub use file_name::{guess_arch, guess_platform, guess_version};
pub use target::{Arch, InvalidArch, InvalidPlatform, Platform};
pub use version::{Channel, Constraint, InvalidConstraint, InvalidVersion, MAX_VERSION_LENGTH, Version, Wanted};

use crate::{
    rules::{
        license::{License, Standing},
        policy::{ExpiryStrategy, Policy},
    },
    time::Timestamp,
};

/// Why a license may have no builds except those that are public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoBuilds {
    /// Its owner is banned.
    Banned,
    /// It is suspended.
    Suspended,
    /// It is revoked.
    Revoked,
    /// It expired at this instant, and its policy does not let it be used after that.
    Expired(Timestamp),
}

/// The builds that a license may have. Anyone may have those that are public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildAccess {
    /// All of them.
    All,
    /// Those that were released until the license expired, at this instant.
    Until(Timestamp),
    /// No others than the public ones.
    Nothing(NoBuilds),
}

impl BuildAccess {
    /// The builds that a license may have at `now`.
    pub fn of(license: &License, policy: &Policy, owner_is_banned: bool, now: Timestamp) -> Self {
        if owner_is_banned {
            return Self::Nothing(NoBuilds::Banned);
        }
        match license.standing {
            Standing::Suspended(_) => return Self::Nothing(NoBuilds::Suspended),
            Standing::Revoked(_) => return Self::Nothing(NoBuilds::Revoked),
            Standing::Good => {}
        }
        let Some(expired_at) = license.expiry.at().filter(|at| *at <= now) else {
            return Self::All;
        };
        match policy.expiry_strategy {
            ExpiryStrategy::AllowAccess => Self::All,
            ExpiryStrategy::MaintainAccess => Self::Until(expired_at),
            ExpiryStrategy::RestrictAccess | ExpiryStrategy::RevokeAccess => {
                Self::Nothing(NoBuilds::Expired(expired_at))
            }
        }
    }

    /// Whether builds that were released at this instant are among them.
    pub fn includes(self, released_at: Timestamp) -> bool {
        match self {
            Self::All => true,
            Self::Until(expired_at) => released_at <= expired_at,
            Self::Nothing(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::rules::license::{
        Expiry,
        tests::{DAY, T0, license, policy},
    };

    /// A license that expired yesterday, and what it may have today.
    fn expired(strategy: ExpiryStrategy) -> BuildAccess {
        let policy = Policy { expiry_strategy: strategy, ..policy() };
        let license = License { expiry: Expiry::At(T0.minus(DAY)), ..license(&policy) };
        BuildAccess::of(&license, &policy, false, T0)
    }

    #[test]
    fn a_valid_license_may_have_all_builds() {
        let policy = policy();
        for expiry in [Expiry::Never, Expiry::AfterFirstUse, Expiry::At(T0.plus(Duration::from_micros(1)))] {
            let license = License { expiry, ..license(&policy) };
            let access = BuildAccess::of(&license, &policy, false, T0);
            assert_eq!(access, BuildAccess::All, "{expiry:?}");
            assert!(access.includes(T0.plus(DAY)));
        }
    }

    #[test]
    fn an_expired_license_keeps_what_its_policy_maintains() {
        let at = T0.minus(DAY);
        for (strategy, access) in [
            (ExpiryStrategy::AllowAccess, BuildAccess::All),
            (ExpiryStrategy::MaintainAccess, BuildAccess::Until(at)),
            (ExpiryStrategy::RestrictAccess, BuildAccess::Nothing(NoBuilds::Expired(at))),
            (ExpiryStrategy::RevokeAccess, BuildAccess::Nothing(NoBuilds::Expired(at))),
        ] {
            assert_eq!(expired(strategy), access, "{strategy:?}");
        }
    }

    #[test]
    fn builds_are_kept_up_to_the_instant_of_expiry() {
        let (access, at) = (expired(ExpiryStrategy::MaintainAccess), T0.minus(DAY));
        assert!(access.includes(at.minus(DAY)) && access.includes(at));
        assert!(!access.includes(at.plus(Duration::from_micros(1))));
        // The license expires at this instant, and not before.
        let policy = Policy { expiry_strategy: ExpiryStrategy::MaintainAccess, ..policy() };
        let license = License { expiry: Expiry::At(T0), ..license(&policy) };
        assert_eq!(BuildAccess::of(&license, &policy, false, T0), BuildAccess::Until(T0));
        assert_eq!(BuildAccess::of(&license, &policy, false, T0.minus(Duration::from_micros(1))), BuildAccess::All);
    }

    #[test]
    fn suspended_revoked_and_banned_licenses_may_have_nothing() {
        for strategy in ExpiryStrategy::ALL {
            let policy = Policy { expiry_strategy: *strategy, ..policy() };
            let suspended = License { standing: Standing::Suspended(T0), ..license(&policy) };
            let revoked = License { standing: Standing::Revoked(T0), ..license(&policy) };
            for (license, is_banned, why) in [
                (&suspended, false, NoBuilds::Suspended),
                (&revoked, false, NoBuilds::Revoked),
                (&license(&policy), true, NoBuilds::Banned),
                (&revoked, true, NoBuilds::Banned),
            ] {
                let access = BuildAccess::of(license, &policy, is_banned, T0);
                assert_eq!(access, BuildAccess::Nothing(why));
                assert!(!access.includes(T0.minus(DAY)));
            }
        }
    }
}
