//! LC-06, LC-07, LC-08: the verifier and the access decision, for files signed by a vendor's key.

use std::time::Duration;

use crate::vendor::{FileSpec, Vendor};
use latchkey_client::{
    Access, Fingerprint, LicenseKey, OfflineTerms, PublicKey, Timestamp, Verifier, VerifyError, access,
    record::{Record, Verdict},
};

const DAY: Duration = Duration::from_hours(24);

fn record(vendor: &Vendor, file: Option<String>) -> Record {
    Record { key: Some(vendor.key.expose().to_owned()), file, latest_signed: Some(vendor.now), ..Record::default() }
}

fn fingerprint() -> Fingerprint {
    Fingerprint::parse("fp").expect("a fingerprint")
}

fn grace(grace_period: Duration) -> OfflineTerms {
    OfflineTerms { grace_period, ..OfflineTerms::default() }
}

/// The access decision in a word or two.
fn word(access: &Access) -> &'static str {
    match access {
        Access::NotActivated => "not activated",
        Access::Licensed(rights) if rights.clock_is_behind => "licensed, clock behind",
        Access::Licensed(_) => "licensed",
        Access::Grace(_) => "grace",
        Access::Expired { .. } => "expired",
        Access::Locked(_) => "locked",
        Access::Rejected(_) => "rejected",
    }
}

/// LC-07: a table of clocks and grace periods. The file expires 30 days after the vendor's `now`.
#[test]
fn lc_07_clocks_and_grace() {
    let vendor = Vendor::new();
    let record = record(&vendor, Some(vendor.machine_file(&FileSpec::default())));
    let verifier = vendor.verifier();
    let minute = Duration::from_mins(1);
    let back = |by: Duration| vendor.now.minus(by);
    let on = |by: Duration| vendor.now.plus(by);
    for (now, grace_days, expected) in [
        (vendor.now, 0, "licensed"),
        (vendor.now, 14, "licensed"),
        // Setting the clock back does not extend anything, and is reported.
        (back(DAY * 365), 7, "licensed, clock behind"),
        (back(minute * 60), 7, "licensed, clock behind"),
        (back(minute * 4), 7, "licensed"),
        (on(DAY * 29), 0, "licensed"),
        (on(DAY * 30), 0, "expired"),
        (on(DAY * 30), 7, "grace"),
        (on(DAY * 30), 14, "grace"),
        (on(DAY * 36), 7, "grace"),
        (on(DAY * 37), 7, "expired"),
        (on(DAY * 37), 14, "grace"),
        (on(DAY * 43), 14, "grace"),
        (on(DAY * 44), 14, "expired"),
        (on(DAY * 4_000), 14, "expired"),
    ] {
        let found = access::decide(&record, &verifier, &fingerprint(), now, &grace(DAY * grace_days));
        assert_eq!(word(&found), expected, "{} with {grace_days} days of grace", now.rfc3339());
        // The grace period keeps the entitlements.
        if let Some(rights) = found.rights() {
            assert!(rights.has("PRO") && !rights.has("OTHER"));
        }
    }
}

/// LC-07: after the server has signed a later time, setting the clock back does not make an expired file valid
/// again.
#[test]
fn lc_07_the_latest_signed_time_outlasts_a_clock_set_back() {
    let vendor = Vendor::new();
    let mut record = record(&vendor, Some(vendor.machine_file(&FileSpec::default())));
    record.note_signed_time(vendor.now.plus(DAY * 40));
    let found = access::decide(&record, &vendor.verifier(), &fingerprint(), vendor.now, &grace(DAY * 7));
    assert_eq!(word(&found), "expired");
}

/// A signed refusal locks the app, and a file issued after it unlocks the app.
#[test]
fn a_signed_refusal_locks_until_a_newer_file() {
    let vendor = Vendor::new();
    let mut record = record(&vendor, Some(vendor.machine_file(&FileSpec::default())));
    let decide =
        |record: &Record| word(&access::decide(record, &vendor.verifier(), &fingerprint(), vendor.now, &grace(DAY)));
    assert_eq!(decide(&record), "licensed");
    let refused = |at| Some(Verdict { code: "SUSPENDED".to_owned(), detail: "is suspended".to_owned(), at });
    record.verdict = refused(vendor.now);
    assert_eq!(decide(&record), "locked");
    record.verdict = refused(vendor.now.minus(DAY));
    assert_eq!(decide(&record), "licensed");
    record.verdict = None;
    record.file = None;
    assert_eq!(decide(&record), "not activated");
    record.verdict = refused(vendor.now);
    assert_eq!(decide(&record), "locked");
}

