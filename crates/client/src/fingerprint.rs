//! A fingerprint for this computer, by a recipe that does not change.
//!
//! **Recipe, version 1:** lower-case hex of SHA-256 over `latchkey fingerprint 1`, LF, the app's own
//! name, LF, the operating system's machine id in lower case without white space. The id is
//! `/etc/machine-id` (Linux; `/var/lib/dbus/machine-id` where that is missing), `IOPlatformUUID`
//! (macOS), or `HKLM\SOFTWARE\Microsoft\Cryptography\MachineGuid` (Windows).
//!
//! It stays the same when the app, the user's name, the host name, a disk or a network card changes,
//! and changes when the operating system is installed anew. Two apps with other names get other
//! fingerprints, so that vendors cannot compare their customers. Machines cloned from one image share
//! it, until the image is sealed as its system's maker says (`sysprep`, an empty `/etc/machine-id`).

use latchkey_licensing::machine::Fingerprint;
use sha2::{Digest, Sha256};

/// This computer tells no id of itself.
#[derive(Clone, Debug, thiserror::Error)]
#[error("this computer tells no machine id: {0}")]
pub struct NoMachineId(String);

/// The fingerprint of this computer for the app of this name, which must never change.
pub fn of_this_machine(app: &str) -> Result<Fingerprint, NoMachineId> {
    let id = machine_uid::get().map_err(|error| NoMachineId(error.to_string()))?;
    from_machine_id(app, &id).ok_or_else(|| NoMachineId("it is empty".to_owned()))
}

/// The recipe, for a machine id that comes from elsewhere. `None` if the id is empty.
pub fn from_machine_id(app: &str, machine_id: &str) -> Option<Fingerprint> {
    let id: String = machine_id.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect();
    if id.is_empty() {
        return None;
    }
    let hash = Sha256::digest(format!("latchkey fingerprint 1\n{app}\n{id}"));
    let hex = hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        use std::fmt::Write;
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    Fingerprint::parse(&hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recipe is a promise: this value must never change.
    #[test]
    fn the_recipe_is_stable() {
        let of = |app, id| from_machine_id(app, id).map(|found| found.as_str().to_owned());
        let expected = "79a3730f1b66c609409ece0a889cacb9ea6ec0df9415a38669dbdb44da68d19c";
        assert_eq!(of("chartgpt", "0123456789ABCDEF0123456789abcdef\n").as_deref(), Some(expected));
        assert_eq!(
            of("chartgpt", " 0123456789abcdef0123456789abcdef"),
            of("chartgpt", "0123456789ABCDEF0123456789abcdef")
        );
        assert_ne!(of("chartgpt", "0123"), of("other", "0123"));
        assert_eq!(of("chartgpt", " \n"), None);
    }
}
