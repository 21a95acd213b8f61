//! Licenses: who may use a product, under which policy, until when.

use std::time::Duration;

use crate::{
    ids::{AccountId, LicenseId, PolicyId, ProductId},
    rules::{
        machine::Machine,
        policy::{ExpiryBasis, Policy, RenewalBasis, words},
    },
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

/// When a license ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Never.
    Never,
    /// At this instant.
    At(Timestamp),
    /// The policy's duration after its first use, which has not come yet.
    AfterFirstUse,
}

/// A use that may start a license's duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstUse {
    /// An app validated it.
    Validation,
    /// A machine was activated.
    Activation,
    /// A file was checked out, with which an app works without being seen again.
    CheckOut,
}

/// Why a license cannot be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenewRefusal {
    /// The policy has no duration to add.
    #[error("its policy has no duration, so there is nothing to add")]
    NoDuration,
    /// The license never ends.
    #[error("it never ends, so there is nothing to renew")]
    NeverEnds,
    /// Its duration has not begun.
    #[error("its time begins with its first use, which has not come yet")]
    NotStarted,
}

/// The usage counter would pass its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("all {limit} uses are used up")]
pub struct UsesExceeded {
    /// The limit.
    pub limit: u32,
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
    /// When it ends.
    pub end: End,
    /// A machine limit of its own; `None` takes the policy's.
    pub max_machines: Option<u32>,
    /// A core limit of its own; `None` takes the policy's.
    pub max_cores: Option<u32>,
    /// A limit of uses of its own; `None` takes the policy's.
    pub max_uses: Option<u32>,
    /// How far the usage counter is.
    pub uses: u32,
    /// What the vendor attached to it, a JSON object as text.
    pub metadata: String,
    /// When an app last validated it.
    pub last_validated_at: Option<Timestamp>,
    /// When an app last checked in.
    pub last_check_in_at: Option<Timestamp>,
    /// When a file was last checked out.
    pub last_check_out_at: Option<Timestamp>,
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

/// The end of the usage counter, by the wire protocol.
pub const MAX_USES: u32 = i32::MAX.unsigned_abs();

/// After how long without use a license counts as inactive.
pub const INACTIVE_AFTER: Duration = Duration::from_hours(90 * 24);

impl End {
    /// The end of a license that is issued at `now` under `policy`.
    pub fn on_issue(policy: &Policy, now: Timestamp) -> Self {
        match (policy.duration, policy.expiry_basis) {
            (None, _) => Self::Never,
            (Some(duration), ExpiryBasis::FromCreation) => Self::At(now.plus(duration)),
            (Some(_), ExpiryBasis::FromFirstValidation | ExpiryBasis::FromFirstActivation) => Self::AfterFirstUse,
        }
    }

    /// The instant, where there is one.
    pub fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(end) => Some(end),
            Self::Never | Self::AfterFirstUse => None,
        }
    }
}

impl License {
    /// The status at `now`, by precedence: banned, suspended, expired, expiring, inactive, active.
    /// `machines` are the active ones: what they do is use as well.
    pub fn status(&self, owner_is_banned: bool, machines: &[Machine], now: Timestamp) -> LicenseStatus {
        if owner_is_banned {
            return LicenseStatus::Banned;
        }
        if self.standing != Standing::Good {
            return LicenseStatus::Suspended;
        }
        if self.is_expired(now) {
            return LicenseStatus::Expired;
        }
        if self.end.at().is_some_and(|end| end < now.plus(EXPIRING_WITHIN)) {
            return LicenseStatus::Expiring;
        }
        let uses = [self.last_validated_at, self.last_check_in_at, self.last_check_out_at];
        let seen = machines.iter().map(|machine| machine.last_seen_at);
        let used_at = uses.into_iter().flatten().chain(seen).fold(self.created_at, Timestamp::max);
        if now.since(used_at) >= INACTIVE_AFTER {
            return LicenseStatus::Inactive;
        }
        LicenseStatus::Active
    }

