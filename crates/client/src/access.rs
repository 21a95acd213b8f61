//! May the app run? A pure function of the app's record and the current time.
//!
//! | Record | Access |
//! |---|---|
//! | no key or no file | [`Access::NotActivated`] |
//! | a signed refusal that is newer than the file | [`Access::Locked`] |
//! | a valid file | [`Access::Licensed`] |
//! | an expired file, within the grace period | [`Access::Grace`] |
//! | an expired file, after the grace period | [`Access::Expired`] |
//! | a file issued before this computer was deactivated | [`Access::NotActivated`] |
//! | a file for a license that has expired | [`Access::Expired`] |
//! | an invalid file | [`Access::Rejected`] |
//!
//! The time used for the decision is never earlier than the latest time signed by the server, so setting
//! the computer's clock back does not extend anything. [`Rights::clock_is_behind`] is set if the clock is
//! more than five minutes behind that time, so that the app can ask the user to correct it.

use std::{collections::BTreeSet, fmt, time::Duration};

use latchkey_licensing::{
    certificate::{FileKind, kind_of},
    claims::{CLOCK_TOLERANCE, FileClaims},
    entitlement::EntitlementCode,
    license_key::LicenseKey,
    machine::Fingerprint,
    time::Timestamp,
};

use crate::{
    record::{Record, Verdict},
    verify::{DEFAULT_MAX_FILE_AGE, Verifier, VerifyError},
};

/// Whether the app may run, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// No license key has been entered, or this computer is not activated.
    NotActivated,
    /// The app may run.
    Licensed(Rights),
    /// The file has expired, but the app may run until the grace period ends. Connect before then.
    Grace(Rights),
    /// The app must not run until it has contacted the server: the file and the grace period have expired,
    /// or the license has.
    Expired {
        /// When access ended.
        since: Timestamp,
    },
    /// The server refused the license, in a signed response.
    Locked(Verdict),
    /// The stored file is not valid.
    Rejected(VerifyError),
}

/// What a license grants on this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// How long the app may run without contacting the server: until the file or, in [`Access::Grace`], the
    /// grace period expires.
    pub until: Timestamp,
    /// The license's entitlements.
    pub entitlements: BTreeSet<EntitlementCode>,
    /// Whether this computer's clock is more than five minutes behind the latest time signed by the server.
    pub clock_is_behind: bool,
}

impl Rights {
    /// Whether the license has an entitlement.
    pub fn has(&self, code: &str) -> bool {
        self.entitlements.iter().any(|held| held.as_str() == code)
    }
}

impl Access {
    /// The rights that the license grants. `None` if the app must not run.
    pub fn rights(&self) -> Option<&Rights> {
        match self {
            Self::Licensed(rights) | Self::Grace(rights) => Some(rights),
            Self::NotActivated | Self::Expired { .. } | Self::Locked(_) | Self::Rejected(_) => None,
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotActivated => f.write_str("not activated on this computer"),
            Self::Licensed(rights) => write!(f, "licensed; works offline until {}", rights.until.human_date()),
            Self::Grace(rights) => {
                write!(f, "licensed, but not confirmed recently: connect before {}", rights.until.human_date())
            }
            Self::Expired { since } => write!(f, "expired on {}: connect to confirm the license", since.human_date()),
            Self::Locked(verdict) => write!(f, "not licensed: the license {} ({})", verdict.detail, verdict.code),
            Self::Rejected(reason) => reason.fmt(f),
        }
    }
}

/// Which files an app accepts and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfflineTerms {
    /// How long the app may run after its file has expired.
    pub grace_period: Duration,
    /// How long after its issue a file is accepted, even if it claims to last longer. Raise this above
    /// [`DEFAULT_MAX_FILE_AGE`] only if you issue files that are meant to last longer.
    pub max_file_age: Duration,
    /// Whether license files are accepted as well as machine files. License files are not tied to a computer:
    /// one file and its key unlock any number of computers that stay offline.
    pub accept_license_files: bool,
}

impl Default for OfflineTerms {
    /// A grace period of 14 days, and only machine files of at most 366 days.
    fn default() -> Self {
        Self {
            grace_period: Duration::from_hours(14 * 24),
            max_file_age: DEFAULT_MAX_FILE_AGE,
            accept_license_files: false,
        }
    }
}

/// Decides whether the app may run at `now`, the time of this computer's clock.
pub fn decide(
    record: &Record,
    verifier: &Verifier,
    fingerprint: &Fingerprint,
    now: Timestamp,
    offline: &OfflineTerms,
) -> Access {
    let key = record.key.as_deref().and_then(|text| LicenseKey::parse(text).ok());
    let (Some(key), Some(file)) = (key, record.file.as_deref()) else {
        return match &record.verdict {
            Some(verdict) => Access::Locked(verdict.clone()),
            None => Access::NotActivated,
        };
    };
    let latest = record.latest_signed.unwrap_or(now);
    let decided_at = now.max(latest);
    let claims = match open(verifier, file, &key, fingerprint, decided_at, offline) {
        Ok(claims) => claims,
        Err(reason) => return Access::Rejected(reason),
    };
    if let Some(verdict) = record.verdict.as_ref().filter(|verdict| verdict.at >= claims.issued_at) {
        return Access::Locked(verdict.clone());
    }
    if record.is_superseded(claims.issued_at) {
        return Access::NotActivated;
    }
    // The file's time of issue is also a time signed by the server.
    let latest = latest.max(claims.issued_at);
    decide_for_file(&claims, decided_at.max(latest), latest > now.plus(CLOCK_TOLERANCE), offline.grace_period)
}

/// Opens a file if it is accepted under these terms, and limits its expiry to their maximum age.
pub(crate) fn open(
    verifier: &Verifier,
    file: &str,
    key: &LicenseKey,
    fingerprint: &Fingerprint,
    now: Timestamp,
    offline: &OfflineTerms,
) -> Result<FileClaims, VerifyError> {
    let claims = match kind_of(file) {
        Some(FileKind::License) if !offline.accept_license_files => return Err(VerifyError::LicenseFileNotAccepted),
        Some(FileKind::License) => verifier.open_license_file(file, key, now)?,
        // Text that is not a file of either kind fails as a machine file.
        Some(FileKind::Machine) | None => verifier.open_machine_file(file, key, fingerprint, now)?,
    };
    Ok(claims.with_max_age(offline.max_file_age))
}

fn decide_for_file(claims: &FileClaims, now: Timestamp, clock_is_behind: bool, grace_period: Duration) -> Access {
    if claims.license.is_suspended {
        // The server does not issue such files. If it did, the file itself would be a signed refusal.
        let verdict = Verdict { code: "SUSPENDED".to_owned(), detail: "is suspended".to_owned(), at: claims.issued_at };
        return Access::Locked(verdict);
    }
    // The license's own expiry is signed, and the grace period does not extend it.
    let license_end = claims.license.expires_at.filter(|_| claims.license_stops_at_expiry());
    if let Some(since) = license_end.filter(|end| *end <= now) {
        return Access::Expired { since };
    }
    let until = |end: Timestamp| license_end.map_or(end, |license_end| license_end.min(end));
    let rights = |end| Rights { until: until(end), entitlements: claims.license.entitlements.clone(), clock_is_behind };
    let grace_end = claims.expires_at.plus(grace_period);
    if !claims.is_expired(now) {
        Access::Licensed(rights(claims.expires_at))
    } else if now < grace_end {
        Access::Grace(rights(grace_end))
    } else {
        Access::Expired { since: grace_end }
    }
}