/// If the policy ends use at the license's own expiry, the grace period does not extend it.
#[test]
fn no_grace_after_the_licenses_own_expiry() {
    let vendor = Vendor::new();
    let end = vendor.now.plus(DAY * 2);
    for (strategy, before, after) in [
        ("RESTRICT_ACCESS", "licensed", "expired"),
        ("REVOKE_ACCESS", "licensed", "expired"),
        ("MAINTAIN_ACCESS", "licensed", "licensed"),
        ("ALLOW_ACCESS", "licensed", "licensed"),
    ] {
        let spec = FileSpec { license_end: Some(end), strategy, ..FileSpec::default() };
        let record = record(&vendor, Some(vendor.machine_file(&spec)));
        let at = |now| word(&access::decide(&record, &vendor.verifier(), &fingerprint(), now, &grace(DAY * 14)));
        assert_eq!((at(end.minus(DAY)), at(end)), (before, after), "{strategy}");
    }
}

/// LC-06: files for another product, machine, license or vendor are rejected.
#[test]
fn lc_06_other_peoples_files() {
    let vendor = Vendor::new();
    let verifier = vendor.verifier();
    let check = |verifier: &Verifier, file: &str, key: &LicenseKey, fingerprint: &str| {
        let fingerprint = Fingerprint::parse(fingerprint).expect("a fingerprint");
        verifier.machine_file(file, key, &fingerprint, vendor.now).map(|_| ())
    };
    let file = vendor.machine_file(&FileSpec::default());
    assert_eq!(check(&verifier, &file, &vendor.key, "fp"), Ok(()));
    assert!(check(&verifier, &file, &vendor.key, "other").is_err(), "another machine cannot decrypt it");
    assert!(check(&verifier, &file, &vendor.other_key, "fp").is_err(), "nor can another license");
    let plain = vendor.machine_file(&FileSpec { is_plain: true, ..FileSpec::default() });
    assert_eq!(check(&verifier, &plain, &vendor.key, "other"), Err(VerifyError::WrongMachine));
    let other_product = Verifier::new(vec![vendor.public_key()], vendor.other_product);
    assert_eq!(check(&other_product, &file, &vendor.key, "fp"), Err(VerifyError::WrongProduct));
    let other_vendor = Verifier::new(vec![vendor.other_public_key()], vendor.product);
    assert!(matches!(check(&other_vendor, &file, &vendor.key, "fp"), Err(VerifyError::File(_))));
    // A plain file opens with any key, so the key in it must match.
    let plain = vendor.plain_license_file();
    assert!(verifier.license_file(&plain, &vendor.key, vendor.now).is_ok());
    let by_other_key = verifier.license_file(&plain, &vendor.other_key, vendor.now).map(|_| ());
    assert_eq!(by_other_key, Err(VerifyError::WrongLicense));
    // A signed key contains its license's id.
    let (signed, foreign) = (vendor.signed_key(true), vendor.signed_key(false));
    let by_key = |key: &LicenseKey| {
        let file = vendor.license_file_for(key);
        verifier.license_file(&file, key, vendor.now).map(|_| ())
    };
    assert_eq!(by_key(&signed), Ok(()));
    assert_eq!(by_key(&foreign), Err(VerifyError::WrongLicense));
    assert!(verifier.signed_key(signed.expose()).is_ok());
    assert_eq!(other_product.signed_key(signed.expose()), Err(VerifyError::WrongProduct));
    assert!(other_vendor.signed_key(signed.expose()).is_err());
}

/// LC-08: an app that embeds the old and the next key survives a rotation. One that no longer embeds the old key
/// rejects what it signed.
#[test]
fn lc_08_a_rotation_from_the_apps_point_of_view() {
    let vendor = Vendor::new();
    let (old, new) = (vendor.public_key(), vendor.other_public_key());
    let old_file = vendor.machine_file(&FileSpec::default());
    let new_file = vendor.machine_file(&FileSpec { by_other_vendor: true, ..FileSpec::default() });
    let accepts = |keys: Vec<PublicKey>, file: &str| {
        Verifier::new(keys, vendor.product).machine_file(file, &vendor.key, &fingerprint(), vendor.now).is_ok()
    };
    for (keys, accepts_old, accepts_new) in [
        (vec![old], true, false),
        (vec![old, new], true, true),
        (vec![new, old], true, true),
        (vec![new], false, true),
        (vec![], false, false),
    ] {
        assert_eq!((accepts(keys.clone(), &old_file), accepts(keys, &new_file)), (accepts_old, accepts_new));
    }
}

