//! LC-06, LC-07, LC-08: the verifier and the decision, over files that a vendor's key signed.

use std::time::Duration;

use crate::vendor::{FileSpec, Vendor};
use latchkey_client::{
    Fingerprint, LicenseKey, PublicKey, Standing, Terms, Timestamp, Verifier, VerifyError,
    record::{Record, Verdict},
    standing::standing,
};

const DAY: Duration = Duration::from_hours(24);

fn record(vendor: &Vendor, file: Option<String>) -> Record {
    Record { key: Some(vendor.key.expose().to_owned()), file, latest_signed: Some(vendor.now), ..Record::default() }
}

fn fingerprint() -> Fingerprint {
    Fingerprint::parse("fp").expect("a fingerprint")
}

fn grace(grace: Duration) -> Terms {
    Terms { grace, ..Terms::default() }
}

/// What a standing comes to, in a word.
fn word(standing: &Standing) -> &'static str {
    match standing {
        Standing::NotActivated => "not activated",
        Standing::Licensed(rights) if rights.clock_is_behind => "licensed, clock behind",
        Standing::Licensed(_) => "licensed",
        Standing::Grace(_) => "grace",
        Standing::Over { .. } => "over",
        Standing::Locked(_) => "locked",
        Standing::Refused(_) => "refused",
    }
}

/// LC-07: the table of clocks and grace periods. The file lasts 30 days from `T`.
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
        // A clock that is set back lengthens nothing, and is told.
        (back(DAY * 365), 7, "licensed, clock behind"),
        (back(minute * 60), 7, "licensed, clock behind"),
        (back(minute * 4), 7, "licensed"),
        (on(DAY * 29), 0, "licensed"),
        (on(DAY * 30), 0, "over"),
        (on(DAY * 30), 7, "grace"),
        (on(DAY * 30), 14, "grace"),
        (on(DAY * 36), 7, "grace"),
        (on(DAY * 37), 7, "over"),
        (on(DAY * 37), 14, "grace"),
        (on(DAY * 43), 14, "grace"),
        (on(DAY * 44), 14, "over"),
        (on(DAY * 4_000), 14, "over"),
    ] {
        let found = standing(&record, &verifier, &fingerprint(), now, &grace(DAY * grace_days));
        assert_eq!(word(&found), expected, "{} with {grace_days} days of grace", now.rfc3339());
        // Grace keeps entitlements.
        if let Some(rights) = found.rights() {
            assert!(rights.has("PRO") && !rights.has("OTHER"));
        }
    }
}

/// LC-07: once a later time was signed, setting the clock back to within the file's time does not
/// bring the file back.
#[test]
fn lc_07_the_mark_of_the_latest_signed_time_holds() {
    let vendor = Vendor::new();
    let mut record = record(&vendor, Some(vendor.machine_file(&FileSpec::default())));
    record.note_signed_time(vendor.now.plus(DAY * 40));
    let found = standing(&record, &vendor.verifier(), &fingerprint(), vendor.now, &grace(DAY * 7));
    assert_eq!(word(&found), "over");
}

/// Only a signed "no" locks; a file that is newer than the "no" unlocks.
#[test]
fn a_signed_no_locks_until_a_newer_yes() {
    let vendor = Vendor::new();
    let mut record = record(&vendor, Some(vendor.machine_file(&FileSpec::default())));
    let decide = |record: &Record| word(&standing(record, &vendor.verifier(), &fingerprint(), vendor.now, &grace(DAY)));
    assert_eq!(decide(&record), "licensed");
    let said = |at| Some(Verdict { code: "SUSPENDED".to_owned(), detail: "is suspended".to_owned(), at });
    record.verdict = said(vendor.now);
    assert_eq!(decide(&record), "locked");
    record.verdict = said(vendor.now.minus(DAY));
    assert_eq!(decide(&record), "licensed");
    record.verdict = None;
    record.file = None;
    assert_eq!(decide(&record), "not activated");
    record.verdict = said(vendor.now);
    assert_eq!(decide(&record), "locked");
}

