//! The use cases that need a recent second factor (SU-07). One that stops to, or starts to, fails here.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

/// All of them, by the name of the method. [`latchkey_service::Fresh`] says why.
const FRESH: &[&str] = &[
    "add_admin",
    "add_staff",
    "add_staff_and_notify",
    "apply_bulk",
    "apply_catalog",
    "customer",
    "delete_account",
    "export_account",
    "export_licenses",
    "export_list",
    "issue_many",
    "license",
    "refund_order",
    "release_order",
    "remove_staff",
    "replay_stripe_event",
    "reset_staff",
    "retire_signing_key",
    "rotate_signing_key",
    "set_email",
    "show_license_key",
    "sign_in_link",
    "view_portal",
];

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            let text = fs::read_to_string(&path).expect("a source");
            found.extend(text.split("async fn ").skip(1).filter_map(name_if_fresh));
        }
    }
}

/// The name of a method whose parameters include the proof.
fn name_if_fresh(rest: &str) -> Option<String> {
    let (signature, _) = rest.split_once(" {")?;
    let name: String = signature.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    signature.contains("fresh: &Fresh").then_some(name)
}

#[test]
fn su_07_sensitive_use_cases_need_a_recent_second_factor() {
    let mut found = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let wanted: BTreeSet<String> = FRESH.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, wanted);
}
