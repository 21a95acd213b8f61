//! The secrets that Stripe signs webhooks with.

use std::fmt;

use zeroize::Zeroizing;

/// The most secrets that can be active at once. During a rotation there are two.
pub const MAX_SECRETS: usize = 4;

/// The shortest secret. Stripe's own have 38 characters.
const MIN_LENGTH: usize = 32;

/// Why a text is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecret {
    /// It is empty, or only white space.
    #[error("it is blank")]
    Blank,
    /// It contains white space, or other characters that no secret has.
    #[error("it contains white space or other characters that no secret has")]
    Malformed,
    /// It is too short.
    #[error("it has fewer than {MIN_LENGTH} characters")]
    Short,
    /// There are two that are equal.
    #[error("two of them are equal")]
    Repeated,
    /// There are too many.
    #[error("there are more than {MAX_SECRETS}")]
    TooMany,
}

/// A secret that Stripe signs webhooks with, such as `whsec_…`.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Zeroizing<String>);

impl WebhookSecret {
    /// A secret that cannot be guessed. Anyone could sign with an empty or short one.
    pub fn parse(text: &str) -> Result<Self, WeakSecret> {
        if text.trim().is_empty() {
            return Err(WeakSecret::Blank);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(WeakSecret::Malformed);
        }
        if text.len() < MIN_LENGTH {
            return Err(WeakSecret::Short);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

/// The active secrets: at least one.
#[derive(Clone, Debug)]
pub struct WebhookSecrets(Vec<WebhookSecret>);

impl WebhookSecrets {
    /// Reads secrets that are separated by commas.
    pub fn parse(text: &str) -> Result<Self, WeakSecret> {
        let mut secrets: Vec<WebhookSecret> = Vec::new();
        for part in text.split(',') {
            let secret = WebhookSecret::parse(part)?;
            if secrets.contains(&secret) {
                return Err(WeakSecret::Repeated);
            }
            if secrets.len() == MAX_SECRETS {
                return Err(WeakSecret::TooMany);
            }
            secrets.push(secret);
        }
        Ok(Self(secrets))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &WebhookSecret> {
        self.0.iter()
    }
}