/// A license's own end is signed: no grace lengthens it, where the policy ends its use.
#[test]
fn the_licenses_own_end() {
    let vendor = Vendor::new();
    let end = vendor.now.plus(DAY * 2);
    for (strategy, before, after) in [
        ("RESTRICT_ACCESS", "licensed", "over"),
        ("REVOKE_ACCESS", "licensed", "over"),
        ("MAINTAIN_ACCESS", "licensed", "licensed"),
        ("ALLOW_ACCESS", "licensed", "licensed"),
    ] {
        let spec = FileSpec { license_end: Some(end), strategy, ..FileSpec::default() };
        let record = record(&vendor, Some(vendor.machine_file(&spec)));
        let at = |now| word(&standing(&record, &vendor.verifier(), &fingerprint(), now, &grace(DAY * 14)));
        assert_eq!((at(end.minus(DAY)), at(end)), (before, after), "{strategy}");
    }
}

/// LC-06: what is meant for another product, machine, license or vendor is refused.
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
    assert_eq!(check(&verifier, &plain, &vendor.key, "other"), Err(VerifyError::OtherMachine));
    let other_product = Verifier::new(vec![vendor.public_key()], vendor.other_product);
    assert_eq!(check(&other_product, &file, &vendor.key, "fp"), Err(VerifyError::OtherProduct));
    let other_vendor = Verifier::new(vec![vendor.other_public_key()], vendor.product);
    assert!(matches!(check(&other_vendor, &file, &vendor.key, "fp"), Err(VerifyError::File(_))));
    // A plain file opens with any key, and tells the one that it is for.
    let plain = vendor.plain_license_file();
    assert!(verifier.license_file(&plain, &vendor.key, vendor.now).is_ok());
    let by_other_key = verifier.license_file(&plain, &vendor.other_key, vendor.now).map(|_| ());
    assert_eq!(by_other_key, Err(VerifyError::OtherLicense));
    // A signed key says for which license it is.
    let (signed, foreign) = (vendor.signed_key(true), vendor.signed_key(false));
    let by_key = |key: &LicenseKey| {
        let file = vendor.license_file_for(key);
        verifier.license_file(&file, key, vendor.now).map(|_| ())
    };
    assert_eq!(by_key(&signed), Ok(()));
    assert_eq!(by_key(&foreign), Err(VerifyError::OtherLicense));
    assert!(verifier.signed_key(signed.expose()).is_ok());
    assert_eq!(other_product.signed_key(signed.expose()), Err(VerifyError::OtherProduct));
    assert!(other_vendor.signed_key(signed.expose()).is_err());
}

/// LC-08: an app that embeds the old key and the next one goes through a rotation; one that has
/// dropped the old key refuses what that key signed.
#[test]
fn lc_08_a_rotation_as_the_app_sees_it() {
    let vendor = Vendor::new();
    let (old, new) = (vendor.public_key(), vendor.other_public_key());
    let old_file = vendor.machine_file(&FileSpec::default());
    let new_file = vendor.machine_file(&FileSpec { by_other_vendor: true, ..FileSpec::default() });
    let accepts = |keys: Vec<PublicKey>, file: &str| {
        Verifier::new(keys, vendor.product).machine_file(file, &vendor.key, &fingerprint(), vendor.now).is_ok()
    };
    for (keys, takes_old, takes_new) in [
        (vec![old], true, false),
        (vec![old, new], true, true),
        (vec![new, old], true, true),
        (vec![new], false, true),
        (vec![], false, false),
    ] {
        assert_eq!((accepts(keys.clone(), &old_file), accepts(keys, &new_file)), (takes_old, takes_new));
    }
}

/// A file is one computer's: a license file, which names none, counts only where the app says so.
#[test]
fn lc_06_a_license_file_is_no_machine_file() {
    let vendor = Vendor::new();
    let record = record(&vendor, Some(vendor.license_file_for(&vendor.key)));
    let at = |terms: &Terms| standing(&record, &vendor.verifier(), &fingerprint(), vendor.now, terms);
    assert_eq!(at(&Terms::default()), Standing::Refused(VerifyError::NamesNoMachine));
    assert_eq!(word(&at(&Terms { license_files: true, ..Terms::default() })), "licensed");
}

