//! Licenses: who may use a product, under which policy and until when.

use std::time::Duration;

use crate::{
    ids::{AccountId, LicenseId, PolicyId, ProductId},
    rules::{
        machine::Machine,
        policy::{ExpiryBasis, Policy, RenewalBasis, words},
    },
    time::Timestamp,
};

/// The vendor's decision on a license, independent of its dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In good standing.
    Good,
    /// Suspended at this instant. An admin can reinstate it.
    Suspended(Timestamp),
    /// Revoked at this instant, permanently.
    Revoked(Timestamp),
}

/// When a license expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Never: the license is perpetual.
    Never,
    /// At this instant.
    At(Timestamp),
    /// After the policy's duration, which starts with the first use. There has been none yet.
    AfterFirstUse,
}

/// A use that may start a license's duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstUse {
    /// An app validated the license.
    Validation,
    /// A machine was activated.
    Activation,
    /// A file was checked out. The app can use it without contacting the server again.
    CheckOut,
}

/// Why a license cannot be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenewRefusal {
    /// The policy has no duration to add.
    #[error("its policy has no duration, so there is nothing to add")]
    NoDuration,
    /// The license never expires.
    #[error("it never expires, so there is nothing to renew")]
    NeverExpires,
    /// The license's duration has not started.
    #[error("its duration starts with its first use, and it has not been used yet")]
    NotStarted,
}

/// The usage counter would exceed its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit of {limit} uses is reached")]
pub struct UsesExceeded {
    /// The number of uses that the license allows.
    pub limit: u32,
}

/// The parts of a license key that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHint<'k> {
    /// The prefix.
    pub prefix: &'k str,
    /// The last four letters.
    pub tail: &'k str,
}

/// A customer's right to use a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct License {
    /// Assigned when the license is issued. It stays the same when the key is replaced.
    pub id: LicenseId,
    /// The owner's account.
    pub account: AccountId,
    /// The product that the license is for.
    pub product: ProductId,
    /// The policy that the license is under.
    pub policy: PolicyId,
    /// The prefix of the license key, for display.
    pub key_prefix: String,
    /// The last four letters of the license key, for display.
    pub key_tail: String,
    /// The vendor's decision on the license.
    pub standing: Standing,
    /// When the license expires.
    pub expiry: Expiry,
    /// Overrides the policy's machine limit. `None` keeps it.
    pub max_machines: Option<u32>,
    /// Overrides the policy's core limit. `None` keeps it.
    pub max_cores: Option<u32>,
    /// Overrides the policy's limit of uses. `None` keeps it.
    pub max_uses: Option<u32>,
    /// The usage counter.
    pub uses: u32,
    /// Data that the vendor attached: a JSON object as text.
    pub metadata: String,
    /// When an app last validated the license. `None` if none has.
    pub last_validated_at: Option<Timestamp>,
    /// When an app last checked in. `None` if none has.
    pub last_check_in_at: Option<Timestamp>,
    /// When a license or machine file was last checked out. `None` if none has been.
    pub last_check_out_at: Option<Timestamp>,
    /// When the license was issued.
    pub created_at: Timestamp,
    /// When the license's data last changed.
    pub updated_at: Timestamp,
}

words! {
    /// The status of a license as shown to apps, customers and admins.
    LicenseStatus {
        /// Its owner is banned.
        Banned = "BANNED",
        /// It is suspended or revoked.
        Suspended = "SUSPENDED",
        /// Its expiry has passed.
        Expired = "EXPIRED",
        /// It expires within [`EXPIRING_WITHIN`].
        Expiring = "EXPIRING",
        /// It has not been used for [`INACTIVE_AFTER`].
        Inactive = "INACTIVE",
        /// None of the other statuses applies.
        Active = "ACTIVE",
    }
}

/// How long before its expiry a license counts as expiring.
pub const EXPIRING_WITHIN: Duration = Duration::from_hours(3 * 24);

/// The highest value of the usage counter, set by the wire protocol.
pub const MAX_USES: u32 = i32::MAX.unsigned_abs();

/// After how long without use a license counts as inactive.
pub const INACTIVE_AFTER: Duration = Duration::from_hours(90 * 24);

impl Expiry {
    /// When a license issued at `now` under `policy` expires.
    pub fn on_issue(policy: &Policy, now: Timestamp) -> Self {
        match (policy.duration, policy.expiry_basis) {
            (None, _) => Self::Never,
            (Some(duration), ExpiryBasis::FromCreation) => Self::At(now.plus(duration)),
            (Some(_), ExpiryBasis::FromFirstValidation | ExpiryBasis::FromFirstActivation) => Self::AfterFirstUse,
        }
    }

