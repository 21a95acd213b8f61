//! What leaves the process, or must be predictable in tests: the clock, randomness, mail.

use std::fmt::Debug;

use async_trait::async_trait;
use latchkey_licensing::{email::EmailAddress, time::Timestamp};

/// Where the time comes from.
pub trait Clock: Debug + Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// There is no randomness to be had.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct EntropyUnavailable;

/// Where random bytes come from. In production a cryptographically secure generator.
pub trait Entropy: Debug + Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable>;
}

/// A mail, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The same for every try, so that a receiver can drop a repetition.
    pub message_id: String,
    /// Who gets it.
    pub to: EmailAddress,
    /// When it was written.
    pub date: Timestamp,
    /// The subject.
    pub subject: String,
    /// The plain text body.
    pub text: String,
    /// The HTML body, in the same words.
    pub html: String,
}

/// Mails hold sign-in secrets: `Debug`, which logs use, shows none.
impl Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// Why a mail was not sent.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MailError {
    /// Another try may work.
    #[error("{0}")]
    Temporary(String),
    /// The receiver refuses for good.
    #[error("{0}")]
    Permanent(String),
}

/// What sends mail.
#[async_trait]
pub trait Mailer: Debug + Send + Sync {
    /// Sends one mail, or says why not.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}