/// Whoever holds the key may ask for a file of 68 years; it counts no longer than the app lets it.
#[test]
fn lc_07_no_file_counts_for_ever() {
    let vendor = Vendor::new();
    let spec = FileSpec { lasts: Duration::from_secs(2_147_483_647), ..FileSpec::default() };
    let record = record(&vendor, Some(vendor.machine_file(&spec)));
    let verifier = vendor.verifier();
    let at = |days: u32, terms: &Terms| {
        word(&standing(&record, &verifier, &fingerprint(), vendor.now.plus(DAY * days), terms))
    };
    let usual = Terms::default();
    assert_eq!((at(365, &usual), at(366, &usual), at(380, &usual)), ("licensed", "grace", "over"));
    let short = Terms { longest_file: DAY * 30, grace: Duration::ZERO, ..usual };
    assert_eq!((at(29, &short), at(30, &short)), ("licensed", "over"));
}

/// Files from before the computer was freed are history, also for who put one aside.
#[test]
fn files_from_before_are_history() {
    let vendor = Vendor::new();
    let mut record = record(&vendor, Some(vendor.machine_file(&FileSpec::default())));
    let decide = |record: &Record| word(&standing(record, &vendor.verifier(), &fingerprint(), vendor.now, &grace(DAY)));
    record.end_files(vendor.now.minus(Duration::from_secs(1)));
    assert_eq!(decide(&record), "licensed");
    record.end_files(vendor.now);
    assert_eq!(decide(&record), "not activated");
    // Another key, and back to this one: it stays history.
    record = Record { key: record.key.clone(), file: record.file.clone(), ..record.emptied() };
    assert_eq!(decide(&record), "not activated");
}

/// The verifier alone judges as well: what an app gets from it may be relied on.
#[test]
fn the_verifier_refuses_what_is_over() {
    let vendor = Vendor::new();
    let check = |spec: &FileSpec, days: u32| {
        let file = vendor.machine_file(spec);
        let now = vendor.now.plus(DAY * days);
        vendor.verifier().machine_file(&file, &vendor.key, &fingerprint(), now).map(|_| ())
    };
    let usual = FileSpec::default();
    assert_eq!((check(&usual, 29), check(&usual, 30)), (Ok(()), Err(VerifyError::Over)));
    let ends = |strategy| FileSpec { license_end: Some(vendor.now.plus(DAY * 2)), strategy, ..FileSpec::default() };
    assert_eq!(check(&ends("RESTRICT_ACCESS"), 2), Err(VerifyError::LicenseOver));
    assert_eq!(check(&ends("MAINTAIN_ACCESS"), 2), Ok(()));
    let suspended = FileSpec { is_suspended: true, ..FileSpec::default() };
    assert_eq!(check(&suspended, 0), Err(VerifyError::Suspended));
    let file = vendor.machine_file(&usual);
    let late = vendor.now.plus(DAY * 99);
    assert!(vendor.verifier().open_machine_file(&file, &vendor.key, &fingerprint(), late).is_ok());
}

/// What was tampered with grants nothing that is not signed. (Who takes out what is held against the
/// license gains what a new record would: the file, until its own end.)
#[test]
fn tampered_records_grant_nothing() {
    let vendor = Vendor::new();
    let file = vendor.machine_file(&FileSpec::default());
    let decide =
        |record: &Record, now: Timestamp| word(&standing(record, &vendor.verifier(), &fingerprint(), now, &grace(DAY)));
    let late = vendor.now.plus(DAY * 100);
    for (key, file, expected) in [
        (None, Some(file.clone()), "not activated"),
        (Some("nonsense".to_owned()), Some(file.clone()), "not activated"),
        (Some(vendor.other_key.expose().to_owned()), Some(file.clone()), "refused"),
        (Some(vendor.key.expose().to_owned()), Some(String::new()), "refused"),
        (Some(vendor.key.expose().to_owned()), Some(file.replace("AAAA", "BBBB").replacen('e', "f", 9)), "refused"),
        (Some(vendor.key.expose().to_owned()), Some(file), "over"),
    ] {
        let record = Record { key, file, ..Record::default() };
        assert_eq!(decide(&record, late), expected);
    }
}
