//! Section `secrets`: secrets that are given instead of made.

use latchkey_licensing::hex;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    Secret, SettingsError,
    field::{Field, secret},
};

pub(super) const FIELDS: &[Field] = &[
    secret("secrets.master_secret", "64 hex digits; unset is a file in data_dir, made on first start."),
    secret(
        "secrets.signing_key",
        "64 hex digits, an Ed25519 seed that a new database takes over; unset makes one there.",
    ),
];

/// Section `secrets`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "FIELDS explains each")]
pub struct Secrets {
    pub master_secret: Secret,
    pub signing_key: Secret,
}

impl Secrets {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        for (key, value) in [("master_secret", &self.master_secret), ("signing_key", &self.signing_key)] {
            if value.expose().is_some_and(|text| read_secret(text).is_none()) {
                return Err(SettingsError(format!(
                    "secrets.{key} is not 64 hex digits: `openssl rand -hex 32` makes some"
                )));
            }
        }
        Ok(())
    }
}

/// Reads a secret of 64 hex digits, with or without space around it. `None` for anything else.
pub(crate) fn read_secret(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    hex::decode(text.trim()).map(Zeroizing::new)
}
