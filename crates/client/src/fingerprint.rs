//! A fingerprint for this computer, computed by an algorithm that does not change.
//!
//! **Algorithm, version 1:** the lower-case hex of the SHA-256 of `latchkey fingerprint 1`, LF, the app's
//! name, LF, and the operating system's machine id in lower case without white space. The machine id is
//! `/etc/machine-id` (Linux; `/var/lib/dbus/machine-id` where that is missing, empty or
//! `uninitialized`), `IOPlatformUUID` (macOS), or
//! `HKLM\SOFTWARE\Microsoft\Cryptography\MachineGuid` (Windows).
//!
//! The fingerprint does not change with the app's version, the user name, the host name, a disk or a network
//! card. It changes when the operating system is reinstalled. Apps with different names get different
//! fingerprints, so vendors cannot use them to match their customers. Machines cloned from one image share
//! a fingerprint unless the image was generalized as the system's documentation says (`sysprep`, or an empty
//! `/etc/machine-id`).

use latchkey_licensing::{hex, machine::Fingerprint};
use sha2::{Digest, Sha256};

/// The operating system's machine id is not available.
#[derive(Clone, Debug, thiserror::Error)]
#[error("this computer has no machine id: {0}")]
pub struct NoMachineId(String);

/// The fingerprint of this computer for an app. `app` is part of the algorithm: never change it.
pub fn of_this_machine(app: &str) -> Result<Fingerprint, NoMachineId> {
    from_machine_id(app, &machine_id()?).ok_or_else(|| NoMachineId("it is empty".to_owned()))
}

#[cfg(target_os = "linux")]
fn machine_id() -> Result<String, NoMachineId> {
    first_id(&["/etc/machine-id", "/var/lib/dbus/machine-id"].map(std::path::Path::new))
        .ok_or_else(|| NoMachineId("/etc/machine-id and /var/lib/dbus/machine-id are missing or empty".to_owned()))
}

#[cfg(not(target_os = "linux"))]
fn machine_id() -> Result<String, NoMachineId> {
    machine_uid::get().map_err(|error| NoMachineId(error.to_string()))
}

/// The content of the first of these files that contains an id.
#[cfg(target_os = "linux")]
fn first_id(files: &[&std::path::Path]) -> Option<String> {
    let read = |file: &&std::path::Path| std::fs::read_to_string(file).ok();
    files.iter().filter_map(read).find(|id| !matches!(id.trim(), "" | "uninitialized"))
}

/// The fingerprint for a machine id from another source. `None` if the id is empty.
pub fn from_machine_id(app: &str, machine_id: &str) -> Option<Fingerprint> {
    let id: String = machine_id.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect();
    if id.is_empty() {
        return None;
    }
    let hash = Sha256::digest(format!("latchkey fingerprint 1\n{app}\n{id}"));
    Fingerprint::parse(&hex::encode(&hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Apps rely on the algorithm, so this value must never change.
    #[test]
    fn the_algorithm_is_stable() {
        let of = |app, id| from_machine_id(app, id).map(|found| found.as_str().to_owned());
        let expected = "25c36461712106f0e122ea26a0968bcb6f1999feabf266d1b3d4efb1a9359986";
        assert_eq!(of("acme-draw", "0123456789ABCDEF0123456789abcdef\n").as_deref(), Some(expected));
        assert_eq!(
            of("acme-draw", " 0123456789abcdef0123456789abcdef"),
            of("acme-draw", "0123456789ABCDEF0123456789abcdef")
        );
        assert_ne!(of("acme-draw", "0123"), of("other", "0123"));
        assert_eq!(of("acme-draw", " \n"), None);
    }

    /// In the documented order. The empty or `uninitialized` file of a generalized image does not count.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_first_file_with_an_id_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for (name, text) in [("id", "0123\n"), ("other", "4567\n"), ("empty", ""), ("new", "uninitialized\n")] {
            std::fs::write(path(name), text).expect("written");
        }
        let first = |names: [&str; 2]| {
            let files = names.map(path);
            first_id(&[&files[0], &files[1]])
        };
        assert_eq!(first(["id", "other"]).as_deref(), Some("0123\n"));
        for unset in ["empty", "new", "missing"] {
            assert_eq!(first([unset, "other"]).as_deref(), Some("4567\n"), "{unset}");
        }
        assert_eq!(first(["empty", "missing"]), None);
        assert_eq!(
            of_this_machine("acme-draw").ok(),
            machine_id().ok().and_then(|id| from_machine_id("acme-draw", &id))
        );
    }
}
