//! Licenses: who may use a product, under which policy, until when.

use std::time::Duration;

use crate::{
    ids::{AccountId, LicenseId, PolicyId, ProductId},
    policy::{Policy, words},
    time::Timestamp,
};

/// What the vendor decided about a license, apart from its dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In good standing.
    Good,
    /// Suspended at this instant; an admin can reinstate it.
    Suspended(Timestamp),
    /// Revoked at this instant, for good.
    Revoked(Timestamp),
}

/// A license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct License {
    /// Its id.
    pub id: LicenseId,
    /// Who owns it.
    pub account: AccountId,
    /// The product it is for.
    pub product: ProductId,
    /// The terms it is under.
    pub policy: PolicyId,
    /// The prefix of its key, for display.
    pub key_prefix: String,
    /// The last letters of its key, for display.
    pub key_tail: String,
    /// What the vendor decided about it.
    pub standing: Standing,
    /// When it ends; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// A machine limit of its own; `None` takes the policy's.
    pub max_machines: Option<u32>,
    /// When an app last validated it.
    pub last_validated_at: Option<Timestamp>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

words! {
    /// The state of a license as apps, customers and admins see it.
    LicenseStatus {
        /// Its owner is banned.
        Banned = "BANNED",
        /// It is suspended or revoked.
        Suspended = "SUSPENDED",
        /// Its end has passed.
        Expired = "EXPIRED",
        /// It ends within [`EXPIRING_WITHIN`].
        Expiring = "EXPIRING",
        /// Nothing has used it for [`INACTIVE_AFTER`].
        Inactive = "INACTIVE",
        /// It is in use.
        Active = "ACTIVE",
    }
}

/// How long before its end a license counts as expiring.
pub const EXPIRING_WITHIN: Duration = Duration::from_hours(3 * 24);

/// After how long without use a license counts as inactive.
pub const INACTIVE_AFTER: Duration = Duration::from_hours(90 * 24);

impl License {
    /// The status at `now`, by precedence: banned, suspended, expired, expiring, inactive, active.
    pub fn status(&self, owner_is_banned: bool, now: Timestamp) -> LicenseStatus {
        if owner_is_banned {
            return LicenseStatus::Banned;
        }
        if self.standing != Standing::Good {
            return LicenseStatus::Suspended;
        }
        if self.is_expired(now) {
            return LicenseStatus::Expired;
        }
        if self.expires_at.is_some_and(|end| end < now.plus(EXPIRING_WITHIN)) {
            return LicenseStatus::Expiring;
        }
        let used_at = self.last_validated_at.unwrap_or(self.created_at);
        if now.since(used_at) >= INACTIVE_AFTER {
            return LicenseStatus::Inactive;
        }
        LicenseStatus::Active
    }

    /// Whether its end has passed at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// How many machines it may have, before overage. `None` is any number.
    pub fn machine_limit(&self, policy: &Policy) -> Option<u32> {
        self.max_machines.or(policy.max_machines)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::policy::{DEFAULT_HEARTBEAT, ExpiryStrategy, HeartbeatCull, OverageStrategy};

    pub(crate) const DAY: Duration = Duration::from_hours(24);
    pub(crate) const T0: Timestamp = Timestamp::from_unix_micros(1_790_000_000_000_000);

    pub(crate) fn policy() -> Policy {
        Policy {
            id: PolicyId::new(T0, [1; 10]),
            product: ProductId::new(T0, [2; 10]),
            code: "chartgpt-lifetime".to_owned(),
            name: "Lifetime".to_owned(),
            duration: None,
            max_machines: Some(2),
            is_floating: true,
            is_strict: true,
            expiry: ExpiryStrategy::RestrictAccess,
            overage: OverageStrategy::NoOverage,
            requires_heartbeat: false,
            heartbeat: DEFAULT_HEARTBEAT,
            cull: HeartbeatCull::DeactivateDead,
            created_at: T0,
            updated_at: T0,
        }
    }

    pub(crate) fn license(policy: &Policy) -> License {
        License {
            id: LicenseId::new(T0, [3; 10]),
            account: AccountId::new(T0, [4; 10]),
            product: policy.product,
            policy: policy.id,
            key_prefix: "CGPT".to_owned(),
            key_tail: "7F3K".to_owned(),
            standing: Standing::Good,
            expires_at: None,
            max_machines: None,
            last_validated_at: None,
            created_at: T0,
            updated_at: T0,
        }
    }

    #[test]
    fn precedence() {
        let mut license = license(&policy());
        let mut expected = vec![LicenseStatus::Active];
        let late = T0.plus(INACTIVE_AFTER);
        let mut seen = vec![license.status(false, T0)];
        seen.push(license.status(false, late));
        expected.push(LicenseStatus::Inactive);
        license.expires_at = Some(late.plus(DAY));
        seen.push(license.status(false, late));
        expected.push(LicenseStatus::Expiring);
        license.expires_at = Some(late);
        seen.push(license.status(false, late));
        expected.push(LicenseStatus::Expired);
        license.standing = Standing::Revoked(T0);
        seen.push(license.status(false, late));
        expected.push(LicenseStatus::Suspended);
        seen.push(license.status(true, late));
        expected.push(LicenseStatus::Banned);
        assert_eq!(seen, expected);
    }

    #[test]
    fn use_keeps_a_license_from_going_inactive() {
        let mut license = license(&policy());
        let late = T0.plus(INACTIVE_AFTER);
        license.last_validated_at = Some(late.minus(DAY));
        assert_eq!(license.status(false, late), LicenseStatus::Active);
    }

    #[test]
    fn own_limit_wins() {
        let policy = policy();
        let mut license = license(&policy);
        assert_eq!(license.machine_limit(&policy), Some(2));
        license.max_machines = Some(5);
        assert_eq!(license.machine_limit(&policy), Some(5));
    }
}
