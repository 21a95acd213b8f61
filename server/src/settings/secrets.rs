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
        if self.master_secret.expose().and_then(read_secret).is_some_and(|secret| is_guessable(&secret)) {
            return Err(SettingsError::new(
                "secrets.master_secret is a pattern that anybody can guess: generate 64 hex digits with `openssl rand -hex 32`",
            ));
        }
        Ok(())
    }
}

/// Parses a secret of 64 hex digits, ignoring white space around it.
pub(crate) fn read_secret(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    hex::decode(text.trim()).map(Zeroizing::new)
}

/// Whether a secret is a pattern: the same few bytes again and again, or bytes that count up or down.
pub(crate) fn is_guessable(secret: &[u8; 32]) -> bool {
    let repeats = |period: usize| secret.iter().zip(secret.iter().skip(period)).all(|(byte, later)| byte == later);
    let mut steps = secret.iter().zip(secret.iter().skip(1)).map(|(byte, next)| next.wrapping_sub(*byte));
    let first = steps.next();
    [1, 2, 4, 8, 16].into_iter().any(repeats) || steps.all(|step| Some(step) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_no_secrets() {
        let bytes = |text: &str| *read_secret(text).expect("a secret");
        for pattern in [
            "0".repeat(64),
            "f".repeat(64),
            "01".repeat(32),
            "deadbeef".repeat(8),
            "0123456789abcdef".repeat(4),
            (0..32).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat(),
            (1..=32).rev().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat(),
        ] {
            assert!(is_guessable(&bytes(&pattern)), "{pattern}");
        }
        assert!(!is_guessable(&bytes("8f1d0a6be7c24359b01e7d4c2f6a9835e4d07b1c5a926f38d3b94e60a7c815f2")));
    }
}
