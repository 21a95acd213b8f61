//! May the app run? A pure decision from what is remembered and what time it is.
//!
//! | what is known | standing |
//! |---|---|
//! | no key, or no file | [`Standing::NotActivated`] |
//! | the server said "no", signed, after the file was made | [`Standing::Locked`] |
//! | a good file | [`Standing::Licensed`] |
//! | a good file whose time is over, within the grace period | [`Standing::Grace`] |
//! | a good file whose time is over, beyond the grace period | [`Standing::Over`] |
//! | a file from before this computer was freed | [`Standing::NotActivated`] |
//! | a good file of a license that has ended | [`Standing::Over`] |
//! | a file that is not good | [`Standing::Refused`] |
//!
//! The clock of the decision never runs behind the latest time that the server signed: setting the
//! computer's clock back lengthens nothing. [`Rights::clock_is_behind`] tells when the two differ by
//! more than five minutes, so that the app can ask for the clock to be set.

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
    verify::{LONGEST_FILE, Verifier, VerifyError},
};

/// Whether the app may run, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no key yet, or no file for it.
    NotActivated,
    /// It may run.
    Licensed(Rights),
    /// It may run; the server should be reached before the grace period ends.
    Grace(Rights),
    /// It may not run until the server is reached: the file's time and the grace period are over, or
    /// the license has ended.
    Over {
        /// Since when.
        since: Timestamp,
    },
    /// The server said no, signed.
    Locked(Verdict),
    /// The file is not to be trusted.
    Refused(VerifyError),
}

/// What a license grants here and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Until when, without reaching the server: the end of the file, or of the grace period.
    pub until: Timestamp,
    /// What the license carries.
    pub entitlements: BTreeSet<EntitlementCode>,
    /// Whether this computer's clock is more than five minutes behind what the server signed.
    pub clock_is_behind: bool,
}

impl Rights {
    /// Whether the license carries an entitlement.
    pub fn has(&self, code: &str) -> bool {
        self.entitlements.iter().any(|held| held.as_str() == code)
    }
}

impl Standing {
    /// What the app may do; `None` if it may not run.
    pub fn rights(&self) -> Option<&Rights> {
        match self {
            Self::Licensed(rights) | Self::Grace(rights) => Some(rights),
            Self::NotActivated | Self::Over { .. } | Self::Locked(_) | Self::Refused(_) => None,
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotActivated => f.write_str("not activated on this computer"),
            Self::Licensed(rights) => write!(f, "licensed; works offline until {}", rights.until.human_date()),
            Self::Grace(rights) => {
                write!(f, "licensed, but not confirmed lately: connect before {}", rights.until.human_date())
            }
            Self::Over { since } => write!(f, "over since {}: connect to confirm the license", since.human_date()),
            Self::Locked(verdict) => write!(f, "not licensed: the license {} ({})", verdict.detail, verdict.code),
            Self::Refused(why) => why.fmt(f),
        }
    }
}

/// What files an app takes, and how long it goes on with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long the app goes on after its file's time is over.
    pub grace: Duration,
    /// The longest time that a file counts, whatever it says, [`LONGEST_FILE`] unless you hand out longer
    /// ones.
    pub longest_file: Duration,
    /// Whether license files count as well as machine files. They name no computer: one file and one key
    /// then open any number of computers that stay offline.
    pub license_files: bool,
}

impl Default for Terms {
    /// 14 days of grace, files of at most 366 days, machine files alone.
    fn default() -> Self {
        Self { grace: Duration::from_hours(14 * 24), longest_file: LONGEST_FILE, license_files: false }
    }
}

/// Decides at `now`, by this computer's clock.
pub fn standing(
    record: &Record,
    verifier: &Verifier,
    fingerprint: &Fingerprint,
    now: Timestamp,
    terms: &Terms,
) -> Standing {
    let key = record.key.as_deref().and_then(|text| LicenseKey::parse(text).ok());
    let (Some(key), Some(file)) = (key, record.file.as_deref()) else {
        return match &record.verdict {
            Some(verdict) => Standing::Locked(verdict.clone()),
            None => Standing::NotActivated,
        };
    };
    let latest = record.latest_signed.unwrap_or(now);
    let decided_at = now.max(latest);
    let claims = match open(verifier, file, &key, fingerprint, decided_at, terms) {
        Ok(claims) => claims,
        Err(why) => return Standing::Refused(why),
    };
    if let Some(verdict) = record.verdict.as_ref().filter(|verdict| verdict.at >= claims.issued_at) {
        return Standing::Locked(verdict.clone());
    }
    if record.is_history(claims.issued_at) {
        return Standing::NotActivated;
    }
    // The file's own time of issue is a time that the server signed as well.
    let latest = latest.max(claims.issued_at);
    decide(&claims, decided_at.max(latest), latest > now.plus(CLOCK_TOLERANCE), terms.grace)
}

/// Opens a file that counts on these terms; its end is no later than they say.
pub(crate) fn open(
    verifier: &Verifier,
    file: &str,
    key: &LicenseKey,
    fingerprint: &Fingerprint,
    now: Timestamp,
    terms: &Terms,
) -> Result<FileClaims, VerifyError> {
    let claims = match kind_of(file) {
        Some(FileKind::License) if !terms.license_files => return Err(VerifyError::NamesNoMachine),
        Some(FileKind::License) => verifier.open_license_file(file, key, now)?,
        // What is no file at all is refused as a machine file.
        Some(FileKind::Machine) | None => verifier.open_machine_file(file, key, fingerprint, now)?,
    };
    Ok(claims.for_at_most(terms.longest_file))
}

fn decide(claims: &FileClaims, now: Timestamp, clock_is_behind: bool, grace: Duration) -> Standing {
    if claims.license.is_suspended {
        // No server makes such a file; one that was made so is a signed "no".
        let verdict = Verdict { code: "SUSPENDED".to_owned(), detail: "is suspended".to_owned(), at: claims.issued_at };
        return Standing::Locked(verdict);
    }
    // That the license ends is signed: no grace lengthens it.
    let license_end = claims.license.expires_at.filter(|_| claims.license_ends_use());
    if let Some(since) = license_end.filter(|end| *end <= now) {
        return Standing::Over { since };
    }
    let until = |end: Timestamp| license_end.map_or(end, |license_end| license_end.min(end));
    let rights = |end| Rights { until: until(end), entitlements: claims.license.entitlements.clone(), clock_is_behind };
    let grace_end = claims.expires_at.plus(grace);
    if !claims.is_over(now) {
        Standing::Licensed(rights(claims.expires_at))
    } else if now < grace_end {
        Standing::Grace(rights(grace_end))
    } else {
        Standing::Over { since: grace_end }
    }
}