    /// The instant of expiry. `None` if there is none or it is not known yet.
    pub fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(instant) => Some(instant),
            Self::Never | Self::AfterFirstUse => None,
        }
    }
}

impl License {
    /// A license that is issued to `account` at `now`, on the terms of `policy` and no others.
    pub fn issue(id: LicenseId, account: AccountId, policy: &Policy, key: KeyHint<'_>, now: Timestamp) -> Self {
        Self {
            id,
            account,
            product: policy.product,
            policy: policy.id,
            key_prefix: key.prefix.to_owned(),
            key_tail: key.tail.to_owned(),
            standing: Standing::Good,
            expiry: Expiry::on_issue(policy, now),
            max_machines: None,
            max_cores: None,
            max_uses: None,
            uses: 0,
            metadata: "{}".to_owned(),
            last_validated_at: None,
            last_check_in_at: None,
            last_check_out_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// The status at `now`, by precedence: banned, suspended, expired, expiring, inactive, active.
    /// `machines` are the license's active machines, whose activity counts as use.
    pub fn status(&self, owner_is_banned: bool, machines: &[Machine], now: Timestamp) -> LicenseStatus {
        let seen = machines.iter().map(|machine| machine.last_seen_at).max();
        self.status_when_seen(owner_is_banned, seen, now)
    }

    /// The status at `now`, where an active machine was last seen at `machine_seen_at`.
    pub fn status_when_seen(
        &self,
        owner_is_banned: bool,
        machine_seen_at: Option<Timestamp>,
        now: Timestamp,
    ) -> LicenseStatus {
        if owner_is_banned {
            return LicenseStatus::Banned;
        }
        if self.standing != Standing::Good {
            return LicenseStatus::Suspended;
        }
        if self.is_expired(now) {
            return LicenseStatus::Expired;
        }
        if self.expiry.at().is_some_and(|at| at < now.plus(EXPIRING_WITHIN)) {
            return LicenseStatus::Expiring;
        }
        let uses = [self.last_validated_at, self.last_check_in_at, self.last_check_out_at, machine_seen_at];
        let used_at = uses.into_iter().flatten().fold(self.created_at, Timestamp::max);
        if now.since(used_at) >= INACTIVE_AFTER {
            return LicenseStatus::Inactive;
        }
        LicenseStatus::Active
    }

    /// Whether the license has expired at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expiry.at().is_some_and(|at| at <= now)
    }

    /// The expiry that results from a use at `now`. `None` if the duration has started already or this use does not
    /// start it.
    pub fn expiry_after(&self, first_use: FirstUse, policy: &Policy, now: Timestamp) -> Option<Expiry> {
        let starts = match policy.expiry_basis {
            ExpiryBasis::FromCreation => true,
            ExpiryBasis::FromFirstValidation => first_use == FirstUse::Validation,
            ExpiryBasis::FromFirstActivation => first_use == FirstUse::Activation,
        };
        // A file can be used offline many times, so checking one out always starts the duration.
        let starts = starts || first_use == FirstUse::CheckOut;
        if self.expiry != Expiry::AfterFirstUse || !starts {
            return None;
        }
        Some(policy.duration.map_or(Expiry::Never, |duration| Expiry::At(now.plus(duration))))
    }

    /// The expiry after a renewal at `now`.
    pub fn expiry_after_renewal(&self, policy: &Policy, now: Timestamp) -> Result<Timestamp, RenewRefusal> {
        let duration = policy.duration.ok_or(RenewRefusal::NoDuration)?;
        let expires_at = match self.expiry {
            Expiry::At(instant) => instant,
            Expiry::Never => return Err(RenewRefusal::NeverExpires),
            Expiry::AfterFirstUse => return Err(RenewRefusal::NotStarted),
        };
        let basis = match policy.renewal_basis {
            RenewalBasis::FromExpiry => expires_at,
            RenewalBasis::FromNow => now,
            RenewalBasis::FromNowIfExpired => expires_at.max(now),
        };
        Ok(basis.plus(duration))
    }

    /// When an app must check in next. `None` if the policy does not require check-ins.
    pub fn next_check_in_at(&self, policy: &Policy) -> Option<Timestamp> {
        let interval = policy.check_in_interval?;
        Some(self.last_check_in_at.unwrap_or(self.created_at).plus(interval))
    }

    /// Whether a check-in is overdue at `now`.
    pub fn is_overdue(&self, policy: &Policy, now: Timestamp) -> bool {
        self.next_check_in_at(policy).is_some_and(|due| due < now)
    }

    /// The machine limit, before overage. `None` is unlimited. A node-locked license has at most one
    /// machine, whatever other limits say.
    pub fn machine_limit(&self, policy: &Policy) -> Option<u32> {
        let limit = self.max_machines.or(policy.max_machines);
        if policy.is_floating { limit } else { Some(limit.map_or(1, |limit| limit.min(1))) }
    }

    /// The number of machines that may be active, including overage. `None` is unlimited. Overage does not
    /// apply to node-locked licenses.
    pub fn machine_limit_with_overage(&self, policy: &Policy) -> Option<u32> {
        let limit = self.machine_limit(policy);
        if policy.is_floating { policy.overage_strategy.ceiling(limit) } else { limit }
    }

    /// The number of cores that the active machines may have together, including overage. `None` is unlimited.
    pub fn core_limit_with_overage(&self, policy: &Policy) -> Option<u32> {
        policy.overage_strategy.ceiling(self.core_limit(policy))
    }

    /// The core limit, before overage. `None` is unlimited.
    pub fn core_limit(&self, policy: &Policy) -> Option<u32> {
        self.max_cores.or(policy.max_cores)
    }

    /// The highest value that the usage counter may reach. `None` is unlimited.
    pub fn use_limit(&self, policy: &Policy) -> Option<u32> {
        self.max_uses.or(policy.max_uses)
    }

    /// The usage counter after `more` further uses.
    pub fn uses_after(&self, policy: &Policy, more: u32) -> Result<u32, UsesExceeded> {
        // In the wire protocol the counter is a signed 32-bit number.
        let limit = self.use_limit(policy).unwrap_or(MAX_USES).min(MAX_USES);
        self.uses.checked_add(more).filter(|uses| *uses <= limit).ok_or(UsesExceeded { limit })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::rules::{
        component::ComponentTerms,
        policy::{
            DEFAULT_FILE_TTL, DEFAULT_HEARTBEAT_WINDOW, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection,
            KeyScheme, OverageStrategy,
        },
        process::ProcessTerms,
    };

    pub(crate) const DAY: Duration = Duration::from_hours(24);
    pub(crate) const T0: Timestamp = Timestamp::from_unix_micros(1_790_000_000_000_000);

    pub(crate) fn policy() -> Policy {
        Policy {
            id: PolicyId::new(T0, [1; 10]),
            product: ProductId::new(T0, [2; 10]),
            code: "lifetime".to_owned(),
            name: "Lifetime".to_owned(),
            duration: None,
            expiry_basis: ExpiryBasis::FromCreation,
            renewal_basis: RenewalBasis::FromExpiry,
            max_machines: Some(2),
            max_cores: None,
            max_uses: None,
            processes: ProcessTerms::default(),
            components: ComponentTerms::default(),
            is_floating: true,
            is_strict: true,
            expiry_strategy: ExpiryStrategy::RestrictAccess,
            overage_strategy: OverageStrategy::NoOverage,
            machine_matching: crate::rules::policy::MatchingStrategy::Any,
            requires_heartbeat: false,
            heartbeat_window: DEFAULT_HEARTBEAT_WINDOW,
            cull: HeartbeatCull::DeactivateDead,
            resurrection: HeartbeatResurrection::NoRevive,
            check_in_interval: None,
            key_scheme: KeyScheme::Random,
            file_ttl: DEFAULT_FILE_TTL,
            swap_allowance: None,
            customer_replaces_key: true,
            customer_frees_machines: true,
            customer_renames_machines: true,
            customer_downloads_files: true,
            customer_sees_history: true,
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
            expiry: Expiry::Never,
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
    fn a_license_is_issued_on_its_policys_terms() {
        let policy = Policy { duration: Some(DAY), ..policy() };
        let key = KeyHint { prefix: "CGPT", tail: "7F3K" };
        let issued = License::issue(LicenseId::new(T0, [3; 10]), AccountId::new(T0, [4; 10]), &policy, key, T0);
        assert_eq!(issued, License { expiry: Expiry::At(T0.plus(DAY)), ..license(&policy) });
    }

    #[test]
    fn precedence() {
        let mut license = license(&policy());
        let mut expected = vec![LicenseStatus::Active];
        let late = T0.plus(INACTIVE_AFTER);
        let mut seen = vec![license.status(false, &[], T0)];
        seen.push(license.status(false, &[], late));
        expected.push(LicenseStatus::Inactive);
        license.expiry = Expiry::At(late.plus(DAY));
        seen.push(license.status(false, &[], late));
        expected.push(LicenseStatus::Expiring);
        license.expiry = Expiry::At(late);
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
    fn a_limit_of_the_license_overrides_the_policy() {
        let policy = policy();
        let mut license = license(&policy);
        assert_eq!(license.machine_limit(&policy), Some(2));
        license.max_machines = Some(5);
        assert_eq!(license.machine_limit(&policy), Some(5));
    }

    #[test]
    fn the_expiry_on_issue_follows_the_basis() {
        for (duration, basis, end) in [
            (None, ExpiryBasis::FromCreation, Expiry::Never),
            (None, ExpiryBasis::FromFirstActivation, Expiry::Never),
            (Some(DAY), ExpiryBasis::FromCreation, Expiry::At(T0.plus(DAY))),
            (Some(DAY), ExpiryBasis::FromFirstValidation, Expiry::AfterFirstUse),
            (Some(DAY), ExpiryBasis::FromFirstActivation, Expiry::AfterFirstUse),
        ] {
            let policy = Policy { duration, expiry_basis: basis, ..policy() };
            assert_eq!(Expiry::on_issue(&policy, T0), end, "{duration:?} {basis:?}");
        }
    }

    /// A trial starts once, with the kind of use that its policy specifies.
    #[test]
    fn a_trial_starts_with_its_first_use() {
        use FirstUse::{Activation, CheckOut, Validation};
        let late = T0.plus(DAY);
        let end = Some(Expiry::At(late.plus(DAY)));
        for (basis, first, expected) in [
            (ExpiryBasis::FromFirstValidation, Validation, end),
            (ExpiryBasis::FromFirstValidation, Activation, None),
            (ExpiryBasis::FromFirstActivation, Activation, end),
            (ExpiryBasis::FromFirstActivation, Validation, None),
            (ExpiryBasis::FromFirstValidation, CheckOut, end),
            (ExpiryBasis::FromFirstActivation, CheckOut, end),
        ] {
            let policy = Policy { duration: Some(DAY), expiry_basis: basis, ..policy() };
            let license = License { expiry: Expiry::AfterFirstUse, ..license(&policy) };
            assert_eq!(license.expiry_after(first, &policy, late), expected, "{basis:?} {first:?}");
            let started = License { expiry: Expiry::At(late), ..license };
            assert_eq!(started.expiry_after(first, &policy, late), None, "it starts only once");
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
            let policy = Policy { duration: Some(DAY), renewal_basis: basis, ..policy() };
            let license = License { expiry: Expiry::At(end), ..license(&policy) };
            assert_eq!(license.expiry_after_renewal(&policy, T0), Ok(renewed), "{basis:?}");
        }
        let policy = Policy { duration: Some(DAY), ..policy() };
        let license = license(&policy);
        assert_eq!(license.expiry_after_renewal(&policy, T0), Err(RenewRefusal::NeverExpires));
        let waiting = License { expiry: Expiry::AfterFirstUse, ..license.clone() };
        assert_eq!(waiting.expiry_after_renewal(&policy, T0), Err(RenewRefusal::NotStarted));
        let perpetual = Policy { duration: None, ..policy };
        assert_eq!(
            License { expiry: Expiry::At(T0), ..license }.expiry_after_renewal(&perpetual, T0),
            Err(RenewRefusal::NoDuration)
        );
    }

    #[test]
    fn check_ins_are_due_an_interval_after_issue_or_the_last_one() {
        let policy = Policy { check_in_interval: Some(DAY), ..policy() };
        let mut license = license(&policy);
        assert_eq!(license.next_check_in_at(&policy), Some(T0.plus(DAY)));
        assert!(!license.is_overdue(&policy, T0.plus(DAY)));
        let late = T0.plus(DAY + Duration::from_micros(1));
        assert!(license.is_overdue(&policy, late));
        license.last_check_in_at = Some(late);
        assert!(!license.is_overdue(&policy, late.plus(DAY)));
        assert!(!license.is_overdue(&Policy { check_in_interval: None, ..policy }, late.plus(DAY * 900)));
    }

    #[test]
    fn the_usage_counter_stops_at_its_limit() {
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