/// License files are not tied to a computer, and are accepted only if the app opts in.
#[test]
fn lc_06_license_files_are_accepted_only_on_request() {
    let vendor = Vendor::new();
    let record = record(&vendor, Some(vendor.license_file_for(&vendor.key)));
    let at = |terms: &OfflineTerms| access::decide(&record, &vendor.verifier(), &fingerprint(), vendor.now, terms);
    assert_eq!(at(&OfflineTerms::default()), Access::Rejected(VerifyError::LicenseFileNotAccepted));
    assert_eq!(word(&at(&OfflineTerms { accept_license_files: true, ..OfflineTerms::default() })), "licensed");
}

/// A key holder can request a file that lasts 68 years, but the app accepts it only up to its maximum age.
#[test]
fn lc_07_no_file_is_valid_forever() {
    let vendor = Vendor::new();
    let spec = FileSpec { ttl: Duration::from_secs(2_147_483_647), ..FileSpec::default() };
    let record = record(&vendor, Some(vendor.machine_file(&spec)));
    let verifier = vendor.verifier();
    let at = |days: u32, terms: &OfflineTerms| {
        word(&access::decide(&record, &verifier, &fingerprint(), vendor.now.plus(DAY * days), terms))
    };
    let usual = OfflineTerms::default();
    assert_eq!((at(365, &usual), at(366, &usual), at(380, &usual)), ("licensed", "grace", "expired"));
    let short = OfflineTerms { max_file_age: DAY * 30, grace_period: Duration::ZERO, ..usual };
    assert_eq!((at(29, &short), at(30, &short)), ("licensed", "expired"));
}

/// Files issued before the computer was deactivated are not accepted again, even if a copy was kept.
#[test]
fn files_from_before_a_deactivation_are_superseded() {
    let vendor = Vendor::new();
    let mut record = record(&vendor, Some(vendor.machine_file(&FileSpec::default())));
    let decide =
        |record: &Record| word(&access::decide(record, &vendor.verifier(), &fingerprint(), vendor.now, &grace(DAY)));
    record.supersede_files(vendor.now.minus(Duration::from_secs(1)));
    assert_eq!(decide(&record), "licensed");
    record.supersede_files(vendor.now);
    assert_eq!(decide(&record), "not activated");
    // Switching to another key and back does not change that.
    record = Record { key: record.key.clone(), file: record.file.clone(), ..record.cleared() };
    assert_eq!(decide(&record), "not activated");
}

/// The verifier used alone also checks expiry and suspension.
#[test]
fn the_verifier_rejects_expired_and_suspended_licenses() {
    let vendor = Vendor::new();
    let check = |spec: &FileSpec, days: u32| {
        let file = vendor.machine_file(spec);
        let now = vendor.now.plus(DAY * days);
        vendor.verifier().machine_file(&file, &vendor.key, &fingerprint(), now).map(|_| ())
    };
    let usual = FileSpec::default();
    assert_eq!((check(&usual, 29), check(&usual, 30)), (Ok(()), Err(VerifyError::Expired)));
    let ends = |strategy| FileSpec { license_end: Some(vendor.now.plus(DAY * 2)), strategy, ..FileSpec::default() };
    assert_eq!(check(&ends("RESTRICT_ACCESS"), 2), Err(VerifyError::LicenseExpired));
    assert_eq!(check(&ends("MAINTAIN_ACCESS"), 2), Ok(()));
    let suspended = FileSpec { is_suspended: true, ..FileSpec::default() };
    assert_eq!(check(&suspended, 0), Err(VerifyError::Suspended));
    let file = vendor.machine_file(&usual);
    let late = vendor.now.plus(DAY * 99);
    assert!(vendor.verifier().open_machine_file(&file, &vendor.key, &fingerprint(), late).is_ok());
}

/// A tampered record grants nothing that is not signed. (Removing the entries that restrict access is equivalent
/// to starting with a new record: the file remains valid until it expires.)
#[test]
fn tampered_records_grant_nothing() {
    let vendor = Vendor::new();
    let file = vendor.machine_file(&FileSpec::default());
    let decide = |record: &Record, now: Timestamp| {
        word(&access::decide(record, &vendor.verifier(), &fingerprint(), now, &grace(DAY)))
    };
    let late = vendor.now.plus(DAY * 100);
    for (key, file, expected) in [
        (None, Some(file.clone()), "not activated"),
        (Some("nonsense".to_owned()), Some(file.clone()), "not activated"),
        (Some(vendor.other_key.expose().to_owned()), Some(file.clone()), "rejected"),
        (Some(vendor.key.expose().to_owned()), Some(String::new()), "rejected"),
        (Some(vendor.key.expose().to_owned()), Some(file.replace("AAAA", "BBBB").replacen('e', "f", 9)), "rejected"),
        (Some(vendor.key.expose().to_owned()), Some(file), "expired"),
    ] {
        let record = Record { key, file, ..Record::default() };
        assert_eq!(decide(&record, late), expected);
    }
}