    /// Whether its end has passed at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.end.at().is_some_and(|end| end <= now)
    }

    /// The end that a first use at `now` gives it; `None` where the use starts nothing.
    pub fn end_after(&self, first: FirstUse, policy: &Policy, now: Timestamp) -> Option<End> {
        let starts = match policy.expiry_basis {
            ExpiryBasis::FromCreation => true,
            ExpiryBasis::FromFirstValidation => first == FirstUse::Validation,
            ExpiryBasis::FromFirstActivation => first == FirstUse::Activation,
        };
        // A file is signed for longer than one use: whatever it waits for, it must not be without an end.
        let starts = starts || first == FirstUse::CheckOut;
        if self.end != End::AfterFirstUse || !starts {
            return None;
        }
        Some(policy.duration.map_or(End::Never, |duration| End::At(now.plus(duration))))
    }

    /// The end after a renewal at `now`.
    pub fn renewed(&self, policy: &Policy, now: Timestamp) -> Result<Timestamp, RenewRefusal> {
        let duration = policy.duration.ok_or(RenewRefusal::NoDuration)?;
        let end = match self.end {
            End::At(end) => end,
            End::Never => return Err(RenewRefusal::NeverEnds),
            End::AfterFirstUse => return Err(RenewRefusal::NotStarted),
        };
        let basis = match policy.renewal {
            RenewalBasis::FromExpiry => end,
            RenewalBasis::FromNow => now,
            RenewalBasis::FromNowIfExpired => end.max(now),
        };
        Ok(basis.plus(duration))
    }

    /// When an app must next check in, where the policy asks for it.
    pub fn next_check_in_at(&self, policy: &Policy) -> Option<Timestamp> {
        let interval = policy.check_in?;
        Some(self.last_check_in_at.unwrap_or(self.created_at).plus(interval))
    }

    /// Whether a check-in is overdue at `now`.
    pub fn is_overdue(&self, policy: &Policy, now: Timestamp) -> bool {
        self.next_check_in_at(policy).is_some_and(|due| due < now)
    }

    /// How many machines it may have, before overage. `None` is any number. Node-locked is one machine at
    /// most, whatever else is set.
    pub fn machine_limit(&self, policy: &Policy) -> Option<u32> {
        let limit = self.max_machines.or(policy.max_machines);
        if policy.is_floating { limit } else { Some(limit.map_or(1, |limit| limit.min(1))) }
    }

    /// How many machines may be active, overage included. `None` is any number. There is no overage of
    /// node-locked.
    pub fn machine_ceiling(&self, policy: &Policy) -> Option<u32> {
        let limit = self.machine_limit(policy);
        if policy.is_floating { policy.overage.ceiling(limit) } else { limit }
    }

    /// How many cores its machines may have together, overage included. `None` is any number.
    pub fn core_ceiling(&self, policy: &Policy) -> Option<u32> {
        policy.overage.ceiling(self.core_limit(policy))
    }

    /// How many cores its machines may have together, before overage. `None` is any number.
    pub fn core_limit(&self, policy: &Policy) -> Option<u32> {
        self.max_cores.or(policy.max_cores)
    }

    /// How far its usage counter may go. `None` is without end.
    pub fn use_limit(&self, policy: &Policy) -> Option<u32> {
        self.max_uses.or(policy.max_uses)
    }

    /// The usage counter after `more` uses.
    pub fn uses_after(&self, policy: &Policy, more: u32) -> Result<u32, UsesExceeded> {
        // The wire protocol's counter is a signed 32-bit number.
        let limit = self.use_limit(policy).unwrap_or(MAX_USES).min(MAX_USES);
        self.uses.checked_add(more).filter(|uses| *uses <= limit).ok_or(UsesExceeded { limit })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::rules::policy::{
        DEFAULT_HEARTBEAT, DEFAULT_OFFLINE_FILE, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection, KeyScheme,
        OverageStrategy,
    };

    pub(crate) const DAY: Duration = Duration::from_hours(24);
    pub(crate) const T0: Timestamp = Timestamp::from_unix_micros(1_790_000_000_000_000);

    pub(crate) fn policy() -> Policy {
        Policy {
            id: PolicyId::new(T0, [1; 10]),
            product: ProductId::new(T0, [2; 10]),
            code: "chartgpt-lifetime".to_owned(),
            name: "Lifetime".to_owned(),
            duration: None,
            expiry_basis: ExpiryBasis::FromCreation,
            renewal: RenewalBasis::FromExpiry,
            max_machines: Some(2),
            max_cores: None,
            max_uses: None,
            is_floating: true,
            is_strict: true,
            expiry: ExpiryStrategy::RestrictAccess,
            overage: OverageStrategy::NoOverage,
            requires_heartbeat: false,
            heartbeat: DEFAULT_HEARTBEAT,
            cull: HeartbeatCull::DeactivateDead,
            resurrection: HeartbeatResurrection::NoRevive,
            check_in: None,
            scheme: KeyScheme::Random,
            offline_file: DEFAULT_OFFLINE_FILE,
            swaps: None,
            customer_rotates_key: true,
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
            end: End::Never,
            max_machines: None,
            max_cores: None,
            max_uses: None,
            uses: 0,
            metadata: "{}".to_owned(),
            last_validated_at: None,
            last_check_in_at: None,
            last_check_out_at: None,
            created_at: T0,
            updated_at: T0,
        }
    }

    #[test]
    fn precedence() {
        let mut license = license(&policy());
        let mut expected = vec![LicenseStatus::Active];
        let late = T0.plus(INACTIVE_AFTER);
        let mut seen = vec![license.status(false, &[], T0)];
        seen.push(license.status(false, &[], late));
        expected.push(LicenseStatus::Inactive);
        license.end = End::At(late.plus(DAY));
        seen.push(license.status(false, &[], late));
        expected.push(LicenseStatus::Expiring);
        license.end = End::At(late);
        seen.push(license.status(false, &[], late));
        expected.push(LicenseStatus::Expired);
        license.standing = Standing::Revoked(T0);
        seen.push(license.status(false, &[], late));
        expected.push(LicenseStatus::Suspended);
        seen.push(license.status(true, &[], late));
        expected.push(LicenseStatus::Banned);
        assert_eq!(seen, expected);
    }

    #[test]
    fn use_keeps_a_license_from_going_inactive() {
        let mut license = license(&policy());
        let late = T0.plus(INACTIVE_AFTER);
        license.last_validated_at = Some(late.minus(DAY));
        assert_eq!(license.status(false, &[], late), LicenseStatus::Active);
    }

    #[test]
    fn own_limit_wins() {
        let policy = policy();
        let mut license = license(&policy);
        assert_eq!(license.machine_limit(&policy), Some(2));
        license.max_machines = Some(5);
        assert_eq!(license.machine_limit(&policy), Some(5));
    }

    #[test]
    fn the_end_on_issue_follows_the_basis() {
        for (duration, basis, end) in [
            (None, ExpiryBasis::FromCreation, End::Never),
            (None, ExpiryBasis::FromFirstActivation, End::Never),
            (Some(DAY), ExpiryBasis::FromCreation, End::At(T0.plus(DAY))),
            (Some(DAY), ExpiryBasis::FromFirstValidation, End::AfterFirstUse),
            (Some(DAY), ExpiryBasis::FromFirstActivation, End::AfterFirstUse),
        ] {
            let policy = Policy { duration, expiry_basis: basis, ..policy() };
            assert_eq!(End::on_issue(&policy, T0), end, "{duration:?} {basis:?}");
        }
    }

    /// A trial starts once, with the use that its policy names.
    #[test]
    fn a_trial_starts_with_its_first_use() {
        use FirstUse::{Activation, CheckOut, Validation};
        let late = T0.plus(DAY);
        let end = Some(End::At(late.plus(DAY)));
        for (basis, first, expected) in [
            (ExpiryBasis::FromFirstValidation, Validation, end),
            (ExpiryBasis::FromFirstValidation, Activation, None),
            (ExpiryBasis::FromFirstActivation, Activation, end),
            (ExpiryBasis::FromFirstActivation, Validation, None),
            (ExpiryBasis::FromFirstValidation, CheckOut, end),
            (ExpiryBasis::FromFirstActivation, CheckOut, end),
        ] {
            let policy = Policy { duration: Some(DAY), expiry_basis: basis, ..policy() };
            let license = License { end: End::AfterFirstUse, ..license(&policy) };
            assert_eq!(license.end_after(first, &policy, late), expected, "{basis:?} {first:?}");
            let started = License { end: End::At(late), ..license };
            assert_eq!(started.end_after(first, &policy, late), None, "it starts once");
        }
    }

    #[test]
    fn renewals() {
        let past = T0.minus(DAY * 2);
        let future = T0.plus(DAY * 2);
        for (basis, end, renewed) in [
            (RenewalBasis::FromExpiry, past, past.plus(DAY)),
            (RenewalBasis::FromExpiry, future, future.plus(DAY)),
            (RenewalBasis::FromNow, past, T0.plus(DAY)),
            (RenewalBasis::FromNow, future, T0.plus(DAY)),
            (RenewalBasis::FromNowIfExpired, past, T0.plus(DAY)),
            (RenewalBasis::FromNowIfExpired, future, future.plus(DAY)),
        ] {
            let policy = Policy { duration: Some(DAY), renewal: basis, ..policy() };
            let license = License { end: End::At(end), ..license(&policy) };
            assert_eq!(license.renewed(&policy, T0), Ok(renewed), "{basis:?}");
        }
        let policy = Policy { duration: Some(DAY), ..policy() };
        let license = license(&policy);
        assert_eq!(license.renewed(&policy, T0), Err(RenewRefusal::NeverEnds));
        let waiting = License { end: End::AfterFirstUse, ..license.clone() };
        assert_eq!(waiting.renewed(&policy, T0), Err(RenewRefusal::NotStarted));
        let perpetual = Policy { duration: None, ..policy };
        assert_eq!(License { end: End::At(T0), ..license }.renewed(&perpetual, T0), Err(RenewRefusal::NoDuration));
    }

    #[test]
    fn check_ins_fall_due_from_issue_or_from_the_last() {
        let policy = Policy { check_in: Some(DAY), ..policy() };
        let mut license = license(&policy);
        assert_eq!(license.next_check_in_at(&policy), Some(T0.plus(DAY)));
        assert!(!license.is_overdue(&policy, T0.plus(DAY)));
        let late = T0.plus(DAY + Duration::from_micros(1));
        assert!(license.is_overdue(&policy, late));
        license.last_check_in_at = Some(late);
        assert!(!license.is_overdue(&policy, late.plus(DAY)));
        assert!(!license.is_overdue(&Policy { check_in: None, ..policy }, late.plus(DAY * 900)));
    }

    #[test]
    fn uses_end_at_their_limit() {
        let policy = Policy { max_uses: Some(3), ..policy() };
        let mut license = License { uses: 1, ..license(&policy) };
        assert_eq!(license.uses_after(&policy, 2), Ok(3));
        assert_eq!(license.uses_after(&policy, 3), Err(UsesExceeded { limit: 3 }));
        license.max_uses = Some(5);
        assert_eq!(license.uses_after(&policy, 3), Ok(4));
        let endless = Policy { max_uses: None, ..policy };
        license.max_uses = None;
        assert_eq!(license.uses_after(&endless, MAX_USES), Err(UsesExceeded { limit: MAX_USES }));
        assert_eq!(license.uses_after(&endless, u32::MAX), Err(UsesExceeded { limit: MAX_USES }));
    }
}
