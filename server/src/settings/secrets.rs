//! Section `secrets`: secrets that are set instead of generated.

use latchkey_licensing::hex;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    Secret, SettingsError,
    field::{Field, secret},
};

pub(super) const FIELDS: &[Field] = &[
    secret("secrets.master_secret", "64 hex digits; if unset, a file in data_dir that is created on the first start."),
    secret(
        "secrets.signing_key",
        "64 hex digits: an Ed25519 seed that a new database adopts; if unset, a new key is created.",
    ),
];

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    pub master_secret: Secret,
    pub signing_key: Secret,
}

impl Secrets {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        for (key, value) in [("master_secret", &self.master_secret), ("signing_key", &self.signing_key)] {
            if value.expose().is_some_and(|text| read_secret(text).is_none()) {
                return Err(SettingsError(format!(
                    "secrets.{key} is not 64 hex digits: generate them with `openssl rand -hex 32`"
                )));
            }
        }
        Ok(())
    }
}

/// Parses a secret of 64 hex digits, ignoring white space around it.
pub(crate) fn read_secret(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    hex::decode(text.trim()).map(Zeroizing::new)
}
