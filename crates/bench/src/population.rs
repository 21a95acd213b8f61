//! The contents of the database: each account, license and machine is derived from its number, so that the
//! load generator does not have to read a million keys.

use std::path::Path;

use anyhow::{Context, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_licensing::{
    ids::{AccountId, LicenseId, MachineId, SessionId},
    license_key::{KEY_RANDOM_BYTES, KeyPrefix, LicenseKey},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The prefix of the keys.
const PREFIX: &str = "BENCH";

/// How many licenses each account has.
pub(crate) const LICENSES_EACH: u64 = 3;

/// At most this many accounts are signed in.
const MAX_VIEWERS: u64 = 1_000;

/// The parameters from which everything is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Population {
    /// The number of licenses. Each account has [`LICENSES_EACH`].
    pub(crate) licenses: u64,
    pub(crate) machines_each: u32,
    /// When the newest license was created, in microseconds.
    pub(crate) made_at: i64,
}

#[derive(Debug)]
pub(crate) struct Resident {
    pub(crate) account: AccountId,
    pub(crate) license: LicenseId,
    pub(crate) key: LicenseKey,
    pub(crate) nonce: [u8; 12],
    pub(crate) made_at: Timestamp,
    number: u64,
}

impl Population {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} does not describe a population", path.display()))
    }

    pub(crate) fn prefix() -> Result<KeyPrefix> {
        KeyPrefix::parse(PREFIX).context("the key prefix is invalid")
    }

    /// The license with this number, and its account. Each was created one millisecond after the previous one.
    pub(crate) fn resident(&self, number: u64) -> Result<Resident> {
        let made_at = self.made_at(number)?;
        let (ids, owner) = (bytes("ids", number, 0), number / LICENSES_EACH);
        let key: [u8; KEY_RANDOM_BYTES] = part(&bytes("key", number, 0), 0)?;
        Ok(Resident {
            account: AccountId::new(self.made_at(owner * LICENSES_EACH)?, part(&bytes("owner", owner, 0), 0)?),
            license: LicenseId::new(made_at, part(&ids, 10)?),
            key: LicenseKey::new(&Self::prefix()?, &key),
            nonce: part(&bytes("nonce", number, 0), 0)?,
            made_at,
            number,
        })
    }

    /// When a license was created.
    fn made_at(&self, number: u64) -> Result<Timestamp> {
        let age = i64::try_from(self.licenses.saturating_sub(number))?;
        Ok(Timestamp::from_unix_micros(self.made_at - age * 1_000))
    }

    /// The account and the session of an admin.
    pub(crate) fn admin(&self) -> Result<(AccountId, SessionId)> {
        let (made_at, ids) = (Timestamp::from_unix_micros(self.made_at), bytes("admin", 0, 0));
        Ok((AccountId::new(made_at, part(&ids, 0)?), SessionId::new(made_at, part(&ids, 10)?)))
    }

    pub(crate) fn admin_token() -> Result<[u8; 16]> {
        part(&bytes("admin session", 0, 0), 0)
    }

    /// The value of the admin's session cookie.
    pub(crate) fn admin_cookie() -> Result<String> {
        Ok(URL_SAFE_NO_PAD.encode(Self::admin_token()?))
    }

    pub(crate) fn viewers(&self) -> u64 {
        self.licenses.min(MAX_VIEWERS)
    }

    /// The number of the `nth` signed-in account. They are spread evenly over all accounts.
    pub(crate) fn viewer(&self, nth: u64) -> u64 {
        nth * (self.licenses / self.viewers().max(1))
    }
}

impl Resident {
    pub(crate) fn email(&self) -> String {
        format!("customer-{}@bench.example", self.owner_number())
    }

    /// The number of its account.
    pub(crate) fn owner_number(&self) -> u64 {
        self.number / LICENSES_EACH
    }

    /// The fingerprint of one of the machines.
    pub(crate) fn fingerprint(&self, machine: u32) -> String {
        hex(&bytes("fingerprint", self.number, machine))
    }

    pub(crate) fn machine(&self, machine: u32) -> Result<MachineId> {
        Ok(MachineId::new(self.made_at, part(&bytes("machine", self.number, machine), 0)?))
    }

    pub(crate) fn session(&self) -> Result<SessionId> {
        Ok(SessionId::new(self.made_at, part(&bytes("session", self.number, 0), 0)?))
    }

    pub(crate) fn session_token(&self) -> Result<[u8; 16]> {
        part(&bytes("session", self.number, 0), 16)
    }

    /// The value of the session cookie.
    pub(crate) fn cookie(&self) -> Result<String> {
        Ok(URL_SAFE_NO_PAD.encode(self.session_token()?))
    }
}

pub(crate) fn bytes(purpose: &str, number: u64, machine: u32) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"latchkey bench")
        .chain_update(purpose)
        .chain_update(number.to_be_bytes())
        .chain_update(machine.to_be_bytes())
        .finalize()
        .into()
}

pub(crate) fn part<const N: usize>(bytes: &[u8; 32], from: usize) -> Result<[u8; N]> {
    let part = bytes.get(from..from + N).context("the hash is too short")?;
    Ok(part.try_into()?)
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const POPULATION: Population = Population { licenses: 5_000, machines_each: 2, made_at: 1_795_435_200_000_000 };

    #[test]
    fn residents_are_reproducible_and_distinct() {
        let one = POPULATION.resident(1).expect("made");
        let (again, two) = (POPULATION.resident(1).expect("made"), POPULATION.resident(2).expect("made"));
        assert_eq!((one.license, one.key.expose()), (again.license, again.key.expose()));
        assert_ne!(one.key.expose(), two.key.expose());
        assert_ne!(one.fingerprint(0), one.fingerprint(1));
        assert_ne!(one.fingerprint(0), two.fingerprint(0));
        assert!(one.license < two.license, "ids increase as in a real database");
        let three = POPULATION.resident(3).expect("made");
        assert!(one.account == two.account && one.account != three.account, "each account has three licenses");
    }

    #[test]
    fn viewers_are_spread_over_all() {
        assert_eq!(POPULATION.viewers(), 1_000);
        assert_eq!((POPULATION.viewer(0), POPULATION.viewer(1), POPULATION.viewer(999)), (0, 5, 4_995));
        let few = Population { licenses: 7, ..POPULATION };
        assert_eq!((few.viewers(), few.viewer(6)), (7, 6));
    }
}
